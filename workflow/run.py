"""Start the workflow of one profile: check its parameters, make sure it is alone, attend Snakemake."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from helpers.cli import chapter_parameters
from helpers.config import load, load_yaml, runs_root
from helpers.data.load import is_public
from helpers.privacy.paths import outside_work_tree

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Check, lock, run; Snakemake's exit status."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profile", default="default", help="a file of workflow/config, without .yml")
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--params", default="", help='parameters for all chapters, as in "n=3000 encoder=tfidf"')
    given, more = arguments.parse_known_args()
    os.chdir(ROOT)
    check(given.profile, given.params)
    held = lock(runs_root() / given.profile)
    command = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", str(given.cores)]
    # Our own lock goes with the process, so it can never be stale as Snakemake's can.
    command += ["--nolock", "--rerun-incomplete", "--quiet", "all", *more]
    command += ["--config", f"profile={given.profile}", f"settings={json.dumps(given.params)}"]
    return attend(command, held)


def attend(command: list[str], held: int) -> int:
    """Run ``command``; stop it when this process is asked to end or the one that started it is gone.

    Snakemake waits for ever if a termination signal reaches it together with its jobs, so it gets an interrupt.
    """
    parent = os.getppid()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = subprocess.Popen(command, start_new_session=True, pass_fds=[held])
    os.ftruncate(held, 0)
    os.pwrite(held, json.dumps({"pid": process.pid, "parent": os.getpid()}).encode(), 0)
    try:
        while True:
            try:
                return process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                if os.getppid() != parent:
                    raise KeyboardInterrupt from None
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
        print("stopped; call again to go on from the finished notebooks", file=sys.stderr, flush=True)
        return 130


def check(profile: str, settings: str) -> None:
    """Stop, with the reason, if the profile or a parameter is not valid."""
    path = Path("workflow/config") / f"{profile}.yml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yml")))
        raise SystemExit(f"PROFILE={profile}: no such profile; there are {known}.")
    try:
        chapters = chapter_parameters(load_yaml(path), settings)
    except ValueError as error:
        raise SystemExit(f"{path}: {error}") from None
    apart(chapters)
    missing = [c for c in chapters if not (Path("notebooks") / f"{c}.ipynb").exists()]
    if missing:
        raise SystemExit(f"{path}: no notebook {missing} in notebooks/; correct the list of chapters.")


def apart(chapters: dict[str, dict]) -> None:
    """Stop if records that not everyone may see would leave results inside a git work tree."""
    try:
        public = all(is_public(load(**parameters)) for parameters in chapters.values())
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None
    try:
        if not public:
            outside_work_tree(runs_root(), "WHO_TO_TREAT_RUNS")
    except ValueError as error:
        raise SystemExit(f"{error} As in: export WHO_TO_TREAT_RUNS=/data/runs") from None


def lock(run: Path, patience_s: float = 30.0) -> int:
    """Take ``run/.lock``; it is held until this process and Snakemake have ended. Returns the descriptor.

    A Snakemake that lost the process attending it still holds the lock: it is stopped, and this run goes on from
    the notebooks it finished. A run that is attended is left alone.
    """
    run.mkdir(parents=True, exist_ok=True)
    handle = os.open(run / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + patience_s
    while not _taken(handle):
        holder = _orphan(os.pread(handle, 200, 0))
        if holder is None or time.monotonic() > until:
            raise SystemExit(f"Another run is at work in {run}; wait for it, or stop it and call again.")
        print(f"stopping an earlier run that nobody attends (process {holder.pid})", file=sys.stderr, flush=True)
        holder.kill()
        time.sleep(2)  # its notebook notices within half a second and stops
    return handle


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _orphan(note: bytes) -> psutil.Process | None:
    """The process that holds the lock, if the one that started it is gone."""
    try:
        holder = json.loads(note)
        process = psutil.Process(holder["pid"])
        return process if process.ppid() != holder["parent"] else None
    except (ValueError, psutil.NoSuchProcess):
        return None


if __name__ == "__main__":
    raise SystemExit(main())
