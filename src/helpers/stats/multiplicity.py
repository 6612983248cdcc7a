"""Correction for many comparisons."""

from __future__ import annotations

import numpy as np

LEVEL = 0.05


def holm(p: np.ndarray) -> np.ndarray:
    """P-values adjusted for being many (Holm 1979), in the order given."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted
