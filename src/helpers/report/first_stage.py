"""Nuisances, overlap, clipping and hidden confounding, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from helpers.evaluation.confounding import LEAST_STRENGTH
from helpers.report.words import cell, number
from helpers.stats.intervals import mean_interval


def hidden_sentences(hidden: pd.DataFrame, strong: pd.DataFrame) -> list[str]:
    """What the tables of :func:`hidden_confounding` and :func:`as_strong` say about a mean effect of zero."""
    value, point, needed = (hidden[c].iloc[0] for c in ("value", "robustness", "robustness_limit"))
    if needed < LEAST_STRENGTH:
        return [f"The limit of the mean effect ({value:+.2f}) lies at zero already; there is nothing to overturn."]
    worst = strong.loc[(strong["limit"] * np.sign(value)).idxmin()]
    able = ", ".join(strong.loc[strong["overturns"], "left_out"])
    flat = ", ".join(strong.loc[strong["cf_d"] < LEAST_STRENGTH, "left_out"])
    lines = [
        f"Before the mean effect of {value:+.2f} could not be told from zero, a hidden confounder would need a "
        f"strength of {needed:.2f} on both scales (of {point:.2f} to make the estimate itself zero).",
        f"One as strong as {worst['left_out']} ({worst['cf_y']:.2f} and {worst['cf_d']:.2f}), the worst of the "
        f"recorded ones, could leave {worst['bound']:+.2f}, with the sampling error {worst['limit']:+.2f}.",
    ]
    lines.append(
        f"**As strong as one of these, it could overturn the sign**: {able}."
        if able
        else "**As strong as any single recorded one, it would not overturn the sign.**"
    )
    if flat:
        lines.append(
            f"{flat}: a second strength of 0, since the estimated variance of the weights does not fall without it; "
            f"the correlation is then 1 or -1 and means nothing. The change of the mean effect counts instead."
        )
    return lines


def kept_sentences(choice: pd.DataFrame, used: Mapping[str, str], level: float = 0.95) -> list[str]:
    """How far the learners that the study uses are from the best ones, with an interval of the gap.

    Parameters
    ----------
    choice : DataFrame
        From :func:`helpers.effects.nuisance.selection.choose_nuisances`.
    used : mapping of role to learner
    level : float
    """
    z, lines = stats.norm.ppf(0.5 + level / 2), []
    for role, name in used.items():
        rows = choice[choice["role"] == role].set_index("learner")
        if name not in rows.index:
            raise ValueError(f"used[{role!r}] = {name!r}: not among the candidates {list(rows.index)}.")
        row, best = rows.loc[name], rows.index[rows["chosen"]][0]
        if row["chosen"]:
            lines.append(f"For the {role} the study uses {name}, which has the least loss.")
            continue
        low, high = row["gap"] - z * row["gap_se"], row["gap"] + z * row["gap_se"]
        verdict = (
            "so it is kept: nothing tells it from the best" if low <= 0 else "a real gap: the best would be better"
        )
        lines.append(
            f"For the {role} the study uses {name}; its loss is above that of {best} by "
            f"{cell(row['gap'], low, high, 4, sign=True)}, {verdict}."
        )
    return lines


def recalibrated_sentences(
    T: np.ndarray, before: np.ndarray, after: np.ndarray, groups: np.ndarray | None = None
) -> str:
    """What recalibration did to the log loss, in one sentence with an interval over patients."""
    T = np.asarray(T)
    losses = [-np.log(np.where(T == 1, e, 1 - e)) for e in (before, after)]
    gap = mean_interval(losses[1] - losses[0], groups)
    real = gap["low"] > 0 or gap["high"] < 0
    verdict = "cannot be told from no change"
    if real:
        verdict = "is an improvement" if gap["value"] < 0 else "makes it worse"
    return (
        f"Recalibration changes the log loss from {number(losses[0].mean(), 4)} by "
        f"{cell(gap['value'], gap['low'], gap['high'], 4, sign=True)}, which {verdict}."
    )


def clipping_sentences(table: pd.DataFrame, used: float) -> list[str]:
    """What a :func:`clipping_sensitivity` table says: whom the bounds reach, and whether the estimates move.

    Parameters
    ----------
    table : DataFrame
    used : float
        Bound of the study; the row next to it gives the width of the interval.
    """
    table = table.dropna(subset=["mean_effect", "autoc"])  # rows whose small counts are withheld
    untouched = table.loc[table["clipped"] == 0, "clip"]
    reach = f"No chance lies beyond {untouched.max():g} or its mirror" if len(untouched) else "Every bound clips some"
    last = table.iloc[-1]
    lines = [f"{reach}; beyond {last['clip']:g}: {last['clipped']:,.0f} records."]
    row = table.iloc[(table["clip"] - used).abs().argmin()]
    for metric, words in (("mean_effect", "mean effect"), ("autoc", "AUTOC")):
        moved = table.loc[(table[metric] - row[metric]).abs().idxmax()]
        gap, width = abs(moved[metric] - row[metric]), row[f"{metric}_high"] - row[f"{metric}_low"]
        verdict = "**little hangs on the bound**" if gap < width / 2 else "**the bound decides**"
        lines.append(
            f"The {words} moves by at most {gap:.3f} (at {moved['clip']:g}); half of its interval at {row['clip']:g} "
            f"is {width / 2:.3f}: {verdict}."
        )
    return lines
