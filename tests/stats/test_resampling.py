"""Half-samples against a plain loop over the functions of ``metrics``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import stats
from helpers.stats import resampling

BUDGETS = (0.1, 0.3, 0.5, 1.0)


def scores(n=60, seed=0, levels=None, rows_a_patient=1):
    rng = np.random.default_rng(seed)
    gamma0, psi = rng.normal(size=(2, n))
    priority = rng.normal(size=n) if levels is None else rng.integers(levels, size=n).astype(float)
    return gamma0, gamma0 + psi - 0.5 * priority, priority, np.arange(n) // rows_a_patient


def plain(gamma0, gamma1, priority, budgets):
    """The twin: the functions of ``metrics`` on the rows it is given."""
    tau = gamma1 - gamma0
    areas = [stats.policy_value(gamma0, gamma1, priority), stats.autoc(tau, priority), stats.qini(tau, priority)]
    curves = stats.policy_curve(gamma0, gamma1, priority), stats.toc(tau, priority)
    return np.concatenate([areas, *(stats.value_at(c, budgets) for c in curves)])


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(4, 40),
    seed=st.integers(0, 999),
    levels=st.sampled_from([None, 1, 2, 5]),
    per=st.sampled_from([1, 3]),
)
def test_draws_equal_a_plain_loop(n, seed, levels, per):
    gamma0, gamma1, priority, groups = scores(n * per, seed, levels, per)
    kept, _ = stats.half_samples(n * per, groups, 5, seed)
    found = stats.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    twin = [plain(gamma0[k], gamma1[k], priority[k], BUDGETS) for k in kept]
    np.testing.assert_allclose(found, twin, atol=1e-12)


def test_blocks_change_nothing(monkeypatch):
    gamma0, gamma1, priority, _ = scores(50, levels=7)
    kept, _ = stats.half_samples(50, None, 20, 3)
    whole = stats.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    monkeypatch.setattr(resampling, "BLOCK", 120)
    found = stats.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    np.testing.assert_allclose(found, whole, atol=1e-13)


@pytest.mark.parametrize("patients", [20, 21])
def test_half_samples_keep_whole_patients_and_half_of_them(patients):
    groups = np.repeat(np.arange(patients), 1 + np.arange(patients) % 3)
    kept, scale = stats.half_samples(len(groups), groups, 50, 0)
    for row in kept:
        inside, outside = set(groups[row]), set(groups[~row])
        assert not inside & outside and len(inside) == patients // 2
    assert scale == pytest.approx(np.sqrt((patients // 2) / (patients - patients // 2)))
    assert len({row.tobytes() for row in kept}) > 45
    np.testing.assert_array_equal(kept, stats.half_samples(len(groups), groups, 50, 0)[0])


@pytest.mark.parametrize("n", [30, 31])
def test_the_scale_gives_the_standard_error_of_a_mean(n):
    x = np.random.default_rng(0).normal(size=n)
    kept, scale = stats.half_samples(n, None, 40_000, 1)
    found = scale * (kept @ x / kept.sum(axis=1)).std(ddof=1)
    assert found == pytest.approx(x.std(ddof=1) / np.sqrt(n), rel=0.02)


def test_shares_of_rows_add_up_to_the_metrics():
    gamma0, gamma1, priority, _ = scores(40)
    shares, weights = (a.sum(axis=1) for a in stats.order_shares(gamma0, gamma1, priority, BUDGETS))
    tau = gamma1 - gamma0
    centred = plain(gamma0 - gamma0.mean(), gamma0 - gamma0.mean() + tau - tau.mean(), priority, BUDGETS)
    np.testing.assert_allclose(shares, centred, atol=1e-12)
    # weights are the metric of psi = 1 for all beside an outcome of 1: (n + 1) / 2n of them are treated on average
    flat = [1 + 41 / 80, 0, 0, *(1 + np.array(BUDGETS)), 0, 0, 0, 0]
    np.testing.assert_allclose(weights, flat, atol=1e-12)
