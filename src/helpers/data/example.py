"""A made-up table as a clinic might have it: its own column names, words and directions, and several visits a patient.

Records and notes come from the study's generator, treatment and outcome from its v3 process. The outcome is a score of
well-being, higher is better: 80 - 6 Y plus what is particular to the patient, so the effect of a record is -6 tau.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.code import code_of
from helpers.artifacts.files import replacing
from helpers.artifacts.store import default_root
from helpers.data.cohort import Cohort
from helpers.data.columns import SIMSUM_ROLES
from helpers.data.processes import draw_outcomes
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes
from helpers.data.seeds import derived_seed, streams

EXAMPLE_ROWS = 5_000
MOST_VISITS = 4
POINTS = 6.0  # of well-being for one unit of Y
PATIENT_SD = 3.0
ANNOTATED = 0.8
AGE_MISSING = 0.06
MADE = "# visits.csv as made up: sha256 "
CHRONIC_COLUMNS = ["self_empl", "asthma", "smoking", "COPD", "hay_fever"]
SPEC = """\
# Which column of the table plays which part.
title: made-up clinic
table: visits.csv          # beside this file; .csv, .csv.gz or .parquet
separator: ";"
decimal: ","
public: true               # made up, so pages may quote it; leave this out for records of real people

id: Patient                # all visits of a patient stay on one side of every split
text: Brief
time: Datum

tabular:                   # known at the bedside
  age: {column: Alter, type: numeric, missing: mark}
  self_employed: {column: Selbststaendig, type: binary, present: ja, absent: nein}
  smoker: {column: Raucher, type: binary, present: ja, absent: nein}
  condition: {column: Vorerkrankung, type: categorical, levels: [keine, Asthma, COPD, Heuschnupfen, mehrere]}
  season: {column: Jahreszeit, type: categorical, levels: [Sommer, Winter]}

annotations:               # read off the note by an expert; all empty where nobody did
  breathless: {column: Atemnot, type: binary, present: ja, absent: nein}
  cough: {column: Husten, type: binary, present: ja, absent: nein}
  chest_pain: {column: Schmerz, type: binary, present: ja, absent: nein}
  runny_nose: {column: Schnupfen, type: binary, present: ja, absent: nein}
  fever: {column: Fieber, type: categorical, levels: [kein, leicht, hoch]}

treatment: {column: Antibiotikum, treated: gegeben, untreated: nicht gegeben}
outcome: {column: Wohlbefinden, type: continuous, better: higher}
"""


def example_table(n: int = EXAMPLE_ROWS, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """The table, and the true effect of each row on well-being (above zero: treatment helps).

    Parameters
    ----------
    n : int
        Rows, one a visit.
    seed : int
        Root of the randomness.

    Returns
    -------
    frame : DataFrame of strings and numbers, as written to the file
    effect : (n,) array
    """
    records = sample_network(n, derived_seed("own example", seed))
    notes = write_notes(records, "normal", derived_seed("own example notes", seed))["text"].to_numpy()
    drawn = draw_outcomes(
        Cohort(records.assign(text=""), SIMSUM_ROLES), "v3", derived_seed("own example outcome", seed)
    )
    rng = streams("own example table", seed, 1)[0]
    patient = _patients(records, rng)
    wellbeing = 80 - POINTS * drawn.Y + rng.normal(0, PATIENT_SD, patient.max() + 1)[patient]
    frame = pd.DataFrame({"Patient": [f"P{k:05d}" for k in patient], "Datum": _dates(records, rng)})
    frame = frame.join(_bedside(records, patient, rng)).assign(Brief=notes)
    frame = frame.join(_annotations(records, rng)).assign(
        Antibiotikum=np.where(drawn.T == 1, "gegeben", "nicht gegeben"), Wohlbefinden=wellbeing.round(1)
    )
    order = np.lexsort((frame["Datum"], patient))
    return frame.iloc[order].reset_index(drop=True), -POINTS * drawn.tau[order]


def write_example(folder: str | Path, n: int = EXAMPLE_ROWS, seed: int = 0, overwrite: bool = False) -> Path:
    """Write ``visits.csv`` and ``own.yml`` into a folder; returns the path of the latter.

    Raises
    ------
    FileExistsError
        One of the files is there, and ``overwrite`` is False or it is another one than an example of before.
    """
    folder = Path(folder).expanduser()
    table, spec = folder / "visits.csv", folder / "own.yml"
    there = [path.name for path in (table, spec) if path.exists()]
    if there and not overwrite:
        raise FileExistsError(f"{folder}: {there} are there; name another folder, or pass --overwrite.")
    if there and not _is_example(table, spec):
        raise FileExistsError(f"{folder}: {there} are not as they were made up; name another folder, nothing is lost.")
    return _write(folder, n, seed)


def _write(folder: Path, n: int, seed: int) -> Path:
    """Both files, the spec last: it closes with the digest of the table, by which both are known for made-up ones."""
    table, spec = folder / "visits.csv", folder / "own.yml"
    with replacing(table) as temporary:
        example_table(n, seed)[0].to_csv(temporary, sep=";", decimal=",", index=False)
        made = hashlib.sha256(temporary.read_bytes()).hexdigest()
    with replacing(spec) as temporary:
        temporary.write_text(f"{SPEC}\n{MADE}{made}\n", encoding="utf-8")
    return spec


def example_spec(seed: int = 0) -> Path:
    """The ``own.yml`` of the example in the user's cache, written when first asked for."""
    folder = default_root() / "examples" / f"own-{seed}-{code_of(__name__)[:12]}"
    spec = folder / "own.yml"  # written last, so the table is whole where it exists
    return spec if spec.exists() else _write(folder, EXAMPLE_ROWS, seed)


