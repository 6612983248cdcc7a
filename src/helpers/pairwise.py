"""Every strategy against every other: which differences are real, in a table and in words (layer 5).

With k strategies there are k (k - 1) / 2 differences, and of that many 95 % intervals one in twenty misses. So each
difference carries two verdicts: its own interval, and Holm's correction over the whole table, which keeps the chance
of a single false claim below 5 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.evaluation import LOWER_IS_BETTER, WORDS, interval, p_value

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
    return "; ".join(f"{labels[r.strategy]} {r.value:+.3f} [{r.low:+.3f}, {r.high:+.3f}]" for r in rows.itertuples())


def tally(pairs: pd.DataFrame) -> str:
    """One sentence on how many of the differences are real."""
    n, real, certain = len(pairs), int(pairs["real"].sum()), int(pairs["certain"].sum())
    chance = round(LEVEL * (n - real))
    return (
        f"Of the {n} differences between two strategies, {real} have an interval that excludes zero and {certain} "
        f"remain when the number of comparisons is allowed for (Holm). Were none of the others real, about {chance} "
        f"more would have looked real by luck."
    )


def rivals(pairs: pd.DataFrame, labels: Mapping[str, str], metric: str, name: str) -> list[str]:
    """Labels of the strategies that no interval tells apart from ``name``."""
    table = both_ways(pairs)
    own = table[(table["first"] == name) & ~table["real"]]
    return [labels[s] for s in labels if s in set(own["second"])]
