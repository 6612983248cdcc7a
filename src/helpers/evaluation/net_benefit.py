"""What a rule is worth once its treatments are paid for: net benefit, its curve over budgets, and break-even cost.

Benefit is the outcome saved, in units of the outcome or, times its ``worth``, in money; costs are in the same. Above
zero is a gain, whatever the direction of the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.evaluation.results import GRID
from helpers.stats.arrays import consecutive_codes, vectors
from helpers.stats.intervals import budget_interval, mean_interval
from helpers.stats.ratio import fieller


def costs_of(cost: float | np.ndarray, n: int) -> np.ndarray:
    """(n,) costs of treating each row, from one number for all or one a row.

    Raises
    ------
    ValueError
        Another length, or a number that is not finite.
    """
    found = np.asarray(cost, float)
    if found.shape not in ((), (n,)) or not np.isfinite(found).all():
        raise ValueError(
            f"cost: {np.sum(~np.isfinite(found))} of {found.size} values are not finite, shape {found.shape}; give one "
            f"finite number, or {n} of them, in the units of the benefit."
        )
    return np.broadcast_to(found, (n,)).copy()


def check_worth(worth: float) -> None:
    """Refuse what one unit of the outcome cannot be worth."""
    if not (np.isfinite(worth) and worth > 0):
        raise ValueError(f"worth = {worth}: must be a finite number above 0, what one unit of the outcome is worth.")


def net_gains(tau: np.ndarray, cost: float | np.ndarray = 0.0, worth: float = 1.0) -> np.ndarray:
    """(n,) what treating each patient gains: ``-worth * tau - cost``.

    Parameters
    ----------
    tau : (n,) array
        Effects, estimated or true, or their scores; below zero treatment helps.
    cost : float or (n,) array
        Of a treatment, in units of the outcome, or in money if ``worth`` is.
    worth : float
        Of one unit of the outcome, such as money for a day; 1: benefit and cost are in units of the outcome.
    """
    (tau,) = vectors(empty=True, tau=tau)
    check_worth(worth)
    return -worth * tau - costs_of(cost, len(tau))


def net_benefit(
    treated: np.ndarray,
    scores: np.ndarray,
    cost: float | np.ndarray = 0.0,
    worth: float = 1.0,
    groups: np.ndarray | None = None,
) -> dict[str, float]:
    """Mean net benefit of treating these patients rather than nobody, with its 95 % interval over patients.

    Parameters
    ----------
    treated : (n,) bool array
        Chosen without looking at ``scores``.
    scores : (n,) array
        Doubly robust scores of held-out rows, or true effects.
    cost, worth
        As :func:`net_gains` takes them.
    groups : (n,) array or None
        Patient of each row.

    Returns
    -------
    dict with ``value, se, low, high, freedom``, a patient of all n.
    """
    treated = _mask(treated, len(scores))
    return mean_interval(treated * net_gains(scores, cost, worth), groups)


def net_benefit_curve(
    scores: np.ndarray,
    tau_hat: np.ndarray,
    cost: float | np.ndarray = 0.0,
    worth: float = 1.0,
    budgets: Sequence[float] = GRID,
    groups: np.ndarray | None = None,
) -> pd.DataFrame:
    """Net benefit as more are treated, those first who gain most net of their cost by their estimated effects.

    Parameters
    ----------
    scores, cost, worth, groups
        As for :func:`net_benefit`.
    tau_hat : (n,) array
        Estimated effects, learned from other rows.
    budgets : shares in (0, 1]

    Returns
    -------
    DataFrame with ``at, value, se, low, high``: a patient of all n, against treating nobody. Where the curve is highest
    the next patient costs more than the treatment gains. The interval knows that the cut moves with the sample.
    """
    return gains_over_budgets(net_gains(scores, cost, worth), net_gains(tau_hat, cost, worth), budgets, groups)


def gains_over_budgets(
    saved: np.ndarray, order: np.ndarray, budgets: Sequence[float], groups: np.ndarray | None
) -> pd.DataFrame:
    """``at, value, se, low, high``: mean of what is ``saved`` if those who come first by ``order`` are treated."""
    nothing = np.zeros(len(saved))
    rows = [{"at": share, **budget_interval(nothing, saved, order, share, groups)} for share in budgets]
    return pd.DataFrame(rows)[["at", "value", "se", "low", "high"]]


def break_even(
    treated: np.ndarray,
    scores: np.ndarray,
    cost: float | np.ndarray = 1.0,
    worth: float = 1.0,
    groups: np.ndarray | None = None,
) -> dict[str, float]:
    """How dear a treatment may be before treating these patients loses, with Fieller's interval over patients.

    Parameters
    ----------
    treated, scores, worth, groups
        As for :func:`net_benefit`.
    cost : float or (n,) array
        1: the answer is the break-even cost of a treatment. Otherwise it is the factor by which these costs may grow.

    Returns
    -------
    dict with ``value, low, high``: benefit of all who are treated over their cost. Missing where nobody is treated, or
    so few that their cost cannot be told from zero.
    """
    treated = _mask(treated, len(scores))
    codes = consecutive_codes(groups, len(scores))
    saved, paid = (
        np.bincount(codes, treated * part) for part in (net_gains(scores, 0.0, worth), costs_of(cost, len(scores)))
    )
    if not treated.any() or len(saved) < 2:
        return dict.fromkeys(("value", "low", "high"), np.nan)
    return dict(zip(("value", "low", "high"), map(float, fieller(saved, paid)), strict=True))


def _mask(treated: np.ndarray, n: int) -> np.ndarray:
    treated = np.asarray(treated)
    if treated.dtype != bool or treated.shape != (n,):
        raise ValueError(f"treated: {treated.dtype} of shape {treated.shape}; expected {n} booleans, one a score.")
    return treated
