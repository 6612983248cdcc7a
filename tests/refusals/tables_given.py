"""Own tables and their specs, one an input in words: each is written to a folder, read, and said how it was read."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.data import own
from helpers.data.own.spec import load_spec

Case = Callable[[Path], str]
SECRET = "Zebrafish"
LINES = {
    "table": "t.csv",
    "id": "pid",
    "text": "note",
    "tabular": "{age: numeric}",
    "annotations": "{cough: binary}",
    "treatment": "{column: drug}",
    "outcome": "{column: days, type: continuous, better: lower}",
}


def frame(n: int = 60) -> pd.DataFrame:
    """A sound table, all cells as they would be typed."""
    rng = np.random.default_rng(0)
    columns = {"pid": [f"P{k}" for k in range(n)], "note": [f"{SECRET} {k}" for k in range(n)]}
    columns |= {"age": rng.integers(20, 90, n).astype(str), "cough": ["yes", "no", "no"] * (n // 3)}
    columns |= {"drug": ["no", "yes"] * (n // 2), "days": rng.normal(5, 1, n).round(2).astype(str)}
    return pd.DataFrame(columns)


def table(columns=None, look=len, change=lambda content: content, name="t.csv", **lines) -> Case:
    """A table with other columns or bytes under a spec with other lines; ``look`` says how the cohort was read."""

    def read(folder: Path) -> str:
        content = frame().assign(**(columns or {})).to_csv(index=False).encode()
        (folder / name).write_bytes(change(content))
        spec = "".join(f"{key}: {value}\n" for key, value in (LINES | {"table": name} | lines).items())
        (folder / "own.yml").write_text(spec, encoding="utf-8")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            cohort = own.read_own(folder / "own.yml")
        return "; ".join([str(look(cohort)), *(str(w.message) for w in told if w.category is UserWarning)])

    return read


def spec(line: str, encoding: str = "utf-8") -> Case:
    """A spec with one more line."""

    def read(folder: Path) -> str:
        lines = [*(f"{key}: {value}" for key, value in LINES.items()), line]
        (folder / "own.yml").write_text("\n".join(lines), encoding=encoding)
        return str(load_spec(folder / "own.yml"))

    return read


def first(cell: str, column: str = "age") -> dict:
    """The column with another first cell."""
    return {column: [cell, *frame()[column][1:]]}


def cells(column: str) -> Callable:
    """The first three cells of a column as they were read."""
    return lambda cohort: ", ".join(map(str, cohort.frame[column][:3]))


def untouched(cohort) -> str:
    """Whether every id, note, age and outcome stands where it was typed."""
    found = pd.DataFrame({"pid": cohort.ids, "note": cohort.texts, "age": cohort.frame["age"], "days": cohort.Y})
    wanted = frame()[list(found)].astype({"age": float, "days": float})
    return "the same table" if found.astype({"age": float}).equals(wanted) else "another table"


def in_each_row(content: bytes) -> bytes:
    """A comma at the end of each row but the head."""
    head, *rows = content.splitlines()
    return b"\n".join([head, *(row + b"," for row in rows)])


GERMAN = {"days": frame()["days"].str.replace(".", ",")}
TABLES: dict[str, Case] = {
    "a number with a decimal point where the spec names a comma": table(GERMAN | first("1.250"), decimal="','"),
    "the same number where the spec names points between thousands": table(
        GERMAN | first("1.250"), lambda c: c.frame["age"][0], decimal="','", thousands="'.'"
    ),
    "an age of 1e308": table(first("1e308")),
    "an age with its unit": table(first("50 kg")),
    "an empty age": table(first("")),
    "an empty age where the spec says missing: mark": table(
        first(""),
        lambda c: f"age_missing = {c.frame['age_missing'][0]}",
        tabular="{age: {type: numeric, missing: mark}}",
    ),
    "None where the spec names None as a level": table(
        {"sev": ["None", "Low", "High"] * 20},
        cells("sev"),
        annotations="{sev: {type: categorical, levels: [None, Low, High]}}",
    ),
    "NA and DE in a column without levels": table(
        {"land": ["NA", "DE", "FR"] * 20}, tabular="{land: {type: categorical, missing: mark}}"
    ),
    "categories v1, v1.0 and v2": table({"icd": ["v1", "v1.0", "v2"] * 20}, cells("icd"), tabular="{icd: categorical}"),
    "categories Low and low": table({"k": ["Low", "low", "high"] * 20}, tabular="{k: categorical}"),
    "no and yes of the arms named by the spec without quotes": table(
        look=lambda c: f"{c.T.sum()} of {len(c)} treated", treatment="{column: drug, treated: yes, untreated: no}"
    ),
    "an outcome that is the same in all records": table({"days": "5"}),
    "an annotation that is the same in all records": table({"cough": "no"}),
    "an annotation that is empty in half the records": table(
        {"cough": ["yes", "no", "", ""] * 15}, lambda c: f"{c.annotated.sum()} of {len(c)} annotated"
    ),
    "notes that are all the same": table({"note": "Patient seen."}),
    "notes that are numbers": table({"note": np.arange(60)}),
    "notes that are dates": table({"note": ["2024-03-01", "2024-03-02"] * 30}),
    "identifiers of which a spreadsheet left 1.23E+11": table({"pid": ["1.23E+11"] * 2 + frame()["pid"].tolist()[2:]}),
    "identifiers that differ by a sign nobody sees": table({"pid": ["P1", "P1\u200b", *frame()["pid"].tolist()[2:]]}),
    "an outcome of a billionth": table({"days": frame()["days"].astype(float) * 1e-9}),
    "ids p1 and P1": table({"pid": ["p1", "P1", *frame()["pid"][2:]]}),
    "an annotation named like a mark of a bedside column": table(
        {"flag": ["yes", "no"] * 30},
        lambda c: f"at the bedside: {', '.join(c.roles.tabular)}",
        annotations="{cough: binary, age_missing: {type: binary, column: flag}}",
    ),
    "one arm of ten patients": table({"pid": [f"Q{k % 20}" if k % 2 else f"P{k}" for k in range(60)]}),
    "times with and without a time zone": table({"when": ["2024-03-01T12:00Z", "2024-03-01T12:00"] * 30}, time="when"),
    "one comma too many at the end of each row": table(look=untouched, change=in_each_row),
    "a title above the names": table(change=lambda content: b"Title\n\n" + content),
    "a last row cut short": table(change=lambda content: content[:-8]),
    "an empty file": table(change=lambda content: b""),
    "a packed file cut short": table(name="t.csv.gz", change=lambda content: gzip.compress(content)[:-20]),
}
SPECS: dict[str, Case] = {
    "a name given twice": spec("outcome: {column: days, type: count, better: higher}"),
    "an umlaut in Latin-1": spec("title: F\xe4lle", "latin-1"),
    "an encoding that does not exist": spec("encoding: utf-99"),
    "one sign for decimals and thousands": spec("thousands: '.'"),
    "an object of Python": spec("title: !!python/object/apply:os.system [x]"),
    "a misspelt name": spec("treatmnt: {column: drug}"),
    "a word for no value that a binary column needs": spec("empty: [no, NA]"),
}
