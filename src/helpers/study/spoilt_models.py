"""What breaks a doubly robust mean effect: one wrong model does not, two do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor

from helpers.config import Config
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.study.trials import Trial, replications

ERROR_OF_MEAN = "error of the mean effect"
WRONG_MODELS = {
    "both right": (),
    "outcomes wrong": ("outcome",),
    "propensity wrong": ("propensity",),
    "both wrong": ("outcome", "propensity"),
}


def double_robustness(config: Config) -> pd.DataFrame:
    """Error of the mean effect of the annotated training records, by the naive difference and with models spoilt.

    A spoilt model knows nothing but a mean.

    Returns
    -------
    DataFrame with ``strategy`` (the case), ``metric, seed, value``.
    """
    rows = [
        {"strategy": case, "metric": ERROR_OF_MEAN, "seed": trial.index, "value": error}
        for trial in replications(config)
        for case, error in _errors(trial).items()
    ]
    return pd.DataFrame(rows)


def _errors(trial: Trial) -> dict[str, float]:
    config, rows = trial.config, trial.train.take(np.flatnonzero(trial.annotated))
    truth = rows.tau.mean()
    found = {"naive difference of means": rows.Y[rows.T == 1].mean() - rows.Y[rows.T == 0].mean() - truth}
    for case, wrong in WRONG_MODELS.items():
        spoilt = {"outcome": DummyRegressor(), "propensity": DummyClassifier(strategy="prior")}
        models = {role: spoilt[role] for role in wrong}
        fitted = Nuisances(**models, folds=config.folds, clip=config.clip, seed=trial.seed)
        fitted.fit(rows.Y, rows.T, rows.W, rows.ids)
        psi = pseudo_outcome(rows.Y, rows.T, fitted.mu0_, fitted.mu1_, fitted.e_)
        found[case] = psi.mean() - truth
    return found
