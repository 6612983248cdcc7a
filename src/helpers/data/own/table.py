"""A user's table turned into a cohort, strictly: every fault is named by column and count, never by value."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.data.cohort import Cohort, Roles
from helpers.data.columns import MISSING_SUFFIX
from helpers.data.own.decode import Decoder
from helpers.data.own.spec import FieldSpec, OwnSpec, load_spec
from helpers.data.tables import check_names, read_names, read_strings
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.privacy.paths import outside_work_tree

LEAST_IN_AN_ARM = 11  # patients


def read_own(path: str | Path, annotated: bool = True) -> Cohort:
    """Read the table that an ``own.yml`` describes.

    Parameters
    ----------
    path : path
        The ``own.yml``.
    annotated : bool
        Refuse a table of whose records too few are annotated to learn effects; False: annotation is yet to begin.

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
    raw = _read_cells(_table_path(path, spec), spec)
    with no_data_in_errors(f"{path.parent / spec.table}: understanding its columns"):
        found = Decoder(spec, raw)
        frame = _frame(spec, found, annotated)
    if found.faults:
        listed = "\n".join(f"  {fault}" for fault in found.faults)
        raise DataError(f"{path.parent / spec.table} does not keep to {path.name}:\n{listed}")
    for doubt in found.doubts:
        warnings.warn(f"{path.parent / spec.table}: {doubt}.", stacklevel=2)
    return Cohort(frame, _roles(spec, frame), name=spec.title, process="given", tags=_tags(spec, frame))


def own_cells(path: str | Path) -> pd.DataFrame:
    """All columns of the table that an ``own.yml`` describes, as they are written, in the order of :func:`read_own`."""
    path = Path(path).expanduser()
    spec = load_spec(path)
    table = _table_path(path, spec)
    with no_data_in_errors(f"{table}: reading"):
        if not _is_parquet(table):
            return read_strings(table, spec.separator, spec.encoding)
        import pyarrow.parquet as pq

        return pq.read_table(table).to_pandas(ignore_metadata=True)


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
    """What a result depends on: the content of the spec and of the table."""
    path = Path(path).expanduser()
    spec = load_spec(path)
    return {"spec": digest(spec.model_dump_json()), "table": content_of(_table_path(path, spec))}


def _table_path(path: Path, spec: OwnSpec) -> Path:
    table = path.parent / Path(spec.table).expanduser()
    if not table.is_file():
        raise FileNotFoundError(f"{path}: table = {spec.table!r}: no such file beside {path.name}; correct the path.")
    return table if spec.public else outside_work_tree(table, "table")


def check_own_table(path: str | Path) -> None:
    """Refuse a table that is not there or lacks a column, by its head alone; a thousandth of the work of reading it.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`read_own`.
    """
    path = Path(path).expanduser()
    spec = load_spec(path)
    table = _table_path(path, spec)
    with no_data_in_errors(f"{table}: reading"):
        if _is_parquet(table):
            check_names(table, _parquet_names(table), spec.columns())
        else:
            read_names(table, spec.separator, spec.encoding, spec.columns())


def _read_cells(table: Path, spec: OwnSpec) -> pd.DataFrame:
    """The wanted columns; of a CSV all strings."""
    with no_data_in_errors(f"{table}: reading"):
        if not _is_parquet(table):
            return read_strings(table, spec.separator, spec.encoding, spec.columns())
        import pyarrow.parquet as pq

        check_names(table, _parquet_names(table), spec.columns())
        return pq.read_table(table, columns=spec.columns()).to_pandas(ignore_metadata=True)


def _is_parquet(table: Path) -> bool:
    return table.suffix.lower() == ".parquet"


def _parquet_names(table: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.read_schema(table).names)


def _frame(spec: OwnSpec, found: Decoder, both_arms: bool) -> pd.DataFrame:
    """The typed frame; what is wrong goes to ``found.faults``."""
    columns = {"id": found.identifier(spec.id), "text": found.note(spec.text)}
    columns["T"] = found.binary(spec.treatment.column, "treatment", spec.treatment.words())
    columns["Y"] = found.outcome(spec.outcome)
    if spec.time is not None:
        columns["time"] = found.time(spec.time)
    annotated = found.annotated(spec.annotations)
    everywhere = np.ones(len(annotated), bool)
    for role, fields, rows in (("tabular", spec.tabular, everywhere), ("annotation", spec.annotations, annotated)):
        for name, field in fields.items():
            columns |= _with_mark(name, field, found.field(field.column or name, role, field, rows), rows)
    columns["annotated"] = annotated
    if both_arms:
        _check_arms(columns["id"], columns["T"], annotated, found.faults)
    return pd.DataFrame(columns)


def _with_mark(name: str, field: FieldSpec, values: pd.Series, rows: np.ndarray) -> dict[str, pd.Series]:
    marked = field.gets_mark and values[rows].isna().any()
    return {name: values, **({f"{name}{MISSING_SUFFIX}": (values.isna() & rows).astype(float)} if marked else {})}


def _check_arms(ids: pd.Series, T: pd.Series, annotated: np.ndarray, faults: list[str]) -> None:
    """Both arms among the annotated records, by patients: those of one patient tell little more than one of them."""
    if T.isna().any() or not len(T):
        return
    for arm, word in ((1, "treated"), (0, "untreated")):
        rows = annotated & (T == arm).to_numpy()
        patients = ids[rows].nunique()
        if patients < LEAST_IN_AN_ARM:
            faults.append(
                f"annotated records: the {int(rows.sum()):,} {word} ones belong to {patients} patients, fewer than "
                f"{LEAST_IN_AN_ARM}; effects cannot be learned from them. Add patients, or annotate more of this arm"
            )


def _roles(spec: OwnSpec, frame: pd.DataFrame) -> Roles:
    def named(fields: dict[str, FieldSpec]) -> tuple[str, ...]:
        pairs = [(name, f"{name}{MISSING_SUFFIX}") if field.gets_mark else (name,) for name, field in fields.items()]
        return tuple(c for pair in pairs for c in pair if c in frame)

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
