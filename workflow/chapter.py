"""Run one notebook with papermill: whole or not at all, with a line when it starts, works on and ends.

The executed notebook gets its name only when it is finished, so what lies in ``runs/<profile>/notebooks`` is
always complete. If the workflow that started it dies, the notebook is stopped too. Where the records may be of real
people, log and unfinished notebook lie in a private folder outside the project, and what a failure leaves has no output
and no message of an error: these may quote a record.
"""

from __future__ import annotations

import processes  # first of all: it reads the number of the parent  # isort: skip

import argparse
import errno
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import making
import private
import records
from processes import ANSI, duration, say, tail, tell

from helpers.config import Config

WITHHELD = "withheld, since it may quote a record; rehearse the run on made-up records to see such messages"
OWN_ERRORS = ("DataError", "DiskError", "MissingFile", "NotAggregate")  # messages of these are known to quote no record
PLACE = re.compile(r"\s*(?:File [^\n]*?:\d+(?:, in \w+)?|Cell In\[\d+\], line \d+)")
FEW_BYTES = 1_000_000


def main() -> int:
    """Run the notebook named on the command line; 0 if it finished."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("notebook", type=Path)
    arguments.add_argument("--run", type=Path, required=True, help="folder of the run, as in runs/smoke")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--parameters", type=json.loads, default={}, help="JSON mapping")
    arguments.add_argument("--made-of", default="", help="digest to keep once it is finished")
    arguments.add_argument("--parent", type=int, default=processes.PARENT, help="process to end with")
    given = arguments.parse_args()
    return execute(given.notebook, given.run, given.parameters, given.threads, given.made_of, given.parent)


@dataclass(frozen=True)
class Chapter:
    """A notebook in a run, and where everything of it lies."""

    notebook: Path
    run: Path

    @property
    def name(self) -> str:
        return self.notebook.stem

    values = property(lambda self: self.run / "parameters" / f"{self.name}.yml")
    log = property(lambda self: self.run / "logs" / f"{self.name}.log")
    done = property(lambda self: self.run / "notebooks" / f"{self.name}.ipynb")
    failed = property(lambda self: self.run / "failed" / f"{self.name}.ipynb")

    def prepare(self, parameters: dict) -> None:
        """Folders and parameters; what an earlier attempt left half done is removed."""
        for path in (self.values, self.log, self.done, self.failed):
            path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in self.done.parent.glob(f".{self.name}.*.ipynb"):
            leftover.unlink()
        self.values.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")  # JSON is YAML

    def results(self) -> dict[Path, tuple[int, int]]:
        """The result files of this chapter, which bear its number; each with what tells a new file from an old one."""
        number = re.match(r"\d\d_", self.name)
        patterns = (f"{number[0]}*", f"facts_{number[0][:2]}*") if number else ()
        files = [p for pattern in patterns for p in (self.run / "results").glob(pattern) if p.is_file()]
        return {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}


def execute(
    notebook: Path, run: Path, parameters: dict, threads: int, made_of: str = "", parent: int = processes.PARENT
) -> int:
    """Run ``notebook`` into ``run/notebooks`` under its own name; 0 if it finished, else 1."""
    chapter, closed = Chapter(notebook, run), sensitive(parameters)
    try:
        with private.for_the_owner_alone(run, closed):
            private.sweep()
            chapter.prepare(parameters)
            records.forget(run, chapter.name)
            return _execute(chapter, parameters, closed, threads, made_of, parent)
    except KeyboardInterrupt:
        say(chapter.name, "stopped; the next run starts this notebook again")
    except OSError as error:
        say(chapter.name, f"FAILED: {on_disk(error, run)}")
    return 1


def _execute(chapter: Chapter, parameters: dict, closed: bool, threads: int, made_of: str, parent: int) -> int:
    started, before = time.monotonic(), chapter.results()
    with working_place(chapter, closed) as (unfinished, log):
        say(chapter.name, "running")
        code = run_through(chapter, parameters, unfinished, log, threads, parent)
        if closed:
            chapter.log.write_text(WITHHELD + "\n", encoding="utf-8")
        took = duration(time.monotonic() - started)
        if code and not stepped_aside(unfinished):
            if unfinished.exists():
                move(scrubbed(unfinished) if closed else unfinished, chapter.failed)
            report(chapter, took)
            return 1
        chapter.failed.unlink(missing_ok=True)
        making.noted(unfinished, time.monotonic() - started)
        move(without_warnings(unfinished) if closed else unfinished, chapter.done)
    for path, state in chapter.results().items():
        if before.get(path) == state:  # of an earlier run, and not made again: its book must not show it
            path.unlink()
    records.keep(chapter.run, chapter.name, made_of)
    say(chapter.name, f"done in {took}")
    return 0


def run_through(chapter: Chapter, parameters: dict, unfinished: Path, log: Path, threads: int, parent: int) -> int:
    """Papermill's exit status; no kernel is started for a chapter that steps aside."""
    if steps_aside(chapter.notebook, parameters, unfinished):
        log.write_text("The chapter steps aside; no kernel was started.\n", encoding="utf-8")
        return 0
    words = [str(chapter.notebook), str(unfinished), "-f", str(chapter.values)]
    return papermill(chapter.name, words, log, threads, parent)


