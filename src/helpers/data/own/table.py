"""A user's table turned into a cohort, strictly: every fault is named by column and count, never by value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.digests import digest
from helpers.data.cohort import Cohort, Roles
from helpers.data.own.decode import Decoder
from helpers.data.own.spec import FieldSpec, OwnSpec, load_spec
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.privacy.paths import outside_work_tree

LEAST_IN_AN_ARM = 11
MISSING_SUFFIX = "_missing"


def read_own(path: str | Path) -> Cohort:
    """Read the table that an ``own.yml`` describes.

    Parameters
    ----------
    path : path
        The ``own.yml``.

    Returns
    -------
    Cohort
        Columns ``id, text, T, Y``, ``time`` if there is one, the bedside columns and annotations under the names of
        the spec, and ``annotated``: False where every annotation is empty. ``Y`` is as the user has it; the cohort's
        roles carry its direction, and ``Cohort.Y`` is turned so that lower is better. A numeric column with
        ``missing: mark`` keeps NaN beside an indicator ``<name>_missing``; it is filled from training rows only.

    Raises
    ------
    FileNotFoundError
        No such spec or table.
    ValueError
        Faults of the spec or the table, all of them at once. No value of a record is shown.
    """
    path = Path(path).expanduser()
    spec = load_spec(path)
    raw = _read_strings(_table_path(path, spec), spec)
    found = Decoder(spec, raw)
    frame = _frame(spec, found)
    if found.faults:
        listed = "\n".join(f"  {fault}" for fault in found.faults)
        raise DataError(f"{path.parent / spec.table} does not keep to {path.name}:\n{listed}")
    return Cohort(frame, _roles(spec, frame), name=spec.title, process="given", tags=_tags(spec, frame))


def limited(cohort: Cohort, n: int, seed: int) -> Cohort:
    """At most ``n`` rows: whole patients in random order, the rows kept as they stand."""
    if len(cohort) <= n:
        return cohort
    patients, inverse, counts = np.unique(cohort.ids, return_inverse=True, return_counts=True)
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(patients),))).permutation(len(patients))
    chosen = np.zeros(len(patients), bool)
    chosen[order[np.cumsum(counts[order]) <= n]] = True
    kept = cohort.take(chosen[inverse])
    return replace(kept, tags={**cohort.tags, "rows_left_out": len(cohort) - len(kept)})


def table_fingerprint(path: str | Path) -> dict:
    """What a result depends on: the spec's content, and the table's size and time of change."""
    path = Path(path).expanduser()
    spec = load_spec(path)
    stat = _table_path(path, spec).stat()
    return {"spec": digest(spec.model_dump_json()), "bytes": stat.st_size, "changed": stat.st_mtime_ns}


def _table_path(path: Path, spec: OwnSpec) -> Path:
    table = path.parent / Path(spec.table).expanduser()
    if not table.is_file():
        raise FileNotFoundError(f"{path}: table = {spec.table!r}: no such file beside {path.name}; correct the path.")
    return table if spec.public else outside_work_tree(table, "table")


def _read_strings(table: Path, spec: OwnSpec) -> pd.DataFrame:
    """The wanted columns; of a CSV all strings."""
    parquet = table.suffix.lower() == ".parquet"
    with no_data_in_errors(f"{table}: reading"):
        if parquet:
            import pyarrow.parquet as pq

            names = list(pq.read_schema(table).names)
        else:
            options = {"sep": spec.separator, "encoding": spec.encoding, "dtype": str, "keep_default_na": False}
            names = pd.read_csv(table, header=None, nrows=1, **options).iloc[0].tolist()
    _check_names(table, names, spec)
    with no_data_in_errors(f"{table}: reading"):
        if parquet:
            return pd.read_parquet(table, columns=spec.columns())
        return pd.read_csv(table, usecols=spec.columns(), on_bad_lines="error", **options).fillna("")


def _check_names(table: Path, names: list[str], spec: OwnSpec) -> None:
    import difflib

    faults = []
    for column in spec.columns():
        if column not in names:
            close = difflib.get_close_matches(column, names, 1)
            faults.append(f"{column!r} is missing" + (f" (did you mean {close[0]!r}?)" if close else ""))
        elif names.count(column) > 1:
            faults.append(f"{column!r} occurs {names.count(column)} times")
    if faults:
        hint = "" if len(names) > 1 else f" The header has one field: is separator {spec.separator!r} right?"
        raise DataError(f"{table}: columns named in the spec: {'; '.join(faults)}.{hint}")


def _frame(spec: OwnSpec, found: Decoder) -> pd.DataFrame:
    """The typed frame; what is wrong goes to ``found.faults``."""
    columns = {"id": found.identifier(spec.id), "text": found.note(spec.text)}
    columns["T"] = found.binary(spec.treatment.column, "treatment", spec.treatment.treated, spec.treatment.untreated)
    columns["Y"] = found.outcome(spec.outcome)
    if spec.time is not None:
        columns["time"] = found.time(spec.time)
    annotated = found.annotated(spec.annotations)
    everywhere = np.ones(len(annotated), bool)
    for role, fields, rows in (("tabular", spec.tabular, everywhere), ("annotation", spec.annotations, annotated)):
        for name, field in fields.items():
            columns |= _with_mark(name, field, found.field(field.column or name, role, field, rows), rows)
    columns["annotated"] = annotated
    _check_arms(columns["T"], annotated, found.faults)
    return pd.DataFrame(columns)


def _with_mark(name: str, field: FieldSpec, values: pd.Series, rows: np.ndarray) -> dict[str, pd.Series]:
    marked = field.type == "numeric" and field.missing == "mark" and values[rows].isna().any()
    return {name: values, **({f"{name}{MISSING_SUFFIX}": (values.isna() & rows).astype(float)} if marked else {})}


def _check_arms(T: pd.Series, annotated: np.ndarray, faults: list[str]) -> None:
    counts = [int((T[annotated] == t).sum()) for t in (0, 1)]
    if min(counts) < LEAST_IN_AN_ARM and T.notna().all():
        faults.append(
            f"annotated records: fewer than {LEAST_IN_AN_ARM} of one treatment arm; effects cannot be learned from them"
        )


def _roles(spec: OwnSpec, frame: pd.DataFrame) -> Roles:
    def named(fields) -> tuple[str, ...]:
        return tuple(c for name in fields for c in (name, f"{name}{MISSING_SUFFIX}") if c in frame)

    return Roles(
        tabular=named(spec.tabular),
        annotations=named(spec.annotations),
        treatment="T",
        outcome="Y",
        lower_is_better=spec.outcome.better == "lower",
        annotated=None if frame["annotated"].all() else "annotated",
        time="time" if spec.time is not None else None,
    )


def _tags(spec: OwnSpec, frame: pd.DataFrame) -> dict:
    return {"dataset": "own", "style": "given", "seed": None, "public": spec.public, "outcome": spec.outcome.column}
