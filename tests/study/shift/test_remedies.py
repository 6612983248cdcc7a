"""Reweighting: a weight is a number of copies, and lets the last step aim at the target."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import AACE, DRLearner, RiskRanker
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic
from helpers.study.shift.remedies import reweighted

PLAIN = Nuisances(LinearRegression(), logistic(), folds=2)


def records(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    W = (X[:, :1] + rng.normal(size=(n, 1)) > 0).astype(float)
    T = (rng.random(n) < 0.3 + 0.4 * W[:, 0]).astype(int)
    Y = W[:, 0] - T * (1 + X[:, 0] ** 2) + rng.normal(size=n)
    return {"Y": Y, "T": T, "X": X, "W": W}


@pytest.mark.parametrize("kind", [DRLearner, AACE])
def test_whole_weights_are_copies(kind):
    rows = records()
    learner = kind(LinearRegression(), PLAIN).fit(**rows)
    copies = np.random.default_rng(1).integers(1, 4, 300)
    target = np.repeat(getattr(learner, "target_", learner.psi_), copies)
    by_hand = LinearRegression().fit(np.repeat(rows["X"], copies, axis=0), target)
    again = reweighted(learner, rows["X"], copies)
    np.testing.assert_allclose(again.effect(rows["X"]), by_hand.predict(rows["X"]))
    assert again is not learner and np.ptp(again.effect(rows["X"]) - learner.effect(rows["X"])) > 0


def test_only_annotated_records_carry_a_pseudo_outcome():
    rows, annotated = records(), np.arange(300) % 2 == 0
    learner = AACE(LinearRegression(), PLAIN).fit(**rows, annotated=annotated)
    w = np.where(annotated, 1.0, 100.0)
    again = reweighted(learner, rows["X"], w, annotated)
    np.testing.assert_allclose(again.effect(rows["X"]), learner.effect(rows["X"]))


def test_equal_weights_change_nothing_for_em():
    rows = records()
    learner = EMLearner((2,), iterations=0).fit(**rows)
    again = reweighted(learner, rows["X"], np.full(300, 7.0))
    np.testing.assert_allclose(again.effect(rows["X"]), learner.effect(rows["X"]), atol=1e-3)
    tilted = reweighted(learner, rows["X"], np.exp(2 * rows["X"][:, 1]))
    assert np.abs(tilted.effect(rows["X"]) - learner.effect(rows["X"])).max() > 0.01
    np.testing.assert_array_equal(tilted.tau_, learner.tau_)


def test_a_misspecified_step_becomes_right_where_the_weights_are():
    """The effect bends; a straight line fitted with the weights of large X follows it there."""
    rows = records(4000)
    learner = DRLearner(LinearRegression(), PLAIN).fit(**rows)
    w = np.exp(2.5 * rows["X"][:, 0])
    there = np.random.default_rng(2).normal(size=(2000, 3)) + [2.5, 0, 0]
    truth = -(1 + there[:, 0] ** 2)
    errors = [np.sqrt(np.mean((k.effect(there) - truth) ** 2)) for k in (learner, reweighted(learner, rows["X"], w))]
    assert errors[1] < 0.7 * errors[0]


def test_other_learners_are_refused():
    rows = records()
    with pytest.raises(TypeError, match="RiskRanker"):
        reweighted(RiskRanker(LinearRegression()).fit(**rows), rows["X"], np.ones(300))
