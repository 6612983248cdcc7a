"""Half-samples against a plain loop, influence functions against closed forms, coverage of the cheap kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import metrics, resampling, uncertainty

BUDGETS = (0.1, 0.3, 0.5, 1.0)


def scores(n=60, seed=0, levels=None, rows_a_patient=1):
    rng = np.random.default_rng(seed)
    gamma0, psi = rng.normal(size=(2, n))
    priority = rng.normal(size=n) if levels is None else rng.integers(levels, size=n).astype(float)
    return gamma0, gamma0 + psi - 0.5 * priority, priority, np.arange(n) // rows_a_patient


def plain(gamma0, gamma1, priority, budgets):
    """The twin: the functions of ``metrics`` on the rows it is given."""
    tau = gamma1 - gamma0
    areas = [metrics.policy_value(gamma0, gamma1, priority), metrics.autoc(tau, priority), metrics.qini(tau, priority)]
    curves = metrics.policy_curve(gamma0, gamma1, priority), metrics.toc(tau, priority)
    return np.concatenate([areas, *(metrics.value_at(c, budgets) for c in curves)])


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(4, 40),
    seed=st.integers(0, 999),
    levels=st.sampled_from([None, 1, 2, 5]),
    per=st.sampled_from([1, 3]),
)
def test_draws_equal_a_plain_loop(n, seed, levels, per):
    gamma0, gamma1, priority, groups = scores(n * per, seed, levels, per)
    kept, _ = resampling.half_samples(n * per, groups, 5, seed)
    found = resampling.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    twin = [plain(gamma0[k], gamma1[k], priority[k], BUDGETS) for k in kept]
    np.testing.assert_allclose(found, twin, atol=1e-12)


def test_blocks_change_nothing(monkeypatch):
    gamma0, gamma1, priority, _ = scores(50, levels=7)
    kept, _ = resampling.half_samples(50, None, 20, 3)
    whole = resampling.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    monkeypatch.setattr(resampling, "BLOCK", 120)
    found = resampling.order_draws(gamma0, gamma1, priority, kept, BUDGETS)
    np.testing.assert_allclose(found, whole, atol=1e-13)


@pytest.mark.parametrize("patients", [20, 21])
def test_half_samples_keep_whole_patients_and_half_of_them(patients):
    groups = np.repeat(np.arange(patients), 1 + np.arange(patients) % 3)
    kept, scale = resampling.half_samples(len(groups), groups, 50, 0)
    for row in kept:
        inside, outside = set(groups[row]), set(groups[~row])
        assert not inside & outside and len(inside) == patients // 2
    assert scale == pytest.approx(np.sqrt((patients // 2) / (patients - patients // 2)))
    assert len({row.tobytes() for row in kept}) > 45
    np.testing.assert_array_equal(kept, resampling.half_samples(len(groups), groups, 50, 0)[0])


@pytest.mark.parametrize("n", [30, 31])
def test_the_scale_gives_the_standard_error_of_a_mean(n):
    x = np.random.default_rng(0).normal(size=n)
    kept, scale = resampling.half_samples(n, None, 40_000, 1)
    found = scale * (kept @ x / kept.sum(axis=1)).std(ddof=1)
    assert found == pytest.approx(x.std(ddof=1) / np.sqrt(n), rel=0.02)


def test_mean_interval_is_students_and_clusters_count():
    x = np.random.default_rng(0).normal(size=40)
    reference = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    found = uncertainty.mean_interval(x, level=0.9)
    assert (found["low"], found["high"]) == pytest.approx((reference.low, reference.high))
    doubled = uncertainty.mean_interval(np.repeat(x, 2), np.repeat(np.arange(40), 2), level=0.9)
    assert doubled == pytest.approx(found)


def test_budget_value_is_the_curve_and_ties_share():
    for levels in (None, 3):
        gamma0, gamma1, priority, _ = scores(57, levels=levels)
        for b in BUDGETS:
            value, influence = uncertainty.budget_influence(gamma0, gamma1, priority, b)
            curve = metrics.policy_curve(gamma0, gamma1, priority)
            assert value == pytest.approx(metrics.value_at(curve, b)[0])
            assert influence.mean() == pytest.approx(0, abs=1e-12)
    all_treated = uncertainty.budget_interval(gamma0, gamma1, priority, 1.0)
    assert all_treated == pytest.approx(uncertainty.mean_interval(gamma1))


def test_influence_and_half_samples_agree_on_the_error_at_a_budget():
    gamma0, gamma1, priority, _ = scores(2_000)
    by_influence = uncertainty.budget_interval(gamma0, gamma1, priority, 0.3)
    table = uncertainty.order_intervals(gamma0, gamma1, {"a": priority}, budgets=[0.3], draws=2_000)
    by_draws = table[table["metric"] == "policy_curve"].iloc[0]
    assert by_draws["value"] == pytest.approx(by_influence["value"])
    assert by_draws["se"] == pytest.approx(by_influence["se"], rel=0.06)


def test_the_cut_is_part_of_the_error():
    rng = np.random.default_rng(0)
    priority = rng.normal(size=5_000)
    gamma0, gamma1 = np.zeros(5_000), np.full(5_000, -3.0)
    # the same effect for all: the value is -3 k / n whoever is sampled
    assert uncertainty.budget_interval(gamma0, gamma1, priority, 0.4)["se"] == pytest.approx(0, abs=1e-12)


def test_normal_scores_have_the_areas_of_the_closed_form():
    rng = np.random.default_rng(1)
    tau, mu0 = rng.normal(size=(2, 40_000))
    found = uncertainty.order_intervals(mu0, mu0 + tau, {"best": -tau}, draws=50).set_index("metric")
    # mean over q of phi(z_q) / q and of phi(z_q): AUTOC and Qini of a standard normal effect
    assert found["value"]["autoc"] == pytest.approx(-0.9032, abs=0.02)
    assert found["value"]["qini"] == pytest.approx(-1 / (2 * np.sqrt(np.pi)), abs=0.006)
    assert (found["low"] < found["value"]).all()


def test_shares_of_rows_add_up_to_the_metrics():
    gamma0, gamma1, priority, _ = scores(40)
    shares = resampling.order_shares(gamma0, gamma1, priority, BUDGETS).sum(axis=1)
    tau = gamma1 - gamma0
    centred = plain(gamma0 - gamma0.mean(), gamma0 - gamma0.mean() + tau - tau.mean(), priority, BUDGETS)
    np.testing.assert_allclose(shares, centred, atol=1e-12)


def test_metrics_that_lean_on_few_patients_have_wider_quantiles():
    gamma0, gamma1, priority, _ = scores(2_000)
    table = uncertainty.order_intervals(gamma0, gamma1, {"a": priority}, budgets=[0.01, 0.5], draws=5_000)
    t = ((table["high"] - table["value"]) / table["se"]).tolist()
    # twenty patients in the TOC at 1 %; all of them in the policy value, where the normal quantile does
    assert stats.t.ppf(0.975, 40) < t[5] < stats.t.ppf(0.975, 8)
    assert t[0] == pytest.approx(1.96, abs=0.01) and t[0] < t[1] < t[5]


def test_pairs_share_the_half_samples():
    gamma0, gamma1, priority, groups = scores(200, rows_a_patient=2)
    near = priority + 0.01 * np.random.default_rng(5).normal(size=200)
    orders = {"a": priority, "b": near, "a again": priority}
    singles = uncertainty.order_intervals(gamma0, gamma1, orders, groups, BUDGETS)
    gaps = uncertainty.order_intervals(gamma0, gamma1, orders, groups, BUDGETS, baseline="a")
    same = gaps[gaps["strategy"] == "a again"]
    assert (same[["value", "se"]] == 0).all().all() and not same["real"].any()
    b, alone = (t[(t["strategy"] == "b") & (t["metric"] == "autoc")].iloc[0] for t in (gaps, singles))
    a = singles[(singles["strategy"] == "a") & (singles["metric"] == "autoc")].iloc[0]
    assert b["value"] == pytest.approx(alone["value"] - a["value"]) and b["se"] < alone["se"] / 5


def test_errors_say_what_is_wrong():
    gamma0, gamma1, priority, _ = scores(10)
    with pytest.raises(ValueError, match="baseline = 'x'"):
        uncertainty.order_intervals(gamma0, gamma1, {"a": priority}, baseline="x")
    with pytest.raises(ValueError, match="at least 4 patients"):
        uncertainty.order_intervals(gamma0, gamma1, {"a": priority}, groups=np.zeros(10))
    with pytest.raises(ValueError, match="priority: 1 of 10"):
        uncertainty.order_intervals(gamma0, gamma1, {"a": np.where(priority == priority[0], np.nan, priority)})
    with pytest.raises(ValueError, match="budget = 0"):
        uncertainty.budget_influence(gamma0, gamma1, priority, 0)
    with pytest.raises(ValueError, match="level = 95"):
        uncertainty.mean_interval(gamma0, level=95)
    with pytest.raises(ValueError, match="3 identifiers"):
        uncertainty.mean_interval(gamma0, np.arange(3))
