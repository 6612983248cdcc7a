"""Bullets, claims, tables and sentences that chapters show."""

import numpy as np
import pandas as pd
import pytest

from helpers import evaluation, report
from helpers.data.cohort import Cohort, Roles


def test_bullets_are_a_list_below_their_head():
    assert report.bullets(["a", "b"]).data == "- a\n- b"
    assert report.bullets((c for c in "ab"), "Head:").data == "Head:\n\n- a\n- b" and report.bullets([]).data == ""


def test_claims_keep_what_the_numbers_said():
    claims = report.Claims()
    claims.add("it holds", np.bool_(True), "p = 1")
    claims.add("it fails", False, "p = 2")
    rows = claims.table()
    assert rows["claim"].tolist() == ["it holds", "it fails"] and rows["evidence"].tolist() == ["p = 1", "p = 2"]
    assert rows["holds"].tolist() == [True, False] and rows["holds"].dtype == bool
    yes, no = claims.sentences()
    assert "it holds: **yes** (p = 1)" in yes and "it fails: **no** (p = 2)" in no


def test_errors_are_told_from_zero_by_their_interval():
    rows = [("a", 0.2, 0.1, 0.3), ("b", -0.2, -0.3, -0.1), ("c", 0.1, -0.1, 0.3)]
    lines = report.off_or_not(pd.DataFrame(rows, columns=["strategy", "value", "low", "high"]))
    assert ["**is off**" in line for line in lines] == [True, True, False] and "+0.200" in lines[0]


def test_definitions_are_compared_order_by_order():
    tau = np.random.default_rng(0).normal(size=200)
    orders = {"best": -tau, "worse": -tau + np.random.default_rng(1).normal(size=200)}
    tables = {name: evaluation.definitions(tau, order) for name, order in orders.items()}
    lines = report.definition_sentences(tables)
    assert sum("differs from the definition" in line for line in lines) == 2 and "same order" in lines[-1]
    swapped = tables["worse"].assign(autoc=[tables["worse"]["autoc"][0], *(2 * tables["best"]["autoc"][1:])])
    assert "do not even agree" in report.definition_sentences(tables | {"worse": swapped})[-1]


def test_a_shift_is_noticed_from_a_number_of_records_on():
    quiet = pd.DataFrame({"value": [0.05], "low": [0.03], "high": [0.08], "n": [100]})
    rows = [("a", 50, 0.3, 0.2, 0.4), ("a", 100, 0.9, 0.8, 0.95), ("b", 50, 0.1, 0.0, 0.2)]
    power = pd.DataFrame(rows, columns=["shift", "n", "power", "low", "high"])
    none, seen, unseen = report.alarm_sentences(quiet, power, {"a": "A", "b": "B"})
    assert "5.0%\u00a0[3.0%," in none and "from 100 records" in seen and "90%" in seen and "nowhere" in unseen


def test_notes_are_escaped():
    frame = pd.DataFrame({"id": [1, 2], "text": ["<b>x</b>", "y"], "cough": [1, 0]})
    cohort = Cohort(frame, Roles())
    shown = report.notes_in_styles({"normal": cohort}, {"a cough": "cough == 1", "none": "cough == 5"}).to_html()
    assert "&lt;b&gt;x" in shown and "a cough" in shown and ">y<" not in shown


@pytest.mark.parametrize(("lower", "said"), [(True, ("lower", "negative")), (False, ("higher", "positive"))])
def test_the_direction_in_words(lower, said):
    assert report.direction(Cohort(pd.DataFrame({"id": [1], "text": [""]}), Roles(lower_is_better=lower))) == said
