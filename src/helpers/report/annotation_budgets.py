"""What few annotations reach, in words: against all of them, by design, with a confounder left out, and forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.report.sentences import listed, signed
from helpers.report.words import SHARES, WORDS, cell, named_word, number

_PERCENT = {"digits": 0, "percent": True}


def few_sentence(duel: pd.DataFrame, share: float, few: str, full: str) -> str:
    """Few annotations with one pairing against all of them with another, in shares of the attainable benefit.

    Parameters
    ----------
    duel : DataFrame
        As :func:`helpers.study.few_against_all` gives it.
    share : float
        Of the training records, annotated for ``few``.
    few, full : str
        What the two are called.
    """
    row = duel.set_index("metric").loc["captured"]
    ours = cell(row["few"], row["few_low"], row["few_high"], **_PERCENT)
    theirs = cell(row["full"], row["full_low"], row["full_high"], **_PERCENT)
    verdict = signed(row, "more", "less", "the two cannot be told apart")
    points = f"{number(100 * abs(row['value']), 0)} percentage points"
    gap = f"{points} {verdict}" if row["low"] * row["high"] > 0 else verdict
    return (
        f"With {number(share, 0, percent=True)} of the training records annotated, {few} captures {ours} of the "
        f"attainable benefit; {full} with all of them captures {theirs}; {gap}."
    )


def duel_table(duel: pd.DataFrame, share: float, names: Mapping[str, str]) -> pd.DataFrame:
    """The same as a table: a row a metric, few annotations, all of them, and the paired difference."""
    some, every = f"with {number(share, 0, percent=True)}", "published, with all"
    return pd.DataFrame(
        {
            "": [names.get(m, WORDS.get(m, m)) for m in duel["metric"]],
            some: [cell(r.few, r.few_low, r.few_high, **_written(r.metric)) for r in duel.itertuples()],
            every: [cell(r.full, r.full_low, r.full_high, **_written(r.metric)) for r in duel.itertuples()],
            "difference": [cell(r.value, r.low, r.high, sign=True, **_written(r.metric)) for r in duel.itertuples()],
        }
    )


def _written(metric: str) -> dict:
    """How numbers of a metric are written: shares in whole percent."""
    return _PERCENT if metric in SHARES else {"digits": 2}


def margin_verdict(duel: pd.DataFrame, metrics: Mapping[str, str], margin: float = 0.15) -> tuple[bool, str]:
    """Whether a difference reaches a margin in every metric, by its whole interval; and the sentence that says so.

    Parameters
    ----------
    duel : DataFrame
        ``metric, value, low, high``, higher is better.
    metrics : mapping
        Metrics that count, and their words.
    margin : float
    """
    rows = duel[duel["metric"].isin(list(metrics))]
    gaps = [cell(r.value, r.low, r.high, sign=True, **_written(r.metric)) for r in rows.itertuples()]
    said = "; ".join(f"{metrics[name]} {gap}" for name, gap in zip(rows["metric"], gaps, strict=True))
    sure, mean = bool((rows["low"] >= margin).all()), bool((rows["value"] >= margin).all())
    verdict = "**yes**, by the whole interval" if sure else "**no**"
    if mean and not sure:
        verdict = "**yes in the mean**, but the interval reaches below"
    return sure, f"At least {number(100 * margin, 0)} percentage points better, as claimed before? {verdict} ({said})."


def curve_caption(summary: pd.DataFrame, labels: Mapping[str, str], baseline: str, size: str) -> str:
    """What the curve over annotated shares shows: where each strategy has the learner without annotations behind it.

    Parameters
    ----------
    summary : DataFrame
        ``strategy, beats_baseline_from`` by label, as :func:`helpers.evaluation.thresholds` gives it.
    labels : mapping
    baseline : str
    size : str
        Records and repetitions.
    """
    found = summary.set_index("strategy")["beats_baseline_from"]
    words = []
    for label in (labels[name] for name in labels if labels[name] in found.index):
        start = "at no share" if pd.isna(found[label]) else f"from {number(found[label], 0, percent=True)} on"
        words.append(f"{label} {start}")
    return (
        f"Share of the attainable benefit captured, by the share of the training records that is annotated ({size}, "
        f"95% intervals). Surely better than the {labels[baseline]}: {'; '.join(words)}."
    )


def doubt_sentences(
    field: str, rows: Sequence[int], prior: np.ndarray, posterior: np.ndarray, T: np.ndarray, Y: np.ndarray
) -> list[str]:
    """Patients nobody annotated: what the note says of a symptom, what happened, and what that makes likely."""
    lines = []
    for letter, i in zip("AB", rows, strict=False):
        happened = "was treated" if T[i] else "was not treated"
        lines.append(
            f"**Patient {letter}**. By the note, {named_word(field)} has a chance of "
            f"{number(prior[i], 0, percent=True)}. The patient {happened} and had an outcome of {number(Y[i], 1)} (the "
            f"mean is {number(np.mean(Y), 1)}). That makes it {number(posterior[i], 0, percent=True)}."
        )
    return lines


def design_sentences(gaps: pd.DataFrame, designs: Mapping[str, str], baseline: str) -> list[str]:
    """Whether choosing the records to annotate beats drawing them: a sentence a design, in captured share.

    Parameters
    ----------
    gaps : DataFrame
        ``design, value, low, high`` of the captured share, paired with the baseline.
    designs : mapping
        Key to words.
    baseline : str
    """
    lines = []
    for row in gaps.itertuples():
        than = f"records chosen {designs[baseline]}"
        verdict = signed(row, f"are **worth more** than {than}", f"are **worth less** than {than}", "")
        verdict = verdict or f"cannot be told apart from {than}"
        lines.append(
            f"Records chosen {designs[row.design]} {verdict} ({cell(row.value, row.low, row.high, 0, True, True)})."
        )
    return lines


def silent_or_not(rejected: pd.Series, hidden: str) -> str:
    """In how many repetitions the test of EM's assumption speaks up, with everything annotated and without.

    Parameters
    ----------
    rejected : Series
        Share of the repetitions, by what is never annotated (``nothing`` among them); missing where so few records
        are annotated that there is no test.
    hidden : str
    """
    names = listed([named_word(name) for name in hidden.split(", ")])
    if rejected[["nothing", hidden]].isna().any():
        return "So few records are annotated here that the test cannot be made: it needs twice as many as it has terms."
    alone, lacking = (number(rejected[key], 0, percent=True) for key in ("nothing", hidden))
    return (
        f"Where {names} are never annotated, the test speaks up in {lacking} of the repetitions; where all confounders "
        f"are annotated, in {alone}."
    )


def left_out_table(both: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Captured share with all confounders annotated and without some, and the difference to no annotation at all.

    Parameters
    ----------
    both : DataFrame
        ``strategy, noted, seed, value`` of the captured share; ``noted`` is ``all`` or ``some``; ``dr`` is among
        the strategies.
    labels : mapping
    """
    table = evaluation.summarise(both, by=("strategy", "noted")).set_index(["strategy", "noted"])
    lacking = both[both["noted"] == "some"]
    gaps = evaluation.paired(lacking.assign(metric="captured"), "dr").set_index("strategy")
    rows = []
    for name in (n for n in labels if (n, "some") in table.index):
        row = {"strategy": labels[name]}
        for noted, title in (("all", "all confounders annotated"), ("some", "two never annotated")):
            found = table.loc[(name, noted)] if (name, noted) in table.index else None
            row[title] = None if found is None else cell(found["value"], found["low"], found["high"], **_PERCENT)
        gap = gaps.loc[name] if name in gaps.index else None
        less = None if gap is None else cell(gap["value"], gap["low"], gap["high"], 0, True, True)
        rows.append(row | {"less no annotation": less})
    return pd.DataFrame(rows)


