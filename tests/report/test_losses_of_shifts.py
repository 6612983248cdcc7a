"""What a change of the world costs and what helps, in words and tables."""

import pandas as pd
import pytest

from helpers import report

SHIFTS = {"style": "another style", "season": "another season"}
LABELS = {"dr": "no annotation", "plug": "recommended"}


def areas(metric: str = "captured") -> pd.DataFrame:
    level = {
        ("style", "source", "plug"): 0.5,
        ("style", "target", "plug"): 0.8,
        ("style", "few", "plug"): 0.7,
        ("style", "source", "dr"): 0.4,
        ("style", "target", "dr"): 0.5,
        ("season", "source", "plug"): 0.8,
        ("season", "target", "plug"): 0.8,
    }
    rows = []
    for (shift, way, strategy), value in level.items():
        for seed in range(5):
            wiggle = 0.01 * (-1) ** seed * (seed + 1) if (shift, way) == ("season", "source") else 0.0
            row = {"shift": shift, "way": way, "where": "target", "strategy": strategy, "seed": seed}
            rows.append(row | {"metric": metric, "value": value + wiggle + 0.001 * seed * (way == "source")})
    return pd.DataFrame(rows)


def test_a_loss_is_above_zero_whichever_way_the_metric_points():
    up = report.lost_by_shift(areas()).set_index(["shift", "strategy"])
    assert up.loc[("style", "plug"), "value"] == pytest.approx(0.298)
    assert up.loc[("style", "plug"), "low"] <= 0.298 <= up.loc[("style", "plug"), "high"]
    down = report.lost_by_shift(areas("policy_value"), "policy_value").set_index(["shift", "strategy"])
    assert down.loc[("style", "plug"), "value"] == pytest.approx(-0.298)


def test_the_finding_names_the_costliest_change_and_those_without_a_cost():
    said = report.loss_sentence(report.lost_by_shift(areas()), SHIFTS, LABELS, "plug")
    assert "“another style”" in said and "no annotation 10%" in said and "recommended 30%" in said
    assert said.endswith("for: another season.")


def test_where_nothing_costs_it_says_so():
    calm = report.lost_by_shift(areas()).query("shift == 'season'")
    said = report.loss_sentence(calm, SHIFTS, LABELS, "plug")
    assert said.startswith("No change that was tried costs recommended") and "“another season”" in said


def test_a_loss_that_chance_explains_is_not_the_costliest():
    noisy = report.lost_by_shift(areas()).assign(value=lambda t: t["value"].where(t["shift"] == "style", 0.9))
    assert "“another style”" in report.loss_sentence(noisy, SHIFTS, LABELS, "plug")


def test_the_table_has_a_row_a_change():
    table = report.loss_table(report.lost_by_shift(areas()), SHIFTS, LABELS)
    assert list(table.index) == list(SHIFTS.values()) and list(table) == list(LABELS.values())


def test_remedies_are_gains():
    lines = report.remedy_sentences(areas(), SHIFTS, {"few": "a tenth", "target": "all"}, "plug")
    assert lines[0].startswith("another style: ") and "a tenth +20%" in lines[0] and "all +30%" in lines[0]


def test_the_patients_who_move_furthest_are_told():
    before = pd.Series([1, 2, 3], index=["x", "y", "z"])
    after = pd.Series([3, 2, 1], index=["x", "y", "z"])
    effects = pd.Series([-1.0, 0.0, 0.5], index=["x", "y", "z"])
    a, b = report.moved_sentences({"reader": (before, after)}, effects, 3, "Rewriting")
    assert "is helped" in a and "reader from place 1 to 3" in a
    assert "is harmed" in b and "from place 3 to 1" in b


def test_what_is_noticed_is_told_from_what_is_not():
    power = pd.DataFrame({"shift": ["style", "style", "season"], "n": [25, 100, 100], "power": [0.1, 1.0, 0.3]})
    said = report.noticed_sentence(power, SHIFTS)
    assert said == ("With at most 100 records a side, noticed: another style; not reliably noticed: another season.")
