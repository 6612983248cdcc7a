"""Differences between strategies: pairs, pools over repetitions, coverage where the truth is known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.evaluation import results
from helpers.stats.intervals import excludes_zero, p_of_interval
from helpers.stats.multiplicity import LEVEL, holm
from helpers.stats.repetitions import interval, p_value
from helpers.stats.ties import gaps_beyond_rounding


def most_and_least(scores: pd.DataFrame, strategy: str, baseline: str) -> tuple[pd.Series, pd.Series]:
    """The levels at which a view is furthest ahead of another, and least.

    Parameters
    ----------
    scores : DataFrame
        Columns ``strategy, level, seed, value``, higher is better.
    strategy, baseline : str
        Values of ``strategy``.

    Returns
    -------
    Two rows of paired differences, with ``level``.
    """
    rows = scores[scores["strategy"].isin((strategy, baseline))]
    table = results.paired(rows, baseline, by=("level",))
    return table.loc[table["value"].idxmax()], table.loc[table["value"].idxmin()]


def mean_gap(scores: pd.DataFrame, name: str, baseline: str, column: str = "strategy") -> pd.Series:
    """Paired difference of the mean over levels that both have: a row with ``value, low, high``."""
    wide = scores.pivot_table(index=["seed", "level"], columns=column, values="value")[[baseline, name]].dropna()
    means = wide.groupby("seed").mean().melt(var_name=column, ignore_index=False).reset_index()
    return results.paired(means.assign(metric="mean"), baseline, column).iloc[0]


CHECKED = ("policy_value", "autoc", "qini")
SMALLEST_WIDTH = 1e-9  # of an interval, beside the widest in the metric


def judged(gaps: pd.DataFrame, metric: str = "policy_value") -> pd.DataFrame:
    """The differences in one metric with Holm's correction over all of them: ``holm``, ``certain``.

    A strategy with fewer ``repetitions`` than others is left out: its mean is over other patients than theirs.
    """
    rows = gaps[(gaps["metric"] == metric) & (gaps["baseline"] != "") & gaps["at"].isna() & gaps["p"].notna()]
    if rows.empty:
        raise ValueError(f"metric = {metric!r}: no difference in it; pass a pooled table of two strategies or more.")
    rows = rows[rows["repetitions"] == rows["repetitions"].max()]
    adjusted = holm(rows["p"].to_numpy())
    return rows.assign(holm=adjusted, certain=rows["real"] & (adjusted < LEVEL))


def held_out_coverage(table: pd.DataFrame, metrics: Iterable[str] = CHECKED) -> pd.DataFrame:
    """How the estimates of areas compare with the truth of the same patients, values and differences apart.

    Returns
    -------
    DataFrame
        One row a kind and metric: ``what`` (value or difference), ``metric``, ``n`` (estimates: strategies times
        repetitions), ``bias`` (mean of estimate less truth) with ``bias_low, bias_high``, its 95 % interval over
        repetitions, ``spread`` (standard deviation of the error), ``half_width`` (mean, of the intervals) and
        ``covered`` (share of the intervals that hold the truth). Estimates that are 0 by definition, as the AUTOC of
        a random order, are left out.
    """
    width = table["high"] - table["low"]
    known = table[table["truth"].notna() & (width > SMALLEST_WIDTH * width.groupby(table["metric"]).transform("max"))]
    kinds = {"value": known[known["baseline"] == ""], "difference": known[known["baseline"] != ""]}
    rows = [_covered(part[part["metric"] == m], what, m) for what, part in kinds.items() for m in metrics]
    return pd.DataFrame(rows)


def _covered(part: pd.DataFrame, what: str, metric: str) -> dict:
    error = part["value"] - part["truth"]
    held = (part["low"] <= part["truth"]) & (part["truth"] <= part["high"])
    row = {"what": what, "metric": metric, "n": len(part), "bias": error.mean()}
    if len(part):
        _, low, high = interval(error.groupby(part["seed"]).mean().to_numpy())
        row |= {"bias_low": low, "bias_high": high}
    half = (part["high"] - part["low"]).mean() / 2
    return {**row, "spread": error.std(), "half_width": half, "covered": held.mean()}


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
    gaps = gaps_beyond_rounding(wide[first], wide[second])
    gaps = gaps[~np.isnan(gaps)]
    if len(gaps) < 2:
        return {"seeds": len(gaps)}
    value, low, high = interval(gaps)
    names = {"first": first, "second": second, "seeds": len(gaps)}
    return {**names, "value": value, "low": low, "high": high, "p": p_value(gaps)}


def both_ways(pairs: pd.DataFrame) -> pd.DataFrame:
    """The same table with every pair in both orders."""
    turned = {"first": pairs["second"], "second": pairs["first"], "value": -pairs["value"]}
    return pd.concat([pairs, pairs.assign(**turned, low=-pairs["high"], high=-pairs["low"])], ignore_index=True)


HELD_OUT_KEYS = ["strategy", "baseline", "metric", "at"]


def pooled_held_out(table: pd.DataFrame) -> pd.DataFrame:
    """Means over repetitions of estimates and of the ends of their intervals, one row a strategy and metric.

    Adds ``repetitions``; ``p``, the two-sided p-value of an estimate whose Student interval this is, with the mean of
    the repetitions' ``freedom``; and ``real``: whether the interval excludes zero.
    """
    groups = table.groupby(HELD_OUT_KEYS, dropna=False, sort=False)
    means = groups[["value", "low", "high", "freedom", "truth"]].mean()
    found = means.assign(repetitions=groups.size()).reset_index()
    p = p_of_interval(found["value"], found["low"], found["high"], found.pop("freedom"))
    return found.assign(p=p, real=excludes_zero(found["low"], found["high"]))
