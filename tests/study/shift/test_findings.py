"""Sentences follow the numbers: each verdict by its interval, every number from the table."""

import pandas as pd
import pytest

from helpers import report

LABELS = {"a": "first shift", "b": "second shift", "c": "third shift"}
ENDS = {"a": (0.2, 0.1, 0.3), "b": (-0.2, -0.3, -0.1), "c": (0.05, -0.1, 0.2)}


def intervals(**more):
    return pd.DataFrame([{"shift": s, "value": v, "low": lo, "high": hi, **more} for s, (v, lo, hi) in ENDS.items()])


def test_which_shifts_there_are():
    assert report.introduced(LABELS, LABELS) == ["Compared here: first shift, second shift and third shift."]
    assert report.introduced({"b": "second shift"}, LABELS) == [
        "Compared here: second shift.",
        "These records cannot show: first shift and third shift.",
    ]


def test_a_cost_is_told_by_its_interval_and_an_alarm_by_its_share():
    power = pd.DataFrame({"shift": list("aabbc"), "n": [25, 50, 25, 50, 50], "power": [0.1, 0.9, 0.9, 0.1, 0.8]})
    cost = pd.concat([intervals(strategy="plug"), intervals(strategy="dr")])
    lines = report.alarm_and_cost(cost, power, LABELS, "plug")
    assert lines[0].replace("\xa0", " ") == (
        "first shift: noticed (90% alarms with 50 records a side); it costs each patient (+0.200 [+0.100, +0.300])."
    )
    assert "second shift: not reliably noticed (10% alarms" in lines[1] and "it gains each patient" in lines[1]
    assert "third shift: noticed" in lines[2] and "cannot be told apart from none" in lines[2] and len(lines) == 3


def test_an_estimate_is_wrong_beyond_its_interval_whatever_its_weights_say():
    checks = {"mass": 1.01, "share": 0.8, "imbalance": 0.25, "trusted": 0.4, "seeds": 10}
    error = pd.concat([intervals(estimator="home", **checks), intervals(estimator="both", **checks)])
    lines = report.right_or_wrong(error, LABELS)
    assert [word in line for word, line in zip(("too high", "too low", "cannot be told apart"), lines)] == [True] * 3
    assert all("pass in 4 of 10 repetitions (mean weight 1.01, effective sample 80%" in line for line in lines)
    assert "largest difference left 0.25 standard deviations" in lines[0]


def test_distances_from_the_truth_are_compared_repetition_by_repetition():
    rows = []
    for shift, gaps in {"a": (-0.1, 0.11, -0.09), "b": (0.5, -0.52, 0.51), "c": (0.1, 0.9, 0.5)}.items():
        for seed, gap in enumerate(gaps):
            for name, off in (("home", 0.3 if seed else -0.3), ("both", gap)):
                rows.append({"shift": shift, "seed": seed, "estimator": name, "value": 1 + off, "truth": 1.0})
    closer, farther, open_ = report.against_home(pd.DataFrame(rows), LABELS)
    assert "closer to the truth" in closer and "which is 0.300 away (difference of the distances −0.200\xa0[" in closer
    assert "farther from the truth" in farther and "+0.210" in farther
    assert "cannot be told from the value at home" in open_


@pytest.mark.parametrize(("moved", "verdict"), [(0.2, "PEHE rises (+0.200"), (-0.2, "PEHE falls (−0.200")])
def test_a_stress_is_told_as_change_on_the_same_patients(moved, verdict):
    rows = []
    for seed in range(4):
        base = 0.5 + 0.1 * seed
        for stress, by in (("none", 0), ("lost", moved + 0.001 * seed), ("other", 9)):
            rows.append({"strategy": "s", "metric": "pehe", "stress": stress, "seed": seed, "value": base + by})
            noise = (-1) ** seed * 0.1 if stress == "lost" else 0
            rows.append({"strategy": "s", "metric": "captured", "stress": stress, "seed": seed, "value": noise})
    (line,) = report.stressed_by(pd.DataFrame(rows), "lost", ["s"], {"s": "a learner"})
    assert line.startswith(f"a learner: {verdict[:14]}") and "benefit cannot be told to change" in line


def test_what_never_changes_is_said_to_stay():
    rows = [{"strategy": "s", "metric": metric, "stress": stress, "seed": seed, "value": seed + 0.1}
            for metric in ("pehe", "captured") for stress in ("none", "lost") for seed in range(3)]  # fmt: skip
    (line,) = report.stressed_by(pd.DataFrame(rows), "lost", ["s"], {"s": "a learner"})
    assert line == "a learner: PEHE stays as it is, share of the attainable benefit stays as it is."
