"""A user's own MIMIC-III folder, checked and converted once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from helpers.artifacts.digests import digest
from helpers.artifacts.store import Store, default_root
from helpers.data.engine import Session
from helpers.data.mimic.convert import convert, converted_name
from helpers.data.mimic.reader import Release, Source, find_sources, marked_release, release_by_patients
from helpers.data.mimic.sidecar import Contents, SidecarState
from helpers.data.mimic.tables import NEEDED, NOTES
from helpers.privacy.errors import DataError
from helpers.privacy.paths import outside_work_tree


@dataclass(frozen=True, repr=False)
class MimicFolder:
    """The converted tables of one copy of MIMIC-III; made by :func:`open_folder`.

    Attributes
    ----------
    release : str
        ``v1.4``, ``demo`` or ``synthetic``.
    rows : dict of str to int
        Rows of each table's source file.
    """

    release: str
    rows: dict[str, int]
    tables: dict[str, Path] = field()
    cache: Path = field()
    memory: str = "4GB"
    states: dict[str, SidecarState] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"MimicFolder({self.release}, tables={sorted(self.tables)})"

    @property
    def has_notes(self) -> bool:
        """Whether NOTEEVENTS holds a note that a cohort reads; the demo's placeholder is a header without a row."""
        return NOTES in self.tables

    @property
    def may_lack_notes(self) -> bool:
        """Whether notes are not to be expected: in the demo, and in a generated folder with an empty NOTEEVENTS."""
        return self.release == "demo" or (self.release == "synthetic" and NOTES in self.rows and not self.has_notes)

    def require(self, kind: str, notes: bool) -> None:
        """Refuse if a table the cohort ``kind`` needs is not there."""
        missing = [t for t in NEEDED[kind] + ((NOTES,) if notes else ()) if t not in self.tables]
        if missing == [NOTES] and NOTES in self.rows:
            raise DataError(
                f"cohort {kind!r} needs notes, and NOTEEVENTS holds none that a cohort reads. Pass notes='optional' to "
                f"go on with empty texts."
            )
        if missing:
            hint = " Pass notes='optional' to go on with empty texts." if missing == [NOTES] else ""
            raise DataError(f"cohort {kind!r} needs {', '.join(missing)}, not found in the folder.{hint}")

    def session(self) -> Session:
        """DuckDB with a view for each table, by its name.

        Raises
        ------
        DataError
            A converted table is no longer what it was when the folder was opened.
        """
        for name, path in self.tables.items():
            if name in self.states and not self.states[name].holds(path):
                raise DataError(f"{name}: its conversion in the cache was changed or removed; open the folder again.")
        return Session(self.tables, self.memory, self.cache)


def open_folder(
    path: str | Path, *, memory: str = "4GB", cache: str | Path | None = None, progress: bool = True
) -> MimicFolder:
    """Check a folder of MIMIC-III tables and convert it once to slim Parquet files.

    Tables are ``TABLE.csv`` or ``TABLE.csv.gz``, their columns found by name in any order and case. Each file is read
    once; a conversion that was broken off goes on with the tables not yet done. What is kept holds records: it lies in
    the user cache, readable by the user only.

    Parameters
    ----------
    path : path
        Folder of version 1.4, of the open demo, or of a generated copy with its marker ``mimic-synthetic.json``.
    memory : str
        Memory limit of DuckDB, a number with MB or GB.
    cache : path, optional
        Folder for the conversions; by default the user cache.
    progress : bool
        Show a progress bar over bytes.

    Returns
    -------
    MimicFolder

    Raises
    ------
    DataError
        Path or cache inside a git work tree; missing tables or columns; a damaged gzip file; a wrong number of rows;
        bytes that are not UTF-8. No message shows a record.
    """
    folder, root = _places(path, cache, memory)
    sources, marked = find_sources(folder), marked_release(folder)
    place = root / "mimic" / digest(str(folder.resolve()))[:20]
    for inner in (root / "mimic", place):
        if inner.exists() and not inner.is_dir():
            raise DataError(f"cache: {str(inner)!r} is a file where a folder belongs; move it away.")
        inner.mkdir(parents=True, exist_ok=True)
        inner.chmod(0o700)
    size = sum(s.path.stat().st_size for s in sources.values())
    bar = tqdm(total=size, unit="B", unit_scale=True, desc="MIMIC-III", disable=not progress)
    with Store(root).lock(f"mimic/{place.name}"), bar:
        release, made = _convert_all(sources, place, memory, marked, bar)
        tables = {n: place / converted_name(s) for n, s in sources.items() if n != NOTES or made[n].kept}
        states = {name: SidecarState.of(path, made[name]) for name, path in tables.items()}
    rows = {name: contents.rows for name, contents in made.items()}
    return MimicFolder(release.kind, rows, tables, place, memory, states)


def _places(path: str | Path, cache: str | Path | None, memory: str) -> tuple[Path, Path]:
    if not re.fullmatch(r"\d+(\.\d+)?\s*[MG]i?B", memory):
        raise DataError(f"memory = {memory!r}: must be a number with MB or GB, such as '4GB'.")
    root = default_root() if cache is None else Path(cache)
    return outside_work_tree(path, "path"), outside_work_tree(root, "cache")


def _convert_all(
    sources: dict[str, Source], place: Path, memory: str, release: Release | None, bar: tqdm
) -> tuple[Release, dict[str, Contents]]:
    """PATIENTS first: its rows tell the releases apart."""
    (first, patients), *rest = sources.items()
    made = {first: convert(patients, place, memory, release, bar)}
    release = release or release_by_patients(made[first].rows)
    made |= {name: convert(source, place, memory, release, bar) for name, source in rest}
    return release, made
