"""Who is treated, group by group, without giving small groups away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.privacy.disclosure import MOST_LEVELS_SHOWN
from helpers.privacy.small_counts import SMALLEST
from helpers.stats.proportions import wilson_fairness


def fairness_table(
    treated: np.ndarray,
    frame: pd.DataFrame,
    columns: Sequence[str],
    smallest: int = SMALLEST,
    withheld: Collection[str] = (),
) -> pd.DataFrame:
    """Share treated in each group of each column, with Wilson 95 % intervals.

    A group of fewer than 11 patients does not show its size; one with fewer than 11 treated or untreated patients
    does not show how many. If that leaves a single group of a column hidden, the smallest other one is hidden too,
    since totals would give it away.

    Parameters
    ----------
    treated : (n,) bool array
    frame : DataFrame of n rows
    columns : sequence of str
        Categories or few-valued numbers; missing values form a group of their own.
    smallest : int
        Fewest patients that may be shown; 0: of public records nothing is hidden.
    withheld : names of columns
        Their shares are hidden in any case, since another table would give them away: see ``risky_columns``.

    Returns
    -------
    DataFrame with ``column, group, n, treated, share, low, high, hidden, size``; what is hidden is missing, and
    ``hidden`` says where the share is; ``size`` is ``n`` in words, ``<11`` where that is all that may be said.

    Raises
    ------
    ValueError
        For columns that are not there or take more than 20 values: cut those into groups first.
    """
    treated = np.asarray(treated)
    if treated.dtype != bool or treated.shape != (len(frame),):
        raise ValueError(f"treated: {treated.dtype} of shape {treated.shape}; expected {len(frame)} booleans.")
    missing = [c for c in columns if c not in frame.columns]
    if missing or not len(columns):
        raise ValueError(f"columns: {missing or 'none'} given; the frame has {list(frame.columns)}.")
    return pd.concat([_groups(treated, frame[c], smallest, c in withheld) for c in columns], ignore_index=True)


def shares_shown(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Fairness tables of several rules side by side, in words: a row a group, a column a rule.

    Sizes below the fewest patients that may be shown read ``<11``; what would give them away reads ``hidden``.
    """
    first = next(iter(tables.values()))
    shown = first[["column", "group"]].assign(patients=first["size"])
    for name, table in tables.items():
        cells = [f"{r.share:.0%} [{r.low:.0%}, {r.high:.0%}]" if not r.hidden else "hidden" for r in table.itertuples()]
        shown = shown.assign(**{name: cells})
    return shown.set_index(["column", "group"])


def widest_gaps(table: pd.DataFrame) -> list[str]:
    """One line a column of a fairness table: the group treated least and the one treated most.

    Groups of fewer than 11 patients are passed over, public or not: their shares say little.
    """
    lines, shown = [], table[~table["hidden"] & (table["n"] >= SMALLEST).fillna(False).astype(bool)]
    for column, part in shown.groupby("column", sort=False):
        least, most = part.loc[part["share"].idxmin()], part.loc[part["share"].idxmax()]
        if len(part) > 1:
            lines.append(f"{column}: treated {' and '.join(f'{r.share:.0%} of {r.group}' for r in (least, most))}")
    counts = shown["column"].value_counts()
    left = [c for c in table["column"].unique() if counts.get(c, 0) < 2]
    return lines + ([f"too few patients to show: {', '.join(left)}"] if left else [])


def _groups(treated: np.ndarray, series: pd.Series, smallest: int, withheld: bool) -> pd.DataFrame:
    if series.nunique() > MOST_LEVELS_SHOWN:
        raise ValueError(
            f"column {series.name!r} takes {series.nunique()} values, more than {MOST_LEVELS_SHOWN}; "
            f"cut it into groups first, as with pandas.cut."
        )
    parts = pd.Series(treated).groupby(series.reset_index(drop=True), dropna=False, observed=True).agg(["size", "sum"])
    n, k = parts["size"].to_numpy(), parts["sum"].to_numpy()
    low, high = wilson_fairness(k, n)
    names = ["(missing)" if pd.isna(v) else str(v) for v in parts.index]
    table = pd.DataFrame({"column": series.name, "group": names, "n": n, "treated": k, "share": k / n})
    table = table.assign(low=low, high=high).astype({"n": "Int64", "treated": "Int64"})
    few = _hidden(n < smallest, n)
    table["hidden"] = _hidden(few | (np.minimum(k, n - k) < smallest), n) | withheld
    table["size"] = np.where(n < smallest, f"<{smallest}", np.where(few, "hidden", n.astype(str)))
    table.loc[few, "n"] = pd.NA
    table.loc[table["hidden"], "treated"] = pd.NA
    table.loc[table["hidden"], ["share", "low", "high"]] = np.nan
    return table


def _hidden(few: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The groups to hide: those marked, and the smallest other one if a single one is marked."""
    if few.sum() != 1 or len(few) < 2:
        return few
    return few | (np.arange(len(n)) == np.argmin(np.where(few, n.max() + 1, n)))
