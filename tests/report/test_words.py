"""Numbers and names as readers see them."""

import numpy as np
import pandas as pd
import pytest

from helpers import report


@pytest.mark.parametrize(
    "value, sign, shown",
    [(-0.0004, False, "0.000"), (-0.0006, False, "-0.001"), (0.5, True, "+0.500"), (0.0001, True, "0.000")],
)
def test_what_rounds_to_zero_has_no_sign(value, sign, shown):
    assert report.number(value, sign=sign) == shown


def test_cells_do_not_break():
    shown = report.cell(-0.25, -0.5, 1e-9, digits=2)
    assert " " not in shown and shown.replace("\u00a0", " ") == "-0.25 [-0.50, 0.00]"
    assert report.cell(1, np.nan, np.nan) == "1.000"


def test_an_end_that_only_rounds_to_zero_shows_its_side():
    assert report.between(-0.007, -0.0003, sign=True).endswith("-0.0003]")
    assert report.between(-0.007, 0.0003, sign=True).endswith("0.000]")
    assert report.between(-1e-9, -1e-10).replace("\u00a0", " ") == "[0.000, 0.000]"


def test_names_become_words():
    table = pd.DataFrame({"cf_y": [0.1], "autoc": [1.0], "x": [2]}, index=pd.Index([0], name="left_out"))
    shown = report.named(table)
    assert shown.columns.tolist() == ["share of the outcome's variance", "AUTOC", "x"]
    assert shown.index.name == "left out"


def test_differences_say_which_side_is_better():
    assert report.difference("policy_value") == "difference in policy value (below zero is better)"
    assert report.difference("captured").endswith("(above zero is better)")
    assert report.difference("error of the mean effect") == "error of the mean effect"
