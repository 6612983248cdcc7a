"""Elements that show results: how many to treat, how much to annotate, what breaks where; see :mod:`states`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.report.drawing import no_records
from helpers.report.html import Html
from helpers.report.states import choice, explorer, row, slider, switch
from helpers.report.style import look_of
from helpers.report.words import cell, number


@no_records
def budget_slider(curves: pd.DataFrame, gains: pd.DataFrame, labels: Mapping[str, str], unit: str = "") -> Html:
    """Share treated -> what each policy gains over a lottery that treats as many, and how many a lottery needs for it.

    Parameters
    ----------
    curves : DataFrame
        Mean outcome at each share, ``strategy, at, value``; lower is better; ``random`` is among the strategies.
    gains : DataFrame
        The same less that of the random order, with intervals: ``strategy, at, value, low, high``.
    labels : mapping
        Strategies shown, and how they are called.
    unit : str
        Of the outcome.
    """
    lottery = curves[curves["strategy"] == "random"].sort_values("at")
    if lottery.empty:
        raise ValueError("curves: no rows of the strategy 'random', against which the gain is measured; add them.")
    values = curves.pivot(index="strategy", columns="at", values="value")
    part = gains[gains["strategy"].isin(list(labels))]
    most = max(-part["value"].min(), 1e-12)
    found, positions = {}, {}
    for at, rows in part.groupby("at"):
        key, shown, rows = f"{at:g}", number(at, 0, percent=True), rows.set_index("strategy")
        positions[key] = shown
        lines = []
        for name in (n for n in labels if n in rows.index):
            r = rows.loc[name]
            gain = cell(-r["value"], -r["high"], -r["low"], sign=True)
            needs = _lottery_needs(lottery, values.loc[name, at])
            text = f"gains {gain}{f' {unit}' if unit else ''} a patient; {needs}"
            lines.append(row(labels[name], text, -r["value"] / most, look_of(name, labels).colour))
        found[key] = {"rows": lines, "said": f"{shown} of the patients are treated."}
    middle = min(positions, key=lambda key: abs(float(key) - 0.2))
    return explorer("How many can you treat?", [slider("Share of the patients treated", positions, middle)], found)


def _lottery_needs(lottery: pd.DataFrame, wanted: float) -> str:
    """Which share must be drawn by lot for the same mean outcome."""
    at, value = (np.append(0.0, lottery["at"]), lottery["value"].to_numpy())
    slope = np.polyfit(lottery["at"], value, 1)[0]
    value = np.append(value[0] - slope * at[1], value)
    if slope >= 0 or wanted < value[-1]:
        return "no lottery does as well, however many it treats"
    share = np.interp(wanted, value[::-1], at[::-1])
    return f"a lottery must treat {number(share, 0, percent=True)} for as much"


@no_records
def annotation_slider(
    summary: pd.DataFrame, labels: Mapping[str, str], metric: str = "captured", records: int | None = None
) -> Html:
    """Share of the training records that is annotated -> what each strategy captures.

    Parameters
    ----------
    summary : DataFrame
        ``strategy, metric, budget, value, low, high``.
    labels : mapping
    metric : str
        Shown as a share.
    records : int or None
        Training records, to say how many are annotated.
    """
    part = summary[(summary["metric"] == metric) & summary["strategy"].isin(list(labels))]
    found, positions = {}, {}
    for budget, rows in part.groupby("budget"):
        key, rows = f"{budget:g}", rows.set_index("strategy")
        many = f" ({budget * records:,.0f} of {records:,} records)" if records else ""
        positions[key] = number(budget, 0, percent=True) + many
        shown = [(n, rows.loc[n]) for n in labels if n in rows.index]
        lines = [
            row(
                labels[n], cell(r["value"], r["low"], r["high"], 0, percent=True), r["value"], look_of(n, labels).colour
            )
            for n, r in shown
        ]
        best = max(shown, key=lambda pair: pair[1]["value"])[0]
        found[key] = {"rows": lines, "said": f"With {positions[key]} annotated, {labels[best]} captures most."}
    return explorer("How much must be annotated?", [slider("Training records annotated", positions)], found)


@no_records
def shift_explorer(cost: pd.DataFrame, shifts: Mapping[str, str], labels: Mapping[str, str], unit: str = "") -> Html:
    """A shift is chosen -> what each strategy loses by it, against the same strategy learned in the new world.

    Parameters
    ----------
    cost : DataFrame
        ``shift, strategy, value, low, high, real``: what is lost; above zero is worse.
    shifts, labels : mapping
        Key to words.
    unit : str
        Of what shares are shares of, which are written in percent; empty where policy value is lost.
    """
    part = cost[cost["shift"].isin(list(shifts)) & cost["strategy"].isin(list(labels))]
    most, found = max(part["value"].max(), 1e-12), {}
    for shift in shifts:
        rows = part[part["shift"] == shift].set_index("strategy")
        lines = [
            row(labels[n], _lost(rows.loc[n], unit), rows.loc[n, "value"] / most, look_of(n, labels).colour)
            for n in labels
            if n in rows.index
        ]
        real = [labels[n] for n in labels if n in rows.index and rows.loc[n, "low"] > 0]
        said = f"Loses more than chance explains: {', '.join(real)}." if real else "No loss can be told from chance."
        found[shift] = {"rows": lines, "said": said}
    return explorer("What breaks where?", [choice("The world changes by", dict(shifts))], found)


def _lost(r: pd.Series, unit: str) -> str:
    verb = "loses" if r["value"] > 0 else "gains"
    low, high = (r["low"], r["high"]) if r["value"] > 0 else (-r["high"], -r["low"])
    share = {"digits": 0, "percent": True} if unit else {}
    return f"{verb} {cell(abs(r['value']), low, high, **share)}{f' {unit}' if unit else ''}"


@no_records
def break_the_score(errors: pd.DataFrame, naive: str = "") -> Html:
    """Two switches, outcome models and propensity, right or a constant -> the error of the mean effect.

    Parameters
    ----------
    errors : DataFrame
        Four rows: ``outcome, propensity`` (whether each is right), ``value, low, high``.
    naive : str
        A sentence on the naive difference of means.
    """
    found, most = {}, max(errors["value"].abs().max(), 1e-12)
    for r in errors.itertuples():
        key = "|".join("on" if good else "off" for good in (r.outcome, r.propensity))
        off = r.low > 0 or r.high < 0
        verdict = "The estimate **is off**." if off else "No error can be told from zero."
        text = cell(r.value, r.low, r.high, sign=True)
        found[key] = {
            "rows": [row("error of the mean effect", text, abs(r.value) / most)],
            "said": f"{verdict} {naive}",
        }
    controls = [switch("outcome models are right"), switch("propensity is right")]
    return explorer("Break the doubly robust score", controls, found)


@no_records
def world_switch(points: pd.DataFrame, worlds: Mapping[str, str], share: float = 0.2) -> Html:
    """A world is chosen -> a cloud of risk and benefit, and whom each of the two orders picks.

    Parameters
    ----------
    points : DataFrame
        ``world, risk, benefit``, a row a patient; a few hundred a world.
    worlds : mapping
        Key to words.
    share : float
        Of the patients that are picked.
    """
    found = {}
    for world in worlds:
        part = points[points["world"] == world].reset_index(drop=True)
        n = max(1, round(share * len(part)))
        picked = {by: part[by].sort_values(ascending=False, kind="stable").index[:n] for by in ("risk", "benefit")}
        marks = part.index.isin(picked["risk"]).astype(int) + 2 * part.index.isin(picked["benefit"])
        rows = [
            row(f"picked by {by}", f"mean benefit {number(part.loc[i, 'benefit'].mean(), 2, sign=True)}", None)
            for by, i in picked.items()
        ]
        both = len(set(picked["risk"]) & set(picked["benefit"]))
        marked = zip(part["risk"].round(3), part["benefit"].round(3), marks, strict=True)
        dots = [[float(x), float(y), int(mark)] for x, y, mark in marked]
        said = f"Of {n} patients picked by risk, {both} are among the {n} who gain most."
        found[world] = {"rows": rows, "said": said, "points": dots}
    return explorer("Risk or benefit?", [choice("World", dict(worlds))], found)
