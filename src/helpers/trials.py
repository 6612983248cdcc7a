"""Repetitions of the study: split, draw, annotate (layer 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from helpers import annotation, data, encoders
from helpers.config import Config
from helpers.effects import EMLearner
from helpers.effects.active import annotate_actively
from helpers.schema import Cohort


@dataclass(frozen=True, repr=False)
class Trial:
    """One repetition: a split by patient, a draw of treatment and outcome, and what may be seen of it.

    Attributes
    ----------
    train, test : Cohort
    phi_train, phi_test : (n, d) float32 arrays
        Text embedding, then bedside columns.
    text_width : int
        Leading columns of phi that come from the text.
    annotated : (n_train,) bool array
        Training records the expert annotated.
    pi : (n_train,) array or None
        Chance of each training record to be annotated; None where the design gives none.
    seed : int
        Seed of everything the learners draw.
    """

    train: Cohort
    test: Cohort
    phi_train: np.ndarray
    phi_test: np.ndarray
    text_width: int
    annotated: np.ndarray
    pi: np.ndarray | None
    seed: int
    index: int


def trials(config: Config, which: Iterable[int] | None = None) -> Iterable[Trial]:
    """The repetitions of a configuration, one at a time; all share the records and their embedding."""
    cohort = data.load_cohort(config)
    encoder = encoders.make_encoder(config.encoder, device=config.device)
    embedding = encoders.encode(cohort.texts, encoder) if encoder.frozen else None
    for index in range(config.seeds) if which is None else which:
        yield make_trial(config, cohort, encoder, embedding, index)


def make_trial(config: Config, cohort: Cohort, encoder, embedding: np.ndarray | None, index: int) -> Trial:
    """Repetition ``index``: split, draw, annotate.

    An encoder that learns sees training notes only, one that is ``supervised`` the annotations within the budget too.
    """
    split, outcome, annotate, learn = np.random.SeedSequence([config.seed, index]).generate_state(4).tolist()
    drawn = data.draw_outcomes(cohort, config.process, outcome)
    train_rows, test_rows = data.split(drawn, config.test_share, split)
    train, test = drawn.take(train_rows), drawn.take(test_rows)
    known = None
    if getattr(encoder, "supervised", False):
        known = who_is_annotated(config, train, None, annotate)
        text_train, text_test = learn_to_read(encoder, train, test, known[0])
    elif embedding is None:
        fitted = encoder.fit(train.texts)
        text_train, text_test = fitted.transform(train.texts), fitted.transform(test.texts)
    else:
        text_train, text_test = embedding[train_rows], embedding[test_rows]
    phi = [np.hstack([t, c.tabular]).astype(np.float32) for t, c in ((text_train, train), (text_test, test))]
    annotated, pi = known or who_is_annotated(config, train, phi[0], annotate)
    return Trial(train, test, *phi, text_train.shape[1], annotated, pi, learn, index)


def learn_to_read(encoder, train: Cohort, test: Cohort, annotated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Text vectors of both sides from an encoder that learns from the annotated training records."""
    seen = np.where(annotated[:, None], train.annotations, np.nan)  # the others do not even reach it
    encoder.fit(train.texts, annotations=seen, levels=train.levels, annotated=annotated, groups=train.ids)
    return encoder.training_vectors_, encoder.transform(test.texts)


def who_is_annotated(
    config: Config, train: Cohort, phi: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mask of the annotated training records and their chance of it, by ``config.design``.

    ``known``: records with an outcome above the median are three times as likely to be annotated as the others.
    ``active``: no chance is known, since the choice follows from the pilot.
    """
    if config.design == "random":
        return annotation.choose(train.ids, config.budget, seed), np.full(len(train), config.budget)
    if config.design == "known":
        spread = np.where(train.Y > np.median(train.Y), 3.0, 1.0)
        chance = annotation.optimal_probability(spread, config.budget, floor=config.budget / 10)
        return annotation.choose_by_probability(train.ids, chance, seed)
    if phi is None:
        raise ValueError(
            f"design = 'active' chooses by the text vectors, which encoder = {config.encoder!r} learns only from "
            f"annotations; use design='random' or 'known', or another encoder."
        )
    learner = EMLearner(train.levels, clip=config.clip, seed=seed)
    mask = annotate_actively(learner, train.Y, train.T, phi, train.W, train.ids, config.budget, seed)
    return mask, None


class LazyTrials:
    """Trials made when a cell asks for them, the last one kept: nothing is loaded if every cell is in the store."""

    def __init__(self, config: Config) -> None:
        self.config, self.index = config, None

    def __getitem__(self, index: int) -> Trial:
        if self.index != index:
            self.index, self.trial = index, next(iter(trials(self.config, [index])))
        return self.trial
