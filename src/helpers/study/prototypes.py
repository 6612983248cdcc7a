"""Unfitted learners as the study sets them, from the configuration and the seed of a trial."""

from __future__ import annotations

import numpy as np

from helpers import effects
from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import AACE, EffectLearner
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import ridge
from helpers.study.trials import Trial


def published_aace(trial: Trial) -> AACE:
    """AACE with the published heads: 64 units everywhere, nuisances in sample, propensity clipped to [.001, .999].

    Unlike the published code, networks train on outcomes and pseudo-outcomes in standard deviations, so that a unit
    decides nothing; ``aace_raw`` trains on them as they are.
    """
    return with_heads(AACE, trial)


def with_heads(kind: type, trial: Trial, standardise: bool = True) -> EffectLearner:
    """A doubly robust learner with the published heads in both stages."""
    seeds = [int(s) for s in np.random.SeedSequence(trial.seed).generate_state(3)]
    outcome, second_stage = (HeadRegressor(seed=s, standardise=standardise) for s in (seeds[0], seeds[2]))
    return kind(second_stage, Nuisances(outcome, HeadClassifier(seed=seeds[1]), folds=1, clip=0.001))


def cross_fitted(trial: Trial) -> dict:
    """Folds, clipping and seed of learners that cross-fit by themselves."""
    return {"folds": trial.config.folds, "clip": trial.config.clip, "seed": trial.seed}


def boosted(trial: Trial):
    """A boosted regression on a handful of confounders."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=trial.seed
    )


def on_confounders(trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for annotated confounders."""
    return Nuisances(**cross_fitted(trial))


def on_features(trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for embeddings."""
    return Nuisances(ridge(), effects.logistic(), **cross_fitted(trial))


def em(trial: Trial, readout: str = "plug", iterations: int = 30) -> EMLearner:
    """EM over the records nobody annotated, for the cohort's kinds of annotations."""
    return EMLearner(trial.train.levels, readout, iterations, clip=trial.config.clip, seed=trial.seed)
