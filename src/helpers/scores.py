"""The doubly robust pseudo-outcome, and the report on overlap that belongs beside it (layer 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd


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


def overlap_report(T: np.ndarray, e_raw: np.ndarray, clip: float) -> pd.DataFrame:
    """How comparable the arms are, one row an arm and one for all.

    Columns: ``rows``; quantiles of ``e``; ``clipped_low``, ``clipped_high`` (rows beyond the bound);
    ``effective_n``, the Kish effective sample size of the inverse-probability weights.
    """
    T, e_raw = np.asarray(T), np.asarray(e_raw, float)
    e = np.clip(e_raw, max(clip, 1e-12), 1 - max(clip, 1e-12))
    weight = np.where(T == 1, 1 / e, 1 / (1 - e))
    parts = {"untreated": T == 0, "treated": T == 1, "all": np.ones(len(T), bool)}
    return pd.DataFrame([_overlap_row(name, e_raw[m], weight[m], clip) for name, m in parts.items()])


def _overlap_row(arm: str, e: np.ndarray, weight: np.ndarray, clip: float) -> dict:
    shares = {"e_min": 0, "e_q05": 0.05, "e_median": 0.5, "e_q95": 0.95, "e_max": 1}
    quantiles = {name: float(np.quantile(e, share)) for name, share in shares.items()}
    clipped = {"clipped_low": int((e < clip).sum()), "clipped_high": int((e > 1 - clip).sum())}
    return {"arm": arm, "rows": len(e), **quantiles, **clipped, "effective_n": weight.sum() ** 2 / (weight**2).sum()}
