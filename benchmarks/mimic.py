"""MIMIC-III: reading by DuckDB and slim Parquet against pandas in chunks and against row loops, on generated data.

    python benchmarks/mimic.py [--patients 4000] [--rows 3850] [--folder /tmp/mimic-benchmark] [--keep]

The default makes 20 million chart rows (2 GB) in a folder that is removed at the end. Each task runs in a process of
its own, so that peak memory is its own; all give digests of their results, which must agree. Results go to
``benchmarks/mimic.csv``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
VITALS = ["temperature", "heart_rate", "sbp", "map", "resp_rate", "spo2"]


def opened(folder: Path):
    """The folder, converted on the first call."""
    from helpers.data.mimic.folder import open_folder

    return open_folder(folder, cache=folder.parent / f"{folder.name}-cache", progress=False)


def vitals_by_query(folder: Path) -> pd.DataFrame:
    """The last vital signs of every stay, opening included."""
    from helpers.data import mimic

    stay = "select subject_id, hadm_id, icustay_id, intime, intime + interval 3 hour as t0 from icustays"
    with opened(folder).session() as session:
        session.run(f"create temp table enrolled as {stay}", "stays")
        return session.frame(mimic.last_values(mimic.FULL, mimic.CHARTED_REPAIRED), "vital signs").set_index(
            "icustay_id"
        )


def vitals_by_chunks(folder: Path) -> pd.DataFrame:
    """The same with pandas."""
    import mimic_reference

    return mimic_reference.charted(folder, mimic_reference.FULL, whole_keys=False, drop_errors=True)


def cohort(kind: str, by_reference: bool):
    """A task that makes a cohort's frame."""

    def make(folder: Path) -> pd.DataFrame:
        if by_reference:
            import mimic_reference

            made = mimic_reference.syn_by_rows(folder) if kind == "syn" else mimic_reference.stays(folder, kind)
        else:
            from helpers.data import mimic

            made = getattr(mimic, f"{kind}_cohort")(opened(folder)).frame
        return made.set_index("id")

    return make


TASKS = {
    ("vital signs", "pandas in chunks"): vitals_by_chunks,
    ("vital signs", "first run"): vitals_by_query,
    ("vital signs", "further run"): vitals_by_query,
    ("syn", "row loops"): cohort("syn", True),
    ("syn", "query"): cohort("syn", False),
    ("published", "pandas in chunks"): cohort("published", True),
    ("published", "query"): cohort("published", False),
    ("repaired", "pandas in chunks"): cohort("repaired", True),
    ("repaired", "query"): cohort("repaired", False),
}


def digest(frame: pd.DataFrame) -> str:
    """Of the columns every way of a task has, numbers to nine digits."""
    from helpers.artifacts.digests import digest

    names = [c for c in ("hadm_id", "age", "gender", "hyp", "cor", "afib", "chf", "T", "Y", *VITALS) if c in frame]
    names = [c for c in names if c not in ("hadm_id", "gender") or "hyp" in frame]
    frame = frame.sort_index()
    numbers = np.round(frame[names].to_numpy(float), 9)
    texts = frame["text"].tolist() if "text" in frame else None
    return digest(names, frame.index.to_numpy(int), numbers, texts)[:16]


def measure(task: str, how: str, folder: Path) -> dict:
    """Run one task here."""
    import duckdb  # noqa: F401  loaded before the clock starts, as are pandas and numpy
    import pyarrow  # noqa: F401

    make = TASKS[task, how]
    wall, used = time.perf_counter(), time.process_time()
    frame = make(folder)
    spent = {"wall_s": round(time.perf_counter() - wall, 2), "cpu_s": round(time.process_time() - used, 2)}
    # Unlike the peak that getrusage reports, this one does not begin with the memory of the process that started us.
    peak = next(int(x.split()[1]) / 1_024 for x in open("/proc/self/status") if x.startswith("VmHWM"))
    return {"task": task, "how": how, **spent, "peak_mb": round(peak), "rows": len(frame), "result": digest(frame)}


def alone(folder: Path, task: str, how: str) -> dict:
    """Run one task in a process of its own."""
    command = [sys.executable, __file__, "--folder", str(folder), "--task", task, "--how", how]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=4_000)
    parser.add_argument("--rows", type=int, default=3_850, help="chart rows a stay")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/mimic-benchmark"))
    parser.add_argument("--keep", action="store_true", help="use the data that are there, and leave them")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--how", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        print(json.dumps(measure(arguments.task, arguments.how, arguments.folder)))
        return
    if not (arguments.keep and arguments.folder.exists()):
        from helpers.data.mimic_synthetic.folder import make_folder

        make_folder(arguments.folder, arguments.patients, chart_rows_per_stay=arguments.rows, compress=False)
    cache = arguments.folder.parent / f"{arguments.folder.name}-cache"
    shutil.rmtree(cache, ignore_errors=True)
    table = pd.DataFrame([alone(arguments.folder, *task) for task in TASKS])
    print(table.to_string(index=False))
    if table.groupby("task")["result"].nunique().gt(1).any():
        sys.exit("the ways of a task do not agree")
    sizes = json.loads((arguments.folder / "mimic-synthetic.json").read_text())["rows"]
    table.assign(patients=sizes["PATIENTS"], chart_rows=sizes["CHARTEVENTS"]).to_csv(HERE / "mimic.csv", index=False)
    if not arguments.keep:
        shutil.rmtree(arguments.folder)
        shutil.rmtree(cache)


if __name__ == "__main__":
    main()
