"""One strategy in one replication: fit, effects, results."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import artifacts, data, encoders, evaluation
from helpers.artifacts.digests import digest
from helpers.config import Config
from helpers.effects.learners import EffectLearner
from helpers.study.strategies import strategy_named
from helpers.study.strategy import Strategy, features_of
from helpers.study.trials import Trial


def run_strategy(trial: Trial, strategy: Strategy) -> EffectLearner:
    """The strategy's learner, fitted on the training side of a trial."""
    return strategy.make(trial).fit(**training_data(trial, strategy))


def training_data(trial: Trial, strategy: Strategy) -> dict:
    """What ``fit`` of the strategy's learner takes."""
    train = trial.train
    known = {"pi": trial.pi} if strategy.takes_pi else {}
    seen = {
        "X": features_of(trial, strategy.features, "train"),
        "W": train.W,
        "annotated": trial.annotated,
        "groups": train.ids,
    }
    return {"Y": train.Y, "T": train.T, **seen, **known}


def bedside_effect(trial: Trial, strategy: Strategy, learner: EffectLearner) -> np.ndarray:
    """Its effects for the test side of the trial."""
    return learner.effect(features_of(trial, strategy.features, "test"))


def fitted_effect(trial: Trial, name: str, fitted: EffectLearner | None = None) -> np.ndarray:
    """Effects for the test side from a strategy that is fitted on the training side; kept for all chapters by content.

    Parameters
    ----------
    trial : Trial
    name : str
    fitted : EffectLearner or None
        The strategy's own learner if it was fitted on :func:`training_data` already, as with others at once. A learner
        that was given anything else, other annotations say, is no such one: its effects would be taken for these.
    """
    strategy = strategy_named(name)
    at, levels = features_of(trial, strategy.features, "test"), None if trial.train.measured else trial.train.levels
    key = {"strategy": name, "seed": trial.seed, "config": cell_key(trial.config), "code": artifacts.code_of(__name__)}
    key |= {"given": digest(training_data(trial, strategy), at, levels)}

    def make() -> np.ndarray:
        return bedside_effect(trial, strategy, run_strategy(trial, strategy) if fitted is None else fitted)

    return artifacts.Store().array("effect", key, make)


def effects_of(trial: Trial, names: Iterable[str]) -> dict[str, np.ndarray]:
    """:func:`fitted_effect` of several strategies: name to (n,) array."""
    return {name: fitted_effect(trial, name) for name in names}


def run_cell(trial: Trial, name: str, fitted: EffectLearner | None = None) -> pd.DataFrame:
    """Long results of one strategy in one trial; ``fitted`` as :func:`fitted_effect` takes it."""
    return _scored(trial, name, fitted_effect(trial, name, fitted))


def score_cell(trial: Trial, name: str, learner: EffectLearner) -> pd.DataFrame:
    """Long results of any fitted learner in a trial, under the name of a strategy; nothing is kept."""
    return _scored(trial, name, bedside_effect(trial, strategy_named(name), learner))


def _scored(trial: Trial, name: str, tau_hat: np.ndarray) -> pd.DataFrame:
    """By the true effects, else by held-out doubly robust scores."""
    strategy, config = strategy_named(name), trial.config
    if trial.test.has_truth:
        table = evaluation.evaluate(trial.test, -tau_hat, tau_hat if strategy.estimates else None)
    else:
        table = evaluation.evaluate_scores(trial.scores.gamma0, trial.scores.gamma1, -tau_hat)
    return table.assign(
        dataset=config.dataset,
        process=config.process,
        note_style=config.note_style,
        encoder=config.encoder,
        features=strategy.features,
        strategy=name,
        budget=config.budget,
        design=config.design,
        noise=0.0,
        seed=trial.index,
    )


def cell_key(config: Config) -> dict:
    """What a cell depends on: every parameter but those whose field is marked otherwise; the content of the files."""
    marked = {name for name, field in Config.model_fields.items() if field.json_schema_extra}
    return config.model_dump(exclude=marked) | data.fingerprint(config) | encoders.model_content(config.encoder)
