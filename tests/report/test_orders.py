"""Verdicts on orders, in words."""

import pandas as pd

from helpers import report


def verdicts() -> pd.DataFrame:
    rows = [("a", "lost", 0.5, 0.4, 0.6, 0.001, 0.55), ("b", "open", 0.05, 0.0, 0.2, 0.3, 0.25)]
    return pd.DataFrame(rows, columns=["strategy", "verdict", "share", "low", "high", "p", "true_share"])


NAMES = {"a": "the one", "b": "the other", "c": "not run"}


def test_the_finding_gives_what_is_told_and_what_is_true():
    said = report.survival_sentence(verdicts(), NAMES)
    assert "the one loses 50%" in said and "(in truth 55%)" in said and "not run" not in said


def test_the_table_has_a_row_a_verdict():
    table = report.verdict_table(verdicts(), NAMES)
    assert list(table.index) == ["the one", "the other"]
    assert table["the order"].tolist() == ["is lost", "not to be told"] and table["in truth"].tolist() == ["55%", "25%"]


def test_limits_are_held_against_the_truth():
    assert "for 1 of 2 orders" in report.held_within(verdicts())


def test_the_rule_says_how_often_it_was_wrong():
    wrong = pd.DataFrame({"answer": ["survives", "lost"], "rows": [4, 0], "wrong": [1, 0], "true_share": [0.2, None]})
    first, second = report.rule_lines(wrong)
    assert "4 rows, and was wrong of 1 (25.0%); what was lost there is 20.0%" in first
    assert "0 rows" in second and "on average" not in second


def test_the_worst_place_is_named_and_noise_is_told_apart():
    where = pd.DataFrame({"varied": ["process", "noise"], "level": ["v2", "0.1"], "bias": [-0.2, 0.1]})
    settings = pd.DataFrame(
        {
            "noise": [0.0, 0.1],
            "order_share": [0.5, 0.2],
            "true_share": [0.5, 0.3],
            "low_order_share": [0.4, 0.1],
            "high_order_share": [0.6, 0.25],
        }
    )
    lines = report.where_sentences(where, settings)
    assert "process “v2”: on average \u221220%" in lines[0]
    assert "hold the truth in 100%" in lines[1] and "in 0% of the settings; the share is off by \u221210%" in lines[2]


def test_a_diagnostic_is_quoted_against_its_target():
    ranks = pd.DataFrame(
        {"strategy": ["x"], "metric": ["share lost"], "value": [0.8], "low": [0.7], "high": [0.9], "settings": [9]}
    )
    line = report.diagnostic_lines(ranks, {"x": "the loss"}, {"x": "t"}, {"t": "share lost"})[0]
    assert line.startswith("the loss: rank correlation with the share lost **0.80") and "9 settings" in line
