"""Every strategy against every other: which differences are real, in a table and in words (layer 5).

With k strategies there are k (k - 1) / 2 differences, and of that many 95 % intervals one in twenty misses. So each
difference carries two verdicts: its own interval, and Holm's correction over the whole table, which keeps the chance
of a single false claim below 5 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.evaluation import LOWER_IS_BETTER, WORDS, paired
from helpers.repetitions import interval, p_value
from helpers.wording import NAMES, cell, number

LEVEL = 0.05


def holm(p: np.ndarray) -> np.ndarray:
    """P-values adjusted for being many (Holm 1979), in the order given."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def all_pairs(areas: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Differences between all strategies on the seeds that both have.

    Parameters
    ----------
    areas : DataFrame
        Long results of one process: columns ``strategy, metric, seed, value``, one row a strategy and seed.
    metric : str

    Returns
    -------
    DataFrame with ``first, second, seeds``, ``value, low, high`` (first less second, 95 % interval), ``p, holm`` (also
    adjusted) and ``real, certain``: whether the interval excludes zero, and whether it still does after adjustment.
    """
    rows = areas[areas["metric"] == metric]
    if rows.empty:
        raise ValueError(f"metric = {metric!r}: not in the results, which hold {sorted(set(areas['metric']))}.")
    if rows.duplicated(["strategy", "seed"]).any():
        raise ValueError("areas: several rows for one strategy and seed; pass one process and budget at a time.")
    wide = rows.pivot(index="seed", columns="strategy", values="value")
    found = [_pair(wide, a, b) for a, b in combinations(rows["strategy"].unique(), 2)]
    table = pd.DataFrame([pair for pair in found if pair["seeds"] >= 2])
    table = table.assign(holm=holm(table["p"].to_numpy()))
    return table.assign(real=table["p"] < LEVEL, certain=table["holm"] < LEVEL)


def _pair(wide: pd.DataFrame, first: str, second: str) -> dict:
    gaps = (wide[first] - wide[second]).dropna().to_numpy()
    if len(gaps) < 2:
        return {"seeds": len(gaps)}
    value, low, high = interval(gaps)
    names = {"first": first, "second": second, "seeds": len(gaps)}
    return {**names, "value": value, "low": low, "high": high, "p": p_value(gaps)}


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """The same table with every pair in both orders."""
    turned = {"first": pairs["second"], "second": pairs["first"], "value": -pairs["value"]}
    return pd.concat([pairs, pairs.assign(**turned, low=-pairs["high"], high=-pairs["low"])], ignore_index=True)


def marked(labels: Mapping[str, str], results: pd.DataFrame) -> dict[str, str]:
    """The labels, with the number of repetitions added where a strategy has fewer than others.

    Its mean is over other test patients than theirs: compare paired differences only.

    Parameters
    ----------
    labels : mapping
        Strategy to label.
    results : DataFrame
        Long results with ``strategy`` and ``seed``.
    """
    counts = results.groupby("strategy")["seed"].nunique()
    few = counts[counts < counts.max()]
    return {name: f"{label} ({few[name]} repetitions)" if name in few else label for name, label in labels.items()}


def verdicts(gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str, metric: str) -> list[str]:
    """At most three sentences: what is better than the baseline, what is worse, what cannot be told apart from it.

    Parameters
    ----------
    gaps : DataFrame
        Rows of one metric with ``strategy, value, low, high, real``, as :func:`helpers.evaluation.paired` gives them.
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


def tally(pairs: pd.DataFrame) -> str:
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


def sentences(gaps: pd.DataFrame, labels: Mapping[str, str], baseline: str) -> list[str]:
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


def answers(
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
            said.append(f"*{process}*: {sentences(gap, labels, baseline)[0]}")
        lines.append(f"**{question}** {' '.join(said)}")
    return lines


def with_intervals(
    summary: pd.DataFrame, labels: Mapping[str, str], columns: Sequence[str], by: str = "metric", digits: int = 3
) -> pd.DataFrame:
    """A table to show: a row a strategy in the order of ``labels``, a column a value of ``by``, "mean [low, high]".

    Columns of metrics are named in words.
    """
    rows = summary[summary[by].isin(list(columns)) & summary["strategy"].isin(list(labels))]
    cells = [cell(r.value, r.low, r.high, digits) for r in rows.itertuples()]
    wide = rows.assign(cell=cells).pivot(index="strategy", columns=by, values="cell")
    order = [s for s in labels if s in wide.index]
    shown = wide.reindex(index=order, columns=list(columns)).rename(index=labels)
    return shown.where(shown.notna(), "-").rename(columns=NAMES).rename_axis(index=None, columns=None)


def ranges(table: pd.DataFrame, names: Sequence[str], digits: int = 3) -> pd.DataFrame:
    """A table to show: estimates in columns ``<name>, <name>_low, <name>_high`` become one, "value [low, high]"."""
    shown = table.drop(columns=[f"{name}_{end}" for name in names for end in ("low", "high")]).copy()
    for name in names:
        rows = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        shown[name] = [cell(*row, digits) for row in rows]
    return shown.round(digits)
