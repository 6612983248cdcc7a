"""What each part of a run was made of, so that content and not clocks decides what is made again.

The digest of a part (:mod:`inputs`) is kept in ``run/made`` once the part is finished, and taken away before the part
is made again.
"""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path


def stale(run: Path, parts: dict[str, str]) -> list[str]:
    """Parts that are not finished, or were made of something else."""
    return [name for name, made_of in parts.items() if _kept(run, name) != made_of]


def forget(run: Path, name: str) -> None:
    """A part is about to be made again: whatever happens, what lies there is of no known making."""
    _place(run, name).unlink(missing_ok=True)


def keep(run: Path, name: str, made_of: str) -> None:
    """A part is finished; without a digest (made by hand) the next run makes it again.

    The processor seconds of this process and all it waited for, which made the part, are kept beside.
    """
    if made_of:
        place = _place(run, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps({"made_of": made_of, "cpu_s": round(cpu_s(), 1)}) + "\n", encoding="utf-8")
        temporary.replace(place)


def cpu_s() -> float:
    """Processor seconds of this process and of all that it, and those it started, waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _place(run: Path, name: str) -> Path:
    return run / "made" / f"{name}.json"


def _kept(run: Path, name: str) -> str | None:
    try:
        return json.loads(_place(run, name).read_bytes())["made_of"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
