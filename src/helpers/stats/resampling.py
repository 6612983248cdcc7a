"""Half-samples of patients, and the metrics of an order on all of them at once.

Half-samples (Yadlowsky et al., arXiv 2111.07966): draw ``m = floor(G / 2)`` of the G patients without replacement,
with all their rows, and compute the metric again, ranks included. Sampling without replacement shrinks the variance
of a mean of m patients by ``1 - m / G``, so the standard error for G patients is the standard deviation of the draws
times ``sqrt(m / (G - m))``: exactly 1 for an even G.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.stats.arrays import consecutive_codes, first_k, vectors
from helpers.stats.ties import without_noise

AREAS = ("policy_value", "autoc", "qini")
CURVES = ("policy_curve", "toc")
HALF_SAMPLE_BLOCK = 2_000_000  # numbers held at once by a block of half-samples


def half_samples(n: int, groups: np.ndarray | None, draws: int, seed: int) -> tuple[np.ndarray, float]:
    """Half-samples of patients.

    Returns
    -------
    (draws, n) bool array of the rows kept, and the factor from the deviation of the draws to the standard error.
    """
    codes = consecutive_codes(groups, n)
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
    gamma0, gamma1, priority = vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
    priority = without_noise(priority)
    order = np.argsort(-priority, kind="stable")
    scores, base = (gamma1 - gamma0)[order], gamma0[order]
    starts = np.flatnonzero(np.diff(-priority[order], prepend=-np.inf))
    step = max(1, HALF_SAMPLE_BLOCK // len(order))
    blocks = (kept[i : i + step][:, order] for i in range(0, len(kept), step))
    return np.vstack([_ranked(scores, base, starts, block, np.asarray(budgets, float)) for block in blocks])


def order_shares(
    gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray, budgets: Sequence[float] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """What each row adds to each metric of :func:`order_draws` if its rank is taken as given.

    Returns
    -------
    shares, weights : (3 + 2 len(budgets), n) arrays
        Rows of the data in their order; scores are taken from their mean. ``weights``: the rows' weights alone.
    """
    gamma0, gamma1, priority = vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
    n, psi = len(gamma0), gamma1 - gamma0
    rank = np.empty(n, int)
    rank[np.argsort(-without_noise(priority), kind="stable")] = np.arange(n)
    first = first_k(n, np.asarray(budgets, float))
    treated = rank < first[:, None]
    falling = (n - rank) / n**2
    harmonic = np.cumsum(1 / np.arange(n, 0, -1.0))[::-1][rank] / n
    rows = [
        falling,
        harmonic - 1 / n,
        falling - (n + 1) / (2 * n**2),
        *treated / n,
        *treated / first[:, None] - 1 / n,
    ]
    base = np.repeat([1, 0, 0, 1, 0], [1, 1, 1, len(first), len(first)])[:, None]
    weight = np.array(rows)
    return weight * (psi - psi.mean()) + base * (gamma0 - gamma0.mean()) / n, weight + base / n


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
    first = first_k(m[:, None], budgets)
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
