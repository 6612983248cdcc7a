"""What the whole study costs, beside an earlier version of this package on the same machine.

    git worktree add ../before a93a02a && make -C ../before .venv/.installed
    python benchmarks/whole_walk.py ../before [--parts book comparison start] [--repeat 3]

Both versions run by their own environment, each part from an empty cache, one version after the other. Nothing else
should run. Writes ``benchmarks/whole_walk.csv``, one row a part and version (rows of parts not measured now stay):

* ``book``: the default profile, cold. ``again``: the same command with nothing to do.
* ``comparison``: every strategy of chapter 12, both processes, ten repetitions; the vectors of the notes are in the
  cache, a reader is trained anew.
* ``chapter start``: a notebook that imports what chapters import and reads its parameters, kernel and papermill
  included. ``import``: ``import helpers`` in a process of its own, without the interpreter's own start.

``benchmarks/whole_walk_parts.csv`` gets the processor seconds of every chapter of the last ``book`` of this version, of
the cells of the comparison, and of the pages.

``cpu_s`` is of all processes and threads together, ``peak_mb`` of the largest process. Short parts are medians of
``--repeat``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".csv")
OF_PARTS = TABLE.with_name("whole_walk_parts.csv")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

PREPARE = """
from helpers import study
from helpers.config import load
config = load(**{settings})
for process in ("v3", "v2"):
    study.run_grid(config.model_copy(update={{"process": process, "seeds": 1}}), ["t"])
"""
COMPARE = {
    "now": """
from helpers import study
from helpers.config import load
study.run_grid(load(**{settings}, process="{process}"), getattr(study, "{strategies}"))
""",
    "before": """
from helpers import study
from helpers.config import load
study.run_grid(load(**{settings}, process="{process}"))
""",
}
SETTINGS = {
    "now": {"n": 10_000, "encoder": "minilm:mean", "seeds": 10, "slow_seeds": 3},
    "before": {"n": 10_000, "encoder": "minilm", "seeds": 10, "slow_seeds": 3},
}
IMPORTS = {
    "now": "from helpers import config, data, evaluation, report, study",
    "before": "from helpers import config, data, evaluation, strategies, study",
}
BARE = "import time; began = time.perf_counter(); import helpers; print(time.perf_counter() - began)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("before", type=Path, help="checkout of the earlier version, its environment installed")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--versions", nargs="+", choices=["now", "before"], default=["now", "before"])
    parser.add_argument("--repeat", type=int, default=3, help="of the short parts")
    parser.add_argument("--keep", type=Path, help="folder for caches and runs, kept; else they are thrown away")
    options = parser.parse_args()
    sides = {"now": HERE, "before": options.before.resolve()}
    for part in options.parts:
        for version in options.versions:
            with tempfile.TemporaryDirectory() as folder:
                scratch = Path(folder) if options.keep is None else options.keep / part / version
                keep(version, PARTS[part](Build(version, sides[version], scratch), options.repeat))


class Build:
    """A checkout with its environment, and a cache and runs of its own."""

    def __init__(self, version: str, root: Path, scratch: Path) -> None:
        self.version, self.root, self.python = version, root, str(root / ".venv" / "bin" / "python")
        self.env = {
            **os.environ,
            "WHO_TO_TREAT_CACHE": str(scratch / "cache"),
            "WHO_TO_TREAT_RUNS": str(scratch / "runs"),
        }

    def timed(self, *words: str, threads: int | None = None) -> dict:
        """Run the environment's Python with these words to its end; what it took."""
        env = self.env if threads is None else {**self.env, **dict.fromkeys(THREADS, str(threads))}
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen([self.python, *words], cwd=self.root, env=env, stdout=out)
            _, status, usage = os.wait4(process.pid, 0)  # of the process and all that it waited for
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            said = out.read()
        if process.returncode:
            sys.exit(f"{self.root}: {words[0]} ended with {process.returncode}\n{said}")
        took = {"wall_s": time.monotonic() - began, "cpu_s": usage.ru_utime + usage.ru_stime}
        return took | {"peak_mb": usage.ru_maxrss / 1024, "said": said}


def book(build: Build, repeat: int) -> dict[str, dict]:
    """The default profile from nothing, and once more."""
    command = ["workflow/run.py", "--profile", "default", "--cores", "2"]
    took = build.timed(*command)
    if build.version == "now":
        keep_parts(Path(build.env["WHO_TO_TREAT_RUNS"]) / "default" / "made")
    return {"book": took, "again": median(build.timed(*command) for _ in range(repeat))}


def comparison(build: Build, repeat: int) -> dict[str, dict]:
    """All cells of chapter 12, its two processes one after the other."""
    settings = SETTINGS[build.version]
    build.timed("-c", PREPARE.format(settings=settings))
    parts = [
        build.timed("-c", COMPARE[build.version].format(settings=settings, process=p, strategies=s), threads=1)
        for p, s in (("v3", "COMPARED"), ("v2", "MAIN"))
    ]
    return {
        "comparison": {k: sum(p[k] for p in parts) for k in ("wall_s", "cpu_s")} | {"peak_mb": parts[-1]["peak_mb"]}
    }


def start(build: Build, repeat: int) -> dict[str, dict]:
    """A chapter that does nothing, and the bare import."""
    import nbformat

    cells = [nbformat.v4.new_code_cell("n = 600", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(IMPORTS[build.version] + "\nsettings = config.load(n=n)")]
    note = nbformat.v4.new_notebook(cells=cells)
    note.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "start.ipynb")
        nbformat.write(note, path)
        words = ["-m", "papermill", "--log-level", "ERROR", "-k", "python3", str(path), str(Path(folder, "out.ipynb"))]
        chapter = median(build.timed(*words, threads=1) for _ in range(repeat))
    bare = median(build.timed("-c", BARE) for _ in range(repeat))
    return {"chapter start": chapter, "import": bare | {"wall_s": float(bare["said"])}}


def median(runs) -> dict:
    """The median of every number of several runs; what the last one said."""
    runs = list(runs)
    middle = {k: statistics.median(r[k] for r in runs) for k in ("wall_s", "cpu_s", "peak_mb")}
    return middle | {"said": runs[-1]["said"]}


def keep(version: str, found: dict[str, dict]) -> None:
    """Put the rows into the table, in place of those of the same part and version."""
    columns = ["part", "version", "wall_s", "cpu_s", "peak_mb"]
    rows = pd.DataFrame([{"part": part, "version": version, **took} for part, took in found.items()])[columns]
    if TABLE.exists():
        earlier = pd.read_csv(TABLE)
        stays = ~((earlier["version"] == version) & earlier["part"].isin(rows["part"]))
        rows = pd.concat([earlier[stays], rows])
    rows.sort_values(["part", "version"]).to_csv(TABLE, index=False, float_format="%.2f")
    print(rows.to_string(index=False), flush=True)


def keep_parts(made: Path) -> None:
    """The processor seconds that each part of a run notes when it is finished."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8"))["cpu_s"] for path in sorted(made.glob("*.json"))}
    pd.DataFrame(found.items(), columns=["part", "cpu_s"]).to_csv(OF_PARTS, index=False)


PARTS = {"start": start, "comparison": comparison, "book": book}


if __name__ == "__main__":
    main()
