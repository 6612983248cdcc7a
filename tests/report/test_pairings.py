"""What a comparison says by group, step by step, on whole notes and at a budget."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.config import load

GROUPS = {"rule": "rules", "published": "published", "read": "on the reader", "ceiling": "ceilings"}
NAMED = {
    name: SimpleNamespace(label=label, group=group)
    for name, label, group in [
        ("plug", "imputing", "read"),
        ("aace", "AACE", "published"),
        ("risk", "risk", "rule"),
        ("random", "random", "rule"),
        ("oracle", "truth", "ceiling"),
    ]
}
LABELS = {name: strategy.label for name, strategy in NAMED.items()}
LEVEL = {"plug": 0.9, "aace": 0.5, "risk": 0.2, "random": 0.0, "oracle": 1.0}


def areas(processes=("v3",), seeds=6, metrics=("captured", "policy_value")):
    rng = np.random.default_rng(0)
    rows = [
        {"process": p, "strategy": s, "metric": m, "seed": i, "value": v + rng.normal(0, 0.0005)}
        for p in processes
        for s, v in LEVEL.items()
        for m in metrics
        for i in range(seeds)
    ]
    return pd.DataFrame(rows)


def test_labels_stand_in_the_order_of_the_groups():
    assert list(report.by_group(LABELS, NAMED, GROUPS)) == ["risk", "random", "aace", "plug", "oracle"]


def test_the_finding_names_every_world_and_its_shares():
    said = report.captured_sentence(areas(("v3", "v2")), "plug", LABELS)
    assert said.startswith("Where benefit lies apart from risk, risk captures 20%")
    assert "imputing captures 90%" in said and "where benefit goes with risk" in said and said.count("AACE") == 2


def test_groups_show_their_best_and_their_poorest_and_no_oracle():
    from helpers import evaluation

    table = report.group_table(evaluation.summarise(areas(), by=("strategy", "metric")), NAMED, GROUPS)
    rows = table.set_index("kind")
    assert list(rows.index) == ["rules", "published", "on the reader"], "the truth alone is no group to show"
    assert rows.loc["rules", "best"] == "risk" and rows.loc["rules", "captures"].startswith("20%")
    assert rows.loc["rules", "the poorest captures"].startswith("0%")


def steps(learner, reading, width=0.01):
    rows = [("plug@phi", "aace", "learner", learner), ("aace@read", "aace", "reading", reading)]
    table = pd.DataFrame(rows, columns=["strategy", "than", "step", "value"])
    return table.assign(low=table["value"] - width, high=table["value"] + width)


@pytest.mark.parametrize(
    ("learner", "reading", "words"),
    [(0.2, 0.4, "the reading brings more"), (0.4, 0.2, "the learner brings more"), (0.3, 0.305, "neither clearly")],
)
def test_which_step_brings_more_is_said_only_where_the_intervals_tell(learner, reading, words):
    said = report.step_sentence(steps(learner, reading))
    assert words in said and f"+{learner:.0%}" in said


def test_steps_are_told_in_words():
    labels = {"aace": "AACE", "plug@phi": "imputing, on frozen vectors", "aace@read": "AACE, on the reader"}
    table = report.step_table(steps(0.2, 0.4), labels)
    assert list(table["to"]) == ["imputing, on frozen vectors", "AACE, on the reader"]
    assert table["share of the benefit"].iloc[1].startswith("+40%")


def test_patients_are_those_whom_first_and_last_order_put_furthest_apart():
    tau = np.array([-2.0, 1.0, 0.0, -0.5])

    class Cohort:
        def __init__(self):
            self.tau = tau

        def __len__(self):
            return 4

    orders = {"risk": np.array([0.0, 3.0, 2.0, 1.0]), "plug": np.array([3.0, 0.0, 1.0, 2.0])}
    a, b = report.placed_sentences(Cohort(), orders, {"risk": "by risk", "plug": "as recommended"})
    assert "helped" in a and "by risk place 4" in a and "as recommended place 1" in a
    assert "harmed" in b and "by risk place 1" in b and "as recommended place 4" in b


def test_whole_notes_are_compared_on_the_same_seeds():
    table = areas()
    whole = table[table["strategy"] == "aace"].assign(value=lambda t: t["value"] - 0.1)
    lines = report.whole_note_sentences(whole, table, "plug", LABELS)
    assert "AACE 40%" in lines[0] and "+50%" in lines[1]
    assert "of other records" in report.whole_note_sentences(whole.iloc[:0], table, "plug", LABELS)[0]


def test_the_curve_is_read_at_the_share_nearest_to_the_wanted_one():
    rows = [("plug", 0.1, -0.3), ("plug", 0.19, -0.4), ("risk", 0.19, -0.1), ("risk", 0.9, 0.0)]
    table = pd.DataFrame(rows, columns=["strategy", "at", "value"]).assign(metric="policy_curve")
    table = table.assign(low=table["value"] - 0.01, high=table["value"] + 0.01)
    said = report.curve_sentence(table, LABELS, "plug")
    assert said.startswith("With 19% of the patients treated") and "+0.400" in said and "+0.100" in said


def test_facts_name_the_world_and_the_recommended_strategy():
    table = areas(("v3", "v2"))
    free = table[table["strategy"] == "aace"].assign(strategy="dr")
    found = report.comparison_facts(pd.concat([table, free]), load(n=400), "plug", {**LABELS, "dr": "DR"})
    assert found["captured_recommended"].startswith("90%") and found["captured_risk_v2"].startswith("20%")
    assert found["gap_recommended_aace"].startswith(("+0.40", "+0.399")) and found["records"] == "400"
