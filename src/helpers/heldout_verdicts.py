"""What pooled held-out results say: which differences are real, and whether the scores were right (layer 5).

What is concluded are differences to one strategy, so these carry Holm's correction for being many, and these are
compared with the truth where it is known, beside the values of single strategies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from helpers import evaluation, pairwise, wording
from helpers.repetitions import interval
from helpers.schema import Cohort

CHECKED = ("policy_value", "autoc", "qini")
SMALLEST_WIDTH = 1e-9


def judged(gaps: pd.DataFrame, metric: str = "policy_value") -> pd.DataFrame:
    """The differences in one metric with Holm's correction over all of them: ``holm``, ``certain``."""
    rows = gaps[(gaps["metric"] == metric) & (gaps["baseline"] != "") & gaps["at"].isna() & gaps["p"].notna()]
    if rows.empty:
        raise ValueError(f"metric = {metric!r}: no difference in it; pass a pooled table of two strategies or more.")
    adjusted = pairwise.holm(rows["p"].to_numpy())
    return rows.assign(holm=adjusted, certain=rows["real"] & (adjusted < pairwise.LEVEL))


def verdicts(gaps: pd.DataFrame, labels: Mapping[str, str], cohort: Cohort, metric: str = "policy_value") -> list[str]:
    """What is better than the baseline, what is worse and what cannot be told apart, with and without Holm.

    In the direction of the user's outcome; strategies of a kind in one sentence.
    """
    rows = judged(gaps, metric).sort_values("value")
    shown = evaluation.turned_back(rows, cohort)
    better, real, certain = rows["value"] < 0, rows["real"], rows["certain"]
    base, words = labels[rows["baseline"].iloc[0]], evaluation.WORDS[metric]
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
    return [f"{head}: {_listed(part, labels)}." for head, part in parts.items() if len(part)]


def tally(gaps: pd.DataFrame, metric: str = "policy_value") -> str:
    """One sentence on how many differences are real, and how many would be by luck alone."""
    rows = judged(gaps, metric)
    n, luck = len(rows), (1 - pairwise.LEVEL) ** len(rows)
    return (
        f"Of the {n} differences, {int(rows['real'].sum())} have an interval that excludes zero and "
        f"{int(rows['certain'].sum())} remain when the number of comparisons is allowed for (Holm). If no strategy "
        f"differed, {n * pairwise.LEVEL:.1f} of {n} such intervals would exclude zero by chance, and were they "
        f"independent, some would in {1 - luck:.0%} of such tables."
    )


def _listed(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return "; ".join(
        f"{labels[r.strategy]} {wording.cell(r.value, r.low, r.high, sign=True)}" for r in rows.itertuples()
    )


def coverage(table: pd.DataFrame, metrics: Iterable[str] = CHECKED) -> pd.DataFrame:
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
    known = table[table["truth"].notna() & (table["high"] - table["low"] > SMALLEST_WIDTH)]
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


def coverage_sentences(checked: pd.DataFrame, repetitions: int) -> list[str]:
    """Coverage of values and of differences, and where the mean error is largest, against the intervals' width.

    In the library's direction: an error below zero flatters the strategy.
    """
    lines = []
    for what, part in checked.groupby("what", sort=False):
        shares = "; ".join(f"{evaluation.WORDS[r.metric]} {r.covered:.0%}" for r in part.itertuples())
        worst = part.loc[(part["bias"].abs() / part["half_width"]).idxmax()]
        real = worst["bias_low"] > 0 or worst["bias_high"] < 0
        side = "in favour of" if worst["bias"] < 0 else "against"
        verdict = f"{side} the strategies" if real else "not to be told from zero"
        error = wording.cell(worst["bias"], worst["bias_low"], worst["bias_high"], sign=True)
        lines.append(
            f"**{what.capitalize()}s** ({worst['n']} estimates in {repetitions} repetitions). Intervals that hold the "
            f"truth: {shares}. The largest mean error, for the width of the intervals, is that of the "
            f"{evaluation.WORDS[worst['metric']]}: {error} over the repetitions, {verdict}; it is "
            f"{abs(worst['bias']) / worst['half_width']:.0%} of the half-width."
        )
    return lines
