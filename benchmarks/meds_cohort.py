"""A cohort from MEDS rows: the study's reader against a pandas script in the ordinary manner, side by side.

python benchmarks/meds_cohort.py [millions of rows] writes benchmarks/meds_cohort.csv. Each way runs in a process of its
own, so that its peak of memory is its own; treatment, outcome and covariates must be the same in both. Notes are
not joined by either. Rows are those of the generator, repeated under other subjects until there are enough.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.config import load
from helpers.data import meds_places
from helpers.data.meds import enrolment, load_meds_spec
from helpers.data.meds.cohort import open_meds, opened
from helpers.data.meds.spec import MedsSpec

PATIENTS, MILLIONS, MEMORY = 1_000, 20.0, "1500MB"
HERE = Path(__file__)


def fill(folder: Path, rows: int) -> int:
    """Shards of at least so many rows: copies of generated ones, each under subjects of its own."""
    source = meds_places(load(dataset="meds", meds_path="synthetic", meds_patients=PATIENTS))[1]
    table = pa.concat_tables(pq.read_table(f, partitioning=None) for f in sorted((source / "data").rglob("*.parquet")))
    step = pc.max(table["subject_id"]).as_py() + 1
    (folder / "data").mkdir(parents=True)
    shutil.copytree(source / "metadata", folder / "metadata")
    (folder / "metadata" / "subject_splits.parquet").unlink()
    shutil.copy(source / "meds.yml", folder)
    copies = -(-rows // len(table))
    for i in range(copies):
        moved = table.set_column(0, table.schema.field(0), pc.add(table["subject_id"], i * step))
        pq.write_table(moved, folder / "data" / f"{i}.parquet", compression="zstd")
    return copies * len(table)


def by_the_study(folder: Path) -> pd.DataFrame:
    """The study's reader, with all its checks, up to the columns of the enrolled."""
    spec, shards = open_meds(folder / "meds.yml")
    with opened(spec, shards, MEMORY) as session:
        enrolment.enrol_patients(session, spec)
        return enrolment.columns(session, spec).drop(columns="hour")


def by_pandas(folder: Path) -> pd.DataFrame:
    """Read all shards, then filter, join and group, as a script in the ordinary manner does; it checks nothing."""
    spec = load_meds_spec(folder / "meds.yml")
    names = ["subject_id", "time", "code", "numeric_value", "storetime"]
    events = pd.concat(pd.read_parquet(f, columns=names) for f in sorted((folder / "data").glob("*.parquet")))
    events = events.reset_index(drop=True)
    hour = pd.Timedelta(hours=1)
    began = events[meant(events, spec.index.codes)].groupby("subject_id")["time"].min()
    stay = pd.DataFrame({"t0": began + spec.index.hours_after * hour, "began": began})
    stay["t1"] = stay["t0"] + spec.treatment.hours * hour
    events = events.merge(stay.reset_index(), on="subject_id")
    events["known"] = events[["time", "storetime"]].max(axis=1)
    events.loc[events["time"].isna(), "known"] = pd.NaT
    return pandas_columns(events, stay, spec, hour)


def meant(events: pd.DataFrame, codes) -> pd.Series:
    """Which rows have one of these codes."""
    found = events["code"].isin([c.code for c in codes if not c.pattern])
    for code in codes:
        if code.pattern:
            found |= events["code"].str.startswith(code.code[:-1])
    return found


