"""Repetitions of the study: split, draw, annotate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from helpers import annotation, data, encoders
from helpers.annotation.active import annotate_actively, by_spread
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.em.learner import EMLearner


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


def replications(config: Config, which: Iterable[int] | None = None) -> Iterable[Trial]:
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
    drawn = annotation.leave_out(data.draw_outcomes(cohort, config.process, outcome), config.hidden)
    train_rows, test_rows = data.split(drawn, config.test_share, split)
    test_rows = test_rows[drawn.annotated[test_rows]]  # the others could not be scored
    train, test = filled(drawn.take(train_rows), drawn.take(test_rows))
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


def filled(train: Cohort, test: Cohort) -> tuple[Cohort, Cohort]:
    """Both sides with empty bedside numbers (NaN) filled by the median of the training rows."""
    empty = [c for c in train.roles.tabular if train.frame[c].isna().any() or test.frame[c].isna().any()]
    if not empty:
        return train, test
    median = train.frame[empty].median()
    return tuple(replace(c, frame=c.frame.assign(**c.frame[empty].fillna(median))) for c in (train, test))


def learn_to_read(encoder, train: Cohort, test: Cohort, annotated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Text vectors of both sides from an encoder that learns from the annotated training records."""
    seen = np.where(annotated[:, None], train.annotations, np.nan)  # the others do not even reach it
    encoder.fit(train.texts, annotations=seen, levels=train.levels, annotated=annotated, groups=train.ids)
    return encoder.training_vectors_, encoder.transform(test.texts)


def who_is_annotated(
    config: Config, train: Cohort, phi: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mask of the annotated training records and their chance of it, by ``config.design``.

    Where a cohort comes with annotations for some of its records, only these can be chosen; the chance then takes them
    for a random sample.

    ``known``: records with an outcome above the median are three times as likely to be annotated as the others.
    ``spread``: see :func:`by_spread`. ``active``: no chance is known, since the choice follows from the pilot.
    """
    if config.design == "random":
        chosen = annotation.choose(train.ids, config.budget, seed) & train.annotated
        return chosen, np.full(len(train), config.budget * train.annotated.mean())
    if not train.annotated.all():
        raise ValueError(
            f"design = {config.design!r}: cohort {train.name!r} has annotations for some of its records only, so the "
            f"study cannot choose who is annotated; use design='random'."
        )
    if config.design == "known":
        spread = np.where(train.Y > np.median(train.Y), 3.0, 1.0)
        chance = annotation.optimal_probability(spread, config.budget, floor=config.budget / 10)
        return annotation.choose_by_probability(train.ids, chance, seed)
    if phi is None:
        raise ValueError(
            f"design = {config.design!r} chooses by the text vectors, which encoder = {config.encoder!r} learns only "
            f"from annotations; use design='random' or 'known', or another encoder."
        )
    learner = EMLearner(train.levels, clip=config.clip, seed=seed)
    if config.design == "spread":
        return by_spread(learner, train, phi, config.budget, seed)
    mask = annotate_actively(learner, train.Y, train.T, phi, train.W, train.ids, config.budget, seed)
    return mask, None


class LazyTrials:
    """Trials made when a cell asks for them, the last one kept: nothing is loaded if every cell is in the store."""

    def __init__(self, config: Config) -> None:
        self.config, self.index = config, None

    def __getitem__(self, index: int) -> Trial:
        if self.index != index:
            self.index, self.trial = index, next(iter(replications(self.config, [index])))
        return self.trial
