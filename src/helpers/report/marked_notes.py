"""Notes sentence by sentence: what each affirms or denies, and what the whole note leaves out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import annotation, data
from helpers.data.cohort import Cohort
from helpers.report.patients import ONE_BY_ONE, findings_of
from helpers.report.words import named_word

MARKS = {"present": "affirmed", "absent": "denied"}


def marked_sentences(styles: Mapping[str, Cohort], cases: Mapping[str, str]) -> pd.DataFrame:
    """The sentences of the first note of each case in each style, with the symptom that keyword rules find in them.

    Parameters
    ----------
    styles : mapping of style to the same records in it
    cases : mapping of words to a query on the records' columns

    Returns
    -------
    DataFrame
        As :func:`helpers.report.highlighted_notes` takes it: ``case, style, sentence, status, said, found``.

    Raises
    ------
    ValueError
        The records may be of real people.
    """
    first = next(iter(styles.values()))
    if first.sensitive:
        raise ValueError(ONE_BY_ONE)
    fields, rules = first.roles.annotations, annotation.KeywordAnnotator()
    rows = []
    for case, row in _first_rows(first, cases).items():
        for style, cohort in styles.items():
            sentences = data.split_sentences(cohort.texts[row])
            for sentence, found in zip(sentences, rules.statuses(sentences, fields), strict=True):
                rows.append({"case": case, "style": style, "sentence": sentence, **_mark(fields, found), "found": ""})
    return pd.DataFrame(rows, columns=["case", "style", "sentence", "status", "said", "found"])


def _mark(fields: tuple[str, ...], found: np.ndarray) -> dict[str, str]:
    """The status of a sentence and the symptoms it is about; what it affirms counts before what it denies."""
    for status, word in MARKS.items():
        if names := [named_word(field) for field, said in zip(fields, found, strict=True) if said == status]:
            return {"status": word, "said": ", ".join(names)}
    return {"status": "", "said": ""}


def _first_rows(cohort: Cohort, cases: Mapping[str, str]) -> dict[str, int]:
    found = {case: cohort.frame.query(rule).index[:1] for case, rule in cases.items()}
    return {case: int(rows[0]) for case, rows in found.items() if len(rows)}


def said_lines(cohort: Cohort, cases: Mapping[str, str]) -> list[str]:
    """What the first note of each case affirms, denies and leaves out, and whether the patient has it."""
    return [f"**{case}.** {'; '.join(said_of(cohort, row))}." for case, row in _first_rows(cohort, cases).items()]


def said_of(cohort: Cohort, row: int) -> list[str]:
    """What a note affirms, denies and leaves out, where that was recorded; else what the patient has."""
    symptoms = [s for s in cohort.roles.annotations if f"said_{s}" in cohort.frame]
    if not symptoms:
        return [f"Has: {', '.join(findings_of(cohort, row, cohort.roles.annotations)) or 'none of the symptoms'}"]
    present = {s: findings_of(cohort, row, [s]) for s in symptoms}
    said = {s: bool(cohort.frame[f"said_{s}"].iloc[row]) for s in symptoms}
    groups = {
        "The note affirms": [word for s in symptoms if said[s] for word in present[s]],
        "denies": [named_word(s) for s in symptoms if said[s] and not present[s]],
        "leaves out": [
            f"{(present[s] or [named_word(s)])[0]} ({'there' if present[s] else 'not there'})"
            for s in symptoms
            if not said[s]
        ],
    }
    lines = [f"{head} {', '.join(words)}" for head, words in groups.items() if words]
    return [lines[0].replace("denies", "The note denies"), *lines[1:]] if lines else ["The note says nothing of them"]
