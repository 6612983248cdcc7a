"""How numbers and names look to readers: words for internal names, and cells with intervals."""

from __future__ import annotations

import pandas as pd

from helpers.evaluation.results import LOWER_IS_BETTER

WORDS = {
    "policy_value": "policy value",
    "autoc": "AUTOC",
    "qini": "Qini coefficient",
    "pehe": "PEHE",
    "regret": "regret",
    "captured": "share of the attainable benefit",
}

NO_BREAK = "\u00a0"
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
    "e_q05": "5 % quantile",
    "e_median": "median chance",
    "e_q95": "95 % quantile",
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
}


def number(value: float, digits: int = 3, sign: bool = False) -> str:
    """The rounded value; what rounds to zero has no sign."""
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}"


def between(low: float, high: float, digits: int = 3, sign: bool = False) -> str:
    """``[low, high]`` without a place to break the line.

    Where the interval excludes zero and only one end rounds to it, that end keeps one digit that says so.
    """
    flat = [round(float(end), digits) == 0 for end in (low, high)]
    kept = low * high > 0 and sum(flat) == 1
    more = "+.1g" if sign else ".1g"
    ends = [f"{e:{more}}" if kept and f else number(e, digits, sign) for e, f in zip((low, high), flat, strict=True)]
    return f"[{ends[0]},{NO_BREAK}{ends[1]}]"


def cell(value: float, low: float, high: float, digits: int = 3, sign: bool = False) -> str:
    """``value [low, high]`` without a place to break the line; the value alone where there is no interval."""
    alone = number(value, digits, sign)
    return alone if pd.isna(low) else f"{alone}{NO_BREAK}{between(low, high, digits, sign)}"


def named(table: pd.DataFrame) -> pd.DataFrame:
    """A table to show, its columns and the names of its index in words (:data:`NAMES`)."""
    shown = table.rename(columns=COLUMN_NAMES)
    return shown.rename_axis(index=[COLUMN_NAMES.get(name, name) for name in shown.index.names], columns=None)


def difference(metric: str) -> str:
    """The axis of differences of a metric, and which side of zero is better."""
    if metric not in WORDS:
        return COLUMN_NAMES.get(metric, metric)
    return f"difference in {WORDS[metric]} ({'below' if metric in LOWER_IS_BETTER else 'above'} zero is better)"
