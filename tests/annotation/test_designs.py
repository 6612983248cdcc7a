"""Who is annotated: chances that are what they say, and the optimal ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.annotation.designs import choose, choose_by_probability, optimal_probability

spreads = arrays(float, st.integers(1, 40), elements=st.floats(0, 1e6, allow_subnormal=False))
shares = st.floats(0.02, 1.0)


@given(st.integers(2, 60), st.floats(0.05, 0.5), st.integers(0, 5))
def test_a_larger_budget_contains_the_smaller(n, budget, seed):
    ids = np.arange(n) // 2
    small, large = choose(ids, budget, seed), choose(ids, 2 * budget, seed)
    assert small.sum() >= 1 and not (small & ~large).any()
    assert (small[::2][: n // 2] == small[1::2]).all()


@given(arrays(float, st.integers(1, 50), elements=st.floats(0.01, 1)), st.integers(0, 9))
def test_the_fixed_design_has_a_fixed_size_and_takes_the_certain(p, seed):
    ids = np.random.default_rng(1).permutation(len(p))
    mask, pi = choose_by_probability(ids, p, seed)
    np.testing.assert_allclose(pi, p)
    assert np.floor(p.sum() - 1e-6) <= mask.sum() <= np.ceil(p.sum() + 1e-6)
    assert mask[p == 1].all()


@pytest.mark.parametrize("design", ["fixed", "poisson"])
def test_inclusion_probabilities_are_exact(design):
    ids, p = np.arange(12), np.linspace(0.05, 1, 12)
    share = np.mean([choose_by_probability(ids, p, s, design)[0] for s in range(4000)], axis=0)
    assert np.abs(share - p).max() < 4.5 * 0.5 / np.sqrt(4000)


def test_weighting_by_the_design_is_unbiased():
    value = np.random.default_rng(0).normal(size=200) ** 2
    p = optimal_probability(value, 0.2, 0.05)
    estimates = []
    for seed in range(600):
        mask, pi = choose_by_probability(np.arange(200), p, seed)
        estimates.append(np.mean(mask / pi * value))
    assert abs(np.mean(estimates) - value.mean()) < 4 * np.std(estimates) / np.sqrt(600)


def test_a_patient_is_annotated_whole_with_the_mean_chance():
    ids, p = np.array([1, 2, 1, 2, 3]), np.array([0.2, 1.0, 0.4, 1.0, 0.5])
    mask, pi = choose_by_probability(ids, p, 3)
    assert mask[0] == mask[2] and mask[1] and mask[3]
    np.testing.assert_allclose(pi, [0.3, 1, 0.3, 1, 0.5])


@given(arrays(float, 30, elements=st.floats(0.01, 0.5)), st.integers(0, 5))
def test_poisson_draws_are_nested(p, seed):
    small, _ = choose_by_probability(np.arange(30), p, seed, "poisson")
    large, _ = choose_by_probability(np.arange(30), 2 * p, seed, "poisson")
    assert not (small & ~large).any()


@settings(max_examples=300)
@given(spreads, shares, st.floats(0.01, 1))
def test_optimal_chances_keep_budget_bounds_and_order(spread, budget, part):
    floor = budget * part
    pi = optimal_probability(spread, budget, floor)
    assert pi.mean() == pytest.approx(budget, abs=1e-9)
    assert (pi >= floor - 1e-12).all() and (pi <= 1).all()
    order = np.argsort(spread, kind="stable")
    assert (np.diff(pi[order]) >= -1e-9).all()
    between = (pi > floor * (1 + 1e-6)) & (pi < 1 - 1e-6) & (spread > 1e-9 * spread.max())
    if between.any() and pi[spread > 0].min() < 1:
        ratio = pi[between] / spread[between]
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)


@given(arrays(float, 12, elements=st.floats(0.01, 10)), st.floats(0.1, 0.9), st.integers(0, 20))
def test_no_other_design_within_the_bounds_has_less_variance(spread, budget, seed):
    floor = 0.2 * budget
    pi = optimal_probability(spread, budget, floor)
    rng = np.random.default_rng(seed)
    i, j = rng.choice(12, 2, replace=False)
    step = rng.uniform(0, min(1 - pi[i], pi[j] - floor))  # any exchange between two records
    other = pi.copy()
    other[i], other[j] = pi[i] + step, pi[j] - step
    assert (spread**2 / pi).sum() <= (spread**2 / other).sum() * (1 + 1e-9)


def test_equal_spread_is_simple_random_sampling_and_zero_spread_shares_what_is_left():
    np.testing.assert_allclose(optimal_probability(np.ones(7), 0.3, 0.1), 0.3)
    np.testing.assert_allclose(optimal_probability(np.zeros(7), 0.3, 0.1), 0.3)
    np.testing.assert_allclose(optimal_probability(np.array([5.0, 0, 0, 0]), 0.4, 0.1), [1, 0.2, 0.2, 0.2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimal_probability(np.array([1.0, -1]), 0.5, 0.1), "spread"),
        (lambda: optimal_probability(np.array([1.0, np.nan]), 0.5, 0.1), "spread"),
        (lambda: optimal_probability(np.ones(3), 0.5, 0.6), "floor"),
        (lambda: optimal_probability(np.ones(3), 0.0, 0.1), "budget"),
        (lambda: choose_by_probability(np.arange(2), np.array([0.5, 0]), 0), "probability"),
        (lambda: choose_by_probability(np.arange(2), np.array([0.5]), 0), "shape"),
        (lambda: choose_by_probability(np.arange(1), np.array([0.5]), 0, "cluster"), "design"),
        (lambda: choose(np.arange(3), 1.5, 0), "budget"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
