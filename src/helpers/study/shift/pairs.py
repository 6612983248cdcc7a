"""Replications of a shift: which records of which world a learner is trained on, and where it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import data, encoders
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.study.shift.worlds import SHIFTS, Shift, without_column
from helpers.study.trials import Seeds, Trial, World, assemble, draw, featurise, filled, frozen_encoder, split_rows

MOST_TRAINING_ROWS = 3_000  # training records of every learner at most, so that worlds of different size compare
TEST_SHARE = 0.3  # at least, since only the target's part of the test patients is judged
TRAINING_MIXES = {"source": 0.0, "few": 0.1, "mixed": 0.5, "target": 1.0}  # share of training records of the target

RowPairs = tuple[np.ndarray, np.ndarray]  # positions of records in the source's world and in the target's


@dataclass(frozen=True, repr=False)
class Pair:
    """One replication of a shift.

    Attributes
    ----------
    config : Config
    worlds : (World, World)
        The same n records with the notes of the source and of the target; treatment and outcome are drawn once.
    train, test : RowPairs
        Records of source and target, of different patients, in random order. If both worlds hold the same patients,
        one half of them belongs to the source.
    judged : int array
        All test records of the target, by which learners are judged.
    index : int
    rewritten : bool
        Whether the target's records are the source's with other notes.
    """

    config: Config
    worlds: tuple[World, World]
    train: RowPairs
    test: RowPairs
    judged: np.ndarray
    index: int
    rewritten: bool

    @property
    def seed(self) -> int:
        """Seed of everything that learns."""
        return Seeds.of(self.config, self.index).learn

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

    def records(self, rows: RowPairs) -> World:
        """Records of both worlds as one, the source's first."""
        ours, theirs = (world.take(r) for world, r in zip(self.worlds, rows, strict=True))
        frame = pd.concat([ours.cohort.frame, theirs.cohort.frame], ignore_index=True)
        vectors = None if ours.vectors is None else np.vstack([ours.vectors, theirs.vectors])
        return World(replace(ours.cohort, frame=frame), vectors)

    def cohort(self, rows: RowPairs) -> Cohort:
        """Records of both worlds as one cohort, the source's first."""
        return self.records(rows).cohort

    def features(self, train: RowPairs, *others: RowPairs) -> list[np.ndarray]:
        """phi of training records and of others; an encoder that learns sees the training notes only."""
        worlds = filled(*(self.records(rows) for rows in (train, *others)))
        return [seen.phi for seen in featurise(self._encoder(), *worlds)]

    def trials(self, share: float = 0.0) -> dict[str, Trial]:
        """A replication as the study knows it, trained on a mix, judged in the ``target`` and at ``home``."""
        none = self.judged[:0]
        sides = [self.records(rows) for rows in (self.mixed(share), (none, self.judged), (self.test[0], none))]
        return dict(zip(("target", "home"), assemble(self.config, self._encoder(), self.index, *sides), strict=True))

    def _encoder(self) -> encoders.Encoder:
        return frozen_encoder(self.config)


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
        """Replication ``index`` of a shift; all shifts share its split and its draw of treatment and outcome."""
        shift, config, seeds = self.shifts[name], self.config, Seeds.of(self.config, index)
        drawn = without_column(self._draw(index, seeds), shift.column)
        sides = shift.sides(drawn, seeds.split)
        order = np.random.default_rng([seeds.learn, 9]).permutation(len(drawn))
        train, test = (order[np.isin(order, rows)] for rows in split_rows(config, drawn, seeds))
        (_, vectors), (texts, other) = self._read(None), self._read(name)
        rewritten = replace(drawn, frame=drawn.frame.assign(**{drawn.roles.text: texts}))
        apart = [_apart(rows, sides, drawn.ids) for rows in (train, test)]
        same = bool((sides[0] & sides[1]).any())
        return Pair(config, (World(drawn, vectors), World(rewritten, other)), *apart, test[sides[1][test]], index, same)

    def _draw(self, index: int, seeds: Seeds) -> Cohort:
        if index not in self._drawn:
            self._drawn = {index: draw(self.config, self.cohort, seeds)}
        return self._drawn[index]

    def _read(self, name: str | None) -> tuple[list[str], np.ndarray | None]:
        """Notes of all records, and their embedding: the source's, or a shift's."""
        if name not in self._notes:
            texts = self.cohort.texts if name is None else self.shifts[name].notes(self.cohort, self.config)
            if texts is None:
                return self._read(None)
            encoder = frozen_encoder(self.config)
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
