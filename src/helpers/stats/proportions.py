"""Intervals of shares."""

from __future__ import annotations

import numpy as np
from scipy import stats


def wilson(share: np.ndarray | float, n: np.ndarray | int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of shares that stays within [0, 1] (Wilson 1927).

    Parameters
    ----------
    share : number or array in [0, 1]
    n : number or array of at least 1
        How many the share is of.
    level : float in (0, 1)

    Returns
    -------
    low, high
    """
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1, as .95.")
    z2 = stats.norm.ppf(0.5 + level / 2) ** 2
    share, n = np.asarray(share, float), np.asarray(n, float)
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half, 1)
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)
