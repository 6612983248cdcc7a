"""Keeping records out of error messages and out of the repository.

DuckDB, pandas and pyarrow quote the value they choke on, which may be a clinical note. Every step that reads records
runs inside :func:`no_data_in_errors`; every folder that holds them passes :func:`outside_work_tree` first.
"""

from __future__ import annotations

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


class MissingFile(DataError, FileNotFoundError):
    """A file or model is not there; the message names it and the remedy."""


@contextmanager
def no_data_in_errors(what: str) -> Iterator[None]:
    """Replace any error of the block by a :class:`DataError` that names ``what`` and the kind of error only.

    The first error is emptied as well: its message, traceback and chain could otherwise be found by tools that follow
    ``__context__`` or print local variables. A :class:`DataError` passes as it is, and so does scikit-learn's word that
    a model is not fitted; what they were said about is emptied. Warnings and interruptions are not touched.

    Parameters
    ----------
    what : str
        What was being done, without any value of a record, such as ``"NOTEEVENTS: reading"``.
    """
    try:
        yield
    except Exception as error:
        if not _harmless(error):
            raise safe(error, what) from None
        _scrub_behind(error)
        raise


def safe(error: Exception, what: str) -> DataError:
    """The error to raise in place of another one, which is emptied; see :func:`no_data_in_errors`."""
    kind = next((k.__name__ for k in type(error).__mro__ if k.__name__ in REMEDIES), None)
    message = f"{what}: {type(error).__name__}. Its message is withheld, since it may quote a record."
    _scrub(error)
    return DataError(f"{message} {REMEDIES.get(kind, '')}".strip())


def _harmless(error: BaseException) -> bool:
    return isinstance(error, DataError) or type(error).__name__ == "NotFittedError"


def _scrub_behind(error: BaseException) -> None:
    for earlier in (error.__cause__, error.__context__):
        if earlier is not None:
            (_scrub_behind if _harmless(earlier) else _scrub)(earlier)


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
