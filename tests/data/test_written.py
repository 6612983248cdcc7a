"""What counts as a number, and which words people take for the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.written import folded, numbers, plain, spelt


def read(cell, *signs):
    return numbers(pd.Series([cell], dtype="str"), *signs).iloc[0]


@pytest.mark.parametrize(
    ("cell", "signs", "value"),
    [
        ("1.250", (".",), 1.25),
        ("1,250", (",",), 1.25),
        ("1.250", (",", "."), 1250),
        ("1.234.567,5", (",", "."), 1234567.5),
        ("1,250.5", (".", ","), 1250.5),
        ("-1 250", (".", " "), -1250),
        ("1\u202f250", (".", " "), 1250),
        ("1'250.5", (".", "'"), 1250.5),
        ("1250", (",", "."), 1250),
        (" +5. ", (".",), 5),
        (".5", (".",), 0.5),
        ("1e5", (".",), 1e5),
        ("1.5E-3", (".",), 0.0015),
    ],
)
def test_numbers(cell, signs, value):
    assert read(cell, *signs) == value


@pytest.mark.parametrize(
    ("cell", "signs"),
    [
        ("1.250", (",",)),
        ("12.5", (",",)),
        ("1,5", (".",)),
        ("1.25", (",", ".")),
        ("1.2500", (",", ".")),
        ("12,34,567", (".", ",")),
        *((cell, (".",)) for cell in ("1 250", "1'250", "1_250", "1.2.3", "5%", "5 mg", "€5", "(5)", "5-", "--5", "٣")),
        *((cell, (".",)) for cell in ("inf", "-inf", "nan", "", ".", "e5", "0x1F", "True", "\u22125", "1/2", "3e")),
    ],
)
def test_what_is_no_number(cell, signs):
    assert np.isnan(read(cell, *signs))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_to_the_bit(value):
    assert read(repr(value)) == value
    assert read(repr(value).replace(".", ","), ",") == value


def test_words():
    assert [plain(w) for w in ("1.0", "-2.00", "v1.0", "428.5", "1.")] == ["1", "-2", "v1.0", "428.5", "1."]
    assert spelt(" Yes ") == "yes" and spelt("1.0") == "1" and spelt("V1.0") == "v1.0"
    assert len({folded(w) for w in ("Dr  Ö", "dr ö", "DR O\u0308")}) == 1 and folded("a") != folded("b")
