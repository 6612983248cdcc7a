"""From a cohort's definition to its rows and its flow chart: one definition, so that the two cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from helpers.data.engine import Session
from helpers.data.mimic.folder import MimicFolder
from helpers.privacy.errors import no_data_in_errors

NotesRule = Literal["required", "optional"] | None
OLDEST = 91.4  # years; the median age of those over 89, whose date of birth was moved to 300 years before
ADULT = "age >= 18"
SEPARATOR = "\n\n"
WANTED = "wanted semi join enrolled using (subject_id)"


@dataclass(frozen=True)
class Design:
    """How a cohort is made, in SQL over the tables.

    Parameters
    ----------
    kind : str
        ``syn``, ``published`` or ``repaired``.
    everyone : str
        What a row of ``candidates`` is, for the first line of the flow chart.
    candidates : str
        One row a patient, with ``subject_id``, whatever ``steps`` and ``columns`` need.
    steps : dict of str to str
        Conditions a candidate must meet, in order, by their line in the flow chart.
    notes : str
        ``subject_id, row_id, moment`` of the notes of the patients in table ``eligible``.
    columns : str
        Columns of the cohort, from ``enrolled``.
    extra : str
        Tables to join to ``enrolled``.
    """

    kind: str
    everyone: str
    candidates: str
    steps: dict[str, str]
    notes: str
    columns: str
    extra: str = ""


def age_at(moment: str) -> str:
    """SQL for the age in years at a moment, from ``dob``, at most 91.4; missing without one (``least`` skips gaps)."""
    years = f"date_diff('day', cast(dob as date), cast({moment} as date)) / 365.2425"
    return f"case when {years} is not null then least({years}, {OLDEST}) end"


def with_notes(folder: MimicFolder, kind: str, notes: NotesRule) -> bool:
    """Whether the cohort has notes; refuses if they are required and not there."""
    if notes not in ("required", "optional", None):
        raise ValueError(f"notes = {notes!r}: must be 'required', 'optional' or None.")
    required = notes == "required" or (notes is None and not folder.may_lack_notes)
    folder.require(kind, required)
    return folder.has_notes


def enrol(session: Session, design: Design, notes: bool) -> list[dict]:
    """Make the tables ``candidate``, ``eligible``, ``wanted`` (notes) and ``enrolled``; the flow chart's counts.

    Patients without any note are left out where there are notes at all.
    """
    what = f"cohort {design.kind!r}"
    session.run(f"create temp table candidate as {design.candidates}", what)
    passed = "true"
    flow = [{"step": design.everyone, "patients": _count(session, "candidate", what)}]
    for label, condition in design.steps.items():
        passed += f" and coalesce({condition}, false)"
        flow.append({"step": label, "patients": _count(session, f"candidate where {passed}", what)})
    session.run(f"create temp table eligible as select * from candidate where {passed}", what)
    if notes:
        session.run(f"create temp table wanted as {design.notes}", f"{what}: choosing notes")
        kept = "eligible semi join wanted using (subject_id)"
        flow.append({"step": "with a note to read", "patients": _count(session, kept, what)})
    session.run(f"create temp table enrolled as select * from {kept if notes else 'eligible'}", what)
    return flow


def rows(session: Session, design: Design, notes: bool) -> pd.DataFrame:
    """The cohort's rows, by patient, with their texts (empty without notes)."""
    what = f"cohort {design.kind!r}"
    sql = f"select {design.columns} from enrolled {design.extra} order by subject_id"
    frame = session.frame(sql, f"{what}: columns")
    with no_data_in_errors(f"{what}: joining notes"):
        text = texts(session, design.kind) if notes else {}
        return frame.assign(text=pd.Series([text.get(i, "") for i in frame["id"]], index=frame.index, dtype="str"))


def texts(session: Session, kind: str) -> dict[int, str]:
    """Each patient's notes in order of time, joined; the ids come first, and TEXT is touched in the last join only."""
    order = session.frame(
        f"select subject_id, row_id from {WANTED} order by subject_id, moment, row_id",
        f"cohort {kind!r}: order of the notes",
    )
    place = {row: i for i, row in enumerate(order["row_id"].tolist())}
    pieces: list[str] = [""] * len(place)
    chosen = f"select row_id, text from noteevents semi join (from {WANTED}) using (row_id)"
    for ids, found in session.batches(chosen, f"cohort {kind!r}: notes"):
        for row, text in zip(ids, found, strict=True):
            pieces[place[row]] = text or ""
    owners, joined, start = order["subject_id"].tolist(), {}, 0
    for end in range(1, len(owners) + 1):
        if end == len(owners) or owners[end] != owners[start]:
            joined[owners[start]] = SEPARATOR.join(pieces[start:end])
            pieces[start:end] = [""] * (end - start)  # so that all texts are held once
            start = end
    return joined


def _count(session: Session, what: str, step: str) -> int:
    return int(session.frame(f"select count(*) as n from {what}", step)["n"][0])
