"""Elements to try: every text they can show is that of the tables; nothing of a page's words becomes markup."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.privacy.quiet import Quiet
from helpers.report.states import choice, explorer, slider, switch

SHARES = (0.2, 0.5, 1.0)


def data_of(shown) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', shown.html, re.DOTALL)[1])


def curves(values: dict) -> pd.DataFrame:
    rows = [{"strategy": s, "at": at, "value": v} for s, vs in values.items() for at, v in zip(SHARES, vs)]
    return pd.DataFrame(rows)


def budget():
    levels = curves({"random": (0.9, 0.75, 0.5), "plug": (0.7, 0.55, 0.5)})
    gains = curves({"plug": (-0.2, -0.2, 0.0)})
    gains = gains.assign(low=gains["value"] - 0.05, high=gains["value"] + 0.01)
    return report.budget_slider(levels, gains, {"plug": "impute-then-plug"}, "days")


def test_the_budget_slider_says_the_gain_and_what_a_lottery_needs():
    found = data_of(budget())["states"]
    (line,) = found["0.2"]["rows"]
    assert line["text"].replace("\u00a0", " ") == (
        "gains +0.200 [+0.190, +0.250] days a patient; a lottery must treat 60% for as much"
    )
    assert line["name"] == "impute-then-plug" and line["size"] == 1 and line["colour"] == "currentColor"
    assert found["0.2"]["said"] == "20% of the patients are treated."
    assert data_of(budget())["controls"][0]["start"] == "0.2"


def test_where_treatment_harms_on_average_no_lottery_does_as_well():
    levels = curves({"random": (1.1, 1.25, 1.5), "plug": (0.9, 0.95, 1.5)})
    gains = curves({"plug": (-0.2, -0.3, 0.0)}).assign(low=-0.4, high=0.1)
    text = data_of(report.budget_slider(levels, gains, {"plug": "P"}))["states"]["0.2"]["rows"][0]["text"]
    assert text.endswith("no lottery does as well, however many it treats")
    with pytest.raises(ValueError, match="no rows of the strategy 'random'"):
        report.budget_slider(gains, gains, {"plug": "P"})


def annotation():
    rows = [("aace", 0.1, 0.2), ("plug", 0.1, 0.5), ("aace", 1.0, 0.6), ("plug", 1.0, 0.7)]
    table = pd.DataFrame(rows, columns=["strategy", "budget", "value"]).assign(metric="captured")
    table = table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1)
    return report.annotation_slider(table, {"aace": "AACE", "plug": "imputed"}, records=3000)


def test_the_annotation_slider_says_what_each_captures():
    first = data_of(annotation())["states"]["0.1"]
    assert [r["text"].replace("\u00a0", " ") for r in first["rows"]] == ["20% [10%, 30%]", "50% [40%, 60%]"]
    assert first["said"] == "With 10% (300 of 3,000 records) annotated, imputed captures most."


def test_the_shift_explorer_says_who_loses():
    cost = pd.DataFrame(
        [("far", "a", 0.3, 0.1, 0.5), ("far", "b", -0.1, -0.2, 0.1)],
        columns=["shift", "strategy", "value", "low", "high"],
    )
    state = data_of(report.shift_explorer(cost, {"far": "far away"}, {"a": "A", "b": "B"}))["states"]["far"]
    assert [r["text"].replace("\u00a0", " ") for r in state["rows"]] == [
        "loses 0.300 [0.100, 0.500]",
        "gains 0.100 [\u22120.100, 0.200]",
    ]
    assert state["said"] == "Loses more than chance explains: A."


def test_the_doubly_robust_score_breaks_with_both_switches_off():
    errors = pd.DataFrame(
        [(True, True, 0.0), (True, False, 0.01), (False, True, 0.01), (False, False, 0.4)],
        columns=["outcome", "propensity", "value"],
    )
    shown = report.break_the_score(errors.assign(low=errors["value"] - 0.1, high=errors["value"] + 0.1))
    found = data_of(shown)["states"]
    assert "<strong>is off</strong>" in found["off|off"]["said"] and "No error" in found["on|off"]["said"]
    with pytest.raises(ValueError, match="nothing to show at 'off|off'"):
        report.break_the_score(errors[:3].assign(low=-1, high=1))


def test_the_worlds_mark_who_is_picked():
    points = pd.DataFrame({"world": "a", "risk": np.arange(10.0), "benefit": [5, 0, 0, 0, 0, 0, 0, 0, 0, 4.0]})
    state = data_of(report.world_switch(points, {"a": "apart"}))["states"]["a"]
    assert [p[2] for p in state["points"]] == [2, 0, 0, 0, 0, 0, 0, 0, 1, 3]
    assert state["said"] == "Of 2 patients picked by risk, 1 are among the 2 who gain most."
    assert [r["text"] for r in state["rows"]] == ["mean benefit +2.00", "mean benefit +4.50"]


def test_words_never_become_markup():
    bad = "</script><img src=x onerror=alert(1)>"
    shown = explorer(bad, [choice("C", {"k": bad})], {"k": {"rows": [], "said": bad}})
    assert shown.html.count("<img") == 0 and shown.html.count("</script>") == 1
    notes = report.highlighted_notes(
        pd.DataFrame([[bad, bad, bad, "affirmed", bad, bad]], columns="case style sentence status said found".split())
    )
    patients = report.sort_patients(pd.DataFrame({"who": [bad, bad], "effect": [0.0, 1.0]}))
    check = report.self_check("01.1", "a", choices={"a": bad}, why={"a": bad})
    for made in (notes, patients, check):
        assert "<img" not in made.html and made.html.count("</script>") == 1


def test_notes_are_marked_sentence_by_sentence():
    columns = "case style sentence status said found".split()
    coughs, well = ("A man", "normal", "He coughs."), ("A man", "normal", "Well.", "", "", "")
    rows = [(*coughs, "affirmed", "cough", "cough 0.98"), well]
    shown = report.highlighted_notes(pd.DataFrame(rows, columns=columns))
    told = "cough: affirmed. The reader: cough 0.98"
    assert f'<mark class="affirmed" tabindex="0" data-found="{told}">He coughs.</mark> Well.' in shown.html
    with pytest.raises(ValueError, match="status \\['odd'\\]"):
        report.highlighted_notes(pd.DataFrame([(*coughs, "odd", "", "")], columns=columns))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: slider("S", {}), "S: start"),
        (lambda: choice("S", {"a": "A"}, "b"), "start = 'b' must be one of"),
        (lambda: explorer("T", [switch("S")], {"on": {}}), "nothing to show at 'off'"),
        (lambda: report.self_check("01.1", 1.0), "give a tolerance"),
        (lambda: report.self_check("01.1", "z", choices={"a": "A"}), "none of its choices"),
        (lambda: report.sort_patients(pd.DataFrame({"who": ["a"], "effect": [0.0]})), "from 2 to 12"),
    ],
)
def test_what_cannot_be_shown_is_refused(make, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        make()


def test_records_that_are_not_public_are_refused():
    quiet = Quiet({"who": ["a", "b"], "effect": [0.0, 1.0]})
    for make in (report.sort_patients, report.highlighted_notes, lambda t: report.world_switch(t, {})):
        with pytest.raises(ValueError, match="report.shown"):
            make(quiet)
