"""Sentences of the chapters, made from result tables: numbers, intervals, and no verdict beyond them.

A row is a difference with ``value, low, high``, as ``evaluation.paired`` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from helpers import evaluation
from helpers.privacy.escaping import escaped
from helpers.report.words import cell, named_word, number


def signed(row, above: str, below: str, neither: str) -> str:
    """Which of three things to say of a difference: its interval lies above zero, below, or holds it."""
    if row.low > 0:
        return above
    return below if row.high < 0 else neither


def change(row, digits: int = 3, percent: bool = False) -> str:
    """A difference with its 95% interval, "value [low, high]"."""
    return cell(row.value, row.low, row.high, digits, sign=True, percent=percent)


def listed(words: Iterable[str]) -> str:
    """The words with commas, and "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def off_or_not(summary: pd.DataFrame) -> list[str]:
    """One sentence a row with ``strategy, value, low, high``: whether an error can be told from zero."""
    off, fine = "**is off**", "shows no error that can be told from zero"
    return [f"{row.strategy}: {signed(row, off, off, fine)}, {change(row)}." for row in summary.itertuples()]


def won_back_sentence(row) -> str:
    """What share of the loss in policy value rates from double annotation win back, as ``study.won_back`` gives it."""
    case = f"{row.annotated} records annotated, {row.flipped:.0%} of the annotations flipped"
    if pd.isna(row.share):
        return f"{case}: errors cost EM nothing that can be told from zero, so there is no share to win back."
    share = cell(row.share, row.low, row.high, 0, percent=True)
    return f"{case}: rates from double annotation win back **{share}** of the gain that EM loses."


def definition_sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """What the definitions of AUTOC do with several orders: how each is made, how far off, and whether they rank alike.

    Parameters
    ----------
    tables : mapping of policy to the table of :func:`helpers.evaluation.definitions`
    """
    found = pd.DataFrame({name: t.set_index("package")["autoc"] for name, t in tables.items()}).T
    spread = (found.div(found["definition"], axis=0) - 1).drop(columns="definition")
    lines = [f"{row.package}: {row.how}." for row in next(iter(tables.values())).itertuples()]
    for package, s in spread.items():
        ends = (number(end, 0, sign=True, percent=True) for end in (s.min(), s.max()))
        lines.append(f"{package} differs from the definition by {' to '.join(ends)}.")
    ranks = found.rank()
    alike = ranks.eq(ranks["definition"], axis=0).all(axis=None)
    alike = "All three put these policies in the same order." if alike else "They do not even agree on the order."
    return [*lines, alike]


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
        said = [
            f"{name} {number(cells.loc[(key, level), 'value'])}" for key, name in (("auroc", "AUROC"), ("f1", "F1"))
        ]
        lines.append(f"The {word} level, **{escaped(named_word(level))}**, has {listed(said)}.")
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
        where = str(labels.get(getattr(row, within), getattr(row, within)))
        pair = f"with {labels.get(name, name)} {verdict} with {labels.get(baseline, baseline)}"
        lines.append(f"{where[:1].upper()}{where[1:]}: {pair} ({change(row, 1, percent=True)}).")
    return lines
