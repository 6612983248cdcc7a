"""The verdict says what the limits say."""

import numpy as np
import pytest
from simulated import cohort

from helpers.evaluation.ordering.loss import OrderLoss
from helpers.evaluation.ordering.verdict import MEANING, Verdict, _answer, check_order


def noisy(test, spread):
    return -(test.tau + spread * np.random.default_rng(0).normal(size=len(test)))


def loss(share_low, share, share_high):
    slope = {"slope": 1.0, "slope_low": share_low or -0.1, "slope_high": 2.0, "p_value": 0.01 if share_low else 0.2}
    return OrderLoss(share, share_low, share_high, share, share_low, share_high, **slope)


def test_a_good_and_a_bad_order():
    several = [check_order(cohort(500, s), -cohort(500, s).tau, cohort(200, seed=100 + s)) for s in range(8)]
    assert {v.answer for v in several} <= {"survives", "open"}
    assert sum(v.loss.p_value < 0.05 for v in several) <= 2, "the test keeps its level"
    test, train, good = cohort(500), cohort(200, seed=1), several[1]
    bad = check_order(test, noisy(test, 2.0), train)
    assert bad.answer == "lost" and bad.loss.share > 0.3
    assert bad.words.startswith("The order does not survive") and f"{bad.loss.share:.0%}" in bad.words
    assert good.rows == 500 and good != bad


@pytest.mark.parametrize(
    ("limits", "answer"),
    [
        ((0.0, 0.02, 0.1), "survives"),
        ((0.03, 0.05, 0.08), "survives"),
        ((0.11, 0.2, 0.3), "lost"),
        ((0.05, 0.1, 0.2), "slightly lost"),
        ((0.0, 0.05, 0.2), "open"),
    ],
)
def test_the_answer_follows_from_the_limits(limits, answer):
    assert _answer(loss(*limits), 0.1) == answer and answer in MEANING
    assert "20%" in Verdict("lost", loss(0.11, 0.2, 0.3), 50, 0.1).words


def test_few_rows_leave_it_open():
    few = [cohort(60, s) for s in range(4)]
    assert [check_order(test, noisy(test, 0.3)).answer for test in few] == ["open"] * 4


def test_same_seed_same_verdict():
    test = cohort(200)
    assert check_order(test, noisy(test, 1.0)) == check_order(test, noisy(test, 1.0))


def test_it_refuses_shared_patients_and_odd_arguments():
    test = cohort(100)
    with pytest.raises(ValueError, match="share 100 patients"):
        check_order(test, -test.tau, test)
    with pytest.raises(ValueError, match="tolerance = 0"):
        check_order(test, -test.tau, tolerance=0)
    with pytest.raises(ValueError, match="mask of 50 booleans"):
        check_order(test, -test.tau, cohort(50, seed=1), np.arange(50))
