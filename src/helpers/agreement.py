"""Whom two policies would treat, and who the patients are on whom they differ (layer 5).

Who is treated is a set, so ties are broken by row order here, as in ``metrics.overlap_at``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers import metrics
from helpers.evaluation import GRID
from helpers.schema import Cohort, design_matrix

SMALLEST = 11
GROUPS = ("both", "only_a", "only_b", "neither")


def first_treated(priority: np.ndarray, budget: float) -> np.ndarray:
    """(n,) bool array of the ``ceil(budget n)`` patients with the highest priority."""
    priority = np.asarray(priority, float)
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: must be a share in (0, 1].")
    if priority.ndim != 1 or not np.isfinite(priority).all():
        raise ValueError(f"priority: expected a vector of finite numbers, got shape {priority.shape}.")
    k = int(np.clip(np.ceil(budget * len(priority) - 1e-9), 1, len(priority)))
    treated = np.zeros(len(priority), bool)
    treated[np.argsort(-priority, kind="stable")[:k]] = True
    return treated


def agreement(priority_a: np.ndarray, priority_b: np.ndarray, budgets: Sequence[float] = GRID) -> pd.DataFrame:
    """How far two orders treat the same patients.

    Returns
    -------
    DataFrame with ``metric, at, value``: ``overlap``, share of those treated by one whom the other treats too;
    ``same_decision``, share of all patients treated by both or by neither; ``kappa``, agreement beyond chance, 0 for
    unrelated orders (missing if all are treated); and once, with ``at`` missing, the rank correlations ``spearman``
    and ``kendall``.
    """
    budgets = np.asarray(budgets, float)
    overlap = metrics.overlap_at(priority_a, priority_b, budgets)
    share = np.array([first_treated(priority_a, b).mean() for b in budgets])
    same = 1 - 2 * share * (1 - overlap)
    chance = share**2 + (1 - share) ** 2
    kappa = np.divide(same - chance, 1 - chance, out=np.full(len(share), np.nan), where=chance < 1)
    curves = {"overlap": overlap, "same_decision": same, "kappa": kappa}
    ranks = {
        "spearman": stats.spearmanr(priority_a, priority_b).statistic,
        "kendall": stats.kendalltau(priority_a, priority_b).statistic,
    }
    blocks = [pd.DataFrame({"metric": m, "at": budgets, "value": v}) for m, v in curves.items()]
    return pd.concat([pd.DataFrame({"metric": list(ranks), "at": np.nan, "value": list(ranks.values())}), *blocks])


def case_mix(cohort: Cohort, priority_a: np.ndarray, priority_b: np.ndarray, budget: float) -> pd.DataFrame:
    """Who is treated by both policies, by one, by neither: sizes, and means of bedside columns and annotations.

    A group of fewer than 11 patients shows ``<11`` for its size and no mean. As many are treated by A only as by B
    only, and the budget is known, so one size gives away the others: all other sizes are then ``hidden``. A column of
    zeros and ones shows no mean in a group where fewer than 11 patients, but not none, have a one or have a zero.

    Returns
    -------
    DataFrame with ``variable, both, only_a, only_b, neither, gap``; the first row, ``patients``, holds the sizes as
    text. ``gap`` is the mean of ``only_a`` less that of ``only_b`` in standard deviations of the column; missing where
    hidden.
    """
    a, b = first_treated(priority_a, budget), first_treated(priority_b, budget)
    if len(a) != len(cohort) or len(b) != len(cohort):
        raise ValueError(f"priority_a ({len(a)}), priority_b ({len(b)}): expected {len(cohort)} rows, as the cohort.")
    masks = dict(zip(GROUPS, (a & b, a & ~b, ~a & b, ~a & ~b), strict=True))
    values, names = design_matrix(cohort.frame, (*cohort.roles.annotations, *cohort.roles.tabular))
    rows = [{"variable": "patients", **_sizes({g: int(m.sum()) for g, m in masks.items()}), "gap": np.nan}]
    return pd.DataFrame(rows + [_mix_row(name, values[:, j], masks) for j, name in enumerate(names)])


def _sizes(sizes: dict[str, int]) -> dict[str, str]:
    few = {g for g, n in sizes.items() if n < SMALLEST}
    rest = "hidden" if few else None
    return {g: f"<{SMALLEST}" if g in few else rest or str(n) for g, n in sizes.items()}


def _mix_row(name: str, column: np.ndarray, masks: dict[str, np.ndarray]) -> dict:
    means = {group: _safe_mean(column[mask]) for group, mask in masks.items()}
    spread = column.std()
    gap = (means["only_a"] - means["only_b"]) / spread if spread > 0 else np.nan
    return {"variable": name, **means, "gap": gap}


def _safe_mean(values: np.ndarray) -> float:
    """The mean, or missing where it could point at a handful of patients."""
    if len(values) < SMALLEST:
        return np.nan
    if np.isin(values, [0, 1]).all():
        ones = int(values.sum())
        if 0 < ones < SMALLEST or 0 < len(values) - ones < SMALLEST:
            return np.nan
    return float(values.mean())
