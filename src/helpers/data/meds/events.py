"""One pass over the shards: the rows that a spec asks for, by subject, with the time from when each was known."""

from __future__ import annotations

import warnings

import pandas as pd

from helpers.data.engine import Session, quoted
from helpers.data.meds.shards import Shards
from helpers.data.meds.spec import TIME, MedsSpec
from helpers.privacy.errors import DataError

STEP = "MEDS"


def source(shards: Shards, places: bool = False) -> str:
    """SQL that reads all shards; with ``places``, each row with its file and its number in it."""
    files = ", ".join(quoted(file) for file in shards.files)
    rows = ", filename = true, file_row_number = true" if places else ""
    return f"read_parquet([{files}], union_by_name = true{rows})"


def match_codes(session: Session, shards: Shards, spec: MedsSpec) -> pd.DataFrame:
    """Which code of the data each part of the spec means: table ``wanted``, and the same as a frame.

    The column of codes alone is read.

    Raises
    ------
    DataError
        No code of a part is in the data, or one means every code; units of one part are mixed. Where some are
        missing, a warning names them.
    """
    counts = session.frame(f"select code, count(*) as n from {source(shards)} group by code", f"{STEP}: codes")
    if counts["code"].isna().any():
        raise DataError(
            f"{shards.folder / 'data'}: {int(counts['n'][counts['code'].isna()].sum()):,} rows have no code."
        )
    found, faults = [], []
    for part, codes in spec.parts():
        absent = []
        for code in codes:
            meant = counts[[code.matches(name) for name in counts["code"]]]
            faults += _faults(part, code, meant["code"], len(counts), spec)
            early = part.startswith(("covariates.", "notes."))
            found.append(meant[["code"]].assign(part=part, early=early, times=code.times, plus=code.plus))
            absent += [] if len(meant) else [code.code]
        if len(absent) == len(codes):
            faults.append(f"{part}: {absent} matches none of the {len(counts):,} codes of the data")
        elif absent:
            warnings.warn(f"meds.yml: {part}: the data have no {absent}; look for a slip of the pen.", stacklevel=4)
    if faults:
        raise DataError("meds.yml does not fit the data:\n" + "\n".join(f"  {fault}" for fault in faults))
    wanted = pd.concat(found, ignore_index=True)
    twice = wanted[wanted.duplicated(["part", "code"])]
    if len(twice):
        raise DataError(f"meds.yml: {sorted(set(twice['part']))}: two entries mean the same code; keep one of them.")
    session.connection.register("wanted_frame", wanted)
    session.run("create temp table wanted as select * from wanted_frame", f"{STEP}: codes")
    session.connection.unregister("wanted_frame")
    return wanted


def check_units(session: Session, shards: Shards, spec: MedsSpec) -> None:
    """Refuse numbers of one code in several units, if a column of the shards tells units; counts are shown.

    Raises
    ------
    DataError
        They are not averaged, nor is one unit taken for the other.
    """
    if spec.units is None:
        return
    found = session.frame(
        f"""
        select part, code, count(*) as n from {source(shards)} join wanted using (code)
        where starts_with(part, 'covariates.') and numeric_value is not null and {quoted_name(spec.units)} is not null
        group by part, code, {quoted_name(spec.units)} order by n desc""",
        f"{STEP}: units",
    )
    mixed = found[found.duplicated(["part", "code"], keep=False)]
    said = [
        f"  {part}: {len(rows)} units under one code ({', '.join(f'{n:,}' for n in rows['n'])} rows)"
        for (part, _), rows in mixed.groupby(["part", "code"])
    ]
    if said:
        raise DataError(
            f"{shards.folder / 'data'}: column {spec.units!r} tells several units of a code:\n" + "\n".join(said) + "\n"
            "Give each unit a code of its own, as in LAB//50813//mmol/L."
        )


def read_events(session: Session, shards: Shards, spec: MedsSpec, later: bool) -> None:
    """Table ``event``: ``subject_id, time, known, part, x, file, row`` of the rows asked for.

    Those of subjects without the index event are left out. So are, unless ``later``, the numbers and notes of after the
    decision, which no cohort reads: in a hospital's records most rows are.

    ``known`` is the time from when a row could be read: that of its event, or of its storing where that is later. Of
    a note it is what its part says, and missing where that is missing.
    """
    stored = "time" if spec.stored is None else f"greatest({TIME}, {quoted_name(spec.stored)})"
    written = "".join(
        f" when part = 'notes.{name}' then {_written(part.written)} + {hours(part.delay_hours)}"
        for name, part in spec.notes.items()
    )
    session.run(
        f"""
        create temp table began as select subject_id, min(time) + {hours(spec.index.hours_after)} as t0
        from {source(shards)} semi join (from wanted where part = 'index') using (code)
        where time is not null group by subject_id""",
        f"{STEP}: index events",
    )
    # Read before t0 by its time it may still have been stored after it; `known` decides on that later.
    asked = "" if later else "where not early or time is null or time <= t0"
    session.run(
        f"""
        create temp table event as
        select subject_id, time, case{written} else {stored} end as known, part,
            numeric_value::double * times + plus as x, filename as file, file_row_number as row
        from {source(shards, places=True)} join wanted using (code) join began using (subject_id) {asked}""",
        f"{STEP}: reading rows",
    )


def texts_read(session: Session, shards: Shards) -> pd.DataFrame:
    """The notes of table ``chosen`` (``subject_id, known, file, row``), joined in order of time: ``id, text``."""
    codes = "code in (select code from wanted where starts_with(part, 'notes.'))"
    joined = f"""
        select subject_id as id,
            string_agg(text_value, chr(10) || chr(10) order by known, chosen.file, chosen.row) as text
        from (select filename as file, file_row_number as row, text_value from {source(shards, places=True)}
            where {codes} and text_value is not null) as written
        join chosen on written.file = chosen.file and written.row = chosen.row
        group by subject_id"""
    return session.frame(joined, f"{STEP}: notes")


def hours(number: float) -> str:
    """SQL for a length of time."""
    return f"to_seconds({float(number) * 3600!r})"


def quoted_name(column: str) -> str:
    """A column as SQL writes it."""
    return '"' + column.replace('"', '""') + '"'


def _written(column: str) -> str:
    return (
        TIME
        if column == TIME
        else f"(case when {quoted_name(column)} is not null then greatest({TIME}, {quoted_name(column)}) end)"
    )


def _faults(part: str, code, meant: pd.Series, n: int, spec: MedsSpec) -> list[str]:
    if len(meant) == n and n > 1:
        return [f"{part}: {code.code!r} matches every code; write more of how the codes begin"]
    name = part.removeprefix("covariates.")
    measured = part.startswith("covariates.") and spec.covariates[name].take == "last"
    if measured and code.pattern and len(meant) > 1 and meant.str.rpartition("//")[2].nunique() > 1:
        return [
            f"{part}: {code.code!r} matches {len(meant)} codes with different endings, which tell units; name each, "
            f"with `times` and `plus` where its unit is another"
        ]
    return []
