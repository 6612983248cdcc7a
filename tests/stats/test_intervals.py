"""Influence functions and Student limits against closed forms; pairs on the same half-samples."""

import numpy as np
import pytest
from scipy import stats

from helpers import policy
from helpers.stats import intervals, metrics

BUDGETS = (0.1, 0.3, 0.5, 1.0)


def scores(n=60, seed=0, levels=None, rows_a_patient=1):
    rng = np.random.default_rng(seed)
    gamma0, psi = rng.normal(size=(2, n))
    priority = rng.normal(size=n) if levels is None else rng.integers(levels, size=n).astype(float)
    return gamma0, gamma0 + psi - 0.5 * priority, priority, np.arange(n) // rows_a_patient


def test_mean_interval_is_students_and_clusters_count():
    x = np.random.default_rng(0).normal(size=40)
    reference = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    found = intervals.mean_interval(x, level=0.9)
    assert (found["low"], found["high"]) == pytest.approx((reference.low, reference.high))
    doubled = intervals.mean_interval(np.repeat(x, 2), np.repeat(np.arange(40), 2), level=0.9)
    assert doubled == pytest.approx(found)


def test_difference_of_arms_is_welchs_for_single_rows_and_widens_for_patients():
    rng = np.random.default_rng(3)
    T = (rng.random(400) < 0.3).astype(float)
    patient = np.arange(400) // 2
    Y = rng.normal(size=200)[patient] * 2 + 0.7 * T + rng.normal(size=400)
    found = intervals.difference_interval(Y, T)
    a, b = Y[T == 1], Y[T == 0]
    assert found["value"] == pytest.approx(a.mean() - b.mean())
    assert found["se"] == pytest.approx(np.sqrt(a.var() / len(a) + b.var() / len(b)), rel=0.01)
    clustered = intervals.difference_interval(Y, T, patient)
    assert clustered["value"] == found["value"] and clustered["freedom"] == 199
    with pytest.raises(ValueError, match="T: holds one arm only"):
        intervals.difference_interval(Y, np.ones(400))


def test_budget_value_is_the_curve_and_ties_share():
    for levels in (None, 3):
        gamma0, gamma1, priority, _ = scores(57, levels=levels)
        for b in BUDGETS:
            value, influence = intervals.budget_influence(gamma0, gamma1, priority, b)
            curve = metrics.policy_curve(gamma0, gamma1, priority)
            assert value == pytest.approx(metrics.value_at(curve, b)[0])
            assert influence.mean() == pytest.approx(0, abs=1e-12)
    all_treated = intervals.budget_interval(gamma0, gamma1, priority, 1.0)
    assert all_treated == pytest.approx(intervals.mean_interval(gamma1))


def test_influence_and_half_samples_agree_on_the_error_at_a_budget():
    gamma0, gamma1, priority, _ = scores(2_000)
    by_influence = intervals.budget_interval(gamma0, gamma1, priority, 0.3)
    table = intervals.order_intervals(gamma0, gamma1, {"a": priority}, budgets=[0.3], draws=2_000)
    by_draws = table[table["metric"] == "policy_curve"].iloc[0]
    assert by_draws["value"] == pytest.approx(by_influence["value"])
    assert by_draws["se"] == pytest.approx(by_influence["se"], rel=0.06)


def test_the_cut_is_part_of_the_error():
    rng = np.random.default_rng(0)
    priority = rng.normal(size=5_000)
    gamma0, gamma1 = np.zeros(5_000), np.full(5_000, -3.0)
    # the same effect for all: the value is -3 k / n whoever is sampled
    assert intervals.budget_interval(gamma0, gamma1, priority, 0.4)["se"] == pytest.approx(0, abs=1e-12)


def test_normal_scores_have_the_areas_of_the_closed_form():
    rng = np.random.default_rng(1)
    tau, mu0 = rng.normal(size=(2, 40_000))
    found = intervals.order_intervals(mu0, mu0 + tau, {"best": -tau}, draws=50).set_index("metric")
    # mean over q of phi(z_q) / q and of phi(z_q): AUTOC and Qini of a standard normal effect
    assert found["value"]["autoc"] == pytest.approx(-0.9032, abs=0.02)
    assert found["value"]["qini"] == pytest.approx(-1 / (2 * np.sqrt(np.pi)), abs=0.006)
    assert (found["low"] < found["value"]).all()


