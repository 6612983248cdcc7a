"""What every door does with an input: refused, marked or read as, as the table says that the book shows."""

import csv
from pathlib import Path

import policies_saved
import pytest
import runs_asked
import tables_given

pytestmark = pytest.mark.slow

with Path(__file__).with_name("refusals.csv").open(encoding="utf-8", newline="") as file:
    TABLE = list(csv.DictReader(file))
DOORS = {
    "own table": tables_given.TABLES,
    "own.yml": tables_given.SPECS,
    "parameters": runs_asked.PARAMETERS,
    "SimSUM file": runs_asked.SIMSUM,
    "annotation file": runs_asked.ANNOTATIONS,
    "MIMIC folder": runs_asked.MIMIC,
    "saved policy": policies_saved.POLICIES,
    "records to score": policies_saved.RECORDS,
}


def test_every_input_stands_in_the_table_once():
    rows = [(row["door"], row["input"]) for row in TABLE]
    assert sorted(rows) == sorted((door, name) for door, cases in DOORS.items() for name in cases)
    assert {row["outcome"] for row in TABLE} == {"refused", "marked", "read as"} and all(row["said"] for row in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['door']}: {row['input']}")
def test_the_outcome_is_that_of_the_table(row, tmp_path):
    read = DOORS[row["door"]][row["input"]]
    if row["outcome"] == "read as":
        assert read(tmp_path) == row["said"]
        return
    if row["outcome"] == "marked":
        assert row["said"] in read(tmp_path)
        return
    with pytest.raises((ValueError, OSError)) as caught:
        read(tmp_path)
    message = str(caught.value)
    assert row["said"] in message and tables_given.SECRET not in message, message
    assert type(caught.value).__name__ in ("ValueError", "DataError", "FileNotFoundError"), type(caught.value)
