"""Intervals of shares."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.stats import norm


def wilson_agreement(share: float, n: int, confidence: float) -> tuple[float, float]:
    z = norm.ppf(0.5 + confidence / 2)
    middle, half = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max((middle - half) / (1 + z**2 / n), 0.0), min((middle + half) / (1 + z**2 / n), 1.0)


def wilson_fairness(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share that stays within [0, 1] (Wilson 1927)."""
    z2 = stats.norm.ppf(0.975) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2) / (n + z2) * np.sqrt(k * (n - k) / n + z2 / 4)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = stats.norm.ppf(0.975)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half, middle + half


def wilson_detect(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    centre, half = hits + z * z / 2, z * np.sqrt(hits * (n - hits) / n + z * z / 4)
    return float((centre - half) / (n + z * z)), float((centre + half) / (n + z * z))
