"""Repetitions of a shift: which records of which world a learner is trained on, and where it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import annotation, data, encoders
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.study.shift.worlds import SHIFTS, Shift, without_column
from helpers.study.trials import Trial, who_is_annotated

MOST_TRAINING_ROWS = 3_000  # training records of every learner at most, so that worlds of different size compare
TEST_SHARE = 0.3  # at least, since only the target's part of the test patients is judged
TRAINING_MIXES = {
    "source": 0.0,
    "few": 0.1,
    "mixed": 0.5,
    "target": 1.0,
}  # share of the training records from the target

RowPairs = tuple[np.ndarray, np.ndarray]  # positions of records in the source's world and in the target's


@dataclass(frozen=True, repr=False)
class Pair:
    """One repetition of a shift.

    Attributes
    ----------
    config : Config
    worlds : (Cohort, Cohort)
        The same n records with the notes of the source and of the target; treatment and outcome are drawn once.
    embeddings : (array, array) or None
        Of those notes; None if the encoder learns from the training notes.
    train, test : Rows
        Records of source and target, of different patients, in random order. If both worlds hold the same patients,
        one half of them belongs to the source.
    judged : int array
        All test records of the target, by which learners are judged.
    seeds : (int, int)
        Of annotation and of learning.
    index : int
    """

    config: Config
    worlds: tuple[Cohort, Cohort]
    embeddings: tuple[np.ndarray, np.ndarray] | None
    train: RowPairs
    test: RowPairs
    judged: np.ndarray
    seeds: tuple[int, int]
    index: int
    rewritten: bool

    @property
    def size(self) -> int:
        """Training records of every learner."""
        return min(len(self.train[0]), len(self.train[1]), MOST_TRAINING_ROWS)

    def mixed(self, share: float) -> RowPairs:
        """Training records of which this share is from the target, no patient twice.

        Where notes are rewritten they are the same patients whatever the share.
        """
        m, k = self.size, round(share * self.size)
        theirs = self.train[0] if self.rewritten else self.train[1]
        return self.train[0][: m - k], theirs[m - k : m]

    def cohort(self, rows: RowPairs) -> Cohort:
        """Records of both worlds as one cohort, the source's first."""
        parts = [world.frame.iloc[r] for world, r in zip(self.worlds, rows, strict=True)]
        return replace(self.worlds[0], frame=pd.concat(parts, ignore_index=True))

    def features(self, train: RowPairs, *others: RowPairs) -> list[np.ndarray]:
        """phi of training records and of others; an encoder that learns sees the training notes only."""
        cohorts = [self.cohort(rows) for rows in (train, *others)]
        if self.embeddings is None:
            encoder = encoders.make_encoder(self.config.encoder).fit(cohorts[0].texts)
            text = [encoder.transform(c.texts) for c in cohorts]
        else:
            text = [np.vstack([z[r] for z, r in zip(self.embeddings, part, strict=True)]) for part in (train, *others)]
        return [np.hstack([z, c.tabular]).astype(np.float32) for z, c in zip(text, cohorts, strict=True)]

    def trials(self, share: float = 0.0) -> dict[str, Trial]:
        """A repetition as the study knows it, trained on a mix, judged in the ``target`` and at ``home``."""
        train, none = self.mixed(share), self.judged[:0]
        at = {"target": (none, self.judged), "home": (self.test[0], none)}
        phi, *judged = self.features(train, *at.values())
        cohort = self.cohort(train)
        annotated, pi = who_is_annotated(self.config, cohort, phi, self.seeds[0])
        width = phi.shape[1] - cohort.tabular.shape[1]
        rest = (width, annotated, pi, self.seeds[1], self.index)
        return {
            where: Trial(cohort, self.cohort(rows), phi, phi_test, *rest)
            for (where, rows), phi_test in zip(at.items(), judged, strict=True)
        }


class Pairs:
    """Repetitions of one configuration under several shifts; records and embeddings are loaded once, when needed.

    Parameters
    ----------
    config : Config
    shifts : mapping of name to Shift
    cohort : Cohort or None
        Records to use in place of the configuration's; with outcomes of their own nothing is drawn.
    """

    def __init__(self, config: Config, shifts: Mapping[str, Shift] = SHIFTS, cohort: Cohort | None = None) -> None:
        self.config = config.model_copy(update={"test_share": max(config.test_share, TEST_SHARE)})
        self.shifts, self._cohort = shifts, cohort
        self._drawn: dict[int, Cohort] = {}
        self._notes: dict[str | None, tuple[list[str], np.ndarray | None]] = {}

    @property
    def cohort(self) -> Cohort:
        """The records with the source's notes."""
        if self._cohort is None:
            self._cohort = data.load_cohort(self.config)
        return self._cohort

    def pair(self, name: str, index: int) -> Pair:
        """Repetition ``index`` of a shift; all shifts share its split and its draw of treatment and outcome."""
        shift, config = self.shifts[name], self.config
        split, outcome, annotate, learn = np.random.SeedSequence([config.seed, index]).generate_state(4).tolist()
        drawn = without_column(self._draw(index, outcome), shift.column)
        sides = shift.sides(drawn, split)
        order = np.random.default_rng([learn, 9]).permutation(len(drawn))
        train, test = (order[np.isin(order, rows)] for rows in data.split(drawn, config.test_share, split))
        (_, embedding), (texts, other) = self._read(None), self._read(name)
        worlds = drawn, replace(drawn, frame=drawn.frame.assign(**{drawn.roles.text: texts}))
        embeddings = None if embedding is None else (embedding, other)
        apart = [_apart(rows, sides, drawn.ids) for rows in (train, test)]
        rewritten = bool((sides[0] & sides[1]).any())
        return Pair(config, worlds, embeddings, *apart, test[sides[1][test]], (annotate, learn), index, rewritten)

    def _draw(self, index: int, seed: int) -> Cohort:
        if index not in self._drawn:
            known = self.cohort.roles.outcome is not None
            drawn = self.cohort if known else data.draw_outcomes(self.cohort, self.config.process, seed)
            self._drawn = {index: annotation.leave_out(drawn, self.config.hidden)}
        return self._drawn[index]

    def _read(self, name: str | None) -> tuple[list[str], np.ndarray | None]:
        """Notes of all records, and their embedding: the source's, or a shift's."""
        if name not in self._notes:
            texts = self.cohort.texts if name is None else self.shifts[name].notes(self.cohort, self.config)
            if texts is None:
                return self._read(None)
            encoder = encoders.make_encoder(self.config.encoder, device=self.config.device)
            self._notes[name] = texts, encoders.encode(texts, encoder) if encoder.frozen else None
        return self._notes[name]


def _apart(rows: np.ndarray, sides: tuple[np.ndarray, np.ndarray], ids: np.ndarray) -> RowPairs:
    """Rows of source and target; patients of both worlds are halved."""
    both = np.unique(ids[rows[(sides[0] & sides[1])[rows]]])
    if not len(both):
        return rows[sides[0][rows]], rows[sides[1][rows]]
    position = pd.Index(ids[rows]).unique()  # in the order of the rows, which is random
    ours = np.isin(ids[rows], position[: len(position) // 2])
    return rows[ours & sides[0][rows]], rows[~ours & sides[1][rows]]