def test_metrics_that_lean_on_few_patients_have_wider_quantiles():
    found = []
    for seed in range(20):
        gamma0, gamma1, priority, _ = scores(1_000, seed)
        table = intervals.order_intervals(gamma0, gamma1, {"a": priority}, budgets=[0.02], draws=300)
        found.append((table["high"] - table["value"]) / table["se"])
    value, autoc, _, _, early = np.mean(found, axis=0)
    # all patients in the policy value, where the noise of the draws is all there is; 20 in the TOC at 2 %
    assert value == pytest.approx(stats.t.ppf(0.975, 1 / (1 / 999 + 1 / 299)), abs=0.003)
    assert value + 0.01 < autoc and stats.t.ppf(0.975, 60) < early < stats.t.ppf(0.975, 10)


def test_pairs_share_the_half_samples():
    gamma0, gamma1, priority, groups = scores(200, rows_a_patient=2)
    near = priority + 0.01 * np.random.default_rng(5).normal(size=200)
    orders = {"a": priority, "b": near, "a again": priority}
    singles = intervals.order_intervals(gamma0, gamma1, orders, groups, BUDGETS)
    gaps = intervals.order_intervals(gamma0, gamma1, orders, groups, BUDGETS, baseline="a")
    same = gaps[gaps["strategy"] == "a again"]
    assert (same[["value", "se"]] == 0).all().all() and not same["real"].any()
    b, alone = (t[(t["strategy"] == "b") & (t["metric"] == "autoc")].iloc[0] for t in (gaps, singles))
    a = singles[(singles["strategy"] == "a") & (singles["metric"] == "autoc")].iloc[0]
    assert b["value"] == pytest.approx(alone["value"] - a["value"]) and b["se"] < alone["se"] / 5


def test_errors_say_what_is_wrong():
    gamma0, gamma1, priority, _ = scores(10)
    with pytest.raises(ValueError, match="baseline = 'x'"):
        intervals.order_intervals(gamma0, gamma1, {"a": priority}, baseline="x")
    with pytest.raises(ValueError, match="at least 4 patients"):
        intervals.order_intervals(gamma0, gamma1, {"a": priority}, groups=np.zeros(10))
    with pytest.raises(ValueError, match="priority: 1 of 10"):
        intervals.order_intervals(gamma0, gamma1, {"a": np.where(priority == priority[0], np.nan, priority)})
    with pytest.raises(ValueError, match="budget = 0"):
        intervals.budget_influence(gamma0, gamma1, priority, 0)
    with pytest.raises(ValueError, match="level = 95"):
        intervals.mean_interval(gamma0, level=95)
    with pytest.raises(ValueError, match="3 identifiers"):
        intervals.mean_interval(gamma0, np.arange(3))


def test_small_groups_have_the_same_ends_everywhere():
    rng = np.random.default_rng(5)
    psi, ids = rng.normal(size=9), np.repeat([0, 1, 2], 3)
    mean = intervals.mean_interval(psi, ids)
    rule = policy.held_out_value({"all": np.ones(9, bool)}, psi, groups=ids).iloc[0]
    sums = np.bincount(ids, psi)
    half = stats.t.ppf(0.975, 2) * np.sqrt(1.5 * np.sum((sums - sums.mean()) ** 2)) / 9
    for found in (mean, rule):
        np.testing.assert_allclose([found["low"], found["high"]], [psi.mean() - half, psi.mean() + half])


def test_the_p_value_is_that_of_the_interval():
    x = np.random.default_rng(6).normal(0.4, 1, 12)
    found = intervals.mean_interval(x)
    p = intervals.p_of_interval(found["value"], found["low"], found["high"], found["freedom"])
    assert p == pytest.approx(stats.ttest_1samp(x, 0).pvalue)
    assert np.isnan(intervals.p_of_interval(0.0, 0.0, 0.0, 5)) and not intervals.excludes_zero(np.nan, np.nan)


def test_independent_samples_are_summed_as_welch_does():
    a, b = np.random.default_rng(7).normal(size=8), 3 * np.random.default_rng(8).normal(size=15)
    parts = [intervals.influence_interval(0.0, v - v.mean()) for v in (a, b)]
    found = intervals.summed_interval(a.mean() - b.mean(), parts)
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose([found["low"], found["high"]], theirs)


def test_the_share_of_the_benefit_has_no_error_for_the_best_order():
    rng = np.random.default_rng(9)
    mu0, tau = rng.normal(size=60), rng.normal(size=60)
    best = intervals.captured_interval(mu0, mu0 + tau, -tau, draws=30)
    assert best["value"] == pytest.approx(1) and best["low"] == pytest.approx(1)
    other = intervals.captured_interval(mu0, mu0 + tau, -tau + rng.normal(size=60), draws=30)
    assert other["low"] < other["value"] < other["high"] and other["value"] < 1
    with pytest.raises(ValueError, match="same for every row"):
        intervals.captured_interval(mu0, mu0 + 1, -tau, draws=30)
