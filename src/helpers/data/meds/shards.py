"""The shards of a MEDS folder, checked for what the standard promises; no message shows a record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.data.meds.spec import TIME
from helpers.privacy.errors import DataError, no_data_in_errors

OPTIONAL = ("numeric_value", "text_value")  # a shard may lack them; its rows then have no value
STRINGS = (pa.string(), pa.large_string())
COLUMN_RULES = {
    "subject_id": ("int64", lambda kind: kind == pa.int64()),
    TIME: ("timestamp[us] without a time zone", lambda kind: kind == pa.timestamp("us")),
    "code": ("string", lambda kind: kind in STRINGS or (pa.types.is_dictionary(kind) and kind.value_type in STRINGS)),
    "numeric_value": ("float32", lambda kind: kind in (pa.float32(), pa.float64())),
    "text_value": ("large_string", lambda kind: kind in STRINGS),
}


@dataclass(frozen=True)
class Shards:
    """The files of a folder in order, and how many rows and subjects they hold."""

    folder: Path
    files: tuple[Path, ...]
    rows: int
    subjects: int


def find_shards(folder: Path) -> tuple[Path, ...]:
    """The files of ``data/``, in order of their names.

    Raises
    ------
    DataError
        No such folder, none of the standard, or a number is missing among the shards of a split.
    """
    if not folder.is_dir():
        raise DataError(f"meds_path = {str(folder)!r} is no folder; name the one that holds data/ and metadata/.")
    files = tuple(sorted((folder / "data").rglob("*.parquet")))
    if not files:
        raise DataError(f"{folder}: holds no data/**/*.parquet; name the folder that holds data/ and metadata/.")
    for parent in sorted({file.parent for file in files}):
        numbers = sorted(int(f.stem) for f in files if f.parent == parent and f.stem.isdigit())
        if gaps := sorted(set(range(numbers[-1] + 1 if numbers else 0)) - set(numbers)):
            listed = ", ".join(f"{n}.parquet" for n in gaps[:5])
            raise DataError(f"{parent}: shards are missing ({listed}); copy the folder again, as a whole.")
    return files


def check_heads(files: tuple[Path, ...], extra: list[str], units: str | None = None) -> None:
    """Refuse shards whose columns are not those of the standard, or lack a column that ``meds.yml`` names.

    Raises
    ------
    DataError
        Names file, column, type found and type wanted.
    """
    seen: set[str] = set()
    for file in files:
        with no_data_in_errors(f"{file}: opening"):
            found = {field.name: field.type for field in pq.read_schema(file)}
        for name, (wanted, right) in COLUMN_RULES.items():
            if name not in found and name not in OPTIONAL:
                raise DataError(f"{file}: column {name!r} is missing; the standard has it in every shard.")
            if name in found and not right(found[name]):
                raise DataError(f"{file}: column {name!r} is {found[name]}, must be {wanted}. {_remedy(found[name])}")
        for name in extra:
            if name not in found or not pa.types.is_timestamp(found[name]) or found[name].tz:
                raise DataError(
                    f"{file}: column {name!r}, which meds.yml names for the time of storing, is "
                    f"{found.get(name, 'missing')}; it must be a timestamp without a time zone."
                )
        if units is not None and found.get(units) not in STRINGS:
            raise DataError(f"{file}: column {units!r}, which meds.yml names for units, is no column of strings.")
        seen |= set(found)
    for name in sorted(set(OPTIONAL) - seen):
        what = "notes" if name == "text_value" else "numbers"
        raise DataError(f"{files[0].parent}: no shard has the column {name!r}; without it there are no {what} to read.")


def check_metadata(folder: Path) -> np.ndarray | None:
    """The subjects of ``subject_splits.parquet``, if it is there, sorted.

    Raises
    ------
    DataError
        ``dataset.json`` is missing or no JSON; a subject stands in two splits.
    """
    described = folder / "metadata" / "dataset.json"
    with no_data_in_errors(f"{described}: reading"):
        if not described.is_file():
            raise DataError(f"{described}: is missing; every MEDS folder has it.")
        if not isinstance(json.loads(described.read_text(encoding="utf-8")), dict):
            raise DataError(f"{described}: must be one JSON object; write the folder again.")
    splits = folder / "metadata" / "subject_splits.parquet"
    if not splits.is_file():
        return None
    with no_data_in_errors(f"{splits}: reading"):
        ids = np.sort(pq.read_table(splits, columns=["subject_id"])["subject_id"].to_numpy())
    if twice := int((np.diff(ids) == 0).sum()):
        raise DataError(f"{splits}: {twice:,} subjects stand in it more than once; a subject has one split.")
    return ids


def check_sorted(folder: Path, files: tuple[Path, ...], listed: np.ndarray | None) -> Shards:
    """Rows and subjects, if those of a subject stand together in one shard and in order of time.

    Two columns are read, a row group at a time.

    Raises
    ------
    DataError
        Counts what breaks the rule, and names the file.
    """
    runs, rows = [], 0
    for file in files:
        with no_data_in_errors(f"{file}: reading its order"):
            found, n = _runs_of(file)
        runs.append(found)
        rows += n
    subjects = np.sort(np.concatenate(runs)) if runs else np.empty(0, np.int64)
    if apart := int((np.diff(subjects) == 0).sum()):
        raise DataError(
            f"{folder / 'data'}: {apart:,} subjects stand in two shards, or in two places of one; the standard keeps "
            f"the rows of a subject together. Write the shards again, sorted by subject_id and time."
        )
    if listed is not None and (lost := len(np.setdiff1d(listed, subjects))) > len(listed) // 2:
        raise DataError(
            f"{folder}: {lost:,} of {len(listed):,} subjects of metadata/subject_splits.parquet have no row in data/; "
            f"shards are missing. Copy the whole folder again."
        )
    if listed is not None and (strange := len(np.setdiff1d(subjects, listed))):
        raise DataError(
            f"{folder}: {strange:,} of {len(subjects):,} subjects in data/ are not in metadata/subject_splits.parquet; "
            f"do not mix files of two folders."
        )
    return Shards(folder, files, rows, len(subjects))


def _runs_of(file: Path) -> tuple[np.ndarray, int]:
    """The subjects of a shard in order, once for each unbroken run, and its number of rows."""
    runs, rows, last, fallen = [], 0, None, 0
    parquet = pq.ParquetFile(file)
    for batch in parquet.iter_batches(columns=["subject_id", TIME], batch_size=1 << 20):
        if batch.column(0).null_count:
            raise DataError(f"{file}: {batch.column(0).null_count:,} rows have no subject_id; every row has one.")
        ids = batch.column(0).to_numpy()
        times = batch.column(1).cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
        if last is not None:
            ids, times = np.r_[last[0], ids], np.r_[last[1], times]
        same = ids[1:] == ids[:-1]
        fallen += int((same & (times[1:] < times[:-1])).sum())
        runs.append(ids[1:][~same] if last is not None else ids[np.r_[True, ~same]])
        rows, last = rows + batch.num_rows, (ids[-1], times[-1]) if len(ids) else last
    if fallen:
        raise DataError(
            f"{file}: {fallen:,} rows are earlier than the row before them of the same subject; the standard sorts "
            f"them by time, rows without a time first. Sort the shard."
        )
    return (np.concatenate(runs) if runs else np.empty(0, np.int64)), rows


def _remedy(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind) and kind.tz:
        return "Turn all times into those of the hospital's clock and drop the zone."
    return "Cast the column, as DataSchema.align of the package meds does."