def _is_example(table: Path, spec: Path) -> bool:
    """Whether both files are as they were written: an edited own.yml or table is the user's own."""
    if not (table.is_file() and spec.is_file()):
        return False
    said = f"{SPEC}\n{MADE}{hashlib.sha256(table.read_bytes()).hexdigest()}\n"
    return spec.read_bytes() == said.encode()


def _patients(records: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """(n,) patient of each visit: records with the same chronic conditions, one to four at a time."""
    kind = records.groupby(CHRONIC_COLUMNS, sort=True).ngroup().to_numpy()
    order = np.argsort(kind, kind="stable")
    first = np.zeros(len(records), bool)
    first[np.cumsum(rng.integers(1, MOST_VISITS + 1, len(records)))[:-1].clip(max=len(records) - 1)] = True
    first |= np.r_[True, np.diff(kind[order]) != 0]
    patient = np.empty(len(records), int)
    patient[order] = rng.permutation(first.sum())[np.cumsum(first) - 1]
    return patient


def _dates(records: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """Days of 2019 to 2023: November to March in winter, April to October else."""
    winter = records["winter"].to_numpy() == 1
    day = np.where(winter, rng.integers(0, 151, len(records)), rng.integers(151, 365, len(records)))
    start = np.array([np.datetime64(f"{year}-11-01") for year in range(2018, 2023)])
    return (start[rng.integers(0, 5, len(records))] + day).astype(str).tolist()


def _yes_no(values) -> np.ndarray:
    return np.where(np.asarray(values) == 1, "ja", "nein")


def _bedside(records: pd.DataFrame, patient: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    age = rng.integers(18, 90, patient.max() + 1)[patient].astype(float)
    age[rng.random(len(age)) < AGE_MISSING] = np.nan
    conditions = records[["asthma", "COPD", "hay_fever"]].to_numpy() == 1
    named = np.select(list(conditions.T), ["Asthma", "COPD", "Heuschnupfen"], "keine")
    return pd.DataFrame(
        {
            "Alter": age,
            "Selbststaendig": _yes_no(records["self_empl"]),
            "Raucher": _yes_no(records["smoking"]),
            "Vorerkrankung": np.where(conditions.sum(1) > 1, "mehrere", named),
            "Jahreszeit": np.where(records["winter"] == 1, "Winter", "Sommer"),
        }
    )


def _annotations(records: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    words = {"Atemnot": "dysp", "Husten": "cough", "Schmerz": "pain", "Schnupfen": "nasal"}
    found = pd.DataFrame({ours: _yes_no(records[theirs]) for ours, theirs in words.items()}, dtype=object)
    found["Fieber"] = records["fever"].astype(object).map({"none": "kein", "low": "leicht", "high": "hoch"}).to_numpy()
    found.loc[rng.random(len(found)) >= ANNOTATED] = None
    return found
