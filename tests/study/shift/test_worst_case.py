"""The worst case over a Kullback-Leibler ball against brute force and a closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from helpers.evaluation.shift.worst_case import implied_radius, kl_worst_case, policy_weights

pytestmark = pytest.mark.slow


def by_brute_force(Y, p, radius):
    """The primal: the best feasible end of a constrained maximiser over distributions, from several starts."""

    def slack(q):
        return radius - np.sum(q * np.log(np.maximum(q, 1e-300) / p))

    rules = [{"type": "ineq", "fun": slack}, {"type": "eq", "fun": lambda q: q.sum() - 1}]
    rng, bounds, found = np.random.default_rng(0), [(1e-9, 1)] * len(Y), [p @ Y]
    for near in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        start = (1 - near) * p + near * rng.dirichlet(np.ones(len(Y)))
        q = minimize(lambda q: -q @ Y, start, bounds=bounds, constraints=rules, method="SLSQP", tol=1e-10).x
        if slack(q) > -1e-6 and abs(q.sum() - 1) < 1e-6:
            found.append(q @ Y)
    return max(found)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 0.1, 0.3]))
def test_the_dual_equals_the_primal(seed, radius):
    rng = np.random.default_rng(seed)
    Y, p = rng.normal(size=5), rng.dirichlet(np.full(5, 3.0))
    assert kl_worst_case(Y, [radius], p)["value"][0] == pytest.approx(by_brute_force(Y, p, radius), abs=2e-4)


def test_a_normal_outcome_has_a_closed_form():
    Y = np.random.default_rng(0).normal(2.0, 3.0, 200_000)
    table = kl_worst_case(Y, [0.0, 0.02, 0.1])
    np.testing.assert_allclose(table["value"], 2 + 3 * np.sqrt(2 * table["radius"]), atol=0.04)
    assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()


def test_intervals_cover_the_closed_form():
    hits = []
    for seed in range(200):
        row = kl_worst_case(np.random.default_rng(seed).normal(size=400), [0.05]).iloc[0]
        hits.append(row["low"] <= np.sqrt(0.1) <= row["high"])
    assert np.mean(hits) > 0.9


def test_it_grows_with_the_radius_up_to_the_worst_outcome():
    Y = np.random.default_rng(1).normal(size=30)
    values = kl_worst_case(Y, [0, 0.01, 0.1, 1, 2, 10])["value"].to_numpy()
    assert values[0] == pytest.approx(Y.mean()) and (np.diff(values) > 0).all()
    assert values[-1] <= Y.max() + 0.02


def test_the_implied_radius_inverts_the_worst_case():
    rng = np.random.default_rng(2)
    Y, w = rng.normal(size=300), rng.random(300)
    for radius in (0.01, 0.2):
        worst = kl_worst_case(Y, [radius], w)["value"][0]
        assert implied_radius(Y, worst, w) == pytest.approx(radius, rel=1e-3)
    assert implied_radius(Y, Y.min(), w) == 0 and implied_radius(Y, Y.max(), w) == np.inf


def test_policy_weights_give_the_policy_s_outcome():
    rng = np.random.default_rng(3)
    x = rng.normal(size=100_000)
    e, treated = 1 / (1 + np.exp(-x)), (x > 0.5) * 0.8
    T = (rng.random(len(x)) < e).astype(int)
    w = policy_weights(T, e, treated)
    truth = np.mean(treated * (x - 1) + (1 - treated) * x)
    assert w @ (x - T) / w.sum() == pytest.approx(truth, abs=0.03)


@pytest.mark.filterwarnings("error")
def test_a_high_outcome_that_the_policy_never_meets_does_not_count():
    """Deaths under the treatment not given, weight 0: without them the same bound, and an interval."""
    Y, w = np.r_[np.zeros(200), np.ones(20)], np.r_[np.ones(200), np.zeros(20)]
    Y[:2] = 1e-3
    row = kl_worst_case(Y, [0.1], w).iloc[0]
    assert row["value"] == pytest.approx(kl_worst_case(Y[:200], [0.1])["value"][0]) and np.isfinite(row["se"])


def test_patients_widen_the_interval():
    Y = np.repeat(np.random.default_rng(4).normal(size=50), 4)
    one, many = (kl_worst_case(Y, [0.1], groups=g)["se"][0] for g in (None, np.repeat(np.arange(50), 4)))
    assert many > 1.8 * one


def test_bad_weights_are_refused():
    for weights in ([1.0, -1.0], [0.0, 0.0], [1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="weights"):
            kl_worst_case(np.zeros(2), [0.1], weights)


@pytest.mark.parametrize("unit", [1e-15, 1e-9, 1e9])
def test_the_worst_case_follows_the_unit(unit):
    Y = np.random.default_rng(2).normal(1.0, 2.0, 300)
    usual, other = kl_worst_case(Y, [0.0, 0.05]), kl_worst_case(unit * Y, [0.0, 0.05])
    np.testing.assert_allclose(other[["value", "low", "high"]] / unit, usual[["value", "low", "high"]], rtol=1e-6)
    assert kl_worst_case(np.full(30, 0.1 * unit), [0.1])["value"][0] == pytest.approx(0.1 * unit)
