"""Small counts are not shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

SMALLEST = 11

LEAST_SHOWN = 11


def small(counts) -> np.ndarray:
    """Which counts are not to be shown: 1 to 10. None at all points at nobody."""
    counts = np.asarray(counts, float)
    return (counts > 0) & (counts < LEAST_SHOWN)


def suppress(
    frame: pd.DataFrame, whole: str, parts: Sequence[str], derived: Sequence[str] = (), within: Sequence[str] = ()
) -> pd.DataFrame:
    """Blank counts of 1 to 10, what they could be worked out from, and what is computed from them.

    If a part of a group or the rest of it is 1 to 10, all parts of the group are blanked. What is blanked in one column
    adds up to 11 or more, else the smallest other count goes too: the column's total may be known.

    Parameters
    ----------
    frame : DataFrame
        Aggregates, one group a row.
    whole : str
        Column of the number of patients of a group.
    parts : sequence of str
        Columns of disjoint parts of it.
    derived : sequence of str
        Columns computed from the parts.
    within : sequence of str
        Columns that tell tables in ``frame`` apart, each of which adds up by itself.

    Returns
    -------
    DataFrame
        Counts as Int64 and derived columns as float64, with missing values where blanked.
    """
    if within:
        pieces = [suppress(p, whole, parts, derived) for _, p in frame.groupby(list(within), sort=False)]
        return pd.concat(pieces).loc[frame.index]
    counts = frame[[*parts]].assign(rest=frame[whole] - frame[[*parts]].sum(axis=1)).to_numpy(float)
    hidden_whole = _enough(frame[whole].to_numpy(float), small(frame[whole]))
    hidden = small(counts).any(axis=1) | hidden_whole
    for column in counts.T:
        hidden = _enough(column, hidden)
    shown = frame.assign(**{whole: frame[whole].astype("Int64").mask(hidden_whole)})
    shown = shown.assign(**{c: frame[c].astype("Int64").mask(hidden) for c in parts})
    return shown.assign(**{c: frame[c].astype(float).mask(hidden) for c in derived})


def suppress_nested(totals: Sequence[int]) -> list[int | None]:
    """Totals of a flow chart, each a part of the one before, with those blanked that would tell of 1 to 10 patients.

    The last total is blanked only if it is small itself; the others, in order, if they differ by 1 to 10 from the last
    one shown or from the last of all.
    """
    shown: list[int | None] = []
    last = None if small(totals[-1]) else int(totals[-1])
    for total in map(int, totals[:-1]):
        others = [t for t in (*shown, last) if t is not None]
        shown.append(None if small([total, *(abs(total - t) for t in others)]).any() else total)
    return [*shown, last]


def _enough(counts: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Hide the smallest other counts until those hidden add up to none or to 11."""
    hidden = hidden.copy()
    for row in np.argsort(counts, kind="stable"):
        if not small(counts[hidden].sum()):
            break
        hidden[row] |= counts[row] > 0
    return hidden
