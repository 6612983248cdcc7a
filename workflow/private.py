"""What runs of real people's records leave on the disk is for their owner alone, and gone when nobody works on it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PREFIX = "who-to-treat-"
SLACK_S = 5.0


@contextmanager
def for_the_owner_alone(run: Path, needed: bool) -> Iterator[None]:
    """What is written meanwhile, and the folder of the run with all it holds, is closed to other users if needed."""
    if not needed:
        yield
        return
    before = os.umask(0o077)
    try:
        run.mkdir(parents=True, exist_ok=True)
        run.chmod(0o700)
        yield
    finally:
        os.umask(before)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder outside the project, for its owner alone; its name holds the number of the process it belongs to."""
    place = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep() -> list[Path]:
    """Remove such folders of this user whose process is gone; returns them."""
    left = [p for p in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _abandoned(p)]
    for place in left:
        shutil.rmtree(place, ignore_errors=True)
    return left


def _abandoned(place: Path) -> bool:
    """Whether a folder is this user's own, closed to others, no link, and of a process that is gone."""
    found = re.fullmatch(rf"{PREFIX}(\d+)-\w+", place.name)
    try:
        state = place.lstat()
        own = stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and stat.S_IMODE(state.st_mode) == 0o700
        if not found or not own:
            return False
        # A process that began after the folder was last written to only bears the same number.
        return psutil.Process(int(found[1])).create_time() > state.st_ctime + SLACK_S
    except psutil.NoSuchProcess:
        return True
    except (OSError, psutil.Error):
        return False
