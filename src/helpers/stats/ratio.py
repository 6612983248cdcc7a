"""A ratio of two means and its interval."""

from __future__ import annotations

import numpy as np
from scipy import stats


def fieller(top: np.ndarray, bottom: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """``mean(top) / mean(bottom)`` of pairs with Fieller's interval (J. R. Stat. Soc. B 16, 1954).

    All three are missing where the mean of ``bottom`` cannot be told from zero.
    """
    pairs = np.array([top, bottom], float)
    r = pairs.shape[1]
    (a, b), t = pairs.mean(1), stats.t.ppf(0.5 + level / 2, r - 1)
    v = np.cov(pairs) * t**2 / r
    square, mixed, constant = b**2 - v[1, 1], a * b - v[0, 1], a**2 - v[0, 0]
    if square <= 0:
        return np.nan, np.nan, np.nan
    root = np.sqrt(max(mixed**2 - square * constant, 0.0))
    return a / b, (mixed - root) / square, (mixed + root) / square
