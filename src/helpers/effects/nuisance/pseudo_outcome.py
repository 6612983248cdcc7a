"""The doubly robust pseudo-outcome, and the report on overlap that belongs beside it."""

from __future__ import annotations

import numpy as np


def pseudo_outcome(Y: np.ndarray, T: np.ndarray, mu0: np.ndarray, mu1: np.ndarray, e: np.ndarray) -> np.ndarray:
    """``psi = mu1 - mu0 + T (Y - mu1) / e - (1 - T) (Y - mu0) / (1 - e)``.

    Its mean given the confounders is the effect if either the propensity or both mean outcomes are right
    (Robins et al. 1994; Kennedy, arXiv 2004.14497). Below zero: treatment lowers the outcome.

    Parameters
    ----------
    Y, T, mu0, mu1, e : (n,) arrays
        Outcome, treatment in {0, 1}, mean outcomes without and with treatment, chance of treatment in (0, 1).

    Returns
    -------
    (n,) float64 array in units of the outcome.

    Raises
    ------
    ValueError
        Arrays of unlike lengths, a value that is not finite, T other than 0 and 1, or e at or beyond 0 or 1.
    """
    Y, T, mu0, mu1, e = _checked(Y=Y, T=T, mu0=mu0, mu1=mu1, e=e)
    return mu1 - mu0 + T * (Y - mu1) / e - (1 - T) * (Y - mu0) / (1 - e)


def _checked(**arrays: np.ndarray) -> list[np.ndarray]:
    arrays = {name: np.asarray(a, float) for name, a in arrays.items()}
    shapes = {name: a.shape for name, a in arrays.items()}
    if len(set(shapes.values())) != 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise ValueError(f"expected vectors of one length, got shapes {shapes}.")
    for name, a in arrays.items():
        if not np.isfinite(a).all():
            raise ValueError(f"{name}: {np.sum(~np.isfinite(a))} of {len(a)} values are not finite; drop those rows.")
    if "T" in arrays and not np.isin(arrays["T"], (0, 1)).all():
        raise ValueError(f"T takes the values {np.unique(arrays['T'])[:5].tolist()}; it must be 0 or 1.")
    e = arrays["e"]
    if beyond := int(((e <= 0) | (e >= 1)).sum()):
        raise ValueError(f"e: {beyond} of {len(e)} values lie at or beyond 0 or 1; clip the propensity first.")
    return list(arrays.values())
