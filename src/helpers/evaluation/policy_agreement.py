"""Whom two policies would treat, and who the patients are on whom they differ.

Who is treated is a set, so ties are broken by row order here, as in ``metrics.overlap_at``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.data.cohort import Cohort, design_matrix
from helpers.evaluation.results import GRID
from helpers.privacy.small_counts import SMALLEST
from helpers.stats import metrics
from helpers.stats.arrays import first_k, first_treated, vectors
from helpers.stats.ties import is_flat

MIX_GROUPS = ("both", "only_a", "only_b", "neither")


def agreement(
    priority_a: np.ndarray, priority_b: np.ndarray, budgets: Sequence[float] = GRID, smallest: int = 0
) -> pd.DataFrame:
    """How far two orders treat the same patients.

    Parameters
    ----------
    priority_a, priority_b : (n,) arrays
    budgets : shares in (0, 1]
    smallest : int
        Where both would treat fewer than so many patients together, or one fewer that the other does not, but not
        none, the budget shows no value.

    Returns
    -------
    DataFrame with ``metric, at, value``: ``overlap``, share of those treated by one whom the other treats too;
    ``same_decision``, share of all patients treated by both or by neither; ``kappa``, agreement beyond chance, 0 for
    unrelated orders (missing if all are treated); and once, with ``at`` missing, the rank correlations ``spearman``
    and ``kendall``.
    """
    budgets = np.asarray(budgets, float)
    if not ((budgets > 0) & (budgets <= 1)).all():
        raise ValueError(f"budgets = {budgets.tolist()}: every budget must be a share in (0, 1].")
    overlap, n = metrics.overlap_at(priority_a, priority_b, budgets), len(priority_a)
    share = first_k(n, budgets) / n
    same = 1 - 2 * share * (1 - overlap)
    hidden = np.any([(0 < part) & (part < smallest) for part in _parts(overlap, share * n)], axis=0)
    chance = share**2 + (1 - share) ** 2
    kappa = np.divide(same - chance, 1 - chance, out=np.full(len(share), np.nan), where=chance < 1)
    curves = {"overlap": overlap, "same_decision": same, "kappa": kappa}
    ranks = {
        "spearman": stats.spearmanr(priority_a, priority_b).statistic,
        "kendall": stats.kendalltau(priority_a, priority_b).statistic,
    }
    blocks = [
        pd.DataFrame({"metric": m, "at": budgets, "value": np.where(hidden, np.nan, v)}) for m, v in curves.items()
    ]
    return pd.concat([pd.DataFrame({"metric": list(ranks), "at": np.nan, "value": list(ranks.values())}), *blocks])


def _parts(overlap: np.ndarray, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Patients treated by both, and by one only, to the whole patient."""
    return np.round(overlap * treated), np.round((1 - overlap) * treated)


def case_mix(
    cohort: Cohort,
    priority_a: np.ndarray,
    priority_b: np.ndarray,
    budget: float,
    smallest: int = SMALLEST,
    withheld: Collection[str] = (),
) -> pd.DataFrame:
    """Who is treated by both policies, by one, by neither: sizes, and means of bedside columns and annotations.

    A group of fewer than ``smallest`` patients shows ``<11`` for its size. As many are treated by A only as by B only,
    and the budget is known, so one size gives away the others: all other sizes are then ``hidden``. A column shows all
    its four means or none: none if a group is that small, or if in a column of zeros and ones a group holds fewer, but
    not none, with a one or with a zero.

    Parameters
    ----------
    smallest : int
        Fewest patients that may be shown; 0: of public records nothing is hidden.
    withheld : names of columns
        Hidden in any case, since other tables would give them away: see :func:`helpers.privacy.risky_columns`.

    Returns
    -------
    DataFrame with ``variable, both, only_a, only_b, neither, gap``; the first row, ``patients``, holds the sizes as
    text. ``gap`` is the mean of ``only_a`` less that of ``only_b`` in standard deviations of the column; missing where
    hidden.
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: must be a share in (0, 1].")
    orders = vectors(priority_a=priority_a, priority_b=priority_b)
    if len(orders[0]) != len(cohort):
        raise ValueError(
            f"priority_a, priority_b: {len(orders[0])} priorities; expected {len(cohort)} rows, as the cohort."
        )
    a, b = (first_treated(order, budget) for order in orders)
    masks = dict(zip(MIX_GROUPS, (a & b, a & ~b, ~a & b, ~a & ~b), strict=True))
    rows = [{"variable": "patients", **_sizes({g: int(m.sum()) for g, m in masks.items()}, smallest), "gap": np.nan}]
    for column in (*cohort.roles.annotations, *cohort.roles.tabular):
        values, names = design_matrix(cohort.frame, (column,))
        fewest = np.inf if column in withheld else smallest
        rows += [_mix_row(name, values[:, j], masks, fewest) for j, name in enumerate(names)]
    return pd.DataFrame(rows)


def _sizes(sizes: dict[str, int], smallest: int) -> dict[str, str]:
    few = {g for g, n in sizes.items() if n < smallest}
    rest = "hidden" if few else None
    return {g: f"<{smallest}" if g in few else rest or str(n) for g, n in sizes.items()}


def _mix_row(name: str, column: np.ndarray, masks: dict[str, np.ndarray], smallest: float) -> dict:
    parts = {group: column[mask] for group, mask in masks.items()}
    hidden = any(_points_at_few(values, smallest) for values in parts.values())
    means = {group: np.nan if hidden or not len(values) else float(values.mean()) for group, values in parts.items()}
    gap = np.nan if is_flat(column) else (means["only_a"] - means["only_b"]) / column.std()
    return {"variable": name, **means, "gap": gap}


def _points_at_few(values: np.ndarray, smallest: float) -> bool:
    """Whether a mean could point at a handful of patients."""
    if len(values) < smallest:
        return smallest > 0
    ones = int(values.sum()) if np.isin(values, [0, 1]).all() else 0
    return 0 < ones < smallest or (ones > 0 and 0 < len(values) - ones < smallest)
