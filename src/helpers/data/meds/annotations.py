"""What an expert read off the notes, from codes of the data or from a table beside ``meds.yml``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.data.engine import Session
from helpers.data.meds.spec import YES_NO_LEVELS, MedsSpec
from helpers.data.tables import read_strings
from helpers.data.written import YES_NO, each, spelt
from helpers.privacy.errors import DataError, no_data_in_errors


def annotations_of(session: Session, spec: MedsSpec, ids: pd.Series, beside: Path) -> pd.DataFrame:
    """The annotated fields of these patients and ``annotated``: whether they have any.

    Fields of the levels no and yes are 0 and 1, the others categories.

    Raises
    ------
    DataError
        A patient with two different answers, an answer that is no level, one field without an answer in a record that
        has others, or all answers the same. Fields and counts are named, never an answer.
    """
    asked = spec.annotations
    given = _from_codes(session) if asked.file is None else _from_file(beside.parent / asked.file, spec)
    faults: list[str] = []
    found = {name: _one_each(given[given["field"] == name], name, ids, faults) for name in asked.fields}
    annotated = np.column_stack([answers.notna() for answers in found.values()]).any(axis=1)
    for name, levels in asked.fields.items():
        empty = int((annotated & found[name].isna()).sum())
        if empty:
            faults.append(f"{name}: {empty:,} annotated patients have no answer; write one, or leave the field out")
        elif strange := int((found[name].notna() & ~found[name].isin(list(levels))).sum()):
            faults.append(f"{name}: {strange:,} answers are none of its {len(levels)} levels")
        elif annotated.any() and found[name][annotated].nunique() == 1:
            faults.append(f"{name}: the same in all annotated patients; leave it out")
    if not annotated.any():
        faults.append("no patient of the cohort is annotated")
    if faults:
        raise DataError("annotations:\n" + "\n".join(f"  {fault}" for fault in faults))
    typed = {name: _typed(found[name], tuple(levels)) for name, levels in asked.fields.items()}
    return pd.DataFrame({**typed, "annotated": annotated})


def _from_codes(session: Session) -> pd.DataFrame:
    return session.frame(
        """
        select distinct subject_id as id, split_part(part, '.', 2) as field, split_part(part, '.', 3) as level
        from event semi join enrolled using (subject_id) where starts_with(part, 'annotations.')""",
        "MEDS: annotations",
    )


def _from_file(path: Path, spec: MedsSpec) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"annotations: file = {path.name!r}: no such file beside meds.yml; correct the name.")
    names = list(spec.annotations.fields)
    table = read_strings(path, columns=[spec.annotations.id, *names])
    with no_data_in_errors(f"{path}: understanding its answers"):
        ids = pd.to_numeric(table[spec.annotations.id], errors="coerce")
        if wrong := int(ids.isna().sum()):
            raise DataError(
                f"{path}: column {spec.annotations.id!r}: {wrong:,} are no whole numbers, as MEDS has them."
            )
        columns = []
        for name in names:
            answers = table[name].str.strip()
            if tuple(spec.annotations.fields[name]) == YES_NO_LEVELS:
                answers = each(answers, lambda w: YES_NO_LEVELS[YES_NO[spelt(w)]] if spelt(w) in YES_NO else w)
            columns.append(pd.DataFrame({"id": ids.astype("int64"), "field": name, "level": answers}))
        long = pd.concat(columns, ignore_index=True)
        return long[long["level"] != ""].drop_duplicates()


def _one_each(given: pd.DataFrame, name: str, ids: pd.Series, faults: list[str]) -> pd.Series:
    given = given[given["id"].isin(ids)]
    if twice := given["id"][given["id"].duplicated()].nunique():
        faults.append(f"{name}: {twice:,} patients have two different answers; settle them first")
    return given.drop_duplicates("id").set_index("id")["level"].reindex(ids.to_numpy()).reset_index(drop=True)


def _typed(answers: pd.Series, levels: tuple[str, ...]) -> pd.Series:
    if levels == YES_NO_LEVELS:
        return answers.map({"no": 0.0, "yes": 1.0}).astype(float)
    return pd.Series(pd.Categorical(answers, list(levels)))
