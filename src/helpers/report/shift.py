"""Sentences on shifts, each made from the result tables of a run: numbers, intervals, and no verdict beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from helpers import evaluation
from helpers.report.sentences import change, listed, signed
from helpers.report.words import LOWER_IS_BETTER, cell, number

NOTICED = 0.8  # share of alarms from which a shift counts as noticed


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


def noticed_sentence(noticed: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Which shifts the test notices reliably with the most records tried, and which it does not.

    Parameters
    ----------
    noticed : DataFrame
        As ``experiments.alarms`` gives it.
    labels : mapping of shift to label
    """
    last = noticed.groupby("shift", sort=False).last()
    seen = [words for name, words in labels.items() if name in last.index and last.loc[name, "power"] >= NOTICED]
    missed = [words for name, words in labels.items() if name in last.index and last.loc[name, "power"] < NOTICED]
    parts = [f"noticed: {'; '.join(seen)}"] if seen else []
    parts += [f"not reliably noticed: {'; '.join(missed)}"] if missed else []
    return f"With at most {last['n'].max():,.0f} records a side, {'; '.join(parts)}."


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
        costs = signed(row, "it costs each patient", "it gains each patient", "a cost cannot be told apart from none")
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


def lost_by_shift(areas: pd.DataFrame, metric: str = "captured") -> pd.DataFrame:
    """What strategies lose by having learned elsewhere: learned in the target, less learned in the source, paired.

    Parameters
    ----------
    areas : DataFrame
        ``shift, way, where, strategy, metric, seed, value``, as ``shift.run_shifts`` gives them.
    metric : str
        ``captured``, or where no effects are known ``policy_value``.

    Returns
    -------
    DataFrame
        ``shift, strategy, value, low, high, real``; above zero, the strategy would do better had it learned there.
    """
    rows = areas[(areas["where"] == "target") & (areas["metric"] == metric)]
    rows = rows[rows["way"].isin(["source", "target"]) & (rows["strategy"] != "random")]
    lost = evaluation.paired(rows, "target", "way", ("metric", "shift", "strategy"))
    if metric not in LOWER_IS_BETTER:
        lost = lost.assign(value=-lost["value"], low=-lost["high"], high=-lost["low"])
    return lost.drop(columns="way")


def loss_sentence(lost: pd.DataFrame, shifts: Mapping[str, str], labels: Mapping[str, str], best: str) -> str:
    """Which change costs the recommended policy most, what it costs others, and which changes cost nothing to tell.

    Parameters
    ----------
    lost : DataFrame
        As :func:`lost_by_shift` gives it.
    shifts, labels : mapping
        Key to words; the strategies are told in the order of ``labels``.
    best : str
        The recommended policy.
    """
    own = lost[lost["strategy"] == best].set_index("shift")
    real = own[own["real"] & (own["value"] > 0)]
    worst = (real if len(real) else own)["value"].idxmax()
    rows = lost[lost["strategy"].isin(list(labels)) & (lost["shift"] == worst)].set_index("strategy")
    said = "; ".join(f"{labels[name]} {_lost_words(rows.loc[name])}" for name in labels if name in rows.index)
    if real.empty:
        return (
            f"No change that was tried costs {labels[best]} anything that can be told from chance; the costliest by "
            f"its mean is “{shifts[worst]}” (lost: {said})."
        )
    calm = [shifts[name] for name in shifts if name in own.index and not own.loc[name, "real"]]
    tail = f" No cost to {labels[best]} can be told from chance for: {'; '.join(calm)}." if calm else ""
    return f"The costliest change is “{shifts[worst]}”. Of the benefit that could be had, it takes: {said}.{tail}"


def _lost_words(row) -> str:
    percent = row.get("metric", "captured") == "captured"
    return cell(row["value"], row["low"], row["high"], 0 if percent else 3, percent=percent)


def loss_table(lost: pd.DataFrame, shifts: Mapping[str, str], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a shift, a column a strategy of ``labels``: what it loses, with its interval."""
    rows = lost[lost["strategy"].isin(list(labels))]
    cells = rows.assign(cell=[_lost_words(row) for _, row in rows.iterrows()])
    wide = cells.pivot(index="shift", columns="strategy", values="cell")
    order = [name for name in shifts if name in wide.index]
    wide = wide.reindex(index=order, columns=[name for name in labels if name in wide])
    return wide.rename(index=shifts, columns=labels).rename_axis(index="shift", columns=None)


def moved_sentences(
    places: Mapping[str, tuple[pd.Series, pd.Series]], effects: pd.Series, count: int, where: str
) -> list[str]:
    """Two patients whom the first of some policies moves furthest when their notes are rewritten, and all policies.

    Parameters
    ----------
    places : mapping of policy, in words, to (before, after)
        Place in its order, by patient; 1 is treated first.
    effects : Series
        True effects, by patient.
    count : int
        Patients in the order.
    where : str
        What happens to the notes, in words.
    """
    first = next(iter(places.values()))
    moved = (first[1] - first[0]).sort_values()
    lines = []
    for letter, patient in zip("AB", (moved.index[-1], moved.index[0]), strict=True):
        helped = "is helped" if effects[patient] < 0 else "is harmed"
        said = [f"{name} from place {b[patient]:,} to {a[patient]:,}" for name, (b, a) in places.items()]
        lines.append(
            f"**Patient {letter}** {helped} by treatment (true effect {number(effects[patient], 2, sign=True)}). "
            f"{where} moves this patient, of {count:,}: {'; '.join(said)}."
        )
    return lines


def remedy_sentences(
    areas: pd.DataFrame, shifts: Mapping[str, str], ways: Mapping[str, str], best: str, metric: str = "captured"
) -> list[str]:
    """One line a shift: what each remedy brings the recommended policy, against none.

    Parameters
    ----------
    areas : DataFrame
        As :func:`lost_by_shift` takes it.
    shifts, ways : mapping
        Key to words; the ways other than ``source``.
    best : str
    metric : str
    """
    rows = areas[(areas["where"] == "target") & (areas["metric"] == metric) & (areas["strategy"] == best)]
    lines = []
    for name, label in shifts.items():
        here = rows[(rows["shift"] == name) & rows["way"].isin(["source", *ways])]
        if here.empty:
            continue
        gained = evaluation.paired(here, "source", "way")
        said = [f"{ways[r.way]} {_gained(r, metric)}" for r in gained.itertuples()]
        lines.append(f"{label}: {'; '.join(said)}.")
    return lines


def _gained(row, metric: str) -> str:
    """A gain, above zero whichever way the metric points."""
    if metric in LOWER_IS_BETTER:
        return cell(-row.value, -row.high, -row.low, sign=True)
    return cell(row.value, row.low, row.high, 0, sign=True, percent=True)
