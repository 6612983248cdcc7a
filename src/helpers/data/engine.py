"""One door to DuckDB: every statement goes through it, and no error of it quotes a record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from helpers.privacy.errors import no_data_in_errors

MOST_THREADS = 8  # each holds buffers of its own, so that more of them need more memory


class Session:
    """A DuckDB connection in memory over Parquet files, with a memory limit and a private folder to spill to.

    Parameters
    ----------
    tables : dict of str to path
        Views to make: name to Parquet file.
    memory : str
        Limit, such as ``"4GB"``; what does not fit is spilled to disk.
    spill : path
        Folder for what is spilled.
    """

    def __init__(self, tables: dict[str, Path], memory: str, spill: Path) -> None:
        import duckdb

        with no_data_in_errors("opening DuckDB"):
            # Without extensions nothing is fetched from the network.
            settings = {"memory_limit": memory, "temp_directory": str(spill), "preserve_insertion_order": "false"}
            settings["threads"] = str(min(os.cpu_count() or 1, MOST_THREADS))
            offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
            self.connection = duckdb.connect(config={**settings, **offline})
            try:
                self.connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
            except duckdb.InvalidInputException:  # a notebook without ipywidgets: bars then move table by table
                pass
        for name, path in tables.items():
            self.run(f"create view {name.lower()} as select * from read_parquet({quoted(path)})", f"{name}: opening")

    def __repr__(self) -> str:
        return "Session()"

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error) -> None:
        self.connection.close()

    def run(self, sql: str, what: str) -> None:
        """Run a statement; ``what`` names the step in an error."""
        with no_data_in_errors(what):
            self.connection.execute(sql)

    def frame(self, sql: str, what: str) -> pd.DataFrame:
        """The result as a frame."""
        with no_data_in_errors(what):
            return self.connection.execute(sql).df()

    def batches(self, sql: str, what: str, rows: int = 10_000) -> Iterator[tuple[list, ...]]:
        """The result piece by piece: a list for each column."""
        with no_data_in_errors(what):
            self.connection.execute(sql)
            while piece := self.connection.fetchmany(rows):
                yield tuple(list(column) for column in zip(*piece, strict=True))


def quoted(path: str | Path) -> str:
    """A path as a SQL string."""
    return "'" + str(path).replace("'", "''") + "'"
