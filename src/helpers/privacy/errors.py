"""Keeping records out of error messages and out of the repository.

DuckDB, pandas and pyarrow quote the value they choke on, which may be a clinical note. Every step that reads records
runs inside :func:`no_data_in_errors`; every folder that holds them passes :func:`outside_work_tree` first.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from contextlib import contextmanager

REMEDIES = {
    "OutOfMemoryException": "Pass a larger `memory`, or close other programs.",
    "MemoryError": "Close other programs, or use a machine with more memory.",
    "IOException": "Check that the disk is not full and the file can be read.",
    "OSError": "Check that the disk is not full and the file can be read.",
    "UnicodeDecodeError": "The file is not UTF-8; convert it first.",
    "EOFError": "The file is cut short; copy or write it again.",
    "BadGzipFile": "It is no gzip file, or a damaged one; copy it again, or take .gz off its name.",
    "error": "The compressed file is damaged; copy it again.",  # zlib's
    "ArrowInvalid": "It is no Parquet file, or a damaged one; copy or write it again.",
    "EmptyDataError": "The file is empty; write it again.",
    "ParserError": "Its rows do not fit its head: check separator and quotes, and that the file is whole.",
    "IsADirectoryError": "It is a folder; name the file.",
    "PermissionError": "You may not read it; ask its owner.",
}


class DataError(ValueError):
    """An error about records whose message is known to quote none of them."""


@contextmanager
def no_data_in_errors(what: str) -> Iterator[None]:
    """Replace any error of the block by a :class:`DataError` that names ``what`` and the kind of error only.

    The first error is emptied as well: its message, traceback and chain could otherwise be found by tools that follow
    ``__context__`` or print local variables. A :class:`DataError` passes as it is.

    Parameters
    ----------
    what : str
        What was being done, without any value of a record, such as ``"NOTEEVENTS: reading"``.
    """
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        raise safe(error, what) from None


def safe(error: Exception, what: str) -> DataError:
    """The error to raise in place of another one, which is emptied; see :func:`no_data_in_errors`."""
    kind = next((k.__name__ for k in type(error).__mro__ if k.__name__ in REMEDIES), None)
    message = f"{what}: {type(error).__name__}. Its message is withheld, since it may quote a record."
    _scrub(error)
    return DataError(f"{message} {REMEDIES.get(kind, '')}".strip())


@contextmanager
def only_own_words(what: str) -> Iterator[None]:
    """As :func:`no_data_in_errors`, but errors that this package words itself pass: they are known to quote no record.

    For steps whose own messages matter (a missing model, a note that is no string) and which hand records to libraries.
    Warnings and interruptions are not touched.

    Parameters
    ----------
    what : str
        What was being done, without any value of a record.
    """
    try:
        yield
    except Exception as error:
        if own_words(error):
            for earlier in (error.__cause__, error.__context__):
                if earlier is not None and not own_words(earlier):
                    _scrub(earlier)
            raise
        with no_data_in_errors(what):
            raise


def own_words(error: BaseException) -> bool:
    """Whether a ``raise`` statement of this package (or scikit-learn's word that a model is not fitted) made it.

    The line must be a ``raise``: ``int(text)`` fails inside our function too, with a message that quotes the text.
    """
    if isinstance(error, DataError) or type(error).__name__ == "NotFittedError":
        return True
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None or not place.tb_frame.f_globals.get("__name__", "").startswith("helpers."):
        return False
    line = linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno)
    return line.strip().startswith("raise ")


def _scrub(error: BaseException) -> None:
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        following = error.__cause__ or error.__context__
        error.args, error.__traceback__ = (), None
        error.__dict__.clear()
        if isinstance(error, UnicodeDecodeError | UnicodeEncodeError):
            error.object, error.reason = (b"", "") if isinstance(error, UnicodeDecodeError) else ("", "")
        error.__cause__ = error.__context__ = None
        error = following
