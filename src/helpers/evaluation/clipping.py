"""How much hangs on the clipping of the propensity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.diagnostics import overlap_report
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.stats.intervals import mean_interval, order_intervals

BOUNDS = (0.01, 0.05, 0.1, 0.2, 0.3)  # the last ones bite almost everywhere


def clipping_sensitivity(
    Y: np.ndarray,
    T: np.ndarray,
    nuisances: Nuisances,
    priority: np.ndarray,
    groups: np.ndarray | None = None,
    bounds: Sequence[float] = BOUNDS,
    draws: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean effect, AUTOC and effective sample size as the bound on the propensity moves.

    Parameters
    ----------
    Y, T, priority, groups : (n,) arrays
        The rows on which ``nuisances`` were fitted, in their order; the priority comes from other rows.
    nuisances : Nuisances
        Fitted; its own bound is not used.
    bounds : numbers in (0, .5)

    Returns
    -------
    DataFrame, one row a bound: ``clip, clipped`` (rows beyond it), ``effective_n_untreated, effective_n_treated``, and
    ``mean_effect, autoc`` with ``_low, _high`` 95 % limits. All bounds share their half-samples. Estimates that move
    by more than their interval say that a few patients with hardly any counterpart carry the result.
    """
    if any(not 0 < b < 0.5 for b in bounds):
        raise ValueError(f"bounds = {list(bounds)}: every bound must lie between 0 and .5.")
    raw = nuisances.e_raw_
    return pd.DataFrame([_at_bound(Y, T, nuisances, raw, priority, groups, b, draws, seed) for b in bounds])


def _at_bound(Y, T, nuisances, raw, priority, groups, bound, draws, seed) -> dict:
    psi = pseudo_outcome(Y, T, nuisances.mu0_, nuisances.mu1_, np.clip(raw, bound, 1 - bound))
    mean = mean_interval(psi, groups)
    areas = order_intervals(np.zeros_like(psi), psi, {"order": priority}, groups, draws=draws, seed=seed)
    autoc = areas.set_index("metric").loc["autoc"]
    overlap = overlap_report(T, raw, bound).set_index("arm")
    row = {"clip": bound, "clipped": int(overlap.loc["all", ["clipped_low", "clipped_high"]].sum())}
    row |= {f"effective_n_{arm}": overlap.loc[arm, "effective_n"] for arm in ("untreated", "treated")}
    for name, found in (("mean_effect", mean), ("autoc", autoc)):
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row
