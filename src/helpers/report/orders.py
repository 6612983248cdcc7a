"""Whether orders survive: verdicts of held-out annotated records, in words beside the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.report.sentences import listed
from helpers.report.words import cell, number

ANSWERS = {
    "survives": "survives",
    "slightly lost": "some is lost",
    "lost": "is lost",
    "open": "not to be told",
}


def survival_sentence(verdicts: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What share of the attainable order each of some strategies loses, as estimated without counterfactuals.

    Parameters
    ----------
    verdicts : DataFrame
        ``strategy, verdict, share, low, high, true_share``, a row a strategy.
    names : mapping
        The strategies that are told, in this order, and how they are called.
    """
    rows = verdicts.set_index("strategy")
    said = [
        f"{words} loses {cell(*rows.loc[name, ['share', 'low', 'high']], 0, percent=True)} (in truth "
        f"{number(rows.loc[name, 'true_share'], 0, percent=True)})"
        for name, words in names.items()
        if name in rows.index
    ]
    return f"Of the order that the confounders would allow, told from annotated held-out records: {listed(said)}."


def verdict_table(verdicts: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a strategy: the verdict, the share lost with its limits, the p-value, and the truth."""
    rows = verdicts[verdicts["strategy"].isin(list(names))].set_index("strategy").reindex(list(names))
    rows = rows.dropna(how="all")
    shares = zip(rows["share"], rows["low"], rows["high"], strict=True)
    shown = pd.DataFrame(
        {
            "the order": rows["verdict"].map(ANSWERS),
            "share lost": [cell(*ends, 0, percent=True) for ends in shares],
            "p-value": ["< 0.01" if p < 0.01 else number(p, 2) for p in rows["p"]],
            "in truth": [number(v, 0, percent=True) for v in rows["true_share"]],
        }
    )
    return shown.rename(index=names).rename_axis(index="order by")


def held_within(verdicts: pd.DataFrame) -> str:
    """In how many of the verdicts the limits hold the truth."""
    inside = (verdicts["low"] <= verdicts["true_share"]) & (verdicts["true_share"] <= verdicts["high"])
    return f"The limits of 90% hold the truth for {int(inside.sum())} of {len(verdicts)} orders here."


def diagnostic_lines(
    ranks: pd.DataFrame, names: Mapping[str, str], wanted: Mapping[str, str], targets: Mapping[str, str]
) -> list[str]:
    """How well some diagnostics rank settings by what is truly lost.

    Parameters
    ----------
    ranks : DataFrame
        ``strategy`` (a diagnostic), ``metric`` (what it is held against, in words), ``value, low, high, settings``.
    names : mapping
        Diagnostic to words.
    wanted : mapping
        Diagnostic to the key of ``targets`` it is held against.
    targets : mapping
    """
    found = ranks.set_index(["strategy", "metric"])
    lines = []
    for name, target in wanted.items():
        row = found.loc[(name, targets[target])]
        lines.append(
            f"{names[name]}: rank correlation with the {targets[target]} "
            f"**{cell(row['value'], row['low'], row['high'], 2)}** over {int(row['settings'])} settings."
        )
    return lines


def rule_lines(wrong: pd.DataFrame) -> list[str]:
    """How often each verdict of the rule was wrong, as ``ordering.rule_errors`` gives it."""
    lines = []
    for row in wrong.itertuples():
        off = f"; what was lost there is {number(row.true_share, 1, percent=True)} on average" if row.wrong else ""
        share = number(row.wrong / max(row.rows, 1), 1, percent=True)
        lines.append(f"*{row.answer}* was said of {row.rows} rows, and was wrong of {row.wrong} ({share}){off}.")
    return lines


def where_sentences(where: pd.DataFrame, settings: pd.DataFrame) -> list[str]:
    """Where the estimate is furthest off, and what wrong annotations do to it.

    Parameters
    ----------
    where : DataFrame
        ``varied, level, bias``.
    settings : DataFrame
        ``noise, order_share, true_share, low_order_share, high_order_share``.
    """
    worst = where.loc[where["bias"].abs().idxmax()]
    lines = [
        f"It is furthest off for {worst['varied']} “{worst['level']}”: on average "
        f"{number(worst['bias'], 0, sign=True, percent=True)} of the attainable."
    ]
    for noise, part in settings.groupby("noise"):
        inside = (part["low_order_share"] <= part["true_share"]) & (part["true_share"] <= part["high_order_share"])
        bias = float(np.mean(part["order_share"] - part["true_share"]))
        lines.append(
            f"With {number(noise, 0, percent=True)} of the annotations flipped, the limits of 90% hold the truth in "
            f"{number(inside.mean(), 0, percent=True)} of the settings; the share is off by "
            f"{number(bias, 0, sign=True, percent=True)} on average."
        )
    return lines
