"""Balance after weighting: by hand, and with known truth it passes right weights and finds wrong ones."""

import numpy as np
import pytest
from scipy.stats import t as student

from helpers.evaluation.shift.balance import MOST_UNEVEN, balance

RNG = np.random.default_rng


def test_differences_by_hand():
    source, target, w = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 5.0]), np.array([1.0, 0.0, 0.0, 3.0])
    row = balance({"x": (source, target)}, w).iloc[0]
    sd = np.sqrt((np.var(source) + np.var(target)) / 2)
    assert row["difference"] == pytest.approx((9 / 4 - 3) / sd)
    share = w / w.sum()
    se = np.sqrt(4 / 3 * np.sum((share * (source - 9 / 4)) ** 2) + np.var(target, ddof=1) / 3)
    t = row["allowed"] * sd / se  # Student's, with the freedom of two small samples: more than the normal's
    assert 1.959964 < t < student.ppf(0.975, 2) and row["balanced"]


def test_right_weights_pass_and_no_weights_do_not():
    """Two normals half a standard deviation apart: the log-ratio is linear, x / 2 - 1 / 8."""
    passed = {"right": 0, "none": 0}
    for seed in range(300):
        rng = RNG(seed)
        source, target = rng.normal(size=600), rng.normal(0.5, 1, 600)
        functions = {"x": (source, target), "square": (source**2, target**2)}
        for name, w in (("right", np.exp(source / 2 - 1 / 8)), ("none", np.ones(600))):
            passed[name] += balance(functions, w)["balanced"].all()
    assert passed["right"] >= 0.93 * 300 and passed["none"] == 0


def test_a_ratio_of_the_wrong_form_is_found_by_a_function_that_sees_it():
    """The spread grows, the mean stays: no weights at all balance x, not its square."""
    source, target = RNG(0).normal(size=2000), RNG(1).normal(0, 1.5, 2000)
    table = balance({"x": (source, target), "square": (source**2, target**2)}, np.ones(2000)).set_index("check")
    assert table.loc["x", "balanced"] and not table.loc["square", "balanced"]
    assert table.loc["square", "difference"] < -MOST_UNEVEN


def test_small_differences_are_tolerated_however_many_records_prove_them():
    source, target = RNG(0).normal(size=200_000), RNG(1).normal(0.05, 1, 200_000)
    row = balance({"x": (source, target)}, np.ones(200_000)).iloc[0]
    assert row["allowed"] == MOST_UNEVEN and row["balanced"] and row["difference"] == pytest.approx(-0.05, abs=0.01)


def test_rows_of_a_patient_count_once():
    values, w = RNG(2).normal(size=(2, 50)), np.ones(50)
    once = balance({"x": tuple(values)}, w).iloc[0]
    four, ids = np.repeat(values, 4, axis=1), np.repeat(np.arange(50), 4)
    known = balance({"x": tuple(four)}, np.repeat(w, 4), ids, ids).iloc[0]
    blind = balance({"x": tuple(four)}, np.repeat(w, 4)).iloc[0]
    assert known["allowed"] == pytest.approx(once["allowed"]) and blind["allowed"] < 0.6 * once["allowed"]


def test_a_function_without_spread():
    same, apart = (np.full(20, 1.0), np.full(20, 1.0)), (np.full(20, 1.0), np.full(20, 2.0))
    table = balance({"same": same, "apart": apart}, np.ones(20)).set_index("check")
    assert table.loc["same", "balanced"] and table.loc["same", "difference"] == 0
    assert not table.loc["apart", "balanced"] and table.loc["apart", "difference"] == -np.inf


def test_a_function_that_is_equal_but_for_rounding_has_no_spread():
    uneven = np.where(np.arange(30) % 2, 0.3, 0.1 + 0.2)
    assert np.ptp(uneven) > 0
    row = balance({"same": (uneven, uneven[:20])}, np.arange(1.0, 31)).iloc[0]
    assert row["difference"] == 0 and row["balanced"]
