"""Intervals over patients: influence functions where they are clean, half-samples for everything else (layer 5).

What varies here is who was sampled; the order of treatment is fixed, so fit it on other patients. Pass doubly robust
scores ``gamma0, gamma1`` of the two outcomes, or the true means where they are known. Signs as in ``metrics``.

Half-samples (Yadlowsky et al., arXiv 2111.07966): draw ``m = floor(G / 2)`` of the G patients without replacement,
with all their rows, and compute the metric again, ranks included. Sampling without replacement shrinks the variance
of a mean of m patients by ``1 - m / G``, so the standard error for G patients is the standard deviation of the draws
times ``sqrt(m / (G - m))``: exactly 1 for an even G.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

AREAS = ("policy_value", "autoc", "qini")
CURVES = ("policy_curve", "toc")
BLOCK = 2_000_000  # numbers held at once by a block of half-samples


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
    sums = np.bincount(_codes(groups, len(influence)), weights=influence)
    patients = len(sums)
    if patients < 2:
        raise ValueError(f"groups: {patients} patient(s); an interval over patients needs two or more.")
    se = np.sqrt(patients / (patients - 1) * np.sum((sums - sums.mean()) ** 2)) / len(influence)
    half = _quantile(level, patients) * se
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
    gamma0, gamma1, priority = _vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
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


def half_samples(n: int, groups: np.ndarray | None, draws: int, seed: int) -> tuple[np.ndarray, float]:
    """Half-samples of patients.

    Returns
    -------
    (draws, n) bool array of the rows kept, and the factor from the deviation of the draws to the standard error.
    """
    codes = _codes(groups, n)
    patients = int(codes.max()) + 1
    if patients < 4 or draws < 2:
        raise ValueError(f"{patients} patients, {draws} draws: half-samples need at least 4 patients and 2 draws.")
    m = patients // 2
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(patients, dtype=np.int32), (draws, 1)), axis=1)
    return (order < m)[:, codes], float(np.sqrt(m / (patients - m)))


def order_draws(
    gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray, kept: np.ndarray, budgets: Sequence[float] = ()
) -> np.ndarray:
    """Policy value, AUTOC, Qini, then policy curve and TOC at each budget, on every subsample of the rows.

    Parameters
    ----------
    gamma0, gamma1, priority : (n,) arrays
    kept : (draws, n) bool array
        Rows of each subsample, at least one.
    budgets : shares in (0, 1]

    Returns
    -------
    (draws, 3 + 2 len(budgets)) array; a row equals the functions of ``metrics`` on that subsample.
    """
    gamma0, gamma1, priority = _vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
    order = np.argsort(-priority, kind="stable")
    scores, base = (gamma1 - gamma0)[order], gamma0[order]
    starts = np.flatnonzero(np.diff(-priority[order], prepend=-np.inf))
    step = max(1, BLOCK // len(order))
    blocks = (kept[i : i + step][:, order] for i in range(0, len(kept), step))
    return np.vstack([_ranked(scores, base, starts, block, np.asarray(budgets, float)) for block in blocks])


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
    if baseline is not None:
        found = {name: f - found[baseline] for name, f in found.items() if name != baseline}
    t = _quantile(level, int(_codes(groups, n).max()) + 1)
    tables = [_tidy(name, f, scale, t, budgets) for name, f in found.items()]
    table = pd.concat(tables, ignore_index=True)
    return table if baseline is None else table.assign(real=(table["low"] > 0) | (table["high"] < 0))


def _tidy(name: str, found: np.ndarray, scale: float, t: float, budgets: Sequence[float]) -> pd.DataFrame:
    metric = [*AREAS, *(c for c in CURVES for _ in budgets)]
    at = [*[np.nan] * len(AREAS), *list(budgets) * len(CURVES)]
    value, se = found[0], scale * found[1:].std(axis=0, ddof=1)
    table = pd.DataFrame({"strategy": name, "metric": metric, "at": np.asarray(at, float), "value": value, "se": se})
    return table.assign(low=value - t * se, high=value + t * se)


def _ranked(
    scores: np.ndarray, base: np.ndarray, starts: np.ndarray, kept: np.ndarray, budgets: np.ndarray
) -> np.ndarray:
    """Metrics of subsamples of rows that already stand in order; ``starts`` are the first rows of tied groups."""
    weight = kept.astype(float)
    summed = np.cumsum(weight * _shared(scores, starts, weight), axis=1)
    k = np.cumsum(weight, axis=1)
    m, mean = k[:, -1], summed[:, -1] / k[:, -1]
    outcome = kept @ base / m
    value = outcome + np.sum(weight * summed, axis=1) / m**2
    autoc = np.sum(weight * summed / np.maximum(k, 1), axis=1) / m - mean
    qini = np.sum(weight * (summed - k * mean[:, None]), axis=1) / m**2
    first = np.clip(np.ceil(np.multiply.outer(m, budgets) - 1e-9), 1, m[:, None]).astype(int)
    top = _at_kept(summed, kept, first)
    return np.column_stack([value, autoc, qini, outcome[:, None] + top / m[:, None], top / first - mean[:, None]])


def _shared(scores: np.ndarray, starts: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Scores with tied rows sharing the average of those of them that are in the subsample."""
    if len(starts) == len(scores):
        return scores
    total, count = (np.add.reduceat(a, starts, axis=1) for a in (weight * scores, weight))
    return np.repeat(total / np.maximum(count, 1), np.diff(starts, append=len(scores)), axis=1)


def _at_kept(values: np.ndarray, kept: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Entries of each row of ``values`` at its ``first``-th kept column."""
    cells = np.flatnonzero(kept)
    counts = kept.sum(axis=1)
    offset = np.cumsum(counts) - counts
    return values.ravel()[cells[offset[:, None] + first - 1]]


def _quantile(level: float, patients: int) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1, as .95.")
    return float(stats.t.ppf(0.5 + level / 2, patients - 1))


def _codes(groups: np.ndarray | None, n: int) -> np.ndarray:
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f"groups: {len(groups)} identifiers for {n} rows; give one a row.")
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def _vectors(**arrays: np.ndarray) -> list[np.ndarray]:
    vectors = {name: np.asarray(a, float) for name, a in arrays.items()}
    shapes = {name: v.shape for name, v in vectors.items()}
    if len(set(shapes.values())) != 1 or len(next(iter(shapes.values()))) != 1:
        raise ValueError(f"expected vectors of one length, got shapes {shapes}.")
    for name, v in vectors.items():
        if not np.isfinite(v).all():
            raise ValueError(f"{name}: {np.sum(~np.isfinite(v))} of {len(v)} values are not finite; drop or mend them.")
    return list(vectors.values())
