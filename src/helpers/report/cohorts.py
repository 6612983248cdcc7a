"""Two definitions of one treatment, in words: by the clock, by the labels, by what becomes of the effect."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.report.sentences import change, signed
from helpers.report.words import number

INSIDE, OUTSIDE = "15:00-21:00", "other"
VITAL_WORDS = {
    "sbp": "systolic blood pressure",
    "heart_rate": "heart rate",
    "map": "mean blood pressure",
    "mbp": "mean blood pressure",
    "resp_rate": "breathing rate",
    "spo2": "oxygen saturation",
}


def clock_sentence(bands: pd.DataFrame) -> str:
    """Who can be treated in each cohort: shares inside and outside the hours of the published definition.

    Parameters
    ----------
    bands : DataFrame
        ``cohort, band, treated, share``; what is missing was withheld.
    """
    found = bands.set_index(["cohort", "band"])
    shares = {key: _share(found, *key) for key in found.index}
    return (
        f"By the published definition {shares['published', INSIDE]} of the patients admitted between 15:00 and 21:00 "
        f"are treated early, and of all others {shares['published', OUTSIDE]}; by the time of the infusion "
        f"{shares['repaired', INSIDE]} and {shares['repaired', OUTSIDE]}."
    )


def _share(found: pd.DataFrame, cohort: str, band: str) -> str:
    row = found.loc[(cohort, band)]
    if pd.isna(row["share"]):
        return "too few to tell"
    return "**none**" if row["treated"] == 0 else number(row["share"], 0, percent=True)


def label_sentence(within: float | None) -> str:
    """How many of those truly treated in the window the published rules call treated; None or missing: withheld."""
    if within is None or pd.isna(within):
        return "Too few patients to say how many of those truly treated in the window the published rules call treated."
    share = number(within, 0, percent=True)
    return f"Of the patients whose first infusion started in the window, the published rules call {share} treated."


def vital_sentence(missing: pd.DataFrame) -> str:
    """Which vital sign the published lists miss most, against the full lists, in the same stays.

    Parameters
    ----------
    missing : DataFrame
        ``items`` (published or full), ``dbsource, vital, share``.
    """
    wide = missing.pivot(index=["vital", "dbsource"], columns="items", values="share").astype(float).dropna()
    if wide.empty:
        return "Too few stays to say which vital signs were never found."
    vital, system = (wide["published"] - wide["full"]).idxmax()
    lists, full = (number(wide.loc[(vital, system), items], 0, percent=True) for items in ("published", "full"))
    return (
        f"Worst for the {vital_word(vital)} of stays charted in {_system(system)}: {lists} have none by the "
        f"published list of items, {full} by the full one."
    )


LEAKAGE_WORDS = {
    "source": "kind",
    "name": "column or kind of note",
    "before": "known when it was decided",
    "late": "drawn or begun before, stored after",
    "inside": "within the window",
    "after": "after it",
    "untimed": "without a time",
}


def leakage_sentence(leakage: pd.DataFrame) -> str:
    """How many of the notes could be read when it was decided, and what is wrong with the others.

    Parameters
    ----------
    leakage : DataFrame
        ``source`` (covariate or note), ``name, rows, before, late, inside, after, untimed``; missing: withheld.
    """
    notes = leakage[(leakage["source"] == "note") & leakage["before"].notna()]
    if not notes["rows"].sum():
        return "Too few notes to say how many of them could be read when it was decided."
    counts = notes[["before", "late", "inside", "after", "untimed"]].sum().astype(float)
    share = {key: number(value / counts.sum(), 0, percent=True) for key, value in counts.items()}
    return (
        f"Of the notes of these patients {share['before']} could be read when it was decided; {share['late']} were "
        f"begun before and stored after, {share['untimed']} tell nobody when they were written, and the others came "
        f"later. Only the first are read."
    )


def leakage_table(leakage: pd.DataFrame) -> pd.DataFrame:
    """The table of leakage with words for its columns."""
    return leakage[list(LEAKAGE_WORDS)].rename(columns=LEAKAGE_WORDS)


def vital_word(name: str) -> str:
    """What readers call a vital sign."""
    return VITAL_WORDS.get(name, name.replace("_", " "))


def _system(name: str) -> str:
    return {"carevue": "CareVue", "metavision": "MetaVision"}.get(name, name)


def cohort_effects(effect: pd.DataFrame, names: Mapping[str, str], known: Mapping[str, float]) -> list[str]:
    """One line a cohort: the mean effect by held-out scores, whether it is told from zero, and the truth if known.

    Parameters
    ----------
    effect : DataFrame
        ``cohort, value, low, high``.
    names : mapping of cohort to words
    known : mapping of cohort to its true mean effect, where a generated folder tells it
    """
    lines = []
    for row in effect.itertuples():
        verdict = signed(row, "treatment **harms**", "treatment **helps**", "it **cannot be told from zero**")
        truth = f"; the truth is {number(known[row.cohort], 3, sign=True)}" if row.cohort in known else ""
        lines.append(f"{names[row.cohort]}: {change(row)}, {verdict}{truth}.")
    return lines
