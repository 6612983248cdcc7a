"""The reader's unit of a policy: what it gains a patient, higher is better, whatever the outcome."""

from __future__ import annotations

import pandas as pd

from helpers.report.words import WORDS

IN_GAINS = {**WORDS, "policy_value": "mean gain a patient"}


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """Differences in the library's direction, ``value, low, high``, as gains: above zero is better."""
    return table.assign(value=-table["value"], low=-table["high"], high=-table["low"])


def in_gains(rows: pd.DataFrame) -> pd.DataFrame:
    """Differences with a column ``metric``, those of policy value turned into gains; others stay as they are."""
    values, gains = rows["metric"] == "policy_value", turned(rows)
    return rows.assign(**{end: rows[end].mask(values, gains[end]) for end in ("value", "low", "high")})
