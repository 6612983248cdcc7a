"""A table of one's own in words: the naive comparison, its sign, and the direction of the outcome."""

import pandas as pd
import pytest

from helpers import report
from helpers.data.cohort import Cohort, Roles


def cohort(lower: bool) -> Cohort:
    frame = pd.DataFrame({"id": [1, 1, 2, 3], "text": "", "T": [1, 0, 1, 0], "Y": [1.0, 2.0, 3.0, 5.0]})
    roles = Roles(treatment="T", outcome="Y", lower_is_better=lower)
    return Cohort(frame, roles)


def row(value: float, half: float) -> dict:
    return {"value": value, "low": value - half, "high": value + half}


@pytest.mark.parametrize(("lower", "word"), [(False, "**helps**"), (True, "**harms**")])
def test_the_verdict_hangs_on_the_direction(lower, word):
    rows = report.effect_rows(row(-1.0, 0.5), row(6.0, 2.0), 5.9)
    said = report.effect_sentence(rows, cohort(lower))
    assert word in said and "The sign turns." in said and "only a made-up table has: +5.90" in said
    assert f"({'lower' if lower else 'higher'} is better)" in said


def test_no_verdict_within_the_noise():
    said = report.effect_sentence(report.effect_rows(row(-1.0, 0.5), row(6.0, 7.0)), cohort(False))
    assert "**cannot be told from zero**" in said and "sign turns" not in said and "truth" not in said


def test_facts_are_in_the_direction_of_the_outcome():
    for lower in (True, False):
        facts = report.own_facts(cohort(lower)).set_index("fact")["value"]
        assert facts[["mean outcome, treated", "mean outcome, untreated"]].tolist() == ["2.00", "3.50"]
        assert facts["patients"] == "3" and facts["records a patient, mean"] == "1.33" and facts["treated"] == "50%"
