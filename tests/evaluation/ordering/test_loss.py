"""The order loss: its geometry by brute force, its level where nothing is lost, its size where something is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers import stats
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.ordering.diagnostics import true_loss
from helpers.evaluation.ordering.loss import loss_of, order_loss, order_slopes, split_by_order, stand_in
from helpers.evaluation.ordering.reference import Reference

quick = settings(max_examples=50, deadline=None)
vectors = arrays(float, 12, elements=st.integers(-5, 5).map(float))


def scores_of(psi):
    """Scores whose psi is given: everybody treated half of the time, outcome models at zero."""
    n = len(psi)
    return HeldOutScores(np.asarray(psi) / 2, np.ones(n), np.zeros(n), np.zeros(n), np.full(n, 0.5), np.arange(n))


def one_fold(effects):
    return Reference(effects, np.zeros(len(effects), int))


@quick
@given(vectors, vectors, vectors)
def test_the_lost_part_is_unrelated_or_opposed_to_whatever_respects_the_order(effects, priority, other):
    kept, lost = split_by_order(effects, priority)
    np.testing.assert_allclose(kept + lost, effects, atol=1e-9)
    assert lost.sum() == pytest.approx(0, abs=1e-8) and lost @ kept == pytest.approx(0, abs=1e-7)
    order = np.argsort(-priority, kind="stable")
    assert (np.diff(kept[order]) >= -1e-9).all()
    falling = np.sort(other)[np.unique(-priority, return_inverse=True)[1]]  # a falling function of the priority
    assert lost @ falling <= 1e-7


def test_no_function_of_the_order_is_closer():
    rng = np.random.default_rng(0)
    effects, priority = rng.normal(size=(2, 6))
    kept, _ = split_by_order(effects, priority)
    order = np.argsort(-priority)
    best = min(np.sum((np.sort(rng.normal(size=6)) - effects[order]) ** 2) for _ in range(4_000))
    assert np.sum((kept - effects) ** 2) <= best


def test_folds_are_split_apart():
    rng = np.random.default_rng(1)
    effects, priority, folds = *rng.normal(size=(2, 40)), rng.integers(0, 2, 40)
    kept, _ = split_by_order(effects, priority, folds)
    for k in (0, 1):
        np.testing.assert_array_equal(kept[folds == k], split_by_order(effects[folds == k], priority[folds == k])[0])


def test_the_last_slope_is_the_ratio_of_sums():
    rng = np.random.default_rng(2)
    effects, priority, psi = rng.normal(size=(3, 60))
    kept, lost = split_by_order(effects, priority)
    assert order_slopes(psi, kept, lost).coefficients[2] == pytest.approx(lost @ psi / (lost @ lost))


@quick
@given(vectors, vectors)
def test_the_loss_of_the_stand_in_is_zero_at_slope_zero_and_rises(effects, priority):
    parts = split_by_order(effects, priority)
    losses = [loss_of(stand_in(*parts, s), priority) for s in (-1.0, 0.0, 0.2, 0.6, 1.0, 1.5)]
    assert losses[0] == pytest.approx(0, abs=1e-7) == pytest.approx(losses[1], abs=1e-7)
    assert (np.diff(losses) >= -1e-7).all()


def test_loss_is_the_mean_over_budgets_of_what_the_treated_would_gain():
    rng = np.random.default_rng(3)
    effects, priority = rng.normal(size=(2, 30))
    by, best = np.argsort(-priority), np.argsort(effects)
    gaps = [effects[by[:k]].mean() - effects[best[:k]].mean() for k in range(1, 31)]
    assert loss_of(effects, priority) == pytest.approx(np.mean(gaps))
    assert loss_of(effects, -effects) == 0
    assert true_loss(effects, priority)["loss"] == pytest.approx(np.mean(gaps))
    regret = true_loss(effects, priority)["regret"]
    mu0 = rng.normal(size=30)
    values = [stats.policy_value(mu0, mu0 + effects, p) for p in (priority, -effects)]
    assert regret == pytest.approx(values[0] - values[1])


def test_a_right_order_loses_nothing_whatever_its_scale():
    rng = np.random.default_rng(4)
    tau = rng.normal(size=300)
    found = order_loss(scores_of(tau + rng.normal(size=300)), one_fold(tau), np.exp(-tau))
    assert (found.value, found.low, found.high, found.share, found.p_value) == (0, 0, 0, 0, 1)


def test_the_test_keeps_its_level_when_nothing_is_lost():
    rng = np.random.default_rng(5)
    p_values = []
    for _ in range(200):
        tau = rng.normal(size=200)
        reference = one_fold(tau + rng.normal(size=200))
        p_values.append(order_loss(scores_of(tau + 2 * rng.normal(size=200)), reference, -(tau**3)).p_value)
    assert np.mean(np.array(p_values) < 0.05) < 0.09


@pytest.mark.parametrize("error", [0.0, 0.7])
def test_it_finds_the_true_loss_through_noisy_references(error):
    rng = np.random.default_rng(6)
    tau = rng.normal(size=20_000)
    priority = -(tau + rng.normal(size=20_000))
    reference = one_fold(tau + error * rng.normal(size=20_000))
    found, truth = (
        order_loss(scores_of(tau + 2 * rng.normal(size=20_000)), reference, priority),
        true_loss(tau, priority),
    )
    assert found.value == pytest.approx(truth["loss"], rel=0.06)
    assert found.share == pytest.approx(truth["share"], abs=0.03)
    assert found.low < found.value < found.high and found.p_value < 1e-6
    if error:
        assert loss_of(reference.effects, priority) > 1.2 * truth["loss"]  # what the plug-in would say
    regret = order_loss(scores_of(tau), reference, priority, stats.qini).value
    assert regret == pytest.approx(truth["regret"], rel=0.06)


def test_only_the_order_of_the_priority_counts():
    rng = np.random.default_rng(7)
    tau, priority = rng.normal(size=(2, 200))
    scores, reference = scores_of(tau + rng.normal(size=200)), one_fold(tau)
    assert order_loss(scores, reference, priority) == order_loss(scores, reference, np.exp(priority))


def test_the_lower_limit_is_above_zero_exactly_when_the_test_rejects():
    rng = np.random.default_rng(8)
    outcomes = set()
    for _ in range(60):
        tau = rng.normal(size=60)
        found = order_loss(scores_of(tau + 2 * rng.normal(size=60)), one_fold(tau), rng.normal(size=60) - 0.8 * tau)
        assert (found.slope_low > 0) == (found.p_value < 0.05)
        outcomes.add(found.p_value < 0.05)
    assert outcomes == {True, False}


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e9])
def test_what_an_order_loses_follows_the_unit(unit):
    effects, priority = np.random.default_rng(3).normal(size=(2, 50))
    kept, lost = split_by_order(effects, priority)
    assert lost.any()
    for found, wanted in zip(split_by_order(unit * effects, priority), (kept, lost), strict=True):
        np.testing.assert_allclose(found / unit, wanted, atol=1e-8)
    assert not split_by_order(unit * effects, -effects)[1].any()
