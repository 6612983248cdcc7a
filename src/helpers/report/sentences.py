"""Sentences of the chapters, made from result tables: numbers, intervals, and no verdict beyond them.

A row is a difference with ``value, low, high``, as ``evaluation.paired`` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from helpers import evaluation


def signed(row, above: str, below: str, neither: str) -> str:
    """Which of three things to say of a difference: its interval lies above zero, below, or holds it."""
    if row.low > 0:
        return above
    return below if row.high < 0 else neither


def change(row, form: str = "+.3f") -> str:
    """A difference with its interval."""
    return f"{row.value:{form}}, 95 % interval {row.low:{form}} to {row.high:{form}}"


def listed(words: Iterable[str]) -> str:
    """The words with commas, and "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def rare_and_frequent(summary: pd.DataFrame, shares: pd.Series) -> list[str]:
    """AUROC and F1 of the rarest and of the most frequent level; how many have it is not told, they may be few.

    Parameters
    ----------
    summary : DataFrame
        ``metric, level, value, low, high`` of one view.
    shares : Series
        Share of the patients who have it, by level.
    """
    cells = summary.set_index(["metric", "level"])
    lines = []
    for word, level in (("rarest", shares.idxmin()), ("most frequent", shares.idxmax())):
        said = [f"{name} {cells.loc[(key, level), 'value']:.3f}" for key, name in (("auroc", "AUROC"), ("f1", "F1"))]
        lines.append(f"The {word} level, **{level}**, has {listed(said)}.")
    return lines


def against(
    share: pd.DataFrame, name: str, baseline: str, labels: Mapping[str, str], column: str, within: str
) -> list[str]:
    """One sentence for each value of ``within``: the share of the ceiling that is reached, against a baseline.

    Parameters
    ----------
    share : DataFrame
        As ``representations.share_of_ceiling`` gives it, of one number of records and one budget.
    name, baseline : str
        Values of ``column``.
    labels : mapping
        Value of ``column`` to its words.
    column, within : str
        What is compared (``encoder`` or ``setting``), and what must agree.
    """
    rows = share[share[column].isin((name, baseline))]
    if not {name, baseline} <= set(rows[column]):
        return []
    lines = []
    for row in evaluation.paired(rows, baseline, column, (within,)).itertuples():
        more, less = (f"{word} of the ceiling is reached than" for word in ("more", "less"))
        verdict = signed(row, more, less, "the share of the ceiling cannot be told apart from that")
        where = labels.get(getattr(row, within), getattr(row, within))
        pair = f"with {labels.get(name, name)} {verdict} with {labels.get(baseline, baseline)}"
        lines.append(f"{where}: {pair} ({change(row, '+.1%')}).")
    return lines