@contextmanager
def working_place(chapter: Chapter, closed: bool) -> Iterator[tuple[Path, Path]]:
    """Names for the unfinished notebook and its log: beside the finished ones, or where no one else can look."""
    hidden = f".{chapter.name}.{os.getpid()}.ipynb"
    if closed:
        with private.folder() as place:
            yield place / hidden, place / chapter.log.name
        return
    try:
        yield chapter.done.parent / hidden, chapter.log
    finally:
        (chapter.done.parent / hidden).unlink(missing_ok=True)


def on_disk(error: OSError, run: Path) -> str:
    """What the disk refused, with the place and the remedy."""
    where = error.filename or run
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space is left on the disk of {where}; free some and call again: finished notebooks are kept."
    return f"{where}: {error.strerror or error}; WHO_TO_TREAT_RUNS names another folder for the runs."


def steps_aside(notebook: Path, parameters: dict, target: Path) -> bool:
    """Whether the data set lacks what the notebook's metadata says it needs; its page then lies at ``target``."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    page = load_notebook_node(str(notebook))
    if not (needs := page.metadata.get("needs", [])):
        return False
    from helpers.report import chapters

    try:
        reasons = chapters.lacking(Config(**parameters), needs)
    except (ValueError, OSError):
        return False  # the notebook says what is wrong with its parameters
    if reasons:
        page = parameterize_notebook(page, parameters)
        of_parameters = {"parameters", "injected-parameters"}
        code = [c for c in page.cells if c.cell_type == "code" and not of_parameters & set(c.metadata.get("tags", []))]
        code[0]["outputs"] = [chapters.note(str(chapters.SteppedAside(reasons)))]
        target.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return bool(reasons)


def stepped_aside(unfinished: Path) -> bool:
    """Whether the notebook ended because the records lack what it is about; its error is then a note, in place."""
    if not unfinished.exists():
        return False
    content = json.loads(unfinished.read_text(encoding="utf-8"))
    errors = [(c, o) for c in content["cells"] for o in c.get("outputs", []) if o["output_type"] == "error"]
    if not errors or errors[0][1]["ename"] != "SteppedAside":
        return False
    from helpers.report import chapters

    cell, error = errors[0]
    cell["outputs"] = [chapters.note(error["evalue"]) if o is error else o for o in cell["outputs"]]
    without_error_cells(content)
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return True


def without_error_cells(content: dict) -> None:
    """Take out what papermill adds to a notebook that failed: cells of its own, which repeat the message."""
    content["metadata"].pop("papermill", None)
    content["cells"] = [c for c in content["cells"] if "papermill-error-cell-tag" not in c["metadata"].get("tags", [])]


def sensitive(parameters: dict) -> bool:
    """Whether records of real people may be read; assumed where the parameters are not valid."""
    try:
        return Config(**parameters).sensitive
    except ValueError:
        return True


def move(source: Path, target: Path) -> None:
    """Give a finished notebook its name, whole or not at all; on one disk this needs no space."""
    try:
        source.replace(target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    beside = target.with_name(f".{target.stem}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    source.unlink()


def without_warnings(notebook: Path) -> Path:
    """A finished notebook without what libraries wrote to stderr; in place."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in (c for c in content["cells"] if c["cell_type"] == "code"):
        cell["outputs"] = [o for o in cell["outputs"] if o.get("name") != "stderr"]
    notebook.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return notebook


def scrubbed(notebook: Path) -> Path:
    """The failed notebook without outputs, but for the kind and the place of its first error; in place."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    without_error_cells(content)
    for cell in content["cells"]:
        cell["metadata"].pop("papermill", None)
        if cell["cell_type"] == "code":
            cell["outputs"] = [bare(o) for o in cell["outputs"] if o["output_type"] == "error"]
    notebook.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return notebook


def bare(error: dict) -> dict:
    """An error without its message, unless the package worded it; of its traceback only files, lines and functions."""
    trace = ANSI.sub("", "\n".join(error["traceback"]))
    kind, own = error["ename"], error["ename"] in OWN_ERRORS
    places = [found[0].strip() for line in trace.splitlines() if (found := PLACE.match(line))]
    message = error["evalue"] if own else WITHHELD
    return {**error, "evalue": message, "traceback": [*places, f"{kind}: {message}"]}


def papermill(name: str, words: list[str], log: Path, threads: int, parent: int) -> int:
    """Papermill's exit status; see :func:`processes.attend`."""
    command = processes.module("papermill", *words, "--kernel", "python3", "--progress-bar")
    return processes.attend(name, command, log, threads, parent)


def report(chapter: Chapter, took: str) -> None:
    """Say what went wrong, where to look and how to go on."""
    error = first_error(chapter.failed) or tail(chapter.log)
    say(chapter.name, f"FAILED after {took}\n" + "\n".join(f"    {line}" for line in error))
    where = chapter.failed if chapter.failed.exists() else chapter.log
    tell(
        f"  Look at    {where}\n"
        f"  Go on with make book PROFILE={chapter.run.name}\n"
        f"  Try alone  .venv/bin/papermill {chapter.notebook} out.ipynb -f {chapter.values}"
    )
    if shutil.disk_usage(chapter.run).free < FEW_BYTES:
        tell(f"  The disk of {chapter.run} is full: free some space first.")


def first_error(failed: Path, lines: int = 25) -> list[str]:
    """The end of the first traceback in a notebook, with the number of its cell; empty if there is none."""
    if not failed.exists():
        return []
    cells = json.loads(failed.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                trace = ANSI.sub("", "\n".join(output["traceback"])).splitlines()
                return [f"in cell [{cell.get('execution_count')}]:", *trace[-lines:]]
    return []


if __name__ == "__main__":
    raise SystemExit(main())
