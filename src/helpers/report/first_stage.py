"""Nuisances, overlap, clipping and hidden confounding, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from helpers.evaluation.confounding import LEAST_STRENGTH
from helpers.privacy.escaping import escaped
from helpers.report.sentences import signed
from helpers.report.words import MINUS, cell, named_word, number
from helpers.stats.intervals import mean_interval


def hidden_sentences(hidden: pd.DataFrame, strong: pd.DataFrame) -> list[str]:
    """What the tables of :func:`hidden_confounding` and :func:`as_strong` say about a mean effect of zero."""
    value, point, needed = (hidden[c].iloc[0] for c in ("value", "robustness", "robustness_limit"))
    effect = number(value, 2, sign=True)
    if needed < LEAST_STRENGTH:
        return [f"The limit of the mean effect ({effect}) lies at zero already; there is nothing to overturn."]
    worst = strong.loc[(strong["limit"] * np.sign(value)).idxmin()]
    left, limit = (number(worst[end], 2, sign=True) for end in ("bound", "limit"))
    able, flat = (_fields(strong, rows) for rows in (strong["overturns"], strong["cf_d"] < LEAST_STRENGTH))
    at_most, zero, own, weights = (number(v, 0, percent=True) for v in (needed, point, worst["cf_y"], worst["cf_d"]))
    lines = [
        f"Before the mean effect of {effect} could not be told from zero, a hidden confounder would need a "
        f"strength of {at_most} on both scales (of {zero} to make the estimate itself zero).",
        f"One as strong as {_field(worst['left_out'])} ({own} and {weights}), the worst of the recorded ones, "
        f"could leave {left}, with the sampling error {limit}.",
    ]
    lines.append(
        f"**As strong as one of these, it could overturn the sign**: {able}."
        if able
        else "**As strong as any single recorded one, it would not overturn the sign.**"
    )
    if flat:
        lines.append(
            f"{flat}: a second strength of 0, since the estimated variance of the weights does not fall without it; "
            f"the correlation then means nothing. The change of the mean effect counts instead."
        )
    return lines


def _field(name: str) -> str:
    return escaped(named_word(name))


def _fields(strong: pd.DataFrame, rows: pd.Series) -> str:
    return ", ".join(map(_field, strong.loc[rows, "left_out"]))


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
    row = pd.Series(gap)
    verdict = signed(row, "makes it worse", "is an improvement", "cannot be told from no change")
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


def robust_sentence(summary: pd.DataFrame) -> str:
    """How far off the mean effect is, with both models right, one wrong, both wrong, and by a naive difference.

    Parameters
    ----------
    summary : DataFrame
        ``strategy`` (the cases of :func:`helpers.study.double_robustness`) and ``value``, mean errors.
    """
    off = summary.set_index("strategy")["value"]
    one = off[["outcomes wrong", "propensity wrong"]].abs().max()
    return (
        f"One wrong model moves the mean effect by **{number(one, 2)}** at most; two wrong ones move it by "
        f"**{number(off['both wrong'], 2, sign=True)}**, nearly as far off as comparing treated and untreated patients "
        f"({number(off['naive difference of means'], 2, sign=True)})."
        if one < abs(off["both wrong"]) / 2
        else f"With one wrong model the mean effect is off by up to **{number(one, 2)}**, with two by "
        f"**{number(off['both wrong'], 2, sign=True)}**: on so few patients luck hides what the method does."
    )


def off_caption(summary: pd.DataFrame) -> str:
    """Which rows of a table of errors (``strategy, value, low, high``) can be told from zero."""
    off = summary.loc[(summary["low"] > 0) | (summary["high"] < 0), "strategy"]
    said = f"Off by more than luck: {', '.join(off)}." if len(off) else "None is off by more than luck."
    return f"Error of the mean effect, with 95% intervals over repetitions; a wrong model is a plain mean. {said}"


def stand_in_sentence(name: str, row: pd.Series, unit: str | None = None) -> str:
    """How one patient's pseudo-outcome comes about, as a sum in words.

    Parameters
    ----------
    name : str
    row : Series
        ``T, Y, mu0, mu1, e, psi, tau`` of the patient; means and chance as estimated.
    unit : str or None
        Of the outcome.
    """
    counted = f" {unit}" if unit else ""
    treated = row["T"] == 1
    arm, chance = ("treated", row["e"]) if treated else ("not treated", 1 - row["e"])
    model, sign = (row["mu1"], "+") if treated else (row["mu0"], MINUS)
    mu0, mu1, seen, expected = (number(v, 2) for v in (row["mu0"], row["mu1"], row["Y"], model))
    return (
        f"**Patient {name}** was {arm} and came out at {seen}{counted}. Patients alike come out at about {mu1} with "
        f"and {mu0} without treatment, and {number(chance, 0, percent=True)} of them were {arm}. The stand-in for this "
        f"patient's effect: ({mu1} {MINUS} {mu0}) {sign} ({seen} {MINUS} {expected}) / {number(chance, 2)} = "
        f"**{number(row['psi'], 1, sign=True)}**. The truth, which only a simulation knows: "
        f"{number(row['tau'], 1, sign=True)}."
    )


def noise_sentence(psi: np.ndarray, tau: np.ndarray) -> str:
    """How right on average and how noisy the pseudo-outcome is."""
    times = np.var(psi) / np.var(tau) if np.var(tau) else np.inf
    means = [number(values.mean(), 2, sign=True) for values in (psi, tau)]
    return (
        f"The mean of the pseudo-outcome is {means[0]}, that of the true effects {means[1]}; its variance is "
        f"{number(np.var(psi), 1)}, **{number(times, 0)} times** theirs ({number(np.var(tau), 2)})."
    )


def overlap_words(T: np.ndarray, e_raw: np.ndarray, clip: float, effective: float) -> str:
    """Whether patients have counterparts in the other arm: chances near 0 or 1, clipped ones, effective number."""
    e_raw = np.asarray(e_raw, float)
    beyond = int(((e_raw < clip) | (e_raw > 1 - clip)).sum())
    far = np.mean((e_raw < 0.1) | (e_raw > 0.9))
    return (
        f"{number(far, 0, percent=True)} of the chances lie below 10% or above 90%, {beyond} beyond the bound of "
        f"{number(clip, 2)}. Weighted so that both arms look alike, the {len(T):,} patients are worth {effective:,.0f}."
    )
