"""Intervals over patients: influence functions where they are clean, half-samples for everything else.

What varies here is who was sampled; the order of treatment is fixed, so fit it on other patients. Pass doubly robust
scores ``gamma0, gamma1`` of the two outcomes, or the true means where they are known. Signs as in ``metrics``.

Half-samples: see ``resampling``. Their standard error is itself an estimate, from few patients where a metric leans on
few: AUTOC weighs the first ranks most, the TOC at 2 % is a mean over 2 % of the patients. The Student quantile
therefore has ``2 / (K(u) - K(c))`` degrees of freedom, at most G - 1, with ``K(x) = sum(x^4) / sum(x^2)^2`` over the
patients, u what a patient adds to the metric at the given ranks and c the weight of those ranks: the relative variance
of ``sum(u^2)``, for a plain mean of normal scores G. The noise of the draws is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.stats.arrays import consecutive_codes, vectors
from helpers.stats.resampling import AREAS, CURVES, half_samples, order_draws, order_shares

LEAST_FREEDOM = 3


def influence_interval(
    value: float, influence: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95
) -> dict[str, float]:
    """Student interval of an estimate from its influence values.

    Parameters
    ----------
    value : float
    influence : (n,) array
        Influence of each row, mean about zero; the estimate's error is close to their mean.
    groups : (n,) array or None
        Patient of each row; rows of a patient may depend on each other. None: a row is a patient.
    level : float in (0, 1)

    Returns
    -------
    dict with ``value, se, low, high``.
    """
    influence = np.asarray(influence, float)
    sums = np.bincount(consecutive_codes(groups, len(influence)), weights=influence)
    patients = len(sums)
    if patients < 2:
        raise ValueError(f"groups: {patients} patient(s); an interval over patients needs two or more.")
    se = np.sqrt(patients / (patients - 1) * np.sum((sums - sums.mean()) ** 2)) / len(influence)
    half = _quantile(level, patients - 1) * se
    return {"value": float(value), "se": float(se), "low": float(value - half), "high": float(value + half)}


def mean_interval(scores: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95) -> dict[str, float]:
    """Mean of scores over rows, its influence function ``score - mean`` summed within patients."""
    scores = np.asarray(scores, float)
    return influence_interval(scores.mean(), scores - scores.mean(), groups, level)


def budget_influence(
    gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray, budget: float
) -> tuple[float, np.ndarray]:
    """Mean outcome when the first share ``budget`` is treated, and the influence of each row on it.

    With a the chance that a row is treated (between 0 and 1 only in a tie at the cut), psi = gamma1 - gamma0 and c the
    mean psi of the patients near the cut, the influence is ``gamma0 + a psi - c (a - budget) - value``: the third term
    stands for the cut itself, which moves with the sample. c is a mean over ``n^0.8 / 2`` ranks on both sides.

    Returns
    -------
    value, and the (n,) influence.
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: must be a share in (0, 1].")
    gamma0, gamma1, priority = vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
    n, psi = len(gamma0), gamma1 - gamma0
    k = int(np.clip(np.ceil(budget * n - 1e-9), 1, n))
    _, group, size = np.unique(-priority, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    treated = np.clip((k - before) / size, 0, 1)[group]
    shared = np.repeat(np.bincount(group, weights=psi) / size, size)
    near = max(1, round(n**0.8 / 2))
    at_cut = shared[max(0, k - near) : k + near].mean()
    rows = gamma0 + treated * psi
    return float(rows.mean()), rows - rows.mean() - at_cut * (treated - k / n)


def budget_interval(gamma0, gamma1, priority, budget, groups=None, level=0.95) -> dict[str, float]:
    """Interval of the mean outcome at one budget; arguments as in :func:`budget_influence`."""
    return influence_interval(*budget_influence(gamma0, gamma1, priority, budget), groups, level)


def order_intervals(
    gamma0: np.ndarray,
    gamma1: np.ndarray,
    priorities: Mapping[str, np.ndarray],
    groups: np.ndarray | None = None,
    budgets: Sequence[float] = (),
    baseline: str | None = None,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Half-sample intervals of the metrics of one or more orders, or of their differences to one of them.

    Parameters
    ----------
    gamma0, gamma1 : (n,) arrays
        Doubly robust scores (or true means) without and with treatment.
    priorities : mapping of name to (n,) array
        High is treated first; fitted off these rows.
    groups : (n,) array or None
        Patient of each row; None: a row is a patient.
    budgets : shares in (0, 1]
        Where the curves are read.
    baseline : str or None
        A name among ``priorities``: rows are then the differences of the others to it, on the same half-samples.
    draws, seed, level : int, int, float

    Returns
    -------
    DataFrame with ``strategy, metric, at, value, se, low, high``, and with a baseline ``real``, whether the interval
    excludes zero.
    """
    if baseline is not None and baseline not in priorities:
        raise ValueError(f"baseline = {baseline!r}: not among the orders {sorted(priorities)}.")
    n = len(np.asarray(gamma0))
    kept, scale = half_samples(n, groups, draws, seed)
    rows = np.vstack([np.ones((1, n), bool), kept])  # the first subsample is everybody: the estimate
    found = {name: order_draws(gamma0, gamma1, p, rows, budgets) for name, p in priorities.items()}
    shares = {name: np.array(order_shares(gamma0, gamma1, p, budgets)) for name, p in priorities.items()}
    if baseline is not None:
        found, shares = (
            {name: v - held[baseline] for name, v in held.items() if name != baseline} for held in (found, shares)
        )
    t = {name: _quantile(level, _freedom(u, consecutive_codes(groups, n), draws)) for name, u in shares.items()}
    tables = [_tidy(name, f, scale, t[name], budgets) for name, f in found.items()]
    table = pd.concat(tables, ignore_index=True)
    return table if baseline is None else table.assign(real=(table["low"] > 0) | (table["high"] < 0))


def _tidy(name: str, found: np.ndarray, scale: float, t: np.ndarray, budgets: Sequence[float]) -> pd.DataFrame:
    metric = [*AREAS, *(c for c in CURVES for _ in budgets)]
    at = [*[np.nan] * len(AREAS), *list(budgets) * len(CURVES)]
    value, se = found[0], scale * found[1:].std(axis=0, ddof=1)
    table = pd.DataFrame({"strategy": name, "metric": metric, "at": np.asarray(at, float), "value": value, "se": se})
    return table.assign(low=value - t * se, high=value + t * se)


def _freedom(shares: np.ndarray, codes: np.ndarray, draws: int) -> np.ndarray:
    """(metrics,) degrees of freedom of half-sample standard errors, from what each row adds to each metric."""
    patients = int(codes.max()) + 1
    sums = np.array([[np.bincount(codes, weights=u) for u in part] for part in shares])
    squares = np.sum(sums**2, axis=2) ** 2
    added, weight = np.divide(np.sum(sums**4, axis=2), squares, out=np.zeros_like(squares), where=squares > 0)
    own = np.clip(2 / np.maximum(added - weight, 1e-12), LEAST_FREEDOM, patients - 1)
    return 1 / (1 / own + 1 / (draws - 1))


def _quantile(level: float, freedom: float | np.ndarray) -> np.ndarray:
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1, as .95.")
    return stats.t.ppf(0.5 + level / 2, freedom)
