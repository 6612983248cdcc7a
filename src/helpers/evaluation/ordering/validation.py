"""How well diagnostics do, from a table of settings whose true loss is known.

A table has one row a setting, a column a diagnostic, ``p_<diagnostic>`` where it tests, and columns of the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats


def rank_correlations(
    table: pd.DataFrame,
    diagnostics: Iterable[str],
    truth: str = "true_loss",
    clusters: str | None = "seed",
    draws: int = 1_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Spearman's rank correlation of each diagnostic with the truth, with a 95 % bootstrap interval over settings.

    Parameters
    ----------
    clusters : str or None
        Column whose values are drawn together, with all their settings; None: every setting by itself.

    Returns
    -------
    DataFrame with ``diagnostic, value, low, high, settings``, best first.
    """
    names = list(diagnostics)
    values, rows = table[[truth, *names]].to_numpy(float), np.arange(len(table))
    if len(table) < 4 or not np.isfinite(values).all():
        raise ValueError(f"table: {len(table)} rows; four or more are needed, with no value missing in {names}.")
    keys = rows if clusters is None else np.unique(table[clusters], return_inverse=True)[1]
    members = [rows[keys == k] for k in range(keys.max() + 1)]
    rng = np.random.default_rng(seed)
    samples = [np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))]) for _ in range(draws)]
    drawn = np.array([_spearman(values[s]) for s in samples])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    found = {"diagnostic": names, "value": _spearman(values), "low": low, "high": high, "settings": len(table)}
    return pd.DataFrame(found).sort_values("value", ascending=False, ignore_index=True)


def rejections(table: pd.DataFrame, diagnostics: Iterable[str], alpha: float = 0.05) -> pd.DataFrame:
    """Share of settings in which each test rejects at ``alpha``, with Wilson's 95 % interval.

    Returns
    -------
    DataFrame with ``diagnostic, value, low, high, settings``; diagnostics without a p-value are left out.
    """
    rows = []
    for name in diagnostics:
        p = table[f"p_{name}"].dropna() if f"p_{name}" in table else []
        if len(p):
            hits = int((p < alpha).sum())
            bounds = stats.binomtest(hits, len(p)).proportion_ci(method="wilson")
            row = {"diagnostic": name, "value": hits / len(p), "low": bounds.low, "high": bounds.high}
            rows.append(row | {"settings": len(p)})
    return pd.DataFrame(rows, columns=["diagnostic", "value", "low", "high", "settings"])


def power_by_loss(
    table: pd.DataFrame, diagnostics: Iterable[str], edges: Sequence[float], truth: str = "true_share"
) -> pd.DataFrame:
    """Rejections in bins of the truth; ``at`` is the mean of the truth in a bin, empty bins are left out."""
    names = list(diagnostics)
    bins = pd.cut(table[truth], list(edges), include_lowest=True)
    parts = [rejections(part, names).assign(at=part[truth].mean()) for _, part in table.groupby(bins, observed=True)]
    return pd.concat(parts, ignore_index=True)


def loss_coverage(table: pd.DataFrame, truth: str = "true_loss", diagnostic: str = "order_loss") -> float:
    """Share of settings whose limits of the diagnostic hold the truth."""
    inside = (table[f"low_{diagnostic}"] <= table[truth]) & (table[truth] <= table[f"high_{diagnostic}"])
    return float(inside.mean())


def rule_answers(table: pd.DataFrame, tolerance: float) -> pd.Series:
    """What the rule on the limits of the share lost says of each setting: survives, lost or not decided."""
    cases = [table["high_order_share"] <= tolerance, table["low_order_share"] > tolerance]
    return pd.Series(np.select(cases, ["survives", "lost"], "not decided"), index=table.index, name="the rule says")


def rule_errors(table: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """How often the rule decides wrongly, and how far off the truth then is.

    Returns
    -------
    DataFrame
        A row each for ``survives`` and ``lost``: ``answer, rows, wrong`` (settings whose true share lies on the other
        side of the tolerance) and ``true_share``, their mean share lost; missing if none is wrong.
    """
    said, rows = rule_answers(table, tolerance), []
    for answer, is_wrong in (("survives", table["true_share"] > tolerance), ("lost", table["true_share"] <= tolerance)):
        wrong = table.loc[(said == answer) & is_wrong, "true_share"]
        rows.append({"answer": answer, "rows": int((said == answer).sum()), "wrong": len(wrong)})
        rows[-1]["true_share"] = wrong.mean()
    return pd.DataFrame(rows)


def _spearman(values: np.ndarray) -> np.ndarray:
    """(columns - 1,) rank correlations of the first column with each other one."""
    ranks = stats.rankdata(values, axis=0)
    centred = ranks - ranks.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        return (centred[:, 0] @ centred[:, 1:]) / (length[0] * length[1:])
