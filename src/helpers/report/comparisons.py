"""Comparisons between strategies, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers import stats
from helpers.evaluation.comparisons import all_pairs, both_ways
from helpers.evaluation.results import LOWER_IS_BETTER, paired
from helpers.report.gains import IN_GAINS, in_gains
from helpers.report.words import SHARES, WORDS, WORLD_WORDS, cell, number

BY_ITSELF = "by its own interval, but not once the number of comparisons is allowed for"


def paired_sentences(
    gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str, column: str = "strategy"
) -> list[str]:
    """One sentence a row of a paired table: which way, how much, and whether the difference is real.

    Policy value is told as a gain, so that more is better; shares are told in percent.

    Parameters
    ----------
    gaps : DataFrame
        ``column, metric, value, low, high, real``, as :func:`helpers.evaluation.paired` gives it.
    labels : mapping
        Values of ``column``, and the baseline, to what they are called.
    baseline : str
    column : str
        What is compared.
    """
    lines = []
    for name, row in zip(gaps[column], in_gains(gaps).itertuples(), strict=True):
        verdict, how = "cannot be told apart from", _written(row.metric)
        if row.real:
            lower = row.metric in LOWER_IS_BETTER and row.metric != "policy_value"
            better = (row.value < 0) == lower
            verdict = f"is **{'better' if better else 'worse'}** by {number(abs(row.value), **how)} than"
        said = cell(row.value, row.low, row.high, sign=True, **how)
        lines.append(f"{labels[name]} {verdict} {labels[baseline]} in {IN_GAINS[row.metric]} ({said}).")
    return lines


def _written(metric: str) -> dict:
    """How numbers of a metric are written: shares in whole percent."""
    return {"digits": 0, "percent": True} if metric in SHARES else {}


def verdicts(gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str, metric: str) -> list[str]:
    """What is better than the baseline, what is worse and what cannot be told apart; strategies of a kind together.

    Policy value is told as a gain, above zero whatever the outcome; shares are told in percent.

    Parameters
    ----------
    gaps : DataFrame
        Differences in one metric, ``strategy, value, low, high, real``; with a column ``certain`` also what is told
        apart only as long as nobody counts the comparisons (Holm).
    labels : mapping
        Strategies and how they are called; others are left out.
    baseline : str
    metric : str
        Decides which direction is better.
    """
    rows = gaps[gaps["strategy"].isin(list(labels)) & (gaps["strategy"] != baseline)]
    rows = rows.sort_values("value", ascending=metric in LOWER_IS_BETTER)
    better, real = rows["value"].lt(0) == (metric in LOWER_IS_BETTER), rows["real"]
    certain = rows["certain"] if "certain" in rows else real
    shown = in_gains(rows.assign(metric=metric))
    than = f"{labels[baseline]} in {IN_GAINS[metric]}"
    parts = {
        f"**Better** than {than}": certain & better,
        f"**Worse** than {than}": certain & ~better,
        f"Better {BY_ITSELF}": real & ~certain & better,
        f"Worse {BY_ITSELF}": real & ~certain & ~better,
        f"**Not to be told apart** from {than}": ~real,
    }
    return [f"{head}: {_listed(shown[part], labels)}." for head, part in parts.items() if part.any()]


def _listed(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return "; ".join(
        f"{labels[r.strategy]} {cell(r.value, r.low, r.high, sign=True, **_written(r.metric))}"
        for r in rows.itertuples()
    )


def tally(gaps: pd.DataFrame, by_chance: bool = False) -> str:
    """How many differences are real, alone and with Holm's correction; ``by_chance``: and how many luck would bring."""
    n, real, certain = len(gaps), int(gaps["real"].sum()), int(gaps["certain"].sum())
    said = (
        f"Of the {n} differences, {real} have an interval that excludes zero and {certain} remain when the number of "
        f"comparisons is allowed for (Holm)."
    )
    if not by_chance:
        return said
    return (
        f"{said} If no strategy differed, {n * stats.LEVEL:.1f} of {n} such intervals would exclude zero by chance, "
        f"and were they independent, some would in {1 - (1 - stats.LEVEL) ** n:.0%} of such tables."
    )


