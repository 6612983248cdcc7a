"""Replications of the study: draw, split, annotate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from helpers import annotation, data, effects, encoders, evaluation
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.em.learner import EMLearner
from helpers.encoders.features import Features
from helpers.study.reading import Reading


@dataclass(frozen=True, repr=False)
class Trial:
    """One replication: a draw of treatment and outcome, a split by patient, and what may be seen of it.

    Attributes
    ----------
    config : Config
        What it was made from.
    train, test : Cohort
    features_train, features_test : Features
        Of the records of either side, from vectors that no annotation has shaped.
    annotated : (n_train,) bool array
        Training records the expert annotated.
    pi : (n_train,) array or None
        Chance of each training record to be annotated; None where the design gives none.
    seed : int
        Seed of everything the learners draw.
    index : int
        Which replication of the configuration it is.
    reading : Reading
        What a reader that learned from the annotated records finds in notes.
    """

    config: Config
    train: Cohort
    test: Cohort
    features_train: Features
    features_test: Features
    annotated: np.ndarray
    pi: np.ndarray | None
    seed: int
    index: int
    reading: Reading

    @property
    def phi_train(self) -> np.ndarray:
        """(n_train, d) float32: text vectors, then bedside columns."""
        return self.features_train.phi

    @property
    def phi_test(self) -> np.ndarray:
        """(n_test, d) float32: text vectors, then bedside columns."""
        return self.features_test.phi

    @cached_property
    def read_train(self) -> Features:
        """Features of the training records by the reader of the annotated ones."""
        return self.reading.of_training()

    @cached_property
    def read_test(self) -> Features:
        """Features of the test records by the reader of the annotated training records."""
        return self.reading.of(self.test)

    @cached_property
    def nuisances(self) -> effects.Nuisances:
        """Cross-fitted on the test side, which no strategy has seen; calm prototypes, since a test side is small."""
        test, c = self.test, self.config
        folds = evaluation.judging_folds(test, c.folds)
        prototype = effects.Nuisances(effects.ridge(), effects.logistic(), folds, c.clip or 0.01)
        return prototype.fit(test.Y, test.T, test.W, test.ids)

    @cached_property
    def scores(self) -> evaluation.HeldOutScores:
        """Doubly robust scores of the test side, from :attr:`nuisances`."""
        test, fitted = self.test, self.nuisances
        return evaluation.HeldOutScores(test.Y, test.T, fitted.mu0_, fitted.mu1_, fitted.e_, test.ids)


class Seeds(NamedTuple):
    """Of what a replication draws."""

    split: int
    outcome: int
    annotate: int
    learn: int

    @classmethod
    def of(cls, config: Config, index: int) -> Seeds:
        """Of replication ``index``."""
        return cls(*np.random.SeedSequence([config.seed, index]).generate_state(4).tolist())


@dataclass(frozen=True, repr=False)
class World:
    """Records with their notes, and (n, d) vectors of these; None where an encoder learns from training notes first."""

    cohort: Cohort
    vectors: np.ndarray | None

    def take(self, rows: np.ndarray) -> World:
        """These rows (positions), in this order."""
        return World(self.cohort.take(rows), None if self.vectors is None else self.vectors[rows])


def replications(config: Config, which: Iterable[int] | None = None) -> Iterable[Trial]:
    """The replications of a configuration, one at a time; all share the records and the vectors of a frozen encoder."""
    lazy = LazyTrials(config)
    for index in range(config.seeds) if which is None else which:
        yield lazy[index]


def world_of(config: Config, encoder: encoders.Encoder) -> World:
    """The records of a configuration, with vectors where the encoder is frozen."""
    cohort = data.load_cohort(config)
    return World(cohort, encoders.encode(cohort.texts, encoder) if encoder.frozen else None)


def frozen_encoder(config: Config) -> encoders.Encoder:
    """The encoder of a configuration; where that learns from annotations, the one it builds on."""
    return encoders.make_encoder(encoders.without_annotations(config.encoder), device=config.device)


def make_trial(config: Config, encoder: encoders.Encoder, world: World, index: int) -> Trial:
    """Replication ``index`` of the records of a world."""
    seeds = Seeds.of(config, index)
    world = replace(world, cohort=draw(config, world.cohort, seeds))
    train, test = (world.take(rows) for rows in split_rows(config, world.cohort, seeds))
    return assemble(config, encoder, index, train, test)[0]


def draw(config: Config, cohort: Cohort, seeds: Seeds) -> Cohort:
    """Records with treatment and outcome, their own or drawn, less the annotations that nobody makes."""
    if cohort.roles.outcome is None:
        cohort = data.draw_outcomes(cohort, config.process, seeds.outcome)
    return annotation.leave_out(cohort, config.hidden)


def split_rows(config: Config, cohort: Cohort, seeds: Seeds) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the training side and of the test side, of different patients."""
    train, test = data.split(cohort, config.test_share, seeds.split)
    return train, test[cohort.annotated[test]]  # the others could not be scored


def assemble(config: Config, encoder: encoders.Encoder, index: int, train: World, *tests: World) -> list[Trial]:
    """Replications with one training side, one for each test side.

    An encoder that learns sees training notes only.
    """
    train, *tests = filled(train, *tests)
    seeds, cohort = Seeds.of(config, index), train.cohort

    def doubtful() -> EMLearner:
        return EMLearner(cohort.levels, clip=config.clip, seed=seeds.annotate)

    features, *seen = featurise(encoder, train, *tests)
    annotated, pi = annotation.annotate_by(config.design, cohort, config.budget, seeds.annotate, features.phi, doubtful)
    reading = Reading(config, cohort, annotated)
    return [
        Trial(config, cohort, test.cohort, features, judged, annotated, pi, seeds.learn, index, reading)
        for test, judged in zip(tests, seen, strict=True)
    ]


def filled(train: World, *others: World) -> list[World]:
    """All records with empty bedside numbers (NaN) filled by the median of the training rows."""
    worlds = [train, *others]
    columns = [c for c in train.cohort.roles.tabular if any(w.cohort.frame[c].isna().any() for w in worlds)]
    if not columns:
        return worlds
    median = train.cohort.frame[columns].median()
    frames = [w.cohort.frame.assign(**w.cohort.frame[columns].fillna(median)) for w in worlds]
    return [replace(w, cohort=replace(w.cohort, frame=frame)) for w, frame in zip(worlds, frames, strict=True)]


def featurise(encoder: encoders.Encoder, train: World, *others: World) -> list[Features]:
    """Features of training records and of others; an encoder that learns does so from the training notes.

    Vectors of the worlds are used where they have any.
    """
    worlds = (train, *others)
    if train.vectors is not None:
        vectors = [world.vectors for world in worlds]
    else:
        fitted = encoder.fit(train.cohort.texts)
        vectors = [fitted.transform(world.cohort.texts) for world in worlds]
    return [Features(text, world.cohort.tabular) for text, world in zip(vectors, worlds, strict=True)]


class LazyTrials:
    """Trials made when a cell asks for them, the last one kept: nothing is loaded if every cell is in the store."""

    def __init__(self, config: Config) -> None:
        self.config, self.index = config, None

    def __getitem__(self, index: int) -> Trial:
        if self.index != index:
            self.index, self.trial = index, make_trial(self.config, self._encoder, self._world, index)
        return self.trial

    @cached_property
    def _encoder(self) -> encoders.Encoder:
        return frozen_encoder(self.config)

    @cached_property
    def _world(self) -> World:
        return world_of(self.config, self._encoder)
