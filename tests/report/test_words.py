"""Numbers and names as readers see them."""

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.data.columns import NETWORK_COLUMNS


@pytest.mark.parametrize(
    "value, sign, shown",
    [(-0.0004, False, "0.000"), (-0.0006, False, "\u22120.001"), (0.5, True, "+0.500"), (0.0001, True, "0.000")],
)
def test_what_rounds_to_zero_has_no_sign(value, sign, shown):
    assert report.number(value, sign=sign) == shown


def test_cells_do_not_break():
    shown = report.cell(-0.25, -0.5, 1e-9, digits=2)
    assert " " not in shown and shown.replace("\u00a0", " ") == "\u22120.25 [\u22120.50, 0.00]"
    assert report.cell(1, np.nan, np.nan) == "1.000"


def test_no_interval_where_nothing_varies_and_a_dash_where_there_is_no_number():
    assert report.cell(0.807, 0.807, 0.807) == "0.807" and report.number(np.nan) == "\u2013"
    assert report.cell(0.5, 0.5, 0.501).endswith("0.501]") and report.number(3415.8, 0) == "3,416"


def test_an_end_that_only_rounds_to_zero_shows_its_side():
    assert report.between(-0.007, -0.0003, sign=True).endswith("\u22120.0003]")
    assert report.between(-0.002, -0.00003, sign=True).endswith("\u22120.00003]")
    assert report.between(0.3, 25.0, 0, sign=True) == "[+0.3,\u00a0+25]"
    assert report.between(-0.007, 0.0003, sign=True).endswith("0.000]")
    assert report.between(-1e-9, -1e-10).replace("\u00a0", " ") == "[0.000, 0.000]"


def test_shares_are_written_in_percent():
    said = report.cell(0.123, 0.0004, 0.25, digits=1, sign=True, percent=True)
    assert said.replace("\u00a0", " ") == "+12.3% [+0.04%, +25.0%]"
    assert report.cells(pd.DataFrame({"value": [0.5], "low": [np.nan], "high": [np.nan]}), 0, percent=True) == ["50%"]


def test_names_become_words():
    table = pd.DataFrame({"cf_y": [0.1], "autoc": [1.0], "x": [2]}, index=pd.Index([0], name="left_out"))
    shown = report.named(table)
    assert shown.columns.tolist() == ["share of the outcome's variance", "AUTOC", "x"]
    assert shown.index.name == "left out"


@pytest.mark.parametrize(
    "raw, shown",
    [
        ("dysp", "shortness of breath"),
        ("fever_high", "high fever"),
        ("fever=low", "low fever"),
        ("dysp=yes", "shortness of breath"),
        ("autoc", "AUTOC"),
        ("autoc_low", "AUTOC, lower end"),
        ("anything else", "anything else"),
    ],
)
def test_one_function_names_fields_columns_and_metrics(raw, shown):
    assert report.named_word(raw) == shown


def test_every_field_of_the_records_has_a_name():
    assert {report.named_word(name) for name in NETWORK_COLUMNS} & set(NETWORK_COLUMNS) <= {
        "cough", "fever", "asthma", "winter", "COPD", "antibiotics"
    }  # fmt: skip


def test_differences_say_which_side_is_better():
    assert report.difference("policy_value") == "difference in policy value (below zero is better)"
    assert report.difference("captured").endswith("(above zero is better)")
    assert report.difference("error of the mean effect") == "error of the mean effect"
