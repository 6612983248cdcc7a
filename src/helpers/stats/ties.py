"""Which numbers are equal but for rounding."""

from __future__ import annotations

import numpy as np

RELATIVE = 1e-12  # of a number: more than sums of thousands of terms round off, less than any model can tell apart

ROUNDING = 8 * np.finfo(float).eps  # spread of equal numbers, beside their size


def is_flat(X: np.ndarray) -> np.ndarray:
    """Which columns of an (n, p) array, or whether an (n,) array, hold one number but for rounding.

    By the range, since a standard deviation of equal numbers holds the rounding of their mean.
    """
    X = np.asarray(X)
    return np.ptp(X, axis=0) <= ROUNDING * np.abs(X).max(axis=0)


def gaps_beyond_rounding(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """``first - second``, 0 where they differ as sums of equal numbers may: by ``RELATIVE`` of the larger at most."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    gap = first - second
    return np.where(np.abs(gap) <= RELATIVE * np.maximum(np.abs(first), np.abs(second)), 0.0, gap)


def without_noise(values: np.ndarray, scale: float | None = None) -> np.ndarray:
    """The values, those that differ by rounding alone made equal.

    Neighbours in size are one number if they lie no further apart than ``RELATIVE`` of the larger, or than a few
    units in the last place of ``scale``. Differences of nearly equal numbers carry the rounding of what was
    subtracted: give its size as ``scale``.

    Parameters
    ----------
    values : (n,) array of finite numbers
    scale : float or None
        Size of the numbers the values were computed from; None: of the values themselves.

    Returns
    -------
    (n,) float64 array; order and units are kept.
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return values
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    least = ROUNDING * (np.abs(ranked).max() if scale is None else scale)
    nearer = np.maximum(np.abs(ranked[1:]), np.abs(ranked[:-1])) * RELATIVE
    first = np.r_[True, np.diff(ranked) > np.maximum(nearer, least)]
    merged = np.empty(len(values))
    merged[order] = ranked[first][np.cumsum(first) - 1]
    return merged
