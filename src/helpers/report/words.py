"""How numbers and names look to readers: words for internal names, and cells with intervals."""

from __future__ import annotations

import math

import pandas as pd

from helpers.data.cohort import Cohort
from helpers.evaluation.results import LOWER_IS_BETTER

WORDS = {
    "policy_value": "policy value",
    "autoc": "AUTOC",
    "qini": "Qini coefficient",
    "pehe": "PEHE",
    "regret": "regret",
    "captured": "share of the attainable benefit",
}

# What is a share is written in percent, in every table, sentence and figure.
SHARES = {"captured", "autoc_share", "overlap", "kept", "covered", "inside", "lost_share", "true_share"}
ALSO_SHARES = ("same decision", "overlap", "intervals that hold")

WORLD_WORDS = {
    "v3": "where benefit lies apart from risk",
    "v2": "where benefit goes with risk",
}
NO_BREAK, MINUS, DASH = "\u00a0", "\u2212", "\u2013"
COLUMN_NAMES = {
    **WORDS,
    "mean_effect": "mean effect",
    "policy_curve": "mean outcome at a budget",
    "toc": "effect among the first less mean effect",
    "what": "compared",
    "n": "estimates",
    "bias": "mean error",
    "spread": "spread of the errors",
    "covered": "intervals that hold the truth",
    "half_width": "mean half-width of an interval",
    "rows": "records",
    "e_min": "least chance",
    "e_q05": "5% quantile",
    "e_median": "median chance",
    "e_q95": "95% quantile",
    "e_max": "greatest chance",
    "clip": "bound",
    "clipped": "records beyond it",
    "clipped_low": "below the bound",
    "clipped_high": "above its mirror",
    "effective_n": "effective number",
    "effective_n_untreated": "effective number, untreated",
    "effective_n_treated": "effective number, treated",
    "left_out": "left out",
    "change": "change of the mean effect",
    "rho": "correlation",
    "cf_y": "share of the outcome's variance",
    "cf_d": "share of the weights' variance",
    "bound": "mean effect at worst",
    "limit": "with sampling error",
    "log_loss": "log loss",
    "cpu_seconds": "processor seconds",
    "auroc": "AUROC",
    "ece": "ECE",
    "calibration_error": "calibration error",
    "brier": "Brier score",
    "se": "standard error",
    "gap_se": "standard error of the gap",
    "value": "value",
    "strategy": "strategy",
    "tau": "effect",
    "psi": "pseudo-outcome",
    "mu0": "outcome untreated",
    "mu1": "outcome treated",
    "seeds": "repetitions",
}
# Fields of the records: one word each, in every table and on every axis.
FIELD_NAMES = {
    "dysp": "shortness of breath",
    "cough": "cough",
    "pain": "chest pain",
    "nasal": "blocked or runny nose",
    "fever": "fever",
    "fever_none": "no fever",
    "fever_low": "low fever",
    "fever_high": "high fever",
    "self_empl": "self-employed",
    "asthma": "asthma",
    "smoking": "smoker",
    "COPD": "COPD",
    "winter": "winter",
    "hay_fever": "hay fever",
    "policy": "practice's habit",
    "inf": "infection",
    "pneu": "pneumonia",
    "antibiotics": "antibiotics",
    "days_at_home": "days at home",
}


def named_word(name: object) -> str:
    """What readers call a field, a metric or a column of the library; a name it does not know stays as it is.

    ``fever_high``, ``fever=high`` and ``cohort_low`` (an end of an interval) are understood by their parts.
    """
    word = str(name)
    if word in FIELD_NAMES or word in COLUMN_NAMES:
        return FIELD_NAMES.get(word) or COLUMN_NAMES[word]
    field, _, level = word.partition("=")
    if level and f"{field}_{level}" in FIELD_NAMES:
        return FIELD_NAMES[f"{field}_{level}"]
    if level and field in FIELD_NAMES:
        return FIELD_NAMES[field] if level in ("1", "yes") else f"{FIELD_NAMES[field]}: {level}"
    for end, side in (("_low", "lower end"), ("_high", "upper end")):
        if word.endswith(end) and (stem := word.removesuffix(end)) in COLUMN_NAMES:
            return f"{COLUMN_NAMES[stem]}, {side}"
    return word


def is_share(name: object) -> bool:
    """Whether a column or an axis of this name holds shares: it is one of the metrics that do, or is called a share."""
    words = named_word(name)
    return str(name) in SHARES or words.startswith(("share", *ALSO_SHARES))


def number(value: float, digits: int = 3, sign: bool = False, percent: bool = False) -> str:
    """The rounded value, ``percent``: of a share. A true minus, no sign on a rounded zero, a dash for no number."""
    if pd.isna(value):
        return DASH
    rounded = round(float(value) * (100 if percent else 1), digits) + 0.0
    shown = f"{rounded:{'+' if sign and rounded else ''},.{digits}f}{'%' if percent else ''}"
    return shown.replace("-", MINUS)


def between(low: float, high: float, digits: int = 3, sign: bool = False, percent: bool = False) -> str:
    """``[low, high]`` without a place to break the line.

    Where the interval excludes zero and only one end rounds to it, that end keeps one digit that says so.
    """
    scale, unit = (100, "%") if percent else (1, "")
    flat = [round(float(end) * scale, digits) == 0 for end in (low, high)]
    kept = low * high > 0 and sum(flat) == 1
    ends = [
        f"{first_digit(end * scale, sign)}{unit}" if kept and is_flat else number(end, digits, sign, percent)
        for end, is_flat in zip((low, high), flat, strict=True)
    ]
    return f"[{ends[0]},{NO_BREAK}{ends[1]}]"


def first_digit(value: float, sign: bool = False) -> str:
    """A small number down to its first digit that is not zero, written out: no power of ten."""
    places = max(0, -math.floor(math.log10(abs(value))))
    return f"{value:{'+' if sign else ''}.{places}f}".replace("-", MINUS)


def cell(value: float, low: float, high: float, digits: int = 3, sign: bool = False, percent: bool = False) -> str:
    """``value [low, high]`` without a place to break the line; the value alone where nothing varies or is known."""
    alone = number(value, digits, sign, percent)
    if pd.isna(low) or pd.isna(high) or low == high:
        return alone
    return f"{alone}{NO_BREAK}{between(low, high, digits, sign, percent)}"


def cells(table: pd.DataFrame, digits: int = 3, sign: bool = False, percent: bool = False) -> list[str]:
    """:func:`cell` of each row of a table with ``value, low, high``."""
    ends = zip(table["value"], table["low"], table["high"], strict=True)
    return [cell(*row, digits, sign, percent) for row in ends]


def direction(cohort: Cohort) -> tuple[str, str]:
    """Which outcome is better, ``lower`` or ``higher``, and the sign of a benefit, ``negative`` or ``positive``."""
    return ("lower", "negative") if cohort.roles.lower_is_better else ("higher", "positive")


def named(table: pd.DataFrame) -> pd.DataFrame:
    """A table to show, its columns and the names of its index in words (:func:`named_word`)."""
    shown = table.rename(columns=named_word)
    return shown.rename_axis(index=[None if n is None else named_word(n) for n in shown.index.names], columns=None)


def difference(metric: str) -> str:
    """The axis of differences of a metric, and which side of zero is better."""
    if metric not in WORDS:
        return COLUMN_NAMES.get(metric, metric)
    return f"difference in {WORDS[metric]} ({'below' if metric in LOWER_IS_BETTER else 'above'} zero is better)"
