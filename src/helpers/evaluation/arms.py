"""Several treatments: what an assignment is worth, and the curve as more patients get the treatment best for them.

Scores of each arm are given: ``gamma`` has a column an arm, the first for no treatment, doubly robust or true. Once the
best treatment of each patient is fixed, a question about several arms is one about two, and all metrics apply.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.evaluation.net_benefit import check_worth, gains_over_budgets
from helpers.evaluation.results import GRID
from helpers.stats.intervals import mean_interval
from helpers.stats.ties import without_noise


def arm_gains(effects: np.ndarray, cost: float | Sequence[float] | np.ndarray = 0.0, worth: float = 1.0) -> np.ndarray:
    """(n, K) what each of K treatments gains each patient over none: ``-worth * effects - cost``.

    Parameters
    ----------
    effects : (n, K) array
        Effect of each treatment against none; below zero it helps.
    cost : float, (K,) or (n, K) array
        One for all, one a treatment, or one a patient and treatment.
    worth : float
        Of one unit of the outcome, in the units of the cost.
    """
    effects = np.asarray(effects, float)
    if effects.ndim != 2 or not effects.shape[1] or not np.isfinite(effects).all():
        raise ValueError(f"effects: shape {effects.shape}; expected finite numbers, a row a patient, a column an arm.")
    check_worth(worth)
    costs = np.asarray(cost, float)
    n, k = effects.shape
    if costs.shape not in ((), (k,), (n, k)) or not np.isfinite(costs).all():
        raise ValueError(f"cost: shape {costs.shape}; give one finite number, {k} (one a treatment), or {(n, k)}.")
    return -worth * effects - costs


def best_arms(gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) treatment that gains each patient most, 1 to K, and (n,) what it gains; of equals but for rounding the
    first."""
    levelled = without_noise(gains.ravel()).reshape(gains.shape)
    best = levelled.argmax(axis=1)
    return best + 1, levelled[np.arange(len(gains)), best]


def arm_value(
    gamma: np.ndarray,
    assigned: np.ndarray,
    cost: float | Sequence[float] | np.ndarray = 0.0,
    worth: float = 1.0,
    groups: np.ndarray | None = None,
) -> dict[str, float]:
    """Mean net benefit of an assignment against no treatment, with its 95 % interval over patients.

    Parameters
    ----------
    gamma : (n, K + 1) array
        Scores of the outcome under no treatment and under each of K; lower is better.
    assigned : (n,) int array
        0 for none, else the treatment; chosen without looking at ``gamma``.
    cost, worth
        As :func:`arm_gains` takes them.
    groups : (n,) array or None
        Patient of each row.

    Returns
    -------
    dict with ``value, se, low, high, freedom``; above zero is a gain.
    """
    gains = _against_none(gamma, cost, worth)
    assigned = np.asarray(assigned)
    whole = np.issubdtype(assigned.dtype, np.integer) and assigned.shape == (len(gains),)
    if not whole or not ((assigned >= 0) & (assigned <= gains.shape[1])).all():
        raise ValueError(f"assigned: expected {len(gains)} whole numbers from 0 (none) to {gains.shape[1]}.")
    chosen = np.hstack([np.zeros((len(gains), 1)), gains])[np.arange(len(gains)), assigned]
    return mean_interval(chosen, groups)


def arm_curve(
    gamma: np.ndarray,
    tau_hats: np.ndarray,
    cost: float | Sequence[float] | np.ndarray = 0.0,
    worth: float = 1.0,
    budgets: Sequence[float] = GRID,
    groups: np.ndarray | None = None,
) -> pd.DataFrame:
    """Net benefit as a growing share of the patients gets the treatment best for them, those first who gain most.

    Parameters
    ----------
    gamma, cost, worth, groups
        As for :func:`arm_value`.
    tau_hats : (n, K) array
        Estimated effects of the treatments, learned from other rows.
    budgets : shares in (0, 1]

    Returns
    -------
    DataFrame with ``at, value, se, low, high``.
    """
    best, order = best_arms(arm_gains(tau_hats, cost, worth))
    gains = _against_none(gamma, cost, worth)
    if len(gains) != len(best) or gains.shape[1] != np.shape(tau_hats)[1]:
        raise ValueError(f"tau_hats: shape {np.shape(tau_hats)}; expected {gains.shape}, one a row and treatment.")
    saved = gains[np.arange(len(gains)), best - 1]
    return gains_over_budgets(saved, order, budgets, groups)


def _against_none(gamma: np.ndarray, cost, worth: float) -> np.ndarray:
    gamma = np.asarray(gamma, float)
    if gamma.ndim != 2 or gamma.shape[1] < 2:
        raise ValueError(f"gamma: shape {gamma.shape}; expected a column for no treatment and one for each treatment.")
    return arm_gains(gamma[:, 1:] - gamma[:, :1], cost, worth)
