"""Results looked up by content."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from helpers.artifacts.memory import MemoryCache
from helpers.data.folds import folds_by_patient
from helpers.effects.learners import DRLearner
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge


def test_the_same_content_is_made_once_and_the_oldest_is_forgotten():
    recent, made = MemoryCache(2), []
    for value in (1, 1, 2, 3, 2, 1):
        assert recent.get(("x", np.full(3, value), Ridge(value)), lambda v=value: made.append(v) or v) == value
    assert made == [1, 2, 3, 1]


def test_copies_cannot_spoil_what_is_kept():
    recent = MemoryCache(1, copies=True)
    recent.get("a", lambda: ["kept"]).append("spoiled")
    assert recent.get("a", list) == ["kept"]


def test_a_failure_is_not_kept():
    recent = MemoryCache(2)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 / 0)
    assert recent.get("a", lambda: 5) == 5


def sample(n=120):
    rng = np.random.default_rng(0)
    W, T = rng.normal(size=(n, 3)), np.arange(n) % 2
    return W[:, 0] + T + rng.normal(size=n), T, W, np.arange(n) // 2


def test_nuisances_looked_up_equal_those_fitted():
    Y, T, W, groups = sample()
    first = Nuisances(ridge(), logistic(), folds=3, seed=1).fit(Y, T, W, groups)
    again = Nuisances(ridge(), logistic(), folds=3, seed=1).fit(Y, T, W, groups)
    assert again is not first and again.mu0_ is first.mu0_ and again.models_ is first.models_
    for change in ({"seed": 2}, {"clip": 0.2}, {"folds": 4}, {"outcome": Ridge()}):
        settings = {"outcome": ridge(), "propensity": logistic(), "folds": 3, "seed": 1} | change
        assert Nuisances(**settings).fit(Y, T, W, groups).models_ is not first.models_
    moved = Nuisances(ridge(), logistic(), folds=3, seed=1).fit(Y + 1, T, W, groups)
    np.testing.assert_allclose(moved.mu0_, first.mu0_ + 1)
    assert not first.mu0_.flags.writeable


def test_folds_looked_up_are_those_of_their_treatments_and_seed():
    _, T, _, groups = sample()
    folds = list(folds_by_patient(T, groups, 3, 0))
    again, other = list(folds_by_patient(T, groups, 3, 0)), list(folds_by_patient(T, groups, 3, 1))
    assert all(np.array_equal(a, b) for x, y in zip(folds, again) for a, b in zip(x, y))
    assert any(not np.array_equal(x[1], y[1]) for x, y in zip(folds, other))


def test_folds_and_nuisances_looked_up_are_those_of_their_patients():
    Y, T, W, pairs = sample()
    strangers = np.random.default_rng(1).permutation(pairs)
    for groups in (pairs, strangers, None, pairs):
        fitted = Nuisances(ridge(), logistic(), folds=3, seed=1).fit(Y, T, W, groups)
        for train, held in folds_by_patient(T, groups, 3, 0):
            assert groups is None or not set(groups[train]) & set(groups[held])
        if groups is not None:
            assert all(len(set(fitted.fold_[groups == g])) == 1 for g in groups)
    folds = [[h.tolist() for _, h in folds_by_patient(T, g, 3, 0)] for g in (pairs, strangers)]
    assert folds[0] != folds[1]


def test_learners_looked_up_rows_are_those_of_their_patients():
    Y, T, W, pairs = sample()
    strangers = np.random.default_rng(1).permutation(pairs)
    effects = [DRLearner().fit(Y, T, W, groups=groups).effect(W) for groups in (pairs, strangers, pairs)]
    assert np.array_equal(effects[0], effects[2]) and not np.array_equal(effects[0], effects[1])