def coverage_sentences(checked: pd.DataFrame, repetitions: int) -> list[str]:
    """Coverage of values and of differences, and where the mean error is largest, against the intervals' width.

    In the library's direction: an error below zero flatters the strategy.
    """
    lines = []
    for what, part in checked.groupby("what", sort=False):
        shares = "; ".join(f"{WORDS[r.metric]} {r.covered:.0%}" for r in part.itertuples())
        worst = part.loc[(part["bias"].abs() / part["half_width"]).idxmax()]
        real = stats.excludes_zero(worst["bias_low"], worst["bias_high"])
        side = "in favour of" if worst["bias"] < 0 else "against"
        verdict = f"{side} the strategies" if real else "not to be told from zero"
        error = cell(worst["bias"], worst["bias_low"], worst["bias_high"], sign=True)
        lines.append(
            f"**{what.capitalize()}s** ({worst['n']} estimates in {repetitions} repetitions). Intervals that hold the "
            f"truth: {shares}. The largest mean error, for the width of the intervals, is that of the "
            f"{WORDS[worst['metric']]}: {error} over the repetitions, {verdict}; it is "
            f"{abs(worst['bias']) / worst['half_width']:.0%} of the half-width."
        )
    return lines


def best_of(areas: pd.DataFrame, labels: Mapping[str, str], metric: str) -> str:
    """One sentence: which strategy has the best mean, and which others Holm does not separate from it.

    Parameters
    ----------
    areas : DataFrame
        Long results of one process; the correction is for all their pairs.
    labels : mapping
        The strategies that count. One with fewer repetitions than others cannot be the best: its mean is over other
        test patients.
    metric : str
    """
    rows = areas[(areas["metric"] == metric) & areas["strategy"].isin(list(labels))]
    groups = rows.groupby("strategy")["value"]
    means = groups.mean()[groups.size() == groups.size().max()]
    best = means.idxmin() if metric in LOWER_IS_BETTER else means.idxmax()
    table = both_ways(all_pairs(areas, metric))
    apart = set(table.loc[(table["first"] == best) & table["certain"], "second"])
    level = [labels[s] for s in labels if s in set(rows["strategy"]) - apart - {best}]
    tail = "every other one is worse, also when the number of comparisons is allowed for (Holm)"
    if level:
        tail = f"not separated from it when the number of comparisons is allowed for (Holm): {'; '.join(level)}"
    return f"Best mean in {WORDS[metric]}: **{labels[best]}** ({means[best]:.3f}); {tail}."


def on_the_same(areas: pd.DataFrame, labels: Mapping[str, str], metric: str) -> list[str]:
    """Each strategy with fewer repetitions against all others on the repetitions that it has, as :func:`verdicts`."""
    rows = areas[areas["metric"] == metric]
    counts = rows.groupby("strategy")["seed"].nunique()
    few = [name for name in labels if counts.get(name, counts.max()) < counts.max()]
    lines = []
    for name in few:
        seeds = rows.loc[rows["strategy"] == name, "seed"]
        shared = rows[rows["seed"].isin(seeds)]
        means = shared.groupby("strategy")["value"].mean()
        near = (means.drop(name) - means[name]).abs().idxmin()
        lines.append(
            f"{labels[name]}: on its {len(seeds)} repetitions the mean {WORDS[metric]} is {means[name]:.3f}; the "
            f"nearest on the same is {labels[near]} with {means[near]:.3f}."
        )
        lines += verdicts(paired(shared, name), labels, name, metric)
    return lines


def question_answers(
    areas: pd.DataFrame, questions: Mapping[str, tuple[str, str]], labels: Mapping[str, str], metric: str
) -> list[str]:
    """One line a question ``which of two strategies is better``, answered for every process in the results.

    Parameters
    ----------
    areas : DataFrame
        Long results with ``process, strategy, metric, seed, value``.
    questions : mapping
        Question to (strategy, baseline).
    labels : mapping
    metric : str
    """
    lines = []
    for question, (strategy, baseline) in questions.items():
        said = []
        for process, part in areas[areas["metric"] == metric].groupby("process", sort=False):
            gap = paired(part[part["strategy"].isin([strategy, baseline])], baseline)
            where = WORLD_WORDS.get(process, f"{'where' if ' ' in process else 'process'} {process}")
            said.append(f"*{where[:1].upper()}{where[1:]}*: {paired_sentences(gap, labels, baseline)[0]}")
        lines.append(f"**{question}** {' '.join(said)}")
    return lines
