"""Every metric against a brute-force twin written from its definition, and its invariants."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import stats

vectors = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        *[
            hnp.arrays(float, n, elements=st.floats(-5, 5, allow_nan=False).map(lambda v: round(v, 3)))
            for _ in range(2)
        ],
        hnp.arrays(float, n, elements=st.integers(-3, 3).map(float)),
    )
)


def brute_toc(scores, order):
    n = len(scores)
    return [sum(scores[i] for i in order[:k]) / k - sum(scores) / n for k in range(1, n + 1)]


def brute_policy(mu0, mu1, order):
    n = len(mu0)
    return [(sum(mu1[i] for i in order[:k]) + sum(mu0[i] for i in order[k:])) / n for k in range(1, n + 1)]


def test_without_ties_the_metrics_equal_their_definitions():
    rng = np.random.default_rng(0)
    mu0, mu1, priority = rng.normal(size=(3, 41))
    order = sorted(range(41), key=lambda i: -priority[i])
    toc = brute_toc(list(mu1 - mu0), order)
    np.testing.assert_allclose(stats.toc(mu1 - mu0, priority), toc, atol=1e-12)
    assert stats.autoc(mu1 - mu0, priority) == pytest.approx(sum(toc) / 41)
    assert stats.qini(mu1 - mu0, priority) == pytest.approx(sum(k / 41 * t for k, t in enumerate(toc, 1)) / 41)
    curve = brute_policy(mu0, mu1, order)
    np.testing.assert_allclose(stats.policy_curve(mu0, mu1, priority), curve, atol=1e-12)
    assert stats.policy_value(mu0, mu1, priority) == pytest.approx(sum(curve) / 41)


def test_ties_give_the_average_over_every_order_of_the_tie():
    scores, mu0 = np.array([1.0, -2.0, 4.0, 0.5, 3.0]), np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    priority = np.array([2.0, 1.0, 1.0, 1.0, 0.0])
    orders = [(0, *middle, 4) for middle in itertools.permutations((1, 2, 3))]
    expected = np.mean([brute_toc(list(scores), o) for o in orders], axis=0)
    np.testing.assert_allclose(stats.toc(scores, priority), expected, atol=1e-12)
    curves = np.mean([brute_policy(mu0, mu0 + scores, o) for o in orders], axis=0)
    np.testing.assert_allclose(stats.policy_curve(mu0, mu0 + scores, priority), curves, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(vectors, st.randoms(use_true_random=False))
def test_order_of_rows_and_monotone_transforms_change_nothing(data, random):
    mu0, mu1, priority = data
    rows = list(range(len(mu0)))
    random.shuffle(rows)
    for a, b in (
        (stats.autoc(mu1 - mu0, priority), stats.autoc((mu1 - mu0)[rows], np.exp(priority[rows]))),
        (stats.policy_value(mu0, mu1, priority), stats.policy_value(mu0[rows], mu1[rows], 3 * priority[rows] - 1)),
    ):
        assert a == pytest.approx(b, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(vectors)
def test_true_effects_are_the_best_order_and_a_constant_is_random(data):
    mu0, mu1, priority = data
    tau = mu1 - mu0
    assert stats.autoc(tau, -tau) <= stats.autoc(tau, priority) + 1e-9
    assert stats.policy_value(mu0, mu1, -tau) <= stats.policy_value(mu0, mu1, priority) + 1e-9
    assert stats.autoc(tau, np.zeros(len(tau))) == pytest.approx(0, abs=1e-9)
    assert stats.toc(tau, priority)[-1] == pytest.approx(0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(vectors)
def test_policy_value_is_random_value_plus_qini(data):
    mu0, mu1, priority = data
    random_value = stats.policy_value(mu0, mu1, np.zeros(len(mu0)))
    assert stats.policy_value(mu0, mu1, priority) == pytest.approx(
        random_value + stats.qini(mu1 - mu0, priority), abs=1e-9
    )


def test_benefit_captured_is_zero_at_random_and_one_at_the_truth():
    rng = np.random.default_rng(1)
    mu0, mu1 = rng.normal(size=(2, 50))
    assert stats.benefit_captured(mu0, mu1, np.ones(50)) == pytest.approx(0)
    assert stats.benefit_captured(mu0, mu1, mu0 - mu1) == pytest.approx(1)
    value = [stats.policy_value(mu0, mu1, p) for p in (np.ones(50), mu0, mu0 - mu1)]
    assert stats.benefit_captured(mu0, mu1, mu0) == pytest.approx((value[0] - value[1]) / (value[0] - value[2]))
    with pytest.raises(ValueError, match="same for every row"):
        stats.benefit_captured(np.zeros(3), np.ones(3), np.arange(3))


def test_pehe_by_hand():
    assert stats.pehe([1, 2, 3], [1, 2, 6]) == pytest.approx(np.sqrt(3))


def test_value_at_and_overlap_at():
    curve = np.arange(1, 11)
    assert stats.value_at(curve, [0.1, 0.3, 0.31, 1.0]).tolist() == [1, 3, 4, 10]
    a, b = np.array([4, 3, 2, 1.0]), np.array([4, 1, 2, 3.0])
    assert stats.overlap_at(a, b, [0.25, 0.5, 1.0]).tolist() == [1.0, 0.5, 1.0]
    assert stats.overlap_at(np.array([2.0, 1.0]), np.array([1.0, 2.0]), [0.5, 1.0]).tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match="share in"):
        stats.value_at(curve, [0.0])


@pytest.mark.parametrize(
    ("scores", "priority", "message"),
    [([1, 2], [1], "one length"), ([1, np.nan], [1, 2], "not finite"), ([], [], "at least one row")],
)
def test_wrong_input_is_refused_by_name(scores, priority, message):
    with pytest.raises(ValueError, match=message):
        stats.toc(scores, priority)


def test_effects_that_differ_by_rounding_alone_are_one_effect():
    mu0 = np.random.default_rng(0).normal(size=50)
    assert len(np.unique(mu0 + 0.1 - mu0)) > 1
    with pytest.raises(ValueError, match="same for every row"):
        stats.benefit_captured(mu0, mu0 + 0.1, -mu0)
