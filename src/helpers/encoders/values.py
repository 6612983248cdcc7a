"""What the numbers of a sentence say: a sentence embedding hardly tells 37.0 from 39.0.

A temperature needs its name or unit, so that a laboratory value of 38.5 is none; of the others whole numbers are left
out, for in notes they are mostly counts, doses and dates.
"""

from __future__ import annotations

import re

import numpy as np

from helpers.data.temperatures import temperatures

_DECIMAL = re.compile(r"(?<![\d.])\d{1,4}\.\d+(?!\d|\.\d)")
_TWO_DIGITS = re.compile(r"\d[\d.]")
STEPS = 20  # bounds between the lowest and the highest value


def largest_values(sentences: list[str]) -> np.ndarray:
    """(u, 2) the largest temperature of each sentence, in degrees Celsius, and its largest other number with a decimal
    point; NaN where it has none."""
    return np.array([_largest(s) for s in sentences], float).reshape(len(sentences), 2)


def value_bounds(largest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For either kind: (20,) evenly spaced from the 1st to the 99th percentile of its values, or empty."""
    found = [column[~np.isnan(column)] for column in largest.T]
    return tuple(np.linspace(*np.percentile(v, (1, 99)), STEPS) if len(v) else np.empty(0) for v in found)


def reached(largest: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(u, 21) float32 for each kind of number with bounds: whether a sentence holds one, and which bounds it reaches.

    Parameters
    ----------
    largest : (u, 2) array
        From :func:`largest_values`.
    bounds : pair of arrays
        From :func:`value_bounds`.
    """
    blocks = [
        np.column_stack([~np.isnan(value), value[:, None] >= edges])  # a comparison with NaN is False
        for value, edges in zip(largest.T, bounds, strict=True)
        if len(edges)
    ]
    return np.hstack([np.empty((len(largest), 0)), *blocks]).astype(np.float32)


def _largest(sentence: str) -> tuple[float, float]:
    if not _TWO_DIGITS.search(sentence):  # neither a temperature nor a decimal point could be there; saves time
        return np.nan, np.nan
    heat = temperatures(sentence)
    others = [m for m in _DECIMAL.finditer(sentence) if not any(t.start <= m.start() < t.end for t in heat)]
    return max((t.celsius for t in heat), default=np.nan), max((float(m[0]) for m in others), default=np.nan)
