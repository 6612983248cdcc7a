"""Elements to try on decisions: what a treatment costs, how strong a hidden confounder is, when the clock starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.report.drawing import no_records
from helpers.report.html import Html
from helpers.report.own import effect_sentence
from helpers.report.sentences import listed
from helpers.report.states import choice, explorer, row, slider
from helpers.report.style import look_of
from helpers.report.words import between, cell, number

MIDNIGHT = 24  # hours after the midnight before: when an order "of the next day" is read to start


@no_records
def cost_slider(worth: pd.DataFrame, owners: Mapping[str, str], unit: str = "") -> Html:
    """Cost of a treatment -> what each rule gains over treating nobody, and whom it treats.

    Parameters
    ----------
    worth : DataFrame
        ``cost, policy, share, value, low, high``; changes of the outcome plus cost, below zero is a gain.
    owners : mapping of rule to the strategy whose colour it has
    unit : str
        Of the outcome.
    """
    rows = worth.assign(value=-worth["value"], low=-worth["high"], high=-worth["low"])
    most, found, positions = max(rows["value"].max(), 1e-12), {}, {}
    for cost, part in rows.groupby("cost"):
        key = f"{cost:g}"
        positions[key] = f"{number(cost, 2)}{f' {unit}' if unit else ''}"
        lines = [_gain_row(r, owners, list(part["policy"]), most) for r in part.itertuples()]
        best = part.loc[part["value"].idxmax()]
        said = "Nobody should be treated." if best["value"] <= 0 else f"Most gains: {best['policy']}."
        found[key] = {"rows": lines, "said": said}
    return explorer("What does a treatment cost?", [slider("Cost of one treatment", positions)], found)


def _gain_row(r, owners: Mapping[str, str], names: Sequence[str], most: float) -> dict:
    text = f"treats {number(r.share, 0, percent=True)}, gains {cell(r.value, r.low, r.high, 2, sign=True)} a patient"
    return row(r.policy, text, r.value / most, look_of(owners.get(r.policy, r.policy), names).colour)


@no_records
def strength_slider(bounds: pd.DataFrame, strong: pd.DataFrame) -> Html:
    """Strength of a hidden confounder, the same on both scales -> between which bounds the mean effect lies.

    Parameters
    ----------
    bounds : DataFrame
        ``cf_y, cf_d, value, bound_low, bound_high, low, high``, as ``evaluation.hidden_confounding`` gives it.
    strong : DataFrame
        ``left_out, cf_y, cf_d``: recorded fields, as the yardstick.
    """
    found, positions = {}, {}
    same = bounds[np.isclose(bounds["cf_y"], bounds["cf_d"])].sort_values("cf_y")
    for r in same.itertuples():
        key = f"{r.cf_y:g}"
        positions[key] = number(r.cf_y, 0, percent=True)
        weaker = strong.loc[(strong["cf_y"] <= r.cf_y) & (strong["cf_d"] <= r.cf_d), "left_out"]
        keeps = r.low > 0 or r.high < 0
        told = "Its sign **could not be overturned**." if keeps else "Its sign **could be overturned**."
        beside = f"Every recorded field but {len(strong) - len(weaker)} is weaker." if len(strong) else ""
        lines = [
            row("mean effect as estimated", number(r.value, 2, sign=True)),
            row("with such a confounder", between(r.bound_low, r.bound_high, 2, sign=True)),
            row("with sampling error", between(r.low, r.high, 2, sign=True)),
        ]
        found[key] = {"rows": lines, "said": f"{told} {beside}".strip()}
    controls = [slider("Share of outcome and of treatment that it explains", positions)]
    return explorer("How strong would a hidden confounder have to be?", controls, found)


@no_records
def direction_choice(rows: pd.DataFrame, cohorts: Mapping[str, Cohort]) -> Html:
    """Which outcome is said to be better -> what the same numbers then seem to say.

    Parameters
    ----------
    rows : DataFrame
        As :func:`effect_rows` gives it.
    cohorts : mapping of ``lower`` and ``higher`` to the records with that direction
    """
    found = {}
    for better, cohort in cohorts.items():
        lines = [row(r.strategy, cell(r.value, r.low, r.high, 2, sign=True)) for r in rows.itertuples()]
        found[better] = {"rows": lines, "said": effect_sentence(rows, cohort)}
    words = {better: f"better: {better}" for better in cohorts}
    return explorer("What if the direction is mistaken?", [choice("The file says", words)], found)


def possible_hours(start: int, window: int = 6) -> list[int]:
    """Hours of admission at which an order read as midnight falls into the window.

    Parameters
    ----------
    start : int
        Hours from admission to the start of the clock.
    window : int
        Hours that the window is long.
    """
    return [hour for hour in range(24) if hour + start <= MIDNIGHT <= hour + start + window]


def clock_slider(starts: Sequence[int] = tuple(range(0, 13))) -> Html:
    """Hours from admission to the start of the clock -> who can be called treated at all."""
    found, positions = {}, {}
    for start in starts:
        hours = possible_hours(start)
        positions[str(start)] = f"{start} h"
        none = 24 - len(hours)
        spans = listed(f"{hour}:00" for hour in (hours[0], hours[-1])) if hours else "no hour"
        lines = [
            row("can be called treated", f"admissions of {len(hours)} hours of the day", len(hours) / 24),
            row("cannot, whatever their state", f"admissions of {none} hours", none / 24),
        ]
        found[str(start)] = {"rows": lines, "said": f"First and last hour of admission that can: {spans}."}
    controls = [slider("The clock starts so long after admission", positions, "3" if 3 in starts else None)]
    return explorer("When does the clock start?", controls, found)
