"""No count of 1 to 10, shown or worked out."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from helpers.privacy.small_counts import suppress, suppress_nested

counts = st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=8)


def told(values):
    """Sums an outsider knows: total less what is shown must not leave 1 to 10 for those not shown."""
    shown = values["shown"].dropna().astype(int).sum()
    return int(values["true"].sum() - shown)


@given(counts)
def test_neither_a_cell_nor_a_difference_is_small(rows):
    a, b, rest = np.array(rows).T
    frame = pd.DataFrame({"n": a + b + rest, "a": a, "b": b, "share": a / np.maximum(a + b + rest, 1)})
    shown = suppress(frame, "n", ["a", "b"], ["share"])
    for column in ("n", "a", "b"):
        visible = shown[column].dropna().astype(int)
        assert not visible.between(1, 10).any() and (visible == frame.loc[visible.index, column]).all()
        left = told(pd.DataFrame({"true": frame[column], "shown": shown[column]}))
        everything = shown[column].dropna().eq(0).all()
        assert left == 0 or left > 10 or everything  # nothing is left to hide behind if all else is hidden too
    known = shown["a"].notna()
    assert (known == shown["b"].notna()).all() and (shown["share"].notna() <= known).all()
    assert not (frame["n"] - frame["a"] - frame["b"])[known & shown["n"].notna()].between(1, 10).any()


def test_tables_in_one_frame_are_treated_one_by_one():
    frame = pd.DataFrame({"t": ["x", "x", "y", "y"], "n": [50, 60, 50, 60], "k": [20, 25, 3, 30]})
    shown = suppress(frame, "n", ["k"], within=["t"])
    assert shown["k"].tolist()[:2] == [20, 25] and shown["k"].isna().tolist() == [False, False, True, True]
    assert shown["n"].tolist() == [50, 60, 50, 60]


def test_a_flow_hides_steps_that_would_tell_of_few():
    assert suppress_nested([100, 99, 60, 55, 40]) == [100, None, 60, None, 40]
    assert suppress_nested([100, 100, 89]) == [100, 100, 89]
    assert suppress_nested([40, 5]) == [40, None]
    assert suppress_nested([40, 5, 0]) == [40, None, 0]
    assert suppress_nested([43, 40]) == [None, 40]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=9))
def test_differences_in_a_flow_are_none_or_large(values):
    shown = [v for v in suppress_nested(sorted(values, reverse=True)) if v is not None]
    assert all(d == 0 or d > 10 for d in np.abs(np.diff(shown))) and not any(0 < v < 11 for v in shown)
