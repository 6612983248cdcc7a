"""What is known of a converted table, kept beside it: counts and digests, so that damage to either file is noticed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import warnings
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing


@dataclass(frozen=True)
class Contents:
    """Rows of the source file, rows kept of them, and size (bytes) and SHA-256 of the converted file."""

    rows: int
    kept: int
    size: int
    sha256: str

    def describes(self, path: Path) -> bool:
        """Whether the file is the one that was written, to the last bit."""
        return path.stat().st_size == self.size and _sha256(path) == self.sha256


@dataclass(frozen=True)
class SidecarState:
    """A converted file as it was last read_sidecar through: a file with the same stamps is not read_sidecar again."""

    contents: Contents
    stamps: tuple[int, ...]

    @classmethod
    def of(cls, path: Path, contents: Contents) -> SidecarState:
        """The state of a file that is known to be whole."""
        return cls(contents, _stamps(path))

    def holds(self, path: Path) -> bool:
        """Whether the file is still the same, by its stamps or else by its content."""
        try:
            return _stamps(path) == self.stamps or self.contents.describes(path)
        except OSError:
            return False


def beside(converted: Path) -> Path:
    """The sidecar's place."""
    return converted.with_suffix(".json")


def describe(converted: Path, rows: int, kept: int) -> Contents:
    """Contents of a file just written."""
    return Contents(rows, kept, converted.stat().st_size, _sha256(converted))


def write_sidecar(path: Path, contents: Contents) -> None:
    """Write a sidecar, with a digest of its own."""
    note = asdict(contents) | {"seal": _seal(contents)}
    with replacing(path) as temporary:
        temporary.touch(0o600)
        temporary.write_text(json.dumps(note), encoding="utf-8")


def read_sidecar(converted: Path) -> Contents | None:
    """Contents of a converted file if it and its sidecar are whole, else None: missing, or damaged, with a warning."""
    note = beside(converted)
    if not (converted.exists() and note.exists()):
        return None
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        contents = Contents(*(said[f.name] for f in fields(Contents)))
        if said["seal"] == _seal(contents) and contents.describes(converted):
            return contents
    except (OSError, ValueError, KeyError, TypeError):
        pass
    warnings.warn(f"{converted}: the conversion is damaged; it is made again.", stacklevel=3)
    return None


def make_way(path: Path) -> None:
    """Move a folder that lies where a file belongs out of the way; an empty one goes."""
    if path.is_dir() and not path.is_symlink():
        try:
            path.rmdir()
        except OSError:
            os.replace(path, path.with_name(f"aside-{secrets.token_hex(4)}-{path.name}"))


def _stamps(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(contents: Contents) -> str:
    return digest(asdict(contents))
