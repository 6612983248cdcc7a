"""Sentences follow the numbers of their tables."""

import pandas as pd
import pytest

from helpers import evaluation, report


def difference(value, low, high):
    return pd.Series({"value": value, "low": low, "high": high})


@pytest.mark.parametrize(
    ("row", "said"), [((0.2, 0.1, 0.3), "up"), ((-0.2, -0.3, -0.1), "down"), ((0.2, -0.1, 0.5), "open")]
)
def test_a_verdict_needs_an_interval_without_zero(row, said):
    assert report.signed(difference(*row), "up", "down", "open") == said


def test_a_difference_is_written_with_its_interval():
    assert report.change(difference(0.1, -0.05, 0.25)) == "+0.100, 95 % interval -0.050 to +0.250"
    assert report.change(difference(0.1, -0.05, 0.25), "+.1%") == "+10.0%, 95 % interval -5.0% to +25.0%"
    assert report.listed(["a", "b", "c"]) == "a, b and c" and report.listed(["a"]) == "a"


def scores(**levels):
    """Two views; at each level the first is ahead by a known step in every repetition."""
    rows = []
    for level, (base, step) in levels.items():
        for seed in range(3):
            rows.append({"strategy": "tabular", "level": level, "seed": seed, "value": base + 0.01 * seed})
            rows.append({"strategy": "phi", "level": level, "seed": seed, "value": base + 0.01 * seed + step})
    return pd.DataFrame(rows)


def test_where_a_view_is_ahead_most_and_least():
    most, least = evaluation.most_and_least(scores(a=(0.5, 0.2), b=(0.7, 0.05), c=(0.6, 0.1)), "phi", "tabular")
    assert (most["level"], least["level"]) == ("a", "b")
    assert most["value"] == pytest.approx(0.2) and least["high"] == pytest.approx(0.05)


def test_a_mean_over_levels_leaves_out_those_that_one_view_lacks():
    table = scores(a=(0.5, 0.2), b=(0.7, 0.1))
    assert evaluation.mean_gap(table, "phi", "tabular")["value"] == pytest.approx(0.15)
    lacking = table[~((table["strategy"] == "tabular") & (table["level"] == "b"))]
    assert evaluation.mean_gap(lacking, "phi", "tabular")["value"] == pytest.approx(0.2)


def test_the_rarest_and_the_most_frequent_level():
    rows = [{"metric": m, "level": v, "value": x} for m, v, x in
            (("auroc", "a", 0.9), ("f1", "a", 0.4), ("auroc", "b", 0.8), ("f1", "b", 0.7))]  # fmt: skip
    lines = report.rare_and_frequent(pd.DataFrame(rows), pd.Series({"a": 0.02, "b": 0.3}))
    assert lines == [
        "The rarest level, **a**, has AUROC 0.900 and F1 0.400.",
        "The most frequent level, **b**, has AUROC 0.800 and F1 0.700.",
    ]


def shares():
    values = {("words", "home"): 0.9, ("words", "new"): 0.5, ("both", "home"): 0.9, ("both", "new"): 0.7}
    rows = []
    for (encoder, setting), value in values.items():
        for seed in range(4):
            noise = 0.02 * (-1) ** seed if setting == "home" and encoder == "both" else 0
            rows.append({"encoder": encoder, "setting": setting, "seed": seed, "value": value + noise})
    return pd.DataFrame(rows)


def test_representations_are_compared_setting_by_setting():
    labels = {"both": "both readers", "words": "reader of words"}
    home, new = report.against(shares(), "both", "words", labels, "encoder", "setting")
    assert home.startswith(
        "home: with both readers the share of the ceiling cannot be told apart from that with reader of words (+0.0%"
    )
    assert new == (
        "new: with both readers more of the ceiling is reached than with reader of words "
        "(+20.0%, 95 % interval +20.0% to +20.0%)."
    )
    away = report.against(shares(), "new", "home", labels, "setting", "encoder")
    assert away[0].startswith("reader of words: with new less of the ceiling is reached than with home (-40.0%")
    assert report.against(shares(), "both", "absent", labels, "encoder", "setting") == []
