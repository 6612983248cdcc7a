"""Values carried over to another population: right where the supports overlap, and said to be wrong elsewhere."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from helpers import evaluation, stats
from helpers.evaluation.shift import transport
from helpers.evaluation.shift.density_ratio import DensityRatio, Sample

pytestmark = pytest.mark.slow

PLAIN = DensityRatio(LogisticRegression(C=1.0))


def world(n, shift, seed, d=4):
    """phi, both mean outcomes, priority; only the first column shifts, and it changes the effect."""
    X = np.random.default_rng(seed).normal(size=(n, d))
    X[:, 0] += shift
    mu0 = X[:, 1] + 0.5 * X[:, 0] ** 2
    return X, mu0, mu0 - 1 + 0.8 * X[:, 0] + 0.3 * X[:, 2], -(X[:, 0] + X[:, 2])


def scored(n, seed, shift=0.0):
    """A source with doubly robust scores from the true nuisances."""
    X, mu0, mu1, priority = world(n, shift, seed)
    rng = np.random.default_rng([seed, 1])
    e = 1 / (1 + np.exp(-X[:, 1]))
    T = rng.random(n) < e
    Y = np.where(T, mu1, mu0) + rng.normal(size=n)
    return Sample(X, priority, mu0 + (1 - T) * (Y - mu0) / (1 - e), mu1 + T * (Y - mu1) / e)


def unlabelled(n, shift, seed):
    X, _, _, priority = world(n, shift, seed)
    return Sample(X, priority)


@pytest.fixture(scope="module")
def repeated():
    """Estimates over 100 repetitions with a misspecified outcome model, and the truth."""
    X, mu0, mu1, priority = world(400_000, 0.6, 99)
    truth = stats.policy_value(mu0, mu1, priority)
    run = [
        evaluation.transported_value(
            scored(500, s), unlabelled(500, 0.6, s + 1000), LinearRegression(), PLAIN, folds=3, seed=s
        )
        for s in range(100)
    ]
    return truth, {name: [t.set_index("estimator").loc[name] for t in run] for name in evaluation.ESTIMATORS}


def test_weighted_and_modelled_is_right_and_covers(repeated):
    truth, found = repeated
    errors = np.array([row["value"] for row in found["both"]]) - truth
    assert abs(errors.mean()) < 0.04
    covered = np.mean([row["low"] <= truth <= row["high"] for row in found["both"]])
    assert 0.88 <= covered <= 0.99
    assert np.mean([row["se"] for row in found["both"]]) == pytest.approx(errors.std(), rel=0.25)


def test_without_weights_or_without_a_shift_in_mind_it_is_wrong(repeated):
    truth, found = repeated
    for name, least in (("home", 0.3), ("model", 0.05)):
        assert abs(np.mean([row["value"] for row in found[name]]) - truth) > least, name


def test_without_a_shift_home_is_the_metric_of_the_scores():
    source = scored(300, 5)
    table = evaluation.transported_value(source, unlabelled(300, 0, 6), LinearRegression(), PLAIN).set_index(
        "estimator"
    )
    by_hand = stats.policy_value(source.gamma0, source.gamma1, source.priority)
    assert table.loc["home", "value"] == pytest.approx(by_hand)
    assert table["trusted"].all()


def test_treated_shares_are_those_of_the_policy_value():
    rng = np.random.default_rng(0)
    priority, tau = rng.normal(size=50), rng.normal(size=50)
    share = evaluation.share_treated(priority, priority)
    assert np.mean(share * tau) == pytest.approx(stats.policy_value(np.zeros(50), tau, priority))


def test_the_movement_of_ranks_by_brute_force():
    rng = np.random.default_rng(1)
    of, priority, tau = rng.integers(0, 5, 20), rng.integers(0, 5, 30), rng.normal(size=30)
    by_hand = [np.mean(tau * (priority >= p)) for p in of]
    np.testing.assert_allclose(transport._moved(of, priority, tau), by_hand)


def carried(source, target, ratio=PLAIN):
    """The table, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = evaluation.transported_value(source, target, LinearRegression(), ratio)
    return table.iloc[0], " ".join(str(w.message) for w in caught if evaluation.UNTRUSTED in str(w.message))


def test_right_weights_are_trusted(repeated):
    """The log-ratio of the two worlds is linear in phi, as the classifier has it."""
    _, found = repeated
    assert np.mean([row["trusted"] for row in found["both"]]) >= 0.93
    assert not carried(scored(200, 7), unlabelled(200, 0.1, 9))[1]


def test_worlds_that_do_not_meet_are_said_not_to():
    row, said = carried(scored(200, 7), unlabelled(200, 9.0, 8))
    assert not row["trusted"] and not row["overlap"] and row["mass"] < 0.5
    assert "hardly covers the target (mean weight" in said and "does not look like" in said


def test_a_part_of_the_target_that_the_source_has_not_is_missed_by_the_mean_weight_only():
    target = unlabelled(1000, 0.0, 8)
    target.phi[:150, 0] += 8.0
    row, said = carried(scored(1000, 7), target)
    assert row["overlap"] and not row["balanced"] and not row["trusted"] and row["imbalance"] > 0.3
    assert "does not look like the target" in said and "hardly covers" not in said


def test_a_ratio_of_the_wrong_form_is_not_trusted():
    """The target is narrow as well as elsewhere: the true log-ratio is a parabola, the classifier's a line."""
    target = unlabelled(800, 0.0, 8)
    target.phi[:, 0] = 1 + 0.3 * target.phi[:, 0]
    row, said = carried(scored(800, 7), target)
    assert not row["balanced"] and "does not look like" in said


def test_weights_that_a_penalty_holds_back_are_calm_and_not_trusted():
    held_back = DensityRatio(LogisticRegression(C=1e-5))
    row, said = carried(scored(800, 7), unlabelled(800, 1.0, 8), held_back)
    assert row["overlap"] and row["mass"] == pytest.approx(1, abs=0.05) and row["share"] > 0.95
    assert not row["trusted"] and "does not look like" in said


def test_no_check_sees_that_phi_means_something_else():
    """Patients of the same phi have other outcomes in the target: the weights are right, the value is not."""
    X, mu0, mu1, priority = world(400_000, 0.6, 99)
    truth = stats.policy_value(mu0 + 2, mu1 + 2, priority)
    source, target = scored(1000, 3), unlabelled(1000, 0.6, 4)
    table = evaluation.transported_value(source, target, LinearRegression(), PLAIN).set_index("estimator")
    assert table.loc["both", "trusted"] and table.loc["both", "high"] < truth - 1
