"""Notes of a folder or table, one after the other, in little memory: for a search, never for show."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from helpers.privacy.errors import DataError, no_data_in_errors

MEDS_TEXT = "text_value"
NOTE_TABLES = ("noteevents.csv.gz", "noteevents.csv", "noteevents.parquet")
NOTE_ENDINGS = (".csv", ".csv.gz", ".parquet")
PIECE = 1 << 24  # bytes of a table that are read at once; no note is longer


def stream_notes(path: str | Path, column: str = "text", progress: bool = False) -> Iterator[bytes]:
    """The notes of a table, as bytes and in its order; missing ones are left out.

    Parameters
    ----------
    path : path
        A folder with NOTEEVENTS, a folder of MEDS, or a table: comma separated (also compressed) or Parquet.
    column : str
        Its column with the notes, in any case.
    progress : bool
        Show a bar over the bytes read.

    Raises
    ------
    DataError
        There is no such table or column, or it cannot be read; nothing of it is shown.
    """
    shards = _meds_shards(Path(path).expanduser())
    column = MEDS_TEXT if shards else column
    for table in shards or [_table(Path(path).expanduser())]:
        with no_data_in_errors(f"{table.name}: reading notes"):
            reader = _parquet_batches if table.suffix == ".parquet" else _csv_batches
            for batch in reader(table, column, progress):
                yield from (note for note in batch.to_pylist() if note)


def _meds_shards(path: Path) -> list[Path]:
    """The shards of a folder of MEDS, whose notes stand in ``text_value``; none if it is no such folder."""
    return sorted((path / "data").rglob("*.parquet")) if (path / "metadata").is_dir() else []


def _table(path: Path) -> Path:
    if path.is_file() and path.name.lower().endswith(NOTE_ENDINGS):
        return path
    inside = {p.name.lower(): p for p in path.iterdir()} if path.is_dir() else {}
    found = next((inside[name] for name in NOTE_TABLES if name in inside), None)
    if found is None:
        raise DataError(
            f"notes = {str(path)!r}: neither a table ({', '.join(NOTE_ENDINGS)}) nor a folder with NOTEEVENTS in one "
            f"of these forms; name the folder of your MIMIC-III tables or of MEDS, or your own table of notes."
        )
    return found


def _named(columns: list[str], column: str, table: Path) -> str:
    found = [c for c in columns if c.lower() == column.lower()]
    if len(found) != 1:
        raise DataError(f"{table.name}: has {len(found)} columns named {column!r}; name the column of the notes.")
    return found[0]


def _parquet_batches(table: Path, column: str, progress: bool):
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as file:
        name = _named(file.schema_arrow.names, column, table)
        for batch in file.iter_batches(batch_size=2_000, columns=[name]):
            yield batch.column(0).cast(pa.binary())


def _csv_batches(table: Path, column: str, progress: bool):
    import gzip

    import pyarrow as pa
    from pyarrow import csv
    from tqdm.auto import tqdm

    size = table.stat().st_size
    with open(table, "rb") as raw, tqdm.wrapattr(raw, "read", size, desc="notes", disable=not progress) as seen:
        plain = gzip.GzipFile(fileobj=seen) if table.suffix == ".gz" else seen
        columns = _names(plain.readline())
        name = _named(columns, column, table)
        # As bytes, since a few notes are not UTF-8.
        convert = csv.ConvertOptions(include_columns=[name], column_types={name: pa.binary()})
        options = csv.ReadOptions(block_size=PIECE, column_names=columns)
        for batch in csv.open_csv(plain, options, csv.ParseOptions(newlines_in_values=True), convert):
            yield batch.column(0)


def _names(line: bytes) -> list[str]:
    import csv

    return next(csv.reader(io.StringIO(line.decode("utf-8-sig", "replace"))))
