"""What held-out scores say of policies, in words and as rows to draw; gains are above zero whatever the outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.evaluation.held_out import HeldOutScores
from helpers.report.gains import turned
from helpers.report.words import cell, number

GAINS_BY = ("gain by held-out scores", "gain by the true effects")
_ENDS = ["value", "low", "high"]


def gain_rows(pooled: pd.DataFrame, results: pd.DataFrame, metric: str = "policy_value") -> pd.DataFrame:
    """Gains over the baseline, a panel a source, as a forest takes them.

    Parameters
    ----------
    pooled : DataFrame
        As ``evaluation.pooled_held_out`` gives it, in the library's direction.
    results : DataFrame
        What was pooled; where its ``truth`` is known, the gains by it have intervals over the repetitions.
    metric : str
        An area that is better lower.
    """
    told = pooled[(pooled["metric"] == metric) & (pooled["baseline"] != "") & pooled["at"].isna()]
    blocks = [turned(told).assign(metric=GAINS_BY[0])]
    known = results[(results["metric"] == metric) & (results["baseline"] != "") & results["truth"].notna()]
    if len(known):
        true = evaluation.summarise(known.assign(value=known["truth"]), by=("strategy",))
        blocks.append(turned(true).assign(metric=GAINS_BY[1]))
    return pd.concat(blocks, ignore_index=True)[["strategy", "metric", *_ENDS]]


def held_out_sentence(judged: pd.DataFrame, labels: Mapping[str, str], baseline: str) -> str:
    """How many policies held-out patients tell from the baseline, which gains most, and what the truth says of it.

    Parameters
    ----------
    judged : DataFrame
        As ``evaluation.judged`` gives it, in the library's direction.
    labels : mapping
    baseline : str
    """
    rows = turned(judged).assign(known=-judged["truth"])
    better, worse = (rows[rows["certain"] & side] for side in (rows["value"] > 0, rows["value"] < 0))
    best = rows.loc[rows["value"].idxmax()]
    said = (
        f"With no effect known, held-out patients tell {len(better)} of {len(rows)} policies to be better than "
        f"{labels[baseline]} and {len(worse)} to be worse; {labels[best['strategy']]} gains most, "
        f"{cell(*best[_ENDS], 3, sign=True)}."
    )
    if rows["known"].isna().any():
        return said
    told = pd.concat([better, worse])
    right = int((np.sign(told["value"]) == np.sign(told["known"])).sum())
    agree = f", and the sign is right for {right} of the {len(told)} told apart" if len(told) else ""
    return f"{said} By the true effects of the same patients it gains {number(best['known'], 3, sign=True)}{agree}."


def not_judged(pooled: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """One sentence if strategies have fewer repetitions than others, and so get no verdict; else none."""
    counts = pooled[pooled["baseline"] != ""].groupby("strategy")["repetitions"].max()
    few = counts[counts < counts.max()]
    said = [f"{labels[name]} ({n:.0f} of {counts.max():.0f} repetitions)" for name, n in few.items() if name in labels]
    return [f"**Not judged**: {'; '.join(said)}. Their means are over other patients."] if said else []


def score_sentences(scores: HeldOutScores, tau: np.ndarray | None = None) -> list[str]:
    """How the scores of two patients come about, one treated and one not: those with the median score of their arm.

    Parameters
    ----------
    scores : HeldOutScores
        Of records that may be shown.
    tau : (n,) array or None
        True effects, where they are known.
    """
    lines = []
    for letter, arm in zip("AB", (1, 0), strict=True):
        rows = np.flatnonzero(scores.T == arm)
        row = rows[np.argsort(scores.psi[rows], kind="stable")[len(rows) // 2]]
        was, chance = ("treated", scores.e[row]) if arm else ("not treated", 1 - scores.e[row])
        truth = "nobody knows the effect" if tau is None else f"the true effect is {number(tau[row], 2, sign=True)}"
        lines.append(
            f"**Patient {letter}** was {was}, as {number(chance, 0, percent=True)} of such patients are; outcome "
            f"{number(scores.Y[row], 2)}. A model expects {number(scores.mu1[row], 2)} with treatment and "
            f"{number(scores.mu0[row], 2)} without. The score of the effect is "
            f"{number(scores.psi[row], 2, sign=True)}; {truth}."
        )
    return lines


def check_sentence(checked: pd.DataFrame) -> str:
    """Whether held-out scores can be trusted, from the check of policy values and of their differences."""
    rows = checked[checked["metric"] == "policy_value"].set_index("what")
    said = []
    for what, row in rows.iterrows():
        error = cell(row["bias"], row["bias_low"], row["bias_high"], sign=True)
        said.append(f"{number(row['covered'], 0, percent=True)} of the intervals of {what}s (mean error {error})")
    return f"The truth of the same patients lies in {' and in '.join(said)}."
