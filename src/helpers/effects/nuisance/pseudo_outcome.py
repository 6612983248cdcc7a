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
    """
    Y, T, mu0, mu1, e = (np.asarray(a, float) for a in (Y, T, mu0, mu1, e))
    beyond = int(((e <= 0) | (e >= 1)).sum())
    if beyond:
        raise ValueError(f"e: {beyond} of {len(e)} values lie at or beyond 0 or 1; clip the propensity first.")
    return mu1 - mu0 + T * (Y - mu1) / e - (1 - T) * (Y - mu0) / (1 - e)
