"""What the keyword annotator makes of single sentences: a table in two halves, and examples of every kind."""

from __future__ import annotations

import csv
import importlib.util
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from helpers.annotation.keywords import KeywordAnnotator

SENTENCES = Path(__file__).parent / "sentences"
READER = KeywordAnnotator()


def table(half: str) -> list[dict[str, str]]:
    with (SENTENCES / "clinical.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["half"] == half]


def right(rows: list[dict[str, str]]) -> np.ndarray:
    """Whether all five fields of each sentence are read right."""
    wanted = np.array([[int(row[name]) for name in READER.fields] for row in rows])
    return (READER.read([row["text"] for row in rows]) == wanted).all(axis=1)


def examples() -> list[tuple[str, dict[str, int]]]:
    lines = (SENTENCES / "examples.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.rsplit("=>", 1) for line in lines if not line.startswith("#")]
    plain = [(text.rstrip(" ").replace("\\n", "\n").replace("\\t", "\t"), said.split()) for text, said in pairs]
    return [(text, {value[:-1]: int(value[-1]) for value in said}) for text, said in plain]


def wilson_low(k: int, n: int, z: float = 1.96) -> float:
    p = k / n
    return (p + z * z / 2 / n - z * sqrt(p * (1 - p) / n + z * z / 4 / n / n)) / (1 + z * z / n)


def test_the_table_is_what_its_templates_make():
    spec = importlib.util.spec_from_file_location("make", SENTENCES / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    made = {row["id"]: row for row in make.rows()}
    assert made == {row["id"]: row for half in ("written", "aside") for row in table(half)}
    assert len(made) >= 600 and min(len(table(half)) for half in ("written", "aside")) > 300


def test_the_half_the_rules_were_written_on():
    wrong = [row["id"] for row, ok in zip(table("written"), right(table("written")), strict=True) if not ok]
    assert not wrong


def test_the_half_kept_aside():
    rows = table("aside")
    ok = right(rows)
    print(f"{ok.sum()} of {len(ok)} right, lower bound of the 95 % interval {wilson_low(ok.sum(), len(ok)):.3f}")
    assert ok.mean() >= 0.95


def test_examples():
    texts, said = zip(*examples(), strict=True)
    found = [
        {name: code for name, code in zip(READER.fields, row, strict=True) if code != -1}
        for row in READER.read(texts).tolist()
    ]
    wrong = [(text, want, got) for text, want, got in zip(texts, said, found, strict=True) if want != got]
    assert not wrong, wrong


def test_a_list_of_any_length_belongs_to_its_cue():
    items = ["headache", "chills", "nausea", "rash", "dizziness", "weight loss", "cough"]
    for n in (1, 5, 20, 60):
        for cue, end in (("Denies", " or "), ("No", " or "), ("Without", " nor "), ("Negative for", " and ")):
            listed = ", ".join((items * 10)[:n]) + ", cough" + end + "fever"
            read = READER.read([f"{cue} {listed}."], ("cough", "fever"))
            assert read.tolist() == [[0, 0]], (cue, n)


@pytest.mark.parametrize(
    ("note", "status"),
    [
        ("Fever cannot be ruled out.", "uncertain"),
        ("Possible fever. No fever today.", "absent"),
        ("Possible fever. Fever since Monday.", "present"),
        ("Call if fever develops.", "not stated"),
        ("Her son has fever.", "not stated"),
        ("Fever last winter.", "not stated"),
        ("Fever is gone.", "absent"),
        ("T 39.0 C.", "present"),
        ("", "not stated"),
    ],
)
def test_uncertain_is_a_value_of_its_own(note, status):
    assert READER.statuses([note], ("fever",)).tolist() == [[status]]
    code = READER.read([note], ("fever",))[0, 0]
    assert (code == -1) == (status in ("uncertain", "not stated")) and (code == 0) == (status == "absent")


def test_statuses_of_several_fields_and_of_none():
    assert READER.statuses(["No cough, fever."], ("fever", "cough")).tolist() == [["absent", "absent"]]
    assert READER.statuses([]).shape == (0, 5) == READER.read([]).shape
    with pytest.raises(ValueError, match="rash"):
        READER.statuses(["Rash."], ("rash",))