def forecast_sentences(planned: pd.DataFrame) -> list[str]:
    """A forecast from a pilot, size by size, against what happened: ``size, value, low, high, happened``."""
    lines = []
    for row in planned.itertuples():
        inside = "inside" if row.low <= row.happened <= row.high else "outside"
        lines.append(
            f"With {number(row.size, 0)} annotated records the pilot forecasts "
            f"{cell(row.value, row.low, row.high, **_PERCENT)} of the attainable benefit; "
            f"{number(row.happened, 0, percent=True)} it was, {inside} the interval."
        )
    return lines


def enough_sentence(planned: pd.DataFrame, start: float) -> str:
    """What going on from the pilot to the largest size is forecast to bring, and whether that pays is said in numbers.

    Parameters
    ----------
    planned : DataFrame
        As :func:`forecast_sentences` takes it.
    start : float
        What the pilot captures.
    """
    last = planned.iloc[-1]
    more, records = last["value"] - start, number(last["size"], 0)
    return (
        f"The pilot captures {number(start, 0, percent=True)}; annotating {records} records is forecast to add "
        f"{number(more, 0, sign=True, percent=True)} of the attainable benefit."
    )


def frozen_or_read(gaps: pd.DataFrame) -> list[str]:
    """At each share, whether the reader trained on so few notes beats the frozen vectors under the same EM.

    Parameters
    ----------
    gaps : DataFrame
        ``budget, value, low, high``: captured share on the reader less that on frozen vectors.
    """
    ways = ("the reader is **better**", "the frozen vectors are **better**", "neither is surely better")
    return [
        f"With {number(row.budget, 0, percent=True)} annotated {signed(row, *ways)}. The reader less frozen "
        f"vectors: {cell(row.value, row.low, row.high, 0, True, True)} of the attainable benefit."
        for row in gaps.sort_values("budget").itertuples()
    ]
