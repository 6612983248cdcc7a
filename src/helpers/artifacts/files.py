"""Reading and writing one artifact: whole or not at all, and checked on the way in."""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import io
import json
import os
import secrets
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.privacy.errors import DataError

NO_SPACE, NO_LEAVE = (errno.ENOSPC, errno.EDQUOT), (errno.EROFS, errno.EACCES, errno.EPERM)
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600  # vectors of notes tell much about the notes: for their owner only


class DiskError(DataError, OSError):
    """A file cannot be read or written; the message names place and remedy, and quotes no record."""


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """What the disk says about a file, or its folder, as one message with a remedy; other errors pass."""
    try:
        yield
    except OSError as error:
        ours = error.filename is None or path.is_relative_to(Path(error.filename).parent)
        said = _said(error, path) if ours and error.errno else ""
        if not said:
            raise
    else:
        return
    raise DiskError(said)


def _said(error: OSError, path: Path) -> str:
    if isinstance(error, IsADirectoryError | NotADirectoryError | FileExistsError):
        blocked = next((p for p in path.parents if p.exists() and not p.is_dir()), path)
        what = "is a folder where a file belongs" if blocked.is_dir() else "lies where a folder belongs"
        return f"{blocked}: {what}; remove it, and call again."
    if error.errno not in (*NO_SPACE, *NO_LEAVE):
        return ""
    what = "no space is left on its disk; free some" if error.errno in NO_SPACE else "it is closed to you; open it"
    return (
        f"{path.parent}: {what}, or name a folder elsewhere (WHO_TO_TREAT_CACHE for the cache, WHO_TO_TREAT_RUNS for "
        f"the runs). What was finished before is kept."
    )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` to write to; renamed to it on success, removed on failure."""
    temporary = _temporary(path)
    with plain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """A folder beside ``path`` that gets its name when all of it is written; nothing stays behind if that fails.

    Raises
    ------
    FileExistsError
        The folder is there already.
    """
    path = Path(path).expanduser().absolute()
    if path.exists():
        raise FileExistsError(f"{path}: is there already; name a new folder, or remove this one.")
    temporary = _temporary(path)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def read(path: Path, warn: bool = False):
    """The artifact, or None if it is missing, half written or damaged."""
    sidecar = path.with_suffix(".json")
    try:
        with plain_errors(path):
            content, note = path.read_bytes(), sidecar.read_bytes()
    except FileNotFoundError:
        return None
    try:
        if json.loads(note)["sha256"] != hashlib.sha256(content).hexdigest():
            raise ValueError("content differs from its digest")
        return _decode(path.suffix, content)
    except (ValueError, KeyError, TypeError, OSError) as error:
        if warn:
            warnings.warn(f"{path}: damaged ({type(error).__name__}); discarded and made again.", stacklevel=4)
        return None


def write(path: Path, key: dict, value) -> None:
    content = _encode(path.suffix, value)
    note = {
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "package_version": importlib.metadata.version("who-to-treat"),
    }
    for target, saved in ((path, content), (path.with_suffix(".json"), json.dumps(note, indent=1).encode())):
        write_private(target, saved)


def write_private(path: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    """Write a file that its owner alone can read, whole or not at all; a missing folder is made for its owner alone."""
    with plain_errors(path):
        private_folder(path.parent)
    with replacing(path) as temporary:
        temporary.touch(PRIVATE_FILE)
        temporary.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def private_folder(path: Path) -> Path:
    """The folder, made with its missing parents for their owner alone; folders that are there stay as they are."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return path


def digest_checked(value, suffix: str, name: str):
    wanted = np.ndarray if suffix == ".npy" else pd.DataFrame
    if not isinstance(value, wanted):
        raise TypeError(f"{name}: make() returned {type(value).__name__}; a {wanted.__name__} is needed.")
    if suffix == ".npy" and value.dtype.hasobject:
        raise TypeError(f"{name}: make() returned an array of objects; convert it to numbers, or use Store.frame.")
    return value


def _encode(suffix: str, value) -> bytes:
    buffer = io.BytesIO()
    if suffix == ".npy":
        np.save(buffer, value, allow_pickle=False)
        return buffer.getvalue()
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Parquet keeps neither unused levels nor levels that are not strings: they travel as metadata.
    levels = {c: _levels(s) for c, s in value.items() if isinstance(s.dtype, pd.CategoricalDtype)}
    try:
        table = pa.Table.from_pandas(value)
    except (pa.ArrowException, ValueError, TypeError) as error:  # its message quotes the value
        fault = type(error).__name__
    else:
        fault = ""
    if fault:
        raise TypeError(f"a frame cannot be kept ({fault}): a column mixes kinds of values; give each column one kind.")
    extra = {b"helpers.categories": json.dumps(levels).encode()}
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **extra}), buffer)
    return buffer.getvalue()


def _levels(series: pd.Series) -> list:
    return [np.asarray(series.cat.categories).tolist(), str(series.cat.categories.dtype), bool(series.cat.ordered)]


def _decode(suffix: str, content: bytes):
    if suffix == ".npy":
        return np.load(io.BytesIO(content), allow_pickle=False)
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    frame = table.to_pandas()
    for column, (levels, dtype, ordered) in json.loads(table.schema.metadata[b"helpers.categories"]).items():
        kind = pd.CategoricalDtype(pd.Index(levels, dtype=dtype), ordered=ordered)
        if frame[column].dtype != kind:
            frame[column] = frame[column].astype(kind)
    return frame
