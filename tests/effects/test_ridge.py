"""The leave-one-out ridge against scikit-learn's, and against leaving rows out one by one."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.effects.nuisance.ridge import LeaveOneOutRidge

ALPHAS = (0.1, 1.0, 10.0, 100.0)


def sample(n, d, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + rng.normal(size=d)
    return X, X @ rng.normal(size=d) + 3 * rng.normal(size=n) + 5, rng.uniform(0.1, 3, n)


@pytest.mark.parametrize("n, d", [(200, 10), (30, 29), (25, 25), (20, 60)])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_equals_scikit_learns(n, d, weighted):
    X, y, weight = sample(n, d)
    weight = weight if weighted else None
    ours, theirs = LeaveOneOutRidge(ALPHAS).fit(X, y, weight), RidgeCV(ALPHAS).fit(X, y, weight)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_the_penalty_has_the_least_error_on_rows_left_out(seed):
    X, y, _ = sample(25, 8, seed)
    errors = []
    for alpha in ALPHAS:
        folds = LeaveOneOut().split(X)
        errors.append(np.mean([(y[h] - Ridge(alpha).fit(X[t], y[t]).predict(X[h])) ** 2 for t, h in folds]))
    assert LeaveOneOutRidge(ALPHAS).fit(X, y).alpha_ == ALPHAS[int(np.argmin(errors))]


def test_columns_that_repeat_or_do_not_vary_are_harmless():
    X, y, _ = sample(50, 4)
    doubled = np.column_stack([X, X, np.ones(50)])
    model = make_pipeline(StandardScaler(), LeaveOneOutRidge(ALPHAS)).fit(doubled, y)
    assert np.isfinite(model.predict(doubled)).all()
    assert clone(model).fit(doubled, y).predict(doubled[:3]).tolist() == model.predict(doubled[:3]).tolist()


def test_it_refuses():
    X, y, _ = sample(10, 2)
    with pytest.raises(ValueError, match="above 0"):
        LeaveOneOutRidge((0.0, 1.0)).fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        LeaveOneOutRidge().fit(np.full((10, 2), np.nan), y)
