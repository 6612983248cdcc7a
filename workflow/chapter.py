"""Run one notebook with papermill: whole or not at all, with a line when it starts, works on and ends.

The executed notebook gets its name only when it is finished, so what lies in ``runs/<profile>/notebooks`` is
always complete. If the workflow that started it dies, the notebook is stopped too. Where the records may be of real
people, log and unfinished notebook lie in a private folder outside the project, and what a failure leaves has no output
and no message of an error: these may quote a record.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.config import Config

PULSE_S = 60.0
WITHHELD = "withheld, since it may quote a record; rehearse the run on made-up records to see such messages"
OWN_ERRORS = ("DataError", "NotAggregate")  # messages of these are known to quote no record
PLACE = re.compile(r"\s*(?:File [^\n]*?:\d+(?:, in \w+)?|Cell In\[\d+\], line \d+)")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def main() -> int:
    """Run the notebook named on the command line; 0 if it finished."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("notebook", type=Path)
    arguments.add_argument("--run", type=Path, required=True, help="folder of the run, as in runs/smoke")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--parameters", type=json.loads, default={}, help="JSON mapping")
    given = arguments.parse_args()
    return execute(given.notebook, given.run, given.parameters, given.threads)


def execute(notebook: Path, run: Path, parameters: dict, threads: int) -> int:
    """Run ``notebook`` into ``run/notebooks`` under its own name; 0 if it finished, else 1."""
    name, started = notebook.stem, time.monotonic()
    values, log, done, failed = (
        run / folder / f"{name}{suffix}"
        for folder, suffix in (("parameters", ".yml"), ("logs", ".log"), ("notebooks", ".ipynb"), ("failed", ".ipynb"))
    )
    for path in (values, log, done, failed):
        path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in done.parent.glob(f".{name}.*.ipynb"):
        leftover.unlink()
    values.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    private = sensitive(parameters)
    place = Path(tempfile.mkdtemp(prefix="who-to-treat-")) if private else None  # mkdtemp: for its owner alone
    working = log if place is None else place / log.name
    unfinished = (done.parent if place is None else place) / f".{name}.{os.getpid()}.ipynb"
    say(name, "running")
    try:
        if steps_aside(notebook, parameters, unfinished):
            code = 0
            working.write_text("The chapter steps aside; no kernel was started.\n", encoding="utf-8")
        else:
            code = papermill(name, [str(notebook), str(unfinished), "-f", str(values)], working, threads)
        if private:
            log.write_text(WITHHELD + "\n", encoding="utf-8")
        if code == 0 or stepped_aside(unfinished):
            failed.unlink(missing_ok=True)
            move(without_warnings(unfinished) if private else unfinished, done)
            say(name, f"done in {duration(time.monotonic() - started)}")
            return 0
        if unfinished.exists():
            move(scrubbed(unfinished) if private else unfinished, failed)
        report(name, notebook, run, failed, log, duration(time.monotonic() - started))
        return 1
    except KeyboardInterrupt:
        say(name, "stopped; the next run starts this notebook again")
        return 1
    finally:
        unfinished.unlink(missing_ok=True)
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)


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
    """Give a finished notebook its name, whole or not at all, from another disk too."""
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


def papermill(name: str, words: list[str], log: Path, threads: int) -> int:
    """Papermill's exit status; see :func:`attend`."""
    command = [sys.executable, "-m", "papermill", *words, "--kernel", "python3", "--progress-bar"]
    return attend(name, command, log, threads)


def attend(name: str, command: list[str], log: Path, threads: int) -> int:
    """Exit status of a command; its output goes to ``log``. Stopped when asked to, or when the parent is gone."""
    signal.signal(signal.SIGTERM, _interrupt)
    parent, pulse = os.getppid(), time.monotonic() + PULSE_S
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment(threads), start_new_session=True
        )
    try:
        while True:
            try:
                return process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                if os.getppid() != parent:
                    raise KeyboardInterrupt from None
            if time.monotonic() > pulse:
                pulse += PULSE_S
                say(name, f"at work, {progress(log)}")
    except KeyboardInterrupt:
        stop(process)
        raise


def environment(threads: int) -> dict:
    """The variables a kernel runs with: the environment's own kernel, inline figures, ``threads`` threads."""
    foreign = ("JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "MPLBACKEND", "PYTHONPATH", "PYTHONSTARTUP")
    kept = {k: v for k, v in os.environ.items() if k not in foreign}
    counts = {k: str(threads) for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    # A kernel or a start-up script of the user must not come before those of the environment.
    own = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(Path("runs/.ipython").absolute())}
    return {**kept, **counts, **own}


def stop(process: subprocess.Popen) -> None:
    """End a command: politely, so that papermill ends its kernel, then by force."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def progress(log: Path) -> str:
    """How many cells are done, read from the last progress bar."""
    counts = re.findall(r"(\d+)/(\d+) \[", log.read_text(encoding="utf-8", errors="replace"))
    return "{} of {} cells done".format(*counts[-1]) if counts else "starting"


def report(name: str, notebook: Path, run: Path, failed: Path, log: Path, took: str) -> None:
    """Say what went wrong, where to look and how to go on."""
    error = first_error(failed) or tail(log)
    say(name, f"FAILED after {took}\n" + "\n".join(f"    {line}" for line in error))
    where = failed if failed.exists() else log
    print(
        f"  Look at    {where}\n"
        f"  Go on with make book PROFILE={run.name}\n"
        f"  Try alone  .venv/bin/papermill {notebook} out.ipynb -f {run / 'parameters' / (name + '.yml')}",
        file=sys.stderr,
        flush=True,
    )


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


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log."""
    return ANSI.sub("", log.read_text(encoding="utf-8", errors="replace")).splitlines()[-lines:]


def duration(seconds: float) -> str:
    """``75.2`` as ``1 min 15 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def say(name: str, what: str) -> None:
    """One line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {name:<28} {what}", file=sys.stderr, flush=True)


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
