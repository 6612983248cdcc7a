"""What the elements on decisions show at a position is what the tables say."""

import json
import re
from dataclasses import replace

import pandas as pd

from helpers import report
from helpers.data.cohort import Cohort, Roles


def states(element) -> dict:
    return json.loads(re.search(r'application/json">(.*?)</script>', element.html, re.S)[1])["states"]


def test_the_cost_decides_who_gains_most():
    rows = [("0", "the policy", 0.6, -0.5), ("0", "everybody", 1.0, -0.4), ("2", "the policy", 0.0, 0.0)]
    table = pd.DataFrame(rows, columns=["cost", "policy", "share", "value"]).astype({"cost": float})
    table = table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1)
    found = states(report.cost_slider(table, {"the policy": "plug"}))
    first, second = found["0"]["rows"]
    assert first["text"].startswith("treats 60%, gains +0.50\u00a0[+0.40,\u00a0+0.60]") and first["size"] == 1
    assert first["colour"] == "currentColor" and second["colour"] != "currentColor"
    assert found["0"]["said"] == "Most gains: the policy." and found["2"]["said"] == "Nobody should be treated."


def test_the_strength_that_overturns():
    bounds = pd.DataFrame({"cf_y": [0.1, 0.4], "cf_d": [0.1, 0.4], "value": -1.0, "bound_low": [-1.2, -2.0]})
    bounds = bounds.assign(bound_high=[-0.8, 0.0], low=[-1.4, -2.2], high=[-0.6, 0.2])
    strong = pd.DataFrame({"left_out": ["cough", "fever"], "cf_y": [0.05, 0.3], "cf_d": [0.02, 0.01]})
    found = states(report.strength_slider(bounds, strong))
    assert "could not be overturned" in found["0.1"]["said"] and "but 1 is weaker" in found["0.1"]["said"]
    assert "could be overturned" in found["0.4"]["said"] and "but 0 is weaker" in found["0.4"]["said"]
    assert found["0.1"]["rows"][1]["text"] == "[−1.20,\u00a0−0.80]"


def test_a_mistaken_direction_turns_the_verdict_and_no_number():
    cohort = Cohort(pd.DataFrame({"id": [1, 2], "text": ""}), Roles(lower_is_better=False))
    turned = replace(cohort, roles=replace(cohort.roles, lower_is_better=True))
    row = {"value": 6.0, "low": 4.0, "high": 8.0}
    rows = report.effect_rows({"value": -1.0, "low": -2.0, "high": 0.5}, row)
    found = states(report.direction_choice(rows, {"higher": cohort, "lower": turned}))
    assert found["higher"]["rows"] == found["lower"]["rows"]
    assert "<strong>helps</strong>" in found["higher"]["said"] and "<strong>harms</strong>" in found["lower"]["said"]


def test_the_hours_that_a_midnight_reaches():
    assert report.possible_hours(3) == list(range(15, 22))
    assert report.possible_hours(6) == list(range(12, 19))
    found = states(report.clock_slider())
    assert found["3"]["said"].endswith("15:00 and 21:00.") and found["3"]["rows"][0]["size"] == round(7 / 24, 4)
