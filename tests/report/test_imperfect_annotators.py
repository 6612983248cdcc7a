"""Sentences on wrong annotations follow their tables."""

import numpy as np
import pandas as pd
import pytest

from helpers import report

COST = pd.DataFrame(
    {
        "strategy": ["em, ignored", "em, disagreement"],
        "metric": "captured",
        "value": [-0.12, -0.02],
        "low": [-0.14, -0.03],
        "high": [-0.1, -0.01],
    }
)
WON = {"share": 0.83, "low": 0.7, "high": 0.9}


def test_the_cost_and_what_comes_back():
    said = report.errors_sentence(COST, WON, 0.1, 0.05).replace("\u00a0", " ")
    assert "errors cost EM (12% [10%, 14%] of the attainable benefit)" in said
    assert "the 5% that are annotated twice win back 83% [70%, 90%] of that." in said


def test_no_loss_nothing_to_win_back():
    flat = COST.assign(low=-0.3, high=0.1)
    said = report.errors_sentence(flat, {**WON, "share": np.nan}, 0.1, 0.05)
    assert "cost EM nothing that can be told from zero" in said and "nothing to win back" in said


def test_two_patients_one_of_whom_shows_the_error():
    first = np.array([[1, 2], [1, 0], [-1, -1]])
    second = np.array([[0, 2], [1, 0], [-1, -1]])
    truth = np.array([[1, 2], [0, 0], [0, 0]])
    lines = report.twice_sentences(first, second, truth, ("cough", "fever"), (2, 3))
    assert "Of cough, the first annotator wrote yes, the second no" in lines[0]
    assert "Both wrote yes for cough, and both are wrong" in lines[1]
    assert report.twice_sentences(truth, truth, truth, ("cough", "fever"), (2, 3)) == []


def test_in_how_many_fields_the_rate_is_right():
    rates = pd.DataFrame(
        {"low": [0.05, 0.05], "high": [0.15, 0.15], "really": [0.1, 0.2], "n": [40, 40]}, index=["cough", "pain"]
    )
    assert report.rates_sentence(rates).startswith("In 1 of 2 fields")


@pytest.fixture
def other():
    values = {"right": 0.9, "keywords": 0.88, "flipped": 0.6}
    noise = {0: 0.0, 1: 0.03, 2: -0.03}
    rows = [
        {"strategy": name, "seed": seed, "value": v + (noise[seed] if name == "keywords" else 0) + 0.001 * seed}
        for name, v in values.items()
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


def test_where_each_annotator_stands(other):
    table = report.standing_table(other, "right", pd.Series([0.5, 0.5, 0.5, 0.5], index=range(4)))
    order = table["who annotated, what was done"].tolist()
    assert order == ["right", "keywords", "flipped", "nobody: learner without annotations"]
    assert table["less right annotations"].iloc[0] == "" and "−30%" in table["less right annotations"].iloc[2]


def test_the_dearest_and_those_as_good_as_right(other):
    said = report.best_kind_sentence(other, "right", {"right": "R", "keywords": "K", "flipped": "F"})
    assert said.startswith("Not to be told apart from right annotations: K.") and "The dearest: F (−30%" in said


def test_rules_and_programs_side_by_side():
    rules = pd.DataFrame(
        [
            ("helpers", "aside", "all", 9, 10, 0.975, 0.99),
            ("negspacy", "aside", "all", 4, 10, 0.8, 0.612),
            ("helpers", "written", "all", 1, 1, 1.0, 1.0),
            ("helpers", "aside", "time", 2, 3, None, 0.5),
        ],
        columns=["program", "half", "kind", "right", "n", "sensitivity", "specificity"],
    )
    table = report.rules_table(rules)
    assert table.loc["symptoms found (sensitivity)"].tolist() == ["97.5%", "80.0%"]
    assert table.loc["others left alone (specificity)", "negspacy"] == "61.2%"
    assert table.loc["of another time", "this study's rules"] == "2 of 3"
    assert table.loc["all sentences", "this study's rules"] == "9 of 10"
    assert table.loc["all sentences", "negspacy"] == "4 of 10"


def test_how_good_a_program_is():
    quality = pd.DataFrame({"blank": [0.1, 0.7], "wrong where it writes": [0.001, 0.025]})
    said = report.quality_sentence(quality)
    assert "wrong in 0.1% to 2.5%" in said and "leaves 10% to 70% blank" in said
