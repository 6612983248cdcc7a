"""Sentences on modalities, second stages and where annotations enter follow their tables."""

import numpy as np
import pandas as pd
import pytest

from helpers import evaluation, report

VALUES = {"a": 0.4, "b": 0.5, "c": 0.8, "both": 0.8, "outcome": 0.7, "treatment": 0.5, "neither": 0.45}


@pytest.fixture
def areas():
    return pd.DataFrame(
        [
            {"strategy": s, "metric": m, "seed": seed, "value": (v if m == "captured" else 1 - v) + 0.01 * seed}
            for s, v in VALUES.items()
            for m in ("captured", "pehe")
            for seed in range(3)
        ]
    )


def test_each_modality_with_what_it_captures(areas):
    summary = evaluation.summarise(areas, by=("strategy", "metric"))
    said = report.modality_sentence(summary, {"a": "the columns", "b": "the note", "none": "nothing"}, "X")
    assert "captures 41%" in said and "from the columns; 51%" in said and "nothing" not in said


STEPS = {"another regression": ("b", "a"), "another target": ("c", "b"), "not run": ("z", "a")}


def test_one_thing_changes_at_a_time(areas):
    table = report.steps_table(areas, STEPS)
    assert table["one thing changes"].tolist() == ["another regression", "another target"]
    assert "+10%" in table["share of the benefit"][0] and "−0.30" in table["error of the effects"][1]
    said = report.steps_sentence(areas, STEPS)
    assert "another target brings most: +30%" in said and "told from nothing" not in said


def test_what_is_added_to_what(areas):
    lines = report.modality_gaps_sentences(areas, {"A": ("b", "a"), "B": ("a", "c"), "C": ("z", "a")})
    assert lines[0].startswith("A adds: +10%") and lines[1].startswith("B takes away: −40%") and len(lines) == 2


def test_where_annotations_matter(areas):
    cases = {"both": "in both", "outcome": "in outcomes", "treatment": "in treatment", "neither": "in neither"}
    table = report.entering_table(areas, cases)
    assert "+35%" in table["less none"][0] and table["less none"][3] == ""
    assert "more in the outcome models" in report.entering_sentence(areas)
    swapped = areas.replace({"strategy": {"outcome": "treatment", "treatment": "outcome"}})
    assert "more in the chance of treatment" in report.entering_sentence(swapped)


def test_two_patients_whose_stand_ins_are_furthest_off():
    tau, psi, target = np.zeros(3), np.array([1.0, -9.0, 5.0]), np.array([0.5, -1.0, 1.0])
    rows = report.furthest_off(tau, psi)
    assert rows == (1, 2)
    lines = report.smoothed_sentences(tau, psi, target, rows)
    assert "the stand-in says −9.0, smoothed it says −1.0" in lines[0] and "+5.0" in lines[1]
