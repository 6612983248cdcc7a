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
    said = [report.change(difference(0.1, -0.05, 0.25), *how) for how in ((), (1, True))]
    assert [s.replace("\u00a0", " ") for s in said] == ["+0.100 [−0.050, +0.250]", "+10.0% [−5.0%, +25.0%]"]
    assert "−0.0" not in report.change(difference(-0.0001, -0.2, 0.1)).split("[")[0]
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
    assert "rarest" in lines[0] and "**a**" in lines[0] and "0.900" in lines[0] and "0.400" in lines[0]
    assert "most frequent" in lines[1] and "**b**" in lines[1] and "0.800" in lines[1] and "0.700" in lines[1]


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
    assert home.startswith("Home: with both readers") and "cannot be told apart" in home and "(0.0%" in home
    assert new.startswith("New: with both readers more of the ceiling") and "(+20.0%)" in new
    away = report.against(shares(), "new", "home", labels, "setting", "encoder")
    assert away[0].startswith("Reader of words: with new less of the ceiling") and "(−40.0%" in away[0]
    assert report.against(shares(), "both", "absent", labels, "encoder", "setting") == []
