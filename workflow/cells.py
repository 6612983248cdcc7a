"""Compute the comparison of one process beforehand, so that several processes run side by side.

The chapter finds the cells in the store; what is missing there it computes itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from chapter import attend, duration, say, tail

from helpers import study
from helpers.artifacts.files import replacing
from helpers.config import load


def main() -> int:
    """Compute, or attend the process that does; 0 if it finished."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--parameters", type=json.loads, required=True, help="JSON mapping")
    arguments.add_argument("--run", type=Path, help="folder of the run; without, compute in this process")
    arguments.add_argument("--threads", type=int, default=1)
    given = arguments.parse_args()
    if given.run is None:
        study.run_grid(load(**given.parameters))
        return 0
    return execute(given.run, given.parameters, given.threads)


def execute(run: Path, parameters: dict, threads: int) -> int:
    """Compute in a process of its own, its output in ``run/logs``; note in ``run/cells`` that it is done."""
    process, started = parameters["process"], time.monotonic()
    name = f"cells of {process}"
    log, done = run / "logs" / f"cells_{process}.log", run / "cells" / f"{process}.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    say(name, "running")
    try:
        code = attend(name, [sys.executable, __file__, "--parameters", json.dumps(parameters)], log, threads)
    except KeyboardInterrupt:
        say(name, "stopped; the next run goes on from the cells it kept")
        return 1
    took = duration(time.monotonic() - started)
    if code:
        say(name, f"FAILED after {took}\n" + "\n".join(f"    {line}" for line in tail(log)))
        return 1
    with replacing(done) as temporary:
        temporary.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")
    say(name, f"done in {took}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
