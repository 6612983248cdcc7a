"""The verdicts on simulated coverage allow for the error of the simulation."""

import pandas as pd
import pytest

from helpers import report
from helpers.config import project_root


@pytest.fixture
def table():
    rows = [
        ("10 seeds, paired", "autoc, stress", 0.951, 0.08),
        ("10 seeds, paired, Student's instead", "autoc, stress", 0.867, 0.04),
        ("patients", "mean_effect", 0.974, 0.4),
        ("patients", "qini", 0.979, 0.4),
        ("patients", "autoc", 0.926, 0.4),
        ("patients", "policy_value", 0.921, 0.4),
    ]
    columns = ["design", "metric", "coverage", "mean_width"]
    return pd.DataFrame(rows, columns=columns).assign(monte_carlo_se=0.005, replications=1000)


def test_an_error_beyond_the_bound_is_no_failure(table):
    judged = report.coverage_verdicts(table)
    assert judged["verdict"].tolist() == ["right", "too narrow", "right", "too wide", "right", "too narrow"]
    assert judged["student"].tolist() == [False, True, False, False, False, False]


def test_the_sentences_name_what_is_outside_and_how_students_would_do(table):
    first, wide, narrow, student = report.coverage_lines(table)
    assert first.startswith("3 of 5 kinds") and "1,000 replications" in first
    assert wide == "Too wide: patients, Qini coefficient, 97.9%."
    assert narrow == "Too narrow: patients, policy value, 92.1%."
    assert "right for all but 1 of these kinds" in student and "100% to 100% wider" in student
    ours = table[~table["design"].str.contains("Student")]
    assert len(report.coverage_lines(ours)) == 3


def test_the_committed_table_is_read():
    table = pd.read_csv(project_root() / "benchmarks" / "coverage.csv")
    assert "Student's intervals" in report.coverage_lines(table)[-1]
