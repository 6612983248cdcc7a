"""The store: get an artifact by its key, or make it once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.digests import digest
from helpers.artifacts.files import digest_checked, plain_errors, private_folder, read, write
from helpers.privacy.paths import outside_work_tree

LONGEST_KEY_STRING = 500
CACHE = "cache (WHO_TO_TREAT_CACHE)"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")


def default_root() -> Path:
    """The cache folder: environment variable ``WHO_TO_TREAT_CACHE``, else the user's cache folder."""
    import platformdirs

    named = os.environ.get("WHO_TO_TREAT_CACHE")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("who-to-treat"))


class Store:
    """Arrays and frames on disk, each under the digest of its key.

    Parameters
    ----------
    root : path, optional
        Folder of the store, made when first written to; :func:`default_root` if None.
    allow_in_repo : bool
        A root inside a git work tree is refused unless True: what is made from credentialed records
        must not be committed by accident.

    Raises
    ------
    DataError
        If the root lies inside a git work tree, links followed.
    """

    def __init__(self, root: str | Path | None = None, allow_in_repo: bool = False) -> None:
        named = default_root() if root is None else root
        self.allow_in_repo = allow_in_repo
        self.root = Path(named).expanduser().absolute() if allow_in_repo else outside_work_tree(named, CACHE)

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    def array(self, name: str, key: Mapping, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of this key: read if it was made before, else made, saved and returned.

        Parameters
        ----------
        name : str
            Kind of artifact, a folder below the root.
        key : mapping
            Plain values that determine the array; strings of at most 500 characters, never record text.
            Put ``digest(x)`` into it for an array or a frame x, and ``code_of(__name__)`` for the code.
        make : callable
            Makes the array; called at most once over all processes. If it raises, nothing is kept.
        """
        return self._get(name, key, make, ".npy")

    def frame(self, name: str, key: Mapping, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The frame of this key, as :meth:`array`; kept as Parquet, dtypes and categories survive."""
        return self._get(name, key, make, ".parquet")

    def find(self, name: str, key: Mapping) -> pd.DataFrame | None:
        """The frame of this key if it is there, whole; else None."""
        return read(self._path(name, _plain(key, "key"), ".parquet"))

    def put(self, name: str, key: Mapping, value: pd.DataFrame) -> pd.DataFrame:
        """Keep a frame under its key; returns what is there then, another process's frame if that came first."""
        return self.frame(name, key, lambda: value)

    @contextmanager
    def lock(self, label: str) -> Iterator[None]:
        """Keep other processes from writing what ``label`` names; freed also when the holder dies."""
        from filelock import FileLock

        lock = FileLock(self.root / ".locks" / f"{digest(label)}.lock")
        with plain_errors(Path(lock.lock_file)):
            private_folder(self.root / ".locks")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _get(self, name: str, key: Mapping, make: Callable, suffix: str):
        plain = _plain(key, "key")
        path = self._path(name, plain, suffix)
        found = read(path)
        if found is not None:
            return found
        with self.lock(f"{name}/{path.name}"):
            # Another process may have made it while this one waited; only the holder judges damage,
            # for a reader could meet the new content beside the old sidecar.
            found = read(path, warn=True)
            if found is None:
                write(path, plain, digest_checked(make(), suffix, name))
                found = read(path, warn=True)
        return found

    def _path(self, name: str, plain: dict, suffix: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"name = {name!r}: letters, digits, '_', '-' and '.' only, '/' between folders.")
        return self.root / name / f"{digest(plain)}{suffix}"


def _plain(value, where: str):
    """The key as JSON holds it; refuses what is too long or not plain, without showing it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str) and len(value) > LONGEST_KEY_STRING:
        raise ValueError(
            f"{where}: a string of {len(value)} characters; at most {LONGEST_KEY_STRING} may be in a key, so that no "
            f"record text gets there. Put digest(text) in its place."
        )
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v, f"{where}[{str(k)[:40]!r}]") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    raise TypeError(f"{where}: a {type(value).__name__} is no plain value; put digest(...) of it in its place.")
