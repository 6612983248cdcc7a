"""Cross-fitting: held-out means held out, patients stay together, predictions match a hand-written loop."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import KNeighborsRegressor

from helpers.nuisance import Nuisances, TallRidge, folds_by_patient, logistic


def simulate(n=600, seed=0):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 3))
    T = (rng.random(n) < 1 / (1 + np.exp(-W[:, 0]))).astype(int)
    Y = W @ [1, 2, 0.5] + T * (W[:, 1] - 1) + rng.normal(size=n)
    return Y, T, W


def test_predictions_are_held_out():
    Y, T, W = simulate()
    memory = Nuisances(KNeighborsRegressor(1), DummyClassifier(), folds=4).fit(Y, T, W)
    factual = np.where(T == 1, memory.mu1_, memory.mu0_)
    assert not np.isclose(factual, Y).any()
    in_sample = Nuisances(KNeighborsRegressor(1), DummyClassifier(), folds=1).fit(Y, T, W)
    np.testing.assert_allclose(np.where(T == 1, in_sample.mu1_, in_sample.mu0_), Y)


def test_equals_a_plain_loop():
    Y, T, W = simulate()
    fitted = Nuisances(LinearRegression(), logistic(), folds=3, clip=0.05, seed=7).fit(Y, T, W)
    for train, held in folds_by_patient(T, None, 3, 7):
        mu1 = LinearRegression().fit(W[train][T[train] == 1], Y[train][T[train] == 1])
        np.testing.assert_allclose(fitted.mu1_[held], mu1.predict(W[held]))
        e = clone(logistic()).fit(W[train], T[train]).predict_proba(W[held])[:, 1]
        np.testing.assert_allclose(fitted.e_[held], np.clip(e, 0.05, 0.95))
    new = np.mean([m1.predict(W[:5]) for _, m1, _ in fitted.models_], axis=0)
    np.testing.assert_allclose(fitted.predict(W[:5])[1], new)


def test_folds_keep_patients_together_and_cover_every_row_once():
    rng = np.random.default_rng(1)
    groups, T = rng.integers(0, 80, 400), rng.integers(0, 2, 400)
    held_rows = []
    for train, held in folds_by_patient(T, groups, 5, 0):
        assert not set(groups[train]) & set(groups[held])
        held_rows += held.tolist()
    assert sorted(held_rows) == list(range(400))


def test_recovers_the_truth_of_a_linear_process():
    Y, T, W = simulate(20_000)
    fitted = Nuisances().fit(Y, T, W)
    assert np.sqrt(np.mean((fitted.mu0_ - W @ [1, 2, 0.5]) ** 2)) < 0.05
    assert np.abs(fitted.e_ - 1 / (1 + np.exp(-W[:, 0]))).mean() < 0.02


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T": np.zeros(600)}, "take both"),
        ({"Y": np.full(600, np.nan)}, "not finite"),
        ({"T": np.r_[np.ones(3), np.zeros(597)]}, "rarer treatment arm"),
        ({"W": np.zeros((5, 2))}, "of one n"),
    ],
)
def test_unusable_input_is_named(change, message):
    data = dict(zip("YTW", simulate())) | change
    with pytest.raises(ValueError, match=message):
        Nuisances().fit(data["Y"], data["T"], data["W"])


@pytest.mark.parametrize("seed", range(12))
def test_folds_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    n, folds = int(rng.integers(40, 400)), int(rng.integers(2, 7))
    T = (rng.random(n) < rng.uniform(0.3, 0.7)).astype(int)
    groups = (np.arange(n), rng.permutation(n) + 7, rng.integers(0, n // 2, n))[seed % 3]
    theirs = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(T, T, groups)
    for (a, b), (c, d) in zip(folds_by_patient(T, groups, folds, seed), theirs):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_more_folds_than_patients_are_refused():
    T = np.tile([0, 1], 20)
    with pytest.raises(ValueError, match="more than the 3 patients"):
        list(folds_by_patient(T, np.arange(40) % 3, 5, 0))


@pytest.mark.parametrize("shape", [(300, 20), (30, 40)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_fast_ridge_is_scikit_learns(shape, weighted):
    rng = np.random.default_rng(0)
    X = rng.normal(size=shape) * np.linspace(0.1, 3, shape[1]) + 5
    y = X[:, :5].sum(1) + 3 * rng.normal(size=len(X))
    weight = rng.random(len(X)) + 0.1 if weighted else None
    ours, theirs = (kind((0.1, 1.0, 10.0, 100.0)).fit(X, y, sample_weight=weight) for kind in (TallRidge, RidgeCV))
    assert ours.alpha_ == theirs.alpha_ and ours.best_score_ == pytest.approx(theirs.best_score_)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X))
