"""Checks and small arithmetic on arrays."""

from __future__ import annotations

import numpy as np

from helpers.stats.ties import without_noise


def vectors(*, empty: bool = False, **arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays as finite float vectors of one length, in the order given.

    Parameters
    ----------
    empty : bool
        Whether no row at all is fine.
    **arrays : (n,) arrays
        By the name that a message gives them.

    Raises
    ------
    ValueError
        Names the culprit: another shape, no rows, values that are missing or not finite.
    """
    found = {name: np.asarray(value, dtype=float) for name, value in arrays.items()}
    shapes = {name: v.shape for name, v in found.items()}
    if len(set(shapes.values())) != 1 or any(len(s) != 1 for s in shapes.values()):
        raise ValueError(f"expected vectors of one length, got shapes {shapes}.")
    n = len(next(iter(found.values())))
    if n == 0 and not empty:
        raise ValueError(f"{', '.join(found)}: at least one row is needed, got none.")
    for name, v in found.items():
        if not np.isfinite(v).all():
            raise ValueError(f"{name}: {np.sum(~np.isfinite(v))} of {n} values are not finite; drop or mend them.")
    return tuple(found.values())


def first_k(n: np.ndarray | int, budget: np.ndarray | float, least: int = 1) -> np.ndarray:
    """How many of n a budget treats: ``ceil(budget n)``, at least ``least`` and at most n; arrays by broadcasting.

    Parameters
    ----------
    n : number or array of at least 1
    budget : share or array of shares in [0, 1]
    least : int
        1: a curve has no value for nobody; 0: a rule may treat nobody.
    """
    # 1e-9 keeps a share such as 0.3 from asking for one patient more than 0.3 n through rounding
    return np.clip(np.ceil(np.multiply(n, budget) - 1e-9), least, n).astype(int)


def first_treated(priority: np.ndarray, budget: float, least: int = 1) -> np.ndarray:
    """(n,) bool array of the :func:`first_k` rows with the highest priority; of equal ones (but
    for rounding) the earlier comes first."""
    if not 0 <= budget <= 1:
        raise ValueError(f"budget = {budget}: must be a share in [0, 1].")
    treated = np.zeros(len(priority), bool)
    treated[np.argsort(-without_noise(priority), kind="stable")[: int(first_k(len(priority), budget, least))]] = True
    return treated


def consecutive_codes(groups: np.ndarray | None, n: int) -> np.ndarray:
    """(n,) codes 0, 1, .. of the patients; without identifiers a row is a patient."""
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise ValueError(f"groups: {len(groups)} identifiers for {n} rows; give one a row.")
    return np.unique(np.asarray(groups), return_inverse=True)[1]


def effective_n(w: np.ndarray) -> float:
    """Kish's effective sample size of weights."""
    return float(w.sum() ** 2 / (w**2).sum())
