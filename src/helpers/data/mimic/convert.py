"""One table to a slim Parquet file: only what the cohorts need, whole or not at all."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

from tqdm.auto import tqdm

from helpers.artifacts.code import code_of
from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.data.engine import Session, quoted
from helpers.data.mimic import sidecar
from helpers.data.mimic.compressed import not_whole, only_whole
from helpers.data.mimic.reader import AGAIN, Release, Source
from helpers.data.mimic.tables import TABLES
from helpers.privacy.errors import DataError, no_data_in_errors, safe

POLL_SECONDS = 0.2


def converted_name(source: Source) -> str:
    """File name of the conversion; it changes with the file's content, with what is kept of it and with the code."""
    made = digest(content_of(source.path), TABLES[source.table], code_of(__name__))
    return f"{source.table}-{made[:20]}.parquet"


def convert(source: Source, folder: Path, memory: str, release: Release | None, bar: tqdm) -> sidecar.Contents:
    """Convert a table, unless that was done before; one that is found counts only if it is what was written.

    Parameters
    ----------
    release : Release or None
        Expected rows; None: not known yet.
    bar : tqdm
        Moved on by the bytes of the source file.

    Returns
    -------
    Contents
        Its rows, and what was kept of them.
    """
    target = folder / converted_name(source)
    found = sidecar.read_sidecar(target)
    if found is None:
        bar.set_description(source.table)
        return _make(source, target, memory, release, bar)
    bar.update(source.path.stat().st_size)
    _check(release, source, found.rows)
    return found


def _make(source: Source, target: Path, memory: str, release: Release | None, bar: tqdm) -> sidecar.Contents:
    folder = target.parent
    for left_by_a_killed_run in folder.glob(f".{source.table}-*.tmp"):
        left_by_a_killed_run.unlink()
    for place in (target, sidecar.beside(target)):
        sidecar.make_way(place)
    with replacing(target) as temporary:
        contents = _copy(source, temporary, memory, folder, bar)
        _check(release, source, contents.rows)
        os.chmod(temporary, 0o600)
        sidecar.write_sidecar(sidecar.beside(target), contents)
    for old in folder.glob(f"{source.table}-*"):
        if old.stem != target.stem and old.is_file():
            old.unlink()
    return contents


def _check(release: Release | None, source: Source, rows: int) -> None:
    if release is not None:
        release.check(source.table, rows)


def _copy(source: Source, target: Path, memory: str, spill: Path, bar: tqdm) -> sidecar.Contents:
    table = TABLES[source.table]
    # The sequence counts every row of the file in the same pass; `case` keeps the filter from running before it.
    kept = f"case when nextval('rows') > 0 then {table.where} end"
    columns = ", ".join(f"{name} as {name.lower()}" for name in table.columns)
    select = f"select {columns} from {_csv(source)} where {kept}"
    form = f"format parquet, compression zstd, row_group_size {table.group}"
    with no_data_in_errors(f"{source.table}: reading {source.path.name}"), Session({}, memory, spill) as session:
        session.run("create sequence rows", "counting")
        with only_whole(source):
            _watched(session, f"copy ({select}) to {quoted(target)} ({form})", source, bar)
        counts = f"select nextval('rows') - 1, (select count(*) from read_parquet({quoted(target)}))"
        return sidecar.describe(target, *session.connection.execute(counts).fetchall()[0])


def _csv(source: Source) -> str:
    """SQL that reads the file; everything about its form is given, so that no note can sway the reader's guess."""
    types = {name: TABLES[source.table].columns.get(name, "VARCHAR") for name in source.header}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    options = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', comment = '', "
    # A parallel reader starts in the middle of the file too, where lines of a note may look like rows of the table.
    options += "nullstr = '', strict_mode = true, allow_quoted_nulls = false, parallel = false"
    return f"read_csv({quoted(source.path)}, columns = {{{listed}}}, {options})"


def _watched(session: Session, sql: str, source: Source, bar: tqdm) -> None:
    """Run a long statement in a thread, moving the bar; an interrupt stops it at once."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            session.connection.execute(sql)
        except Exception as error:
            raised.append(_explained(error, source))

    size, start = source.path.stat().st_size, bar.n
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            share = max(session.connection.query_progress(), 0) / 100
            bar.update(max(0, start + int(share * size) - bar.n))
    except BaseException:
        session.connection.interrupt()
        thread.join()
        raise
    if raised:
        raise raised.pop()
    bar.update(start + size - bar.n)


def _explained(error: Exception, source: Source) -> DataError:
    """What went wrong, from the parts of DuckDB's message that cannot hold a value of a record."""
    said, where = str(error), f"{source.table}: {source.path.name}"
    at = re.match(r"[\w ]+: CSV Error on Line: (\d+)\n", said)
    line = f" near line {int(at[1]):,}" if at else ""
    column = next((c for c in TABLES[source.table].columns if f'Error when converting column "{c}"' in said), None)
    if "GZIP" in said or "gzip" in said:
        return not_whole(source)
    if "not utf-8 encoded" in said:
        remedy = "it holds bytes of another encoding, such as Latin-1. Convert it: iconv -f latin1 -t utf-8"
        return DataError(f"{where}{line} is not UTF-8: {remedy}.")
    if column:
        kind = TABLES[source.table].columns[column]
        return DataError(f"{where}{line}: a value of {column} is no {kind}. The file was changed or is damaged.")
    if at:
        return DataError(f"{where}{line}: this is no row of the table (fields, quotes). {AGAIN}")
    return safe(error, f"{where}: reading")
