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


@pytest.mark.parametrize("n, d", [(60, 8), (30, 40)])
def test_the_rows_of_a_patient_are_left_out_together(n, d):
    X, y, weight = sample(n, d)
    patients = np.random.default_rng(1).integers(n // 3, size=n)
    y = y + 4 * np.random.default_rng(2).normal(size=n)[patients]  # what a patient's rows share is no help for others
    errors = []
    for alpha in ALPHAS:
        squares = np.empty(n)
        for who in np.unique(patients):
            out = patients == who
            model = Ridge(alpha).fit(X[~out], y[~out], weight[~out])
            squares[out] = weight[out] * (y[out] - model.predict(X[out])) ** 2
        errors.append(squares.mean())
    model = LeaveOneOutRidge(ALPHAS).fit(X, y, weight, patients)
    assert model.errors_ == pytest.approx(errors, rel=1e-9)
    assert model.alpha_ == ALPHAS[int(np.argmin(errors))]
    alone = LeaveOneOutRidge(ALPHAS).fit(X, y, weight)
    assert LeaveOneOutRidge(ALPHAS).fit(X, y, weight, np.arange(n)).errors_ == alone.errors_


def test_a_repeated_visit_is_no_other_patient():
    """Two visits that hardly differ: left out row by row, noise looks learnable, and the penalty falls."""
    X, _, _ = sample(40, 30)
    y = np.random.default_rng(3).normal(size=40)
    twice = np.vstack([X, X + 1e-3]), np.r_[y, y], np.tile(np.arange(40), 2)
    by_row, by_patient = (
        LeaveOneOutRidge(ALPHAS).fit(*twice[:2]),
        LeaveOneOutRidge(ALPHAS).fit(*twice[:2], None, twice[2]),
    )
    assert by_row.alpha_ < by_patient.alpha_ == max(ALPHAS)


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
