"""Digests of files by what they hold, not by their clocks: a file put back with an older time counts as changed."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from helpers.artifacts.digests import digest
from helpers.artifacts.files import write_private
from helpers.artifacts.store import default_root

LARGE = 10_000_000  # bytes; the digests of larger files are remembered from one process to the next
SETTLED_S = 2.0  # a file changed so short a time ago may change again within one tick of the clock
_SEEN: dict[Path, tuple[list[int], str]] = {}


def content_of(path: str | Path) -> str:
    """Digest of a file's content, or of all files below a folder with their names.

    The whole content counts, whatever the size. It is read again only if the file's inode, size, time of change or
    time of status change (which no program can set back) is another one; of large files the digest is remembered in
    the user's cache.

    Parameters
    ----------
    path : path
        Of a folder, hidden files and ``__pycache__`` do not count.

    Returns
    -------
    64 hexadecimal characters.

    Raises
    ------
    FileNotFoundError
        There is no such file or folder.
    """
    path = Path(path).expanduser().resolve()
    if not path.is_dir():
        return _of_file(path)
    files = sorted(p for p in path.rglob("*") if p.is_file() and not _passed_over(p.relative_to(path)))
    return digest([(p.relative_to(path).as_posix(), _of_file(p.resolve())) for p in files])


def _passed_over(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _of_file(path: Path) -> str:
    stat = path.stat()
    state = [stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    kept = default_root() / "contents" / f"{digest(str(path))}.json"
    seen = _SEEN.get(path) or (_remembered(kept) if stat.st_size >= LARGE else None)
    if seen is not None and seen[0] == state:
        return seen[1]
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time() - stat.st_ctime > SETTLED_S:
        _SEEN[path] = (state, found)
        if stat.st_size >= LARGE:
            _remember(kept, state, found)
    return found


def _remembered(kept: Path) -> tuple[list[int], str] | None:
    try:
        state, found = json.loads(kept.read_bytes())
        return state, str(found)
    except (OSError, ValueError, TypeError):
        return None


def _remember(kept: Path, state: list[int], found: str) -> None:
    """Best effort: a cache that is full or cannot be written only costs another reading."""
    try:
        write_private(kept, json.dumps([state, found]))
    except OSError:
        pass
