"""Comparisons between strategies, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers import evaluation, stats
from helpers.data.cohort import Cohort
from helpers.evaluation.comparisons import all_pairs, both_ways, judged
from helpers.evaluation.results import LOWER_IS_BETTER, paired
from helpers.report import words
from helpers.report.words import WORDS, cell, number


def comparison_sentences(
    table: pd.DataFrame, labels: Mapping[str, str], baseline: str, column: str = "strategy"
) -> list[str]:
    """One sentence a row of a :func:`paired` table: which way, how much, and whether the difference is real."""
    lines = []
    for row in table.itertuples():
        name, better = getattr(row, column), (row.value < 0) == (row.metric in LOWER_IS_BETTER)
        interval = f"difference {row.value:+.3f}, 95 % interval {row.low:+.3f} to {row.high:+.3f}"
        if row.real:
            verdict = f"is **{'better' if better else 'worse'}** than {labels[baseline]}"
            lines.append(f"{labels[name]} {verdict} in {WORDS[row.metric]} by {abs(row.value):.3f} ({interval}).")
        else:
            lines.append(
                f"{labels[name]} cannot be told apart from {labels[baseline]} in {WORDS[row.metric]} ({interval})."
            )
    return lines


def held_out_verdicts(
    gaps: pd.DataFrame, labels: Mapping[str, str], cohort: Cohort, metric: str = "policy_value"
) -> list[str]:
    """What is better than the baseline, what is worse and what cannot be told apart, with and without Holm.

    In the direction of the user's outcome; strategies of a kind in one sentence.
    """
    rows = judged(gaps, metric).sort_values("value")
    shown = evaluation.turned_back(rows, cohort)
    better, real, certain = rows["value"] < 0, rows["real"], rows["certain"]
    base, words = labels[rows["baseline"].iloc[0]], WORDS[metric]
    parts = {
        f"**Better** than {base} in {words}": shown[certain & better],
        f"**Worse** than {base} in {words}": shown[certain & ~better],
        "Better by its own interval, but not once the number of comparisons is allowed for": shown[
            real & ~certain & better
        ],
        "Worse by its own interval, but not once the number of comparisons is allowed for": shown[
            real & ~certain & ~better
        ],
        f"**Not to be told apart** from {base} in {words}": shown[~real],
    }
    return [f"{head}: {_listed_held_out(part, labels)}." for head, part in parts.items() if len(part)]


def tally_held_out(gaps: pd.DataFrame, metric: str = "policy_value") -> str:
    """One sentence on how many differences are real, and how many would be by luck alone."""
    rows = judged(gaps, metric)
    n, luck = len(rows), (1 - stats.LEVEL) ** len(rows)
    return (
        f"Of the {n} differences, {int(rows['real'].sum())} have an interval that excludes zero and "
        f"{int(rows['certain'].sum())} remain when the number of comparisons is allowed for (Holm). If no strategy "
        f"differed, {n * stats.LEVEL:.1f} of {n} such intervals would exclude zero by chance, and were they "
        f"independent, some would in {1 - luck:.0%} of such tables."
    )


def _listed_held_out(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return "; ".join(f"{labels[r.strategy]} {words.cell(r.value, r.low, r.high, sign=True)}" for r in rows.itertuples())


def coverage_sentences(checked: pd.DataFrame, repetitions: int) -> list[str]:
    """Coverage of values and of differences, and where the mean error is largest, against the intervals' width.

    In the library's direction: an error below zero flatters the strategy.
    """
    lines = []
    for what, part in checked.groupby("what", sort=False):
        shares = "; ".join(f"{words.WORDS[r.metric]} {r.covered:.0%}" for r in part.itertuples())
        worst = part.loc[(part["bias"].abs() / part["half_width"]).idxmax()]
        real = worst["bias_low"] > 0 or worst["bias_high"] < 0
        side = "in favour of" if worst["bias"] < 0 else "against"
        verdict = f"{side} the strategies" if real else "not to be told from zero"
        error = words.cell(worst["bias"], worst["bias_low"], worst["bias_high"], sign=True)
        lines.append(
            f"**{what.capitalize()}s** ({worst['n']} estimates in {repetitions} repetitions). Intervals that hold the "
            f"truth: {shares}. The largest mean error, for the width of the intervals, is that of the "
            f"{words.WORDS[worst['metric']]}: {error} over the repetitions, {verdict}; it is "
            f"{abs(worst['bias']) / worst['half_width']:.0%} of the half-width."
        )
    return lines


def verdicts(gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str, metric: str) -> list[str]:
    """At most three sentences: what is better than the baseline, what is worse, what cannot be told apart from it.

    Parameters
    ----------
    gaps : DataFrame
        Rows of one metric with ``strategy, value, low, high, real``, as :func:`helpers.evaluation.results.paired` gives them.
    labels : mapping
        Strategies and how they are called.
    baseline : str
    metric : str
        Decides which direction is better.
    """
    rows = gaps[gaps["strategy"].isin(list(labels)) & (gaps["strategy"] != baseline)].sort_values("value")
    rows = rows if metric in LOWER_IS_BETTER else rows[::-1]
    better = rows["value"].lt(0) == (metric in LOWER_IS_BETTER)
    parts = {
        f"**Better** than {labels[baseline]} in {WORDS[metric]}": rows[rows["real"] & better],
        f"**Worse** than {labels[baseline]} in {WORDS[metric]}": rows[rows["real"] & ~better],
        f"**Not to be told apart** from {labels[baseline]} in {WORDS[metric]}": rows[~rows["real"]],
    }
    return [f"{head}: {_listed(part, labels)}." for head, part in parts.items() if len(part)]


def _listed(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return "; ".join(f"{labels[r.strategy]} {cell(r.value, r.low, r.high, sign=True)}" for r in rows.itertuples())


def tally_pairs(pairs: pd.DataFrame) -> str:
    """One sentence on how many of the differences are real."""
    n, real, certain = len(pairs), int(pairs["real"].sum()), int(pairs["certain"].sum())
    return (
        f"Of the {n} differences between two strategies, {real} have an interval that excludes zero and {certain} "
        f"remain when the number of comparisons is allowed for (Holm)."
    )


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


def paired_sentences(gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str) -> list[str]:
    """One sentence a row of a paired table: which way, how much, and whether the difference is real."""
    lines = []
    for row in gaps.itertuples():
        better = (row.value < 0) == (row.metric in LOWER_IS_BETTER)
        verdict = "cannot be told apart from"
        if row.real:
            verdict = f"is **{'better' if better else 'worse'}** by {number(abs(row.value))} than"
        said = cell(row.value, row.low, row.high, sign=True)
        lines.append(f"{labels[row.strategy]} {verdict} {labels[baseline]} in {WORDS[row.metric]} ({said}).")
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
            said.append(f"*{process}*: {paired_sentences(gap, labels, baseline)[0]}")
        lines.append(f"**{question}** {' '.join(said)}")
    return lines
