"""Who is treated, group by group, without giving small groups away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

SMALLEST = 11
MOST_LEVELS = 20


def fairness_table(treated: np.ndarray, frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
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

    Returns
    -------
    DataFrame with ``column, group, n, treated, share, low, high, hidden``; what is hidden is missing, and
    ``hidden`` says where the share is.

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
    return pd.concat([_groups(treated, frame[c]) for c in columns], ignore_index=True)


def _groups(treated: np.ndarray, series: pd.Series) -> pd.DataFrame:
    if series.nunique() > MOST_LEVELS:
        raise ValueError(
            f"column {series.name!r} takes {series.nunique()} values, more than {MOST_LEVELS}; "
            f"cut it into groups first, as with pandas.cut."
        )
    parts = pd.Series(treated).groupby(series.to_numpy(), dropna=False, observed=True).agg(["size", "sum"])
    n, k = parts["size"].to_numpy(), parts["sum"].to_numpy()
    low, high = _wilson(k, n)
    names = ["(missing)" if pd.isna(v) else str(v) for v in parts.index]
    table = pd.DataFrame({"column": series.name, "group": names, "n": n, "treated": k, "share": k / n})
    table = table.assign(low=low, high=high).astype({"n": "Int64", "treated": "Int64"})
    few = _hidden(n < SMALLEST, n)
    table["hidden"] = _hidden(few | (np.minimum(k, n - k) < SMALLEST), n)
    table.loc[few, "n"] = pd.NA
    table.loc[table["hidden"], "treated"] = pd.NA
    table.loc[table["hidden"], ["share", "low", "high"]] = np.nan
    return table


def _hidden(few: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The groups to hide: those marked, and the smallest other one if a single one is marked."""
    if few.sum() != 1 or len(few) < 2:
        return few
    return few | (np.arange(len(n)) == np.argmin(np.where(few, n.max() + 1, n)))


def _wilson(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share that stays within [0, 1] (Wilson 1927)."""
    z2 = stats.norm.ppf(0.975) ** 2
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2) / (n + z2) * np.sqrt(k * (n - k) / n + z2 / 4)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)
