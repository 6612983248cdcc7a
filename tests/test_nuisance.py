"""Cross-fitting: held-out means held out, patients stay together, predictions match a hand-written loop."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from helpers.nuisance import Nuisances, folds_by_patient, logistic


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
