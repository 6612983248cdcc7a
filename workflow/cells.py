"""Compute the comparison of one process beforehand, so that several processes run side by side.

The chapter finds the cells in the store; what is missing there it computes itself.
"""

from __future__ import annotations

import processes  # first of all: it reads the number of the parent  # isort: skip

import argparse
import json
import os
import sys
import time
from pathlib import Path

import private
import records
from chapter import on_disk, sensitive
from processes import duration, say, tail

from helpers import study
from helpers.artifacts.files import replacing
from helpers.config import load


def main() -> int:
    """Compute, or attend the process that does; 0 if it finished."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--parameters", type=json.loads, required=True, help="JSON mapping")
    arguments.add_argument("--strategies", choices=["COMPARED", "MAIN"], default="COMPARED")
    arguments.add_argument("--run", type=Path, help="folder of the run; without, compute in this process")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--made-of", default="", help="digest to keep once it is finished")
    arguments.add_argument("--parent", type=int, default=processes.PARENT, help="process to end with")
    given = arguments.parse_args()
    if given.run is None:
        processes.end_with(given.parent)
        study.run_grid(load(**given.parameters), getattr(study, given.strategies))
        return 0
    name = f"cells of {given.parameters['process']}"
    try:
        with private.for_the_owner_alone(given.run, sensitive(given.parameters)):
            return execute(name, given)
    except KeyboardInterrupt:
        say(name, "stopped; the next run goes on from the cells it kept")
    except OSError as error:
        say(name, f"FAILED: {on_disk(error, given.run)}")
    return 1


def execute(name: str, given: argparse.Namespace) -> int:
    """Compute in a process of its own, its output in ``run/logs``; note in ``run/cells`` that it is done."""
    process, started = given.parameters["process"], time.monotonic()
    part, done = f"cells_{process}", given.run / "cells" / f"{process}.json"
    log = given.run / "logs" / f"{part}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    records.forget(given.run, part)
    say(name, "running")
    words = ["--parameters", json.dumps(given.parameters), "--strategies", given.strategies]
    words += ["--parent", str(os.getpid())]
    code = processes.attend(name, [sys.executable, __file__, *words], log, given.threads, given.parent)
    took = duration(time.monotonic() - started)
    if code:
        say(name, f"FAILED after {took}\n" + "\n".join(f"    {line}" for line in tail(log)))
        return 1
    with replacing(done) as temporary:
        temporary.write_text(json.dumps(given.parameters, indent=2) + "\n", encoding="utf-8")
    records.keep(given.run, part, given.made_of)
    say(name, f"done in {took}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
