"""Start the workflow of one profile: check everything, make sure it is alone, attend Snakemake."""

import processes  # first of all: it reads the number of the parent  # isort: skip

import argparse
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import inputs
import private
import psutil
import records
from processes import PROGRESS, tell

from helpers.artifacts.files import plain_errors, replacing
from helpers.cli import chapter_parameters, check_inputs
from helpers.config import SIMULATED, load, load_yaml, runs_root
from helpers.data.load import is_public
from helpers.privacy.paths import outside_work_tree

ROOT = Path(__file__).resolve().parents[1]
DRY = {"-n", "--dry-run", "--dryrun"}  # of Snakemake: say what would be done
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def main() -> int:
    """Check, lock, run; Snakemake's exit status."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profile", default="default", help="a file of workflow/config, without .yml")
    arguments.add_argument("--cores", default="2")
    arguments.add_argument("--params", default="", help='parameters for all chapters, as in "n=3000 encoder=tfidf"')
    arguments.add_argument("--parent", type=int, default=processes.PARENT, help="process to end with")
    arguments.add_argument("--where", action="store_true", help="only print the folder of the book that was built")
    given, more = arguments.parse_known_args()
    os.chdir(ROOT)
    try:
        path = profile_file(given.profile)
        run = runs_root() / given.profile
        if given.where:
            return where(run)
        cores = whole_number("CORES", given.cores)
        chapters = check(path, given.params)
        with private.for_the_owner_alone(run, any(load(**p).sensitive for p in chapters.values())):
            held = lock(run)
            private.sweep()
            return start(run, chapters, cores, more, held, given.parent)
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None


def start(run: Path, chapters: dict[str, dict], cores: int, more: list[str], held: int, parent: int) -> int:
    """Hand the settings to Snakemake in a file, so that no word is quoted twice, and attend it."""
    comparison = [c for c in chapters if c.startswith("12_")]
    simulated = any(load(**chapters[c]).dataset in SIMULATED for c in comparison)
    settings = {"run": str(run), "chapters": chapters, "comparison": comparison, "parent": os.getpid()}
    settings["processes"] = worlds(load(**chapters[comparison[0]]).process) if simulated else []
    settings["made_of"] = inputs.wanted(chapters, settings["processes"], comparison)
    outdated = to_make(run, settings["made_of"])
    if not (outdated or more):
        return done(run)  # Snakemake need not even start
    file, log = run / "settings.json", run / "logs" / "snakemake.log"
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--snakefile", "workflow/Snakefile", "--cores", str(cores)]
    # Our own lock goes with the process, so it can never be stale as Snakemake's can. Content says what runs again.
    command += ["--nolock", "--rerun-incomplete", "--rerun-triggers", "mtime", "--configfile", str(file)]
    index = target(run, "book")
    command += [*more, *(["--forcerun", str(index)] if outdated and index.exists() else [])]
    if not DRY & set(more):
        set_aside(run, outdated)
    code = attend(command, held, parent, None if more else log)
    return done(run) if code == 0 and not more else code


def to_make(run: Path, parts: dict[str, str]) -> list[Path]:
    """Files of parts that are missing, not finished, or made of something else."""
    stale = records.stale(run, parts)
    return [path for part in parts if not (path := target(run, part)).exists() or part in stale]


def done(run: Path) -> int:
    """Say where the book is."""
    with contextlib.suppress(OSError):
        print(f"The book: {(run / 'book' / 'index.html').absolute()}", flush=True)
    return 0


def set_aside(run: Path, outdated: Iterable[Path]) -> None:
    """Move what was made of something else into ``run/earlier``, so that it is missing and made again.

    Snakemake's ``--forcerun`` does not do: of the files it is told to make again it leaves those as they are whose
    ``ancient`` input is among them. Pages of an earlier book stay where they are until the new ones are there.
    """
    for path in (p for p in outdated if p.exists() and p.name != "index.html"):
        place = run / "earlier" / path.name
        place.parent.mkdir(exist_ok=True)
        path.replace(place)


def worlds(process: str) -> list[str]:
    """The processes of the comparison: that of the run first, in which every strategy is compared."""
    return list(dict.fromkeys([process, "v3", "v2"]))


def target(run: Path, part: str) -> Path:
    """The file that Snakemake makes for a part."""
    if part == "book":
        return run / "book" / "index.html"
    cells = part.removeprefix("cells_")
    return run / "notebooks" / f"{part}.ipynb" if cells == part else run / "cells" / f"{cells}.json"


def attend(command: list[str], held: int, parent: int, log: Path | None) -> int:
    """Run ``command``; stop it when this process is asked to end or the one that started it is gone.

    Its own words go to ``log``, and are shown where it failed without a chapter saying why; what chapters say is shown
    as it comes. So nobody but this process writes to a terminal, which may be closed at any time.
    Snakemake waits for ever if a termination signal reaches it together with its jobs, so it gets an interrupt.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Shown(log) as shown, contextlib.ExitStack() as opened:
        streams = {}
        if log is not None:
            out = opened.enter_context(log.open("w", encoding="utf-8"))
            streams = {"stdout": out, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, pass_fds=[held], env=shown.environment, **streams)
        os.ftruncate(held, 0)
        os.pwrite(held, json.dumps({"pid": process.pid, "parent": os.getpid()}).encode(), 0)
        try:
            while True:
                try:
                    code = process.wait(timeout=processes.WATCH_S)
                    break
                except subprocess.TimeoutExpired:
                    shown.go_on()
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
            shown.go_on()
            tell("stopped; call again to go on from the finished notebooks")
            return 130
        shown.go_on()
        if code and log is not None and "FAILED" not in shown.text:
            tell("\n".join(["Snakemake failed:", *processes.tail(log, 25), f"Everything it said: {log}"]))
        return code


