"""A table of one's own, in words: what it holds, and what the naive comparison of its arms hides."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.data.cohort import Cohort
from helpers.report.words import cell, direction, number

AS_IT_STANDS, ADJUSTED, KNOWN_EFFECT = "as the table stands", "by held-out scores", "the true mean effect"
_ENDS = ["value", "low", "high"]


def own_facts(cohort: Cohort) -> pd.DataFrame:
    """Sizes and means of the records, in the direction of their outcome: a row a fact."""
    patients = len(set(cohort.ids))
    arms = [cohort.turned_back(cohort.Y[cohort.T == arm].mean()) for arm in (1, 0)]
    facts = {
        "records": f"{len(cohort):,}",
        "records left out by n": f"{cohort.tags.get('rows_left_out', 0):,}",
        "patients": f"{patients:,}",
        "records a patient, mean": number(len(cohort) / patients, 2),
        "annotated": number(cohort.annotated.mean(), 0, percent=True),
        "treated": number(cohort.T.mean(), 0, percent=True),
        "mean outcome, treated": number(arms[0], 2),
        "mean outcome, untreated": number(arms[1], 2),
    }
    return pd.DataFrame({"fact": list(facts), "value": list(facts.values())})


def effect_rows(naive: Mapping, scores: Mapping, known: float | None = None) -> pd.DataFrame:
    """The mean effect three ways, a row each, as a forest takes it.

    Parameters
    ----------
    naive, scores : mapping
        ``value, low, high``.
    known : float or None
        The true mean effect, where a simulation knows it.
    """
    rows = {AS_IT_STANDS: naive, ADJUSTED: scores}
    if known is not None:
        rows[KNOWN_EFFECT] = dict.fromkeys(_ENDS, known)
    found = [{"strategy": name, "metric": "effect", **{end: row[end] for end in _ENDS}} for name, row in rows.items()]
    return pd.DataFrame(found)


def effect_sentence(rows: pd.DataFrame, cohort: Cohort) -> str:
    """What the table seems to say of the treatment, and what it says once like are compared with like."""
    found = rows.set_index("strategy")
    naive, scores = found.loc[AS_IT_STANDS], found.loc[ADJUSTED]
    better, _ = direction(cohort)
    told = scores["low"] > 0 or scores["high"] < 0
    helps = "helps" if (scores["value"] > 0) == (better == "higher") else "harms"
    verdict = f"treatment **{helps}**" if told else "the mean effect **cannot be told from zero**"
    sign = " The sign turns." if told and naive["value"] * scores["value"] < 0 else ""
    truth = ""
    if KNOWN_EFFECT in found.index:
        truth = f" The truth, which only a made-up table has: {number(found.loc[KNOWN_EFFECT, 'value'], 2, sign=True)}."
    return (
        f"As the table stands, the mean outcome of the treated differs from that of the untreated by "
        f"{_said(naive)} ({better} is better); compared with their like, by {_said(scores)}: {verdict}.{sign}{truth}"
    )


def _said(row: pd.Series) -> str:
    return cell(row["value"], row["low"], row["high"], 2, sign=True)
