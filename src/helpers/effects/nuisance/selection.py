"""Which nuisance models predict best, by held-out loss."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier, DummyRegressor

from helpers.effects.nuisance.crossfit import Nuisances
from helpers.stats.intervals import mean_interval


def choose_nuisances(
    candidates: Mapping[str, Mapping[str, BaseEstimator]],
    Y: np.ndarray,
    T: np.ndarray,
    W: np.ndarray,
    groups: np.ndarray | None = None,
    folds: int = 5,
    seed: int = 0,
    clip: float = 0.01,
) -> tuple[pd.DataFrame, Nuisances]:
    """Learners of the nuisances by out-of-fold loss.

    Parameters
    ----------
    candidates : mapping
        ``{"outcome": {name: regressor}, "propensity": {name: classifier}}``, prototypes.
    Y, T, W, groups : arrays (n,), (n,), (n, q), (n,) or None
        Training rows only: a choice made on evaluation rows is part of the fit.

    Returns
    -------
    table : DataFrame
        ``role, learner, loss, se, gap, gap_se, chosen``: squared error of the outcome under the treatment received,
        log loss of the propensity (clipped); ``gap`` to the best on the same rows. A learner within one or two
        ``gap_se`` of the best is as good as can be told.
    Nuisances
        Prototype, unfitted, with the chosen learners and these folds, seed and clip.
    """
    if set(candidates) != {"outcome", "propensity"} or not all(candidates.values()):
        raise ValueError(
            f"candidates: keys {sorted(candidates)}; give 'outcome' and 'propensity', one learner or more."
        )
    T = np.asarray(T, int)
    nuisances = partial(Nuisances, folds=folds, clip=clip, seed=seed)
    losses: dict[str, dict[str, np.ndarray]] = {"outcome": {}, "propensity": {}}
    for name, learner in candidates["outcome"].items():
        fitted = nuisances(learner, DummyClassifier(strategy="prior")).fit(Y, T, W, groups)
        losses["outcome"][name] = (np.asarray(Y, float) - np.where(T == 1, fitted.mu1_, fitted.mu0_)) ** 2
    for name, learner in candidates["propensity"].items():
        fitted = nuisances(DummyRegressor(), learner).fit(Y, T, W, groups)
        losses["propensity"][name] = _log_losses(T, fitted.e_)
    best = {role: min(found, key=lambda name: found[name].mean()) for role, found in losses.items()}
    rows = [_loss_row(role, n, found, best[role], groups) for role, found in losses.items() for n in found]
    chosen = {role: clone(candidates[role][name]) for role, name in best.items()}
    return pd.DataFrame(rows), nuisances(chosen["outcome"], chosen["propensity"])


def _loss_row(role: str, name: str, losses: dict[str, np.ndarray], best: str, groups: np.ndarray | None) -> dict:
    own, gap = mean_interval(losses[name], groups), mean_interval(losses[name] - losses[best], groups)
    row = {"role": role, "learner": name, "loss": own["value"], "se": own["se"]}
    return {**row, "gap": gap["value"], "gap_se": gap["se"], "chosen": name == best}


def _log_losses(T: np.ndarray, e: np.ndarray) -> np.ndarray:
    e = np.clip(e, 1e-12, 1 - 1e-12)
    return -np.log(np.where(T == 1, e, 1 - e))