class Shown:
    """What chapters say into a file, shown to the user as it comes; nothing where there is no log."""

    def __init__(self, log: Path | None) -> None:
        self.file, self.text, self.environment = None, "", dict(os.environ)
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            path = log.with_name("progress.log")
            self.file = path.open("w+", encoding="utf-8")
            self.environment[PROGRESS] = str(path.absolute())

    def __enter__(self) -> "Shown":
        return self

    def __exit__(self, *_) -> None:
        if self.file is not None:
            self.file.close()

    def go_on(self) -> None:
        """Show what is new."""
        new = self.file.read() if self.file is not None else ""
        self.text += new
        if new:
            tell(new.removesuffix("\n"))


def profile_file(profile: str) -> Path:
    """The file of a profile; its name is a plain one, so that it leads to no other folder and means nothing to a shell.

    Raises
    ------
    ValueError
        The name is no plain one, or there is no such file.
    """
    path = Path("workflow/config") / f"{profile}.yml"
    known = ", ".join(sorted(p.stem for p in Path("workflow/config").glob("*.yml")))
    if not NAME.fullmatch(profile):
        raise ValueError(
            f"PROFILE={profile!r}: letters, digits, '_', '-' and '.' only, for it names a file of workflow/config; "
            f"there are {known}."
        )
    if not path.exists():
        raise ValueError(f"PROFILE={profile}: no such profile; there are {known}.")
    return path


def whole_number(name: str, text: str) -> int:
    """A number above zero from the command line."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) == 0:
        raise ValueError(f"{name}={text!r}: must be a whole number above 0, as in {name}=2.")
    return int(text)


def where(run: Path) -> int:
    """Print the folder of the book."""
    if not (run / "book" / "index.html").exists():
        raise ValueError(f"No book yet: run  make book PROFILE={run.name}")
    print(run / "book")
    return 0


def check(path: Path, settings: str) -> dict[str, dict]:
    """The parameters of every chapter; all that can be looked at in a second or two is looked at.

    Raises
    ------
    ValueError, OSError
        The profile, a parameter or a file it names is not right, or results would lie where they must not.
    """
    try:
        chapters = chapter_parameters(load_yaml(path), settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    apart(chapters)
    missing = [c for c in chapters if not (Path("notebooks") / f"{c}.ipynb").exists()]
    if missing:
        raise ValueError(f"{path}: no notebook {missing} in notebooks/; correct the list of chapters.")
    check_inputs(chapters)
    return chapters


def apart(chapters: dict[str, dict]) -> None:
    """Refuse a run of records that not everyone may see inside a git work tree."""
    if all(is_public(load(**parameters)) for parameters in chapters.values()):
        return
    try:
        outside_work_tree(runs_root(), "WHO_TO_TREAT_RUNS")
    except ValueError as error:
        raise ValueError(f"{error} As in: export WHO_TO_TREAT_RUNS=/data/runs") from None


def lock(run: Path, patience_s: float = 30.0) -> int:
    """Take ``run/.lock``; it is held until this process and Snakemake have ended. Returns the descriptor.

    A Snakemake that lost the process attending it ends by itself within seconds; one that does not is stopped, and this
    run goes on from the notebooks it finished. A run that is attended is left alone.
    """
    with plain_errors(run / ".lock"):
        run.mkdir(parents=True, exist_ok=True)
        handle = os.open(run / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + patience_s
    while not _taken(handle):
        holder = _orphan(os.pread(handle, 200, 0))
        if holder is None or time.monotonic() > until:
            raise ValueError(f"Another run is at work in {run}; wait for it, or stop it and call again.")
        tell(f"stopping an earlier run that nobody attends (process {holder.pid})")
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