def pandas_columns(events: pd.DataFrame, stay: pd.DataFrame, spec: MedsSpec, hour: pd.Timedelta) -> pd.DataFrame:
    """Treatment, outcome and covariates of those in the cohort."""
    given = events[meant(events, spec.treatment.codes)]
    given = given[given["time"] >= given["t0"] - spec.treatment.washout_hours * hour]
    stay["first_dose"] = given.groupby("subject_id")["time"].min()
    gone = events[meant(events, spec.present.codes) & events["time"].between(events["began"], events["t1"])]
    died = events[meant(events, spec.outcome.codes)]
    early = died[died["time"].between(died["began"], died["t1"])]
    after = events[meant(events, spec.outcome.until) & (events["time"] > events["t1"])]
    ends = after.groupby("subject_id")["time"].min()
    end = pd.concat([stay["t1"] + spec.outcome.hours * hour, ends.reindex(stay.index)], axis=1).min(axis=1)
    died = died[(died["time"] > died["t1"]) & (died["time"] <= died["subject_id"].map(end))]
    birth = events[events["code"] == "MEDS_BIRTH"].groupby("subject_id")["time"].min()
    age = (stay["t0"] - birth.reindex(stay.index)) // pd.Timedelta(seconds=1) / enrolment.YEAR
    notes = pd.concat(readable(events, part, hour) for part in spec.notes.values())
    kept = (age >= spec.least_age) & ~stay.index.isin(gone["subject_id"]) & ~stay.index.isin(early["subject_id"])
    kept &= (stay["first_dose"].isna() | (stay["first_dose"] >= stay["t0"])) & stay.index.isin(notes["subject_id"])
    out = pd.DataFrame({"T": (stay["first_dose"] <= stay["t1"]).astype("int64")})
    out["Y"] = out.index.isin(died["subject_id"]).astype(float)
    for name, part in spec.covariates.items():
        out[name] = covariate(events, part, age, out.index, hour)
    return out[kept].sort_index().rename_axis("id").reset_index()


def readable(events: pd.DataFrame, part, hour: pd.Timedelta) -> pd.DataFrame:
    """The notes of one kind that could be read when it was decided."""
    recent = events["known"].between(events["t0"] - part.hours * hour, events["t0"])
    return events[meant(events, part.codes) & events["storetime"].notna() & recent]


def covariate(events: pd.DataFrame, part, age: pd.Series, index: pd.Index, hour: pd.Timedelta) -> pd.Series:
    """One covariate for all subjects."""
    if part.take == "age":
        return age.clip(upper=enrolment.OLDEST_KNOWN)
    rows = events[meant(events, part.codes)]
    known = rows["known"] <= rows["t0"]
    if part.hours:
        known &= rows["known"] >= rows["t0"] - part.hours * hour
    rows = rows[known | rows["time"].isna()] if part.static else rows[known]
    if part.take != "last":
        counts = rows.groupby("subject_id").size().reindex(index, fill_value=0)
        return (counts > 0).astype(float) if part.take == "any" else counts.astype(float)
    scale = {c.code: (c.times, c.plus) for c in part.codes}
    times, plus = (rows["code"].map({k: v[i] for k, v in scale.items()}) for i in (0, 1))
    rows = rows.assign(x=rows["numeric_value"].astype(float) * times + plus).dropna(subset=["x"])
    last = rows.sort_values("known", kind="stable").groupby("subject_id")["x"].last()
    return last.where(last.between(part.low, part.high)).reindex(index)


WAYS = {"study": by_the_study, "pandas": by_pandas}


def measured(way: str, folder: Path, out: Path) -> dict:
    """Seconds, CPU seconds and peak memory of one way in a process of its own."""
    words = [sys.executable, str(HERE), "--way", way, str(folder), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def one_way(way: str, folder: Path, out: Path) -> None:
    """Run one way and say what it took."""
    began = time.perf_counter()
    WAYS[way](folder).to_parquet(out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    row = {"seconds": time.perf_counter() - began, "cpu_seconds": used.ru_utime + used.ru_stime}
    print(json.dumps(row | {"peak_gb": used.ru_maxrss / 2**20}))


def main(millions: float) -> None:
    """Both ways on the same rows; refuses results that differ."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "meds"
        rows = fill(folder, int(millions * 1e6))
        found, results = [], []
        for way in WAYS:
            out = Path(place) / f"{way}.parquet"
            found.append({"way": way, "rows": rows, **measured(way, folder, out)})
            results.append(pd.read_parquet(out))
        pd.testing.assert_frame_equal(*results, check_exact=False, rtol=1e-12)
        table = pd.DataFrame(found).assign(patients=len(results[0]))
    print(table.round(2).to_string(index=False), "\nthe same rows:", np.shape(results[0]))
    table.round(3).to_csv(HERE.with_suffix(".csv"), index=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        one_way(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else MILLIONS)
