"""What the table of simulated coverage says about the intervals of the study.

The table is ``benchmarks/coverage.csv``. A share from R replications has a Monte Carlo error, so a kind of interval
counts as outside the range only if its coverage lies more than one such error beyond it.
"""

from __future__ import annotations

import pandas as pd

from helpers.report.words import COLUMN_NAMES

LEAST_COVERED, MOST_COVERED = 0.93, 0.97
STUDENT = ", Student's instead"
RIGHT = "right"


def coverage_verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``verdict`` (right, too narrow, too wide) and ``student``, whether it is the plain interval.

    Parameters
    ----------
    table : DataFrame
        Columns ``design, metric, coverage, monte_carlo_se, mean_width, replications``.
    """
    gap = table["monte_carlo_se"]
    verdict = pd.Series(RIGHT, index=table.index)
    verdict = verdict.mask(table["coverage"] + gap < LEAST_COVERED, "too narrow").mask(
        table["coverage"] - gap > MOST_COVERED, "too wide"
    )
    return table.assign(verdict=verdict, student=table["design"].str.endswith(STUDENT))


def coverage_lines(table: pd.DataFrame) -> list[str]:
    """How many kinds of intervals cover as they should, which do not, and how Student's would do instead."""
    judged = coverage_verdicts(table)
    ours, plain = judged[~judged["student"]], judged[judged["student"]]
    right = int((ours["verdict"] == RIGHT).sum())
    error = judged["monte_carlo_se"]
    lines = [
        f"{right} of {len(ours)} kinds of 95% intervals hold the truth in {LEAST_COVERED:.0%} to "
        f"{MOST_COVERED:.0%} of {judged['replications'].min():,} replications, give or take a Monte Carlo error "
        f"({error.min():.1%} to {error.max():.1%})."
    ]
    lines += [_outside(row) for row in ours[ours["verdict"] != RIGHT].itertuples()]
    return lines + ([_compared(ours, plain)] if len(plain) else [])


def _outside(row) -> str:
    return f"{row.verdict.capitalize()}: {_kind(row)}, {row.coverage:.1%}."


def _compared(ours: pd.DataFrame, plain: pd.DataFrame) -> str:
    """Student's intervals beside the study's, on the same replications."""
    keys = ["design", "metric"]
    same = plain.assign(design=plain["design"].str.removesuffix(STUDENT)).merge(ours, on=keys, suffixes=("", "_ours"))
    wider = same["mean_width_ours"] / same["mean_width"] - 1
    outside = int((plain["verdict"] != RIGHT).sum())
    return (
        f"Student's intervals over the same repetitions would hold the truth in {plain['coverage'].min():.0%} to "
        f"{plain['coverage'].max():.0%} and be right for all but {outside} of these kinds; those used here, in "
        f"{same['coverage_ours'].min():.0%} to {same['coverage_ours'].max():.0%}. The price: they are "
        f"{wider.min():.0%} to {wider.max():.0%} wider."
    )


def _kind(row) -> str:
    metric, _, rest = row.metric.partition(",")
    return f"{row.design.removesuffix(STUDENT)}, {COLUMN_NAMES.get(metric, metric)}{',' + rest if rest else ''}"
