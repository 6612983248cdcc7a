"""One strategy in one replication: fit, effects, results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import data, effects, encoders, evaluation
from helpers.config import Config
from helpers.effects.learners import EffectLearner
from helpers.study.strategies import FEATURES, Strategy, strategy_named
from helpers.study.trials import Trial


def run_strategy(config: Config, trial: Trial, strategy: Strategy) -> EffectLearner:
    """The strategy's learner, fitted on the training side of a trial."""
    return strategy.make(config, trial).fit(**training_data(trial, strategy))


def training_data(trial: Trial, strategy: Strategy) -> dict:
    """What ``fit`` of the strategy's learner takes."""
    train = trial.train
    X = FEATURES[strategy.features](train, trial.phi_train, trial.text_width)
    known = {"pi": trial.pi} if strategy.takes_pi else {}
    seen = {"X": X, "W": train.W, "annotated": trial.annotated, "groups": train.ids}
    return {"Y": train.Y, "T": train.T, **seen, **known}


def bedside_effect(trial: Trial, strategy: Strategy, learner: EffectLearner) -> np.ndarray:
    """Its effects for the test side of the trial."""
    return learner.effect(FEATURES[strategy.features](trial.test, trial.phi_test, trial.text_width))


def run_cell(config: Config, trial: Trial, name: str) -> pd.DataFrame:
    """Long results of one strategy in one trial."""
    return score_cell(config, trial, name, run_strategy(config, trial, strategy_named(name)))


def score_cell(config: Config, trial: Trial, name: str, learner: EffectLearner) -> pd.DataFrame:
    """Long results of a fitted learner in its trial: by the true effects, else by held-out doubly robust scores."""
    strategy = strategy_named(name)
    tau_hat = bedside_effect(trial, strategy, learner)
    if trial.test.has_truth:
        table = evaluation.evaluate(trial.test, -tau_hat, tau_hat if strategy.estimates else None)
    else:
        scored = held_out_of(config, trial)
        table = evaluation.evaluate_scores(scored.gamma0, scored.gamma1, -tau_hat)
    return table.assign(
        dataset=config.dataset,
        process=config.process,
        note_style=config.note_style,
        encoder=config.encoder,
        strategy=name,
        budget=config.budget,
        design=config.design,
        noise=0.0,
        seed=trial.index,
    )


def held_out_of(config: Config, trial: Trial) -> evaluation.HeldOutScores:
    """Doubly robust scores of the test side, cross-fitted there; no strategy has seen them."""
    return evaluation.held_out_scores(trial.test, held_out_nuisances(config))


def held_out_nuisances(config: Config) -> effects.Nuisances:
    """Prototype of the nuisances behind :func:`held_out`: calm ones, since a test side is small."""
    return effects.Nuisances(effects.ridge(), effects.logistic(), config.folds, config.clip or 0.01)


def cell_key(config: Config) -> dict:
    """What a cell depends on: every parameter but those whose field is marked otherwise; the content of the files."""
    marked = {name for name, field in Config.model_fields.items() if field.json_schema_extra}
    return config.model_dump(exclude=marked) | data.fingerprint(config) | encoders.model_content(config.encoder)
