"""Sentences on shifts, each made from the result tables of a run: numbers, intervals, and no verdict beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from helpers import evaluation
from helpers.report.figures import forest
from helpers.report.sentences import change, listed, signed
from helpers.report.words import cell

PANELS = 3
NOTICED = 0.8  # share of alarms from which a shift counts as noticed


def shift_panels(
    table: pd.DataFrame, shifts: Mapping[str, str], what: str, labels: Mapping[str, str], column: str = "strategy"
) -> Iterator:
    """Figures of differences with intervals, a panel a shift, three panels a figure.

    Parameters
    ----------
    table : DataFrame
        Columns ``shift``, ``column``, ``value, low, high``.
    shifts : mapping of shift to label
    what : str
        What is drawn, for the titles.
    labels : mapping
        Values of ``column`` to show, and how they are called.
    """
    titles = {name: f"{label} ({what})" for name, label in shifts.items()}
    shown = table.assign(metric=table["shift"].map(titles), strategy=table[column])
    names = [title for title in titles.values() if title in set(shown["metric"])]
    for i in range(0, len(names), PANELS):
        yield forest(shown, tuple(names[i : i + PANELS]), labels, zero=True)


def alarm_sentences(quiet: pd.DataFrame, noticed: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """How often the test alarms where nothing has changed, and from how many records on it notices each shift.

    Parameters
    ----------
    quiet, noticed : DataFrames
        As ``experiments.silence`` and ``experiments.alarms`` give them.
    labels : mapping of shift to label
    """
    first = quiet.iloc[0]
    alone = cell(first["value"], first["low"], first["high"], 1, percent=True)
    lines = [f"No shift: alarms at the 5% level in {alone} of the repetitions."]
    for name, label in labels.items():
        rows = noticed[noticed["shift"] == name]
        enough, most = rows.loc[rows["power"] >= NOTICED, "n"], rows.iloc[-1]
        often = "four alarms in five"
        said = f"from {enough.min()} records a side on {often}" if len(enough) else f"nowhere {often}"
        power = cell(most["power"], most["low"], most["high"], 0, percent=True)
        lines.append(f"{label}: {said}; alarms with {most['n']:.0f}: {power}.")
    return lines


def introduced(present: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """Which shifts a data set shows, and which of those the chapter knows it cannot; name to label."""
    absent = [label for name, label in known.items() if name not in present]
    lines = [f"Compared here: {listed(present.values())}."]
    return lines + ([f"These records cannot show: {listed(absent)}."] if absent else [])


def alarm_and_cost(cost: pd.DataFrame, power: pd.DataFrame, labels: Mapping[str, str], strategy: str) -> list[str]:
    """Of every shift, how often it is noticed with the most records tried, and what it costs a strategy.

    Parameters
    ----------
    cost : DataFrame
        Paired differences of policy value, trained on the source less trained on the target.
    power : DataFrame
        As ``experiments.alarms`` gives it.
    labels : mapping of shift to label
    strategy : str
    """
    lines = []
    for row in cost[cost["strategy"] == strategy].itertuples():
        most = power[power["shift"] == row.shift].iloc[-1]
        seen = "noticed" if most["power"] >= NOTICED else "not reliably noticed"
        alarms = f"{most['power']:.0%} alarms with {most['n']:.0f} records a side"
        costs = signed(row, "it costs policy value", "it gains policy value", "a cost cannot be told apart from none")
        lines.append(f"{labels[row.shift]}: {seen} ({alarms}); {costs} ({change(row)}).")
    return lines


def right_or_wrong(error: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Of every shift, whether the weighted and modelled value errs, and what the checks on phi say of the weights.

    Parameters
    ----------
    error : DataFrame
        As ``experiments.errors`` gives it.
    labels : mapping of shift to label
    """
    lines = []
    for row in error[error["estimator"] == "both"].itertuples():
        right = signed(row, "is **too high**", "is **too low**", "cannot be told apart from the truth")
        calm = round(row.trusted * row.seeds)
        checks = f"mean weight {row.mass:.2f}, effective sample {row.share:.0%}, largest difference left "
        checks += f"{row.imbalance:.2f} standard deviations"
        trust = f"the checks pass in {calm} of {row.seeds} repetitions ({checks})"
        lines.append(
            f"{labels[row.shift]}: the weighted and modelled value {right} (mean error {change(row)}); {trust}."
        )
    return lines


def against_home(carried: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Of every shift, how much closer to the truth the weighted and modelled value is than the value at home.

    Parameters
    ----------
    carried : DataFrame
        As ``experiments.carried`` gives it.
    labels : mapping of shift to label
    """
    table = carried[carried["estimator"].isin(("both", "home"))].assign(metric="distance")
    table = table.assign(value=(table["value"] - table["truth"]).abs())
    home = table[table["estimator"] == "home"].groupby("shift")["value"].mean()
    lines = []
    for row in evaluation.paired(table, "home", "estimator", ("metric", "shift")).itertuples():
        better = signed(row, "is farther from the truth than", "is closer to the truth than", "cannot be told from")
        said = f"the weighted and modelled value {better} the value at home, which is {home[row.shift]:.3f} away"
        lines.append(f"{labels[row.shift]}: {said} (difference of the distances {change(row)}).")
    return lines


def stressed_by(table: pd.DataFrame, kind: str, strategies: Iterable[str], labels: Mapping[str, str]) -> list[str]:
    """What a stress does to each strategy: the change of its error of the effects, and of the benefit it captures.

    Parameters
    ----------
    table : DataFrame
        Areas with a column ``stress``, of which one value is ``none``; the same test patients in all.
    kind : str
        The stress.
    strategies : iterable of str
    labels : mapping of strategy to label
    """
    rows = table[table["stress"].isin(("none", kind)) & table["metric"].isin(("pehe", "captured"))]
    changes = evaluation.paired(rows, "none", "stress", ("strategy", "metric")).set_index(["strategy", "metric"])
    lines = []
    for name in strategies:
        pehe, captured = (changes.loc[(name, metric)] for metric in ("pehe", "captured"))
        lines.append(f"{labels[name]}: PEHE {_moved(pehe)}, share of the attainable benefit {_moved(captured)}.")
    return lines


def _moved(row) -> str:
    if row.low == row.high == 0:
        return "stays as it is"
    way = signed(row, "rises", "falls", "cannot be told to change")
    return f"{way} ({change(row)})"
