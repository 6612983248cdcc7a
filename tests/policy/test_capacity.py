"""Costs, capacity, quotas and several treatments: no other choice within the limits gains more."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import evaluation, policy


def best_set(gains, capacity, sites, quotas):
    """The largest summed gain of any set within the limits, by looking at all of them."""
    best = 0.0
    for chosen in itertools.product((0, 1), repeat=len(gains)):
        mask = np.array(chosen, bool)
        fits = capacity is None or mask.sum() <= capacity
        if fits and (sites is None or all(mask[sites == s].sum() <= q for s, q in quotas.items())):
            best = max(best, gains[mask].sum())
    return best


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_other_set_gains_more(data):
    n = data.draw(st.integers(1, 9))
    effect, cost = (np.array(data.draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n)), float) for _ in "ab")
    worth, capacity = data.draw(st.sampled_from([1.0, 2.5])), data.draw(st.none() | st.integers(0, 9))
    sites = np.array(data.draw(st.lists(st.sampled_from("xyz"), min_size=n, max_size=n)))
    quotas = data.draw(st.none() | st.fixed_dictionaries(dict.fromkeys("xyz", st.integers(0, 4))))
    told = {} if quotas is None else {"sites": sites, "quotas": quotas}
    mask = policy.treat_within(effect, cost, worth, capacity, **told)
    gains = evaluation.net_gains(effect, cost, worth)
    assert gains[mask].sum() == best_set(gains, capacity, None if quotas is None else sites, quotas)
    assert (gains[mask] > 0).all() and (capacity is None or mask.sum() <= capacity)


def test_without_limits_it_is_the_cost_rule():
    effect = np.random.default_rng(0).normal(size=200)
    assert (policy.treat_within(effect, 0.4) == policy.treat_by_cost(effect, 0.4)).all()
    first = policy.treat_within(effect, -9.0, capacity=50)
    assert (first == policy.treat_by_budget(-effect, 0.25)).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"capacity": 2.5}, "capacity = 2.5"),
        ({"capacity": -1}, "capacity = -1"),
        ({"worth": 0.0}, "worth = 0"),
        ({"cost": np.ones(2)}, "shape .2,.; give one"),
        ({"sites": np.array(["a", "b", "b"])}, "give both"),
        ({"sites": np.array(["a", "b", "b"]), "quotas": {"a": 1}}, "1 of 2 sites of the rows have none"),
        ({"sites": np.array(["a", "b", "b"]), "quotas": {"a": 1, "b": 0.5}}, "of 1 sites are no whole"),
        ({"sites": np.array(["a", "b"]), "quotas": {"a": 1, "b": 1}}, "sites: shape"),
    ],
)
def test_limits_that_make_no_sense_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        policy.treat_within(np.zeros(3), **given)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_other_assignment_of_treatments_gains_more(data):
    n, k = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    cells = data.draw(st.lists(st.integers(-4, 4), min_size=n * k, max_size=n * k))
    effects = np.array(cells, float).reshape(n, k)
    cost = np.array(data.draw(st.lists(st.integers(0, 3), min_size=k, max_size=k)), float)
    capacity = data.draw(st.none() | st.integers(0, 6))
    assigned = policy.treat_arms(effects, cost, capacity=capacity)
    gains = np.hstack([np.zeros((n, 1)), -effects - cost])
    most = n if capacity is None else capacity
    best = max(
        sum(gains[i, a] for i, a in enumerate(choice))
        for choice in itertools.product(range(k + 1), repeat=n)
        if np.count_nonzero(choice) <= most
    )
    assert gains[np.arange(n), assigned].sum() == best and np.count_nonzero(assigned) <= most


def test_one_treatment_among_several_is_the_rule_of_one():
    effect = np.random.default_rng(3).normal(size=(100, 1))
    one = policy.treat_within(effect[:, 0], 0.3, 2.0, 20)
    assert (policy.treat_arms(effect, 0.3, 2.0, 20) == one).all()


def test_treatments_that_gain_the_same_but_for_rounding_are_taken_in_order():
    effects = np.array([[-0.3, -0.1 - 0.2], [-0.1 - 0.2, -0.3]])
    assert policy.treat_arms(effects).tolist() == [1, 1]


def test_the_value_of_an_assignment_by_hand():
    gamma = np.array([[3.0, 1.0, 2.0], [3.0, 4.0, 0.0], [1.0, 1.0, 1.0]])
    found = evaluation.arm_value(gamma, np.array([1, 2, 0]), cost=[0.5, 1.0])
    assert found["value"] == pytest.approx((1.5 + 2.0 + 0.0) / 3)
    with pytest.raises(ValueError, match="from 0 .none. to 2"):
        evaluation.arm_value(gamma, np.array([1, 3, 0]))


def test_the_curve_of_treatments_meets_the_value_of_its_assignments():
    rng = np.random.default_rng(4)
    gamma, tau_hats = rng.normal(size=(200, 4)), rng.normal(size=(200, 3))
    curve = evaluation.arm_curve(gamma, tau_hats, cost=[0.1, 0.0, 0.2], budgets=(0.25, 0.5))
    for share, value in zip(curve["at"], curve["value"], strict=True):
        assigned = policy.treat_arms(tau_hats, [0.1, 0.0, 0.2], capacity=round(200 * share))
        told = evaluation.arm_value(gamma, assigned, [0.1, 0.0, 0.2])["value"]
        assert np.count_nonzero(assigned) == round(200 * share) and told == pytest.approx(value)


# What it is worth


def records(n, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x - 0.5, x - 0.5 + rng.normal(0, 2, n), x + rng.normal(0, 0.5, n), rng.uniform(0.2, 0.8, n)


def test_net_benefit_and_its_curve_by_hand():
    scores, mask = np.array([-3.0, 1.0, -1.0, 3.0]), np.array([True, False, True, False])
    found = evaluation.net_benefit(mask, scores, cost=np.array([1.0, 9.0, 0.5, 9.0]), worth=2.0)
    assert found["value"] == pytest.approx((5.0 + 1.5) / 4)
    curve = evaluation.net_benefit_curve(scores, np.array([-4.0, 0.0, -3.0, 5.0]), 1.0, 2.0, budgets=(0.25, 0.5, 1))
    assert curve["value"].tolist() == pytest.approx([5 / 4, 6 / 4, (5 - 3 + 1 - 7) / 4])


def test_a_dear_patient_comes_after_a_cheap_one_who_gains_less():
    curve = evaluation.net_benefit_curve(
        np.array([-3.0, -2.0]), np.array([-3.0, -2.0]), np.array([2.5, 0.0]), 1.0, (0.5,)
    )
    assert curve["value"].tolist() == [1.0]


def test_the_break_even_cost_by_hand_and_as_a_factor():
    scores, mask = np.array([-3.0, 1.0, -1.0, 3.0] * 10), np.array([True, False, True, False] * 10)
    assert evaluation.break_even(mask, scores)["value"] == pytest.approx(2.0)
    assert evaluation.break_even(mask, scores, cost=0.5, worth=10.0)["value"] == pytest.approx(40.0)
    at = evaluation.break_even(mask, scores)["value"]
    assert evaluation.net_benefit(mask, scores, cost=at)["value"] == pytest.approx(0.0)
    assert np.isnan(evaluation.break_even(~mask & mask, scores)["value"])


@pytest.mark.slow
def test_the_intervals_cover():
    """Of 300 samples between 92 % and 98 % of the intervals hold the truth of 400,000 patients."""
    tau, _, tau_hat, cost = records(400_000, 0)
    mask = policy.treat_within(tau_hat - 0.5, cost)
    dear = evaluation.break_even(mask, tau, cost)["value"]
    curve = evaluation.net_benefit_curve(tau, tau_hat, cost, budgets=(0.3,))["value"][0]
    hits = np.zeros(2)
    for seed in range(1, 301):
        _, psi, tau_hat, cost = records(400, seed)
        mask = policy.treat_within(tau_hat - 0.5, cost)
        found = evaluation.break_even(mask, psi, cost)
        row = evaluation.net_benefit_curve(psi, tau_hat, cost, budgets=(0.3,)).iloc[0]
        hits += [found["low"] <= dear <= found["high"], row["low"] <= curve <= row["high"]]
    assert (hits / 300 > 0.92).all() and (hits / 300 < 0.98).all()


def test_rows_of_a_patient_count_once_in_net_benefit():
    scores, mask = np.random.default_rng(5).normal(size=60), np.arange(60) % 3 == 0
    for verb in (evaluation.net_benefit, evaluation.break_even):
        once, thrice = verb(mask, scores), verb(np.tile(mask, 3), np.tile(scores, 3), groups=np.tile(np.arange(60), 3))
        assert once == pytest.approx(thrice)
