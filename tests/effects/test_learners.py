"""Learners against econml, against closed forms and against simulated truth."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from helpers.data.canonical import patient_codes, upright
from helpers.data.folds import folds_by_patient
from helpers.effects.learners import AACE, DRLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor, holdout
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import ridge

Q = 3


def simulate(n=1500, seed=0, noise=0.5):
    """W confounds; phi holds a noisy view of it; the effect is linear in W."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, Q))
    phi = np.column_stack([W + noise * rng.normal(size=(n, Q)), rng.normal(size=(n, 2))])
    tau = -1 + W[:, 0] - 0.5 * W[:, 1]
    T = (rng.random(n) < 1 / (1 + np.exp(-1.5 * W[:, 0]))).astype(int)
    Y = 2 * W[:, 0] + W[:, 2] + T * tau + rng.normal(size=n)
    return {"Y": Y, "T": T, "X": phi, "W": W}, tau


class ByArm(RegressorMixin, BaseEstimator):
    """econml hands [X, W, T] to one outcome model: fit the arms apart, on W alone."""

    def fit(self, XWT, y, **_):
        W, t = XWT[:, -Q - 1 : -1], XWT[:, -1]
        self.arms_ = [LinearRegression().fit(W[t == a], y[t == a]) for a in (0, 1)]
        return self

    def predict(self, XWT):
        W, t = XWT[:, -Q - 1 : -1], XWT[:, -1]
        return np.where(t == 1, self.arms_[1].predict(W), self.arms_[0].predict(W))


def test_aace_agrees_with_econml_on_a_common_design():
    from econml.dr import DRLearner as Theirs

    data, _ = simulate()
    folds = list(folds_by_patient(data["T"], patient_codes((upright(data["Y"]),)), 4, 0))
    propensity = make_pipeline(FunctionTransformer(lambda XW: XW[:, -Q:]), LogisticRegression(C=1e3))
    theirs = Theirs(
        model_propensity=propensity, model_regression=ByArm(), model_final=Ridge(1.0), cv=folds, min_propensity=0.02
    ).fit(data["Y"], data["T"], X=data["X"], W=data["W"])
    nuisances = Nuisances(LinearRegression(), LogisticRegression(C=1e3), folds=4, clip=0.02, seed=0)
    ours = AACE(Ridge(1.0), nuisances).fit(**data)
    np.testing.assert_allclose(ours.effect(data["X"]), theirs.effect(data["X"]), atol=1e-6)


def rmse(learner, noise, n=20_000):
    data, tau = simulate(n, seed=3, noise=noise)
    fitted = learner.fit(**data)
    fresh, tau_new = simulate(4000, seed=4, noise=noise)
    return np.sqrt(np.mean((fitted.effect(fresh["X"]) - tau_new) ** 2))


def test_annotations_remove_the_bias_that_lossy_features_leave():
    # best linear prediction of tau from phi: attenuation 1 / (1 + noise^2) of every coefficient
    floor = np.sqrt(1.25 * (1 - 1 / (1 + 1.5**2)))
    assert rmse(AACE(), 1.5) == pytest.approx(floor, rel=0.03)
    assert rmse(DRLearner(), 1.5) > 1.08 * floor


def test_clean_features_need_no_annotation():
    assert rmse(DRLearner(), 0.0) < 0.1 and rmse(AACE(), 0.0) < 0.1


def test_smoothing_keeps_the_mean_and_lowers_the_noise():
    data, tau = simulate(3000, seed=5)
    plain, smooth = AACE().fit(**data), AACE(smoother=ridge()).fit(**data)
    assert smooth.target_.var() < 0.5 * plain.target_.var()
    assert smooth.target_.mean() == pytest.approx(plain.target_.mean(), abs=0.05)
    assert np.corrcoef(smooth.target_, tau)[0, 1] > 0.95 > np.corrcoef(plain.target_, tau)[0, 1]


def test_only_annotated_rows_are_looked_at():
    data, _ = simulate()
    mask = np.arange(1500) < 700
    spoiled = data["W"].copy()
    spoiled[~mask] = np.nan
    fitted = AACE().fit(**(data | {"W": spoiled}), annotated=mask)
    alone = AACE().fit(**{k: v[mask] for k, v in data.items()})
    np.testing.assert_allclose(fitted.effect(data["X"]), alone.effect(data["X"]))


def test_risk_ranker_treats_the_highest_predicted_risk_first():
    data, _ = simulate()
    fitted = RiskRanker(LinearRegression()).fit(**data)
    untreated = data["T"] == 0
    risk = LinearRegression().fit(data["X"][untreated], data["Y"][untreated]).predict(data["X"])
    np.testing.assert_allclose(fitted.priority(data["X"]), risk)


@pytest.mark.parametrize("learner", [DRLearner(), AACE(), AACE(smoother=ridge()), RiskRanker(), RandomOrder()])
def test_learners_clone_pickle_and_repeat(learner):
    data, _ = simulate(400)
    first, second = (clone(learner).fit(**data) for _ in range(2))
    effect = first.effect(data["X"])
    assert np.array_equal(effect, second.effect(data["X"]))
    assert np.array_equal(effect, pickle.loads(pickle.dumps(first)).effect(data["X"]))
    assert np.array_equal(first.priority(data["X"]), -effect)


def test_known_effect_is_its_feature():
    assert KnownEffect().fit().effect(np.array([[-1.0], [2.0]])).tolist() == [-1, 2]


def test_missing_annotations_are_refused():
    data, _ = simulate(100)
    with pytest.raises(ValueError, match="needs the annotated confounders"):
        AACE().fit(data["Y"], data["T"], data["X"])
    with pytest.raises(ValueError, match="no row is annotated"):
        AACE().fit(**data, annotated=np.zeros(100, bool))
    with pytest.raises(ValueError, match="mask of booleans"):
        AACE().fit(**data, annotated=np.arange(100))


@pytest.mark.slow
def test_heads_learn_a_line_and_a_boundary():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4)).astype(np.float32)
    regressor = HeadRegressor(learning_rate=5e-3, seed=1).fit(X, X[:, 0] - X[:, 1])
    assert np.mean((regressor.predict(X) - X[:, 0] + X[:, 1]) ** 2) < 0.02
    label = (X[:, 2] > 0).astype(int)
    classifier = HeadClassifier(learning_rate=5e-3, seed=1).fit(X, label)
    assert (classifier.predict(X) == label).mean() > 0.97
    assert np.array_equal(regressor.predict(X), clone(regressor).fit(X, X[:, 0] - X[:, 1]).predict(X))
    with pytest.raises(ValueError, match="tells two apart"):
        HeadClassifier().fit(X, np.zeros(3000))


def test_holdout_keeps_groups_together():
    groups = np.repeat(np.arange(20), 3)
    train, valid = holdout(60, 0.25, 0, groups)
    assert not set(groups[train]) & set(groups[valid]) and len(valid) == 15
    with pytest.raises(ValueError, match="at least two"):
        holdout(3, 0.5, 0, np.zeros(3))
