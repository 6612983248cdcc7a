"""Whether a gzip file is whole: DuckDB looks neither at its check sum nor at its length."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from helpers.data.mimic.reader import AGAIN, Source
from helpers.privacy.errors import DataError

GZIP_BLOCK = 1 << 20


@contextmanager
def only_whole(source: Source) -> Iterator[None]:
    """Read a compressed file through beside the block, in bounded memory; the block's work counts only if it is whole.

    Raises
    ------
    DataError
        The file is cut short, or its check sum or length is wrong; also in place of a :class:`DataError` of the block,
        of which the damage is then the cause.
    """
    if source.path.suffix.lower() != ".gz":
        yield
        return
    stop, failed = Event(), None
    with ThreadPoolExecutor(1) as pool:
        whole = pool.submit(is_whole, source.path, stop)
        try:
            try:
                yield
            except DataError as error:
                failed = error
            if not whole.result():
                raise not_whole(source) from None
        finally:
            stop.set()
    if failed is not None:
        raise failed


def is_whole(path: Path, stop: Event) -> bool:
    """Whether a gzip file can be read to its end and agrees with its check sums; broken off at ``stop``."""
    try:
        with gzip.open(path, "rb") as file:
            while not stop.is_set() and file.read(GZIP_BLOCK):
                pass
    except (EOFError, OSError, zlib.error):
        return False
    return True


def not_whole(source: Source) -> DataError:
    """The error for a gzip file that is damaged."""
    return DataError(f"{source.table}: {source.path.name} is no whole gzip file (length or check sum). {AGAIN}")
