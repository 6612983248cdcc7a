"""Checks and small arithmetic on arrays."""

from __future__ import annotations

import numpy as np


def first_k(budgets: np.ndarray, n: int) -> np.ndarray:
    # 1e-9 keeps a share such as 0.3 from asking for one patient more than 0.3 n through rounding
    return np.clip(np.ceil(budgets * n - 1e-9).astype(int), 1, n)


def aligned(**arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays as float vectors of one length without missing values, or an error that names the culprit."""
    vectors = {name: np.asarray(value, dtype=float) for name, value in arrays.items()}
    lengths = {name: v.shape for name, v in vectors.items()}
    if any(len(s) != 1 for s in lengths.values()) or len(set(lengths.values())) != 1:
        raise ValueError(f"expected vectors of one length, got shapes {lengths}.")
    if next(iter(vectors.values())).size == 0:
        raise ValueError(f"{', '.join(vectors)}: at least one row is needed, got none.")
    for name, v in vectors.items():
        if not np.isfinite(v).all():
            raise ValueError(f"{name}: {np.sum(~np.isfinite(v))} of {len(v)} values are not finite; drop or mend them.")
    return tuple(vectors.values())


def consecutive_codes(groups: np.ndarray | None, n: int) -> np.ndarray:
    """(n,) codes 0, 1, .. of the patients; without identifiers a row is a patient."""
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f"groups: {len(groups)} identifiers for {n} rows; give one a row.")
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def vectors(**arrays: np.ndarray) -> list[np.ndarray]:
    """The arrays as finite float vectors of one length, or an error that names the culprit."""
    vectors = {name: np.asarray(a, float) for name, a in arrays.items()}
    shapes = {name: v.shape for name, v in vectors.items()}
    if len(set(shapes.values())) != 1 or len(next(iter(shapes.values()))) != 1:
        raise ValueError(f"expected vectors of one length, got shapes {shapes}.")
    for name, v in vectors.items():
        if not np.isfinite(v).all():
            raise ValueError(f"{name}: {np.sum(~np.isfinite(v))} of {len(v)} values are not finite; drop or mend them.")
    return list(vectors.values())


def effective_n(w: np.ndarray) -> float:
    """Kish's effective sample size of weights."""
    return float(w.sum() ** 2 / (w**2).sum())
