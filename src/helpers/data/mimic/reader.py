"""Finding the tables in a folder, by name and header; what is wrong is said without showing a record."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from helpers.data.mimic.tables import NEEDED, NOTES, TABLES
from helpers.privacy.errors import DataError

MADE_UP = "mimic-synthetic.json"
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Source:
    """A table's file and its column names in file order, upper case."""

    table: str
    path: Path
    header: tuple[str, ...]


def find_sources(folder: Path) -> dict[str, Source]:
    """The tables of a folder; ``TABLE.csv`` is taken before ``TABLE.csv.gz``, in any case of letters.

    Raises
    ------
    DataError
        No such folder; no table every cohort needs; a file whose header lacks a needed column.
    """
    if not folder.is_dir():
        raise DataError(f"path = {str(folder)!r} is no folder; name the one that holds PATIENTS.csv.gz and the others.")
    named: dict[str, list[Path]] = {}
    for file in sorted(folder.iterdir()):
        named.setdefault(file.name.upper(), []).append(file)
    found = {name: _file(name, named) for name in TABLES}
    sources = {name: Source(name, path, read_header(name, path)) for name, path in found.items() if path}
    absent = {kind: [t for t in (*tables, NOTES) if t not in sources] for kind, tables in NEEDED.items()}
    if any(t in lacking for t in ("PATIENTS", "ADMISSIONS") for lacking in absent.values()):
        said = "; ".join(f"{kind} lacks {', '.join(lacking)}" for kind, lacking in absent.items())
        raise DataError(
            f"path = {str(folder)!r}: tables are missing ({said}). Every cohort needs PATIENTS and ADMISSIONS; place "
            f"TABLE.csv or TABLE.csv.gz in the folder."
        )
    return sources


def _file(name: str, named: dict[str, list[Path]]) -> Path | None:
    for ending in (".CSV", ".CSV.GZ"):
        files = named.get(name + ending, [])
        if len(files) > 1:
            raise DataError(f"{name}: {len(files)} files of this name ({', '.join(f.name for f in files)}); keep one.")
        if files:
            return files[0]
    return None


def read_header(table: str, path: Path) -> tuple[str, ...]:
    """Column names, upper case, checked against what the cohorts need. The line itself is never shown."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            line = file.readline(LONGEST_HEADER)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{table}: {path.name} is no whole gzip file. {AGAIN}") from None
    except OSError as error:
        raise DataError(f"{table}: {path.name} cannot be opened ({type(error).__name__}).") from None
    names = [n.strip().upper() for n in next(csv.reader([line.decode("utf-8-sig", "replace")]), [])]
    missing = [c for c in TABLES[table].columns if c not in names]
    if missing:
        raise DataError(
            f"{table}: the header of {path.name} has {len(names)} names and lacks {', '.join(missing)}. The first line "
            f"must name the columns, in any order and case, with commas between."
        )
    repeated = sorted({c for c in TABLES[table].columns if names.count(c) > 1})
    if repeated:
        raise DataError(f"{table}: the header of {path.name} names {', '.join(repeated)} more than once.")
    return tuple(n if n in TABLES[table].columns else f"other_{i}" for i, n in enumerate(names))


AGAIN = "It is cut short or damaged: compare it with SHA256SUMS.txt and download it again."


@dataclass(frozen=True)
class Release:
    """Which copy a folder holds and how many rows each of its tables has; ``kind`` is v1.4, demo or synthetic."""

    kind: str
    rows: dict[str, int | None]

    def check(self, table: str, got: int) -> None:
        """Refuse a table with another number of rows; NOTEEVENTS without a row is a placeholder, as good as none."""
        if table == NOTES and got == 0:
            return
        wanted = self.rows.get(table)
        if wanted is None:
            raise DataError(f"{table}: the {self.kind} release has no such table; do not mix files of two releases.")
        if got != wanted:
            raise DataError(
                f"{table}: {got:,} rows, but the {self.kind} release has {wanted:,}. {AGAIN} "
                f"Do not mix files of two releases."
            )


PUBLISHED_RELEASE = Release("v1.4", {name: t.published for name, t in TABLES.items()})
DEMO = Release("demo", {name: t.demo for name, t in TABLES.items()})


def marked_release(folder: Path) -> Release | None:
    """The release of a generated folder, as its marker file says: ``{"rows": {"PATIENTS": 100, ...}}``."""
    marker = folder / MADE_UP
    if not marker.exists():
        return None
    try:
        rows = json.loads(marker.read_text(encoding="utf-8"))["rows"]
        return Release("synthetic", {str(name).upper(): int(n) for name, n in rows.items()})
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise DataError(
            f'{MADE_UP}: must hold {{"rows": {{"PATIENTS": 100, ...}}}}; generate the folder again.'
        ) from None


def release_by_patients(rows: int) -> Release:
    """v1.4 or the demo, by the number of patients."""
    for release in (PUBLISHED_RELEASE, DEMO):
        if rows == release.rows["PATIENTS"]:
            return release
    whole, demo = PUBLISHED_RELEASE.rows["PATIENTS"], DEMO.rows["PATIENTS"]
    raise DataError(f"PATIENTS: {rows:,} rows; v1.4 has {whole:,} and the demo {demo:,}. {AGAIN}")
