"""Least squares against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from helpers.stats.regression import least_squares


@pytest.mark.parametrize("rows_a_patient", [1, 3])
def test_coefficients_and_covariance_are_those_of_statsmodels(rows_a_patient):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(90), rng.normal(size=(90, 2))])
    y = X @ [1.0, 0.5, 0.0] + rng.normal(size=90) * (1 + np.abs(X[:, 1]))
    groups = np.arange(90) // rows_a_patient
    ours = least_squares(y, X, groups)
    model = sm.OLS(y, X)
    if rows_a_patient == 1:
        theirs = model.fit(cov_type="HC1", use_t=True)
    else:
        theirs = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
        np.testing.assert_allclose(ours.limits(1, 0.95), theirs.conf_int()[1])
        assert ours.test(2) == pytest.approx(theirs.pvalues[2])
    np.testing.assert_allclose(ours.coefficients, theirs.params)
    np.testing.assert_allclose(ours.covariance, theirs.cov_params())
    assert ours.freedom == len(np.unique(groups)) - 1


def test_sides_and_nulls():
    rng = np.random.default_rng(1)
    y = rng.normal(0.3, 1, 50)
    fit = least_squares(y, np.ones((50, 1)))
    assert fit.test(0, upper=True) == pytest.approx(stats.ttest_1samp(y, 0, alternative="greater").pvalue)
    assert fit.test(0, null=0.2) == pytest.approx(stats.ttest_1samp(y, 0.2).pvalue)
    assert fit.wald() == pytest.approx(2 * stats.norm.sf(abs(y.mean()) / (y.std(ddof=1) / np.sqrt(50))))


def test_repeated_columns_share_their_coefficient():
    rng = np.random.default_rng(2)
    x = rng.normal(size=40)
    fit = least_squares(3 * x, np.column_stack([x, x]))
    np.testing.assert_allclose(fit.coefficients, 1.5)


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e9])
def test_units_of_columns_and_target_decide_nothing(unit):
    rng = np.random.default_rng(3)
    x = rng.normal(size=60)
    y, ones = 0.3 + 0.5 * x + rng.normal(size=60), np.ones(60)
    usual, other = least_squares(y, np.column_stack([ones, x])), least_squares(y, np.column_stack([ones, unit * x]))
    assert other.coefficients[1] * unit == pytest.approx(usual.coefficients[1])
    both = least_squares(unit * y, np.column_stack([ones, unit * x]))
    assert both.coefficients[1] == pytest.approx(usual.coefficients[1]) and both.test(1) == pytest.approx(usual.test(1))
    assert both.wald() == pytest.approx(usual.wald()) == pytest.approx(other.wald())


def test_it_refuses_more_columns_than_patients():
    with pytest.raises(ValueError, match="2 patients for 3 columns"):
        least_squares(np.zeros(6), np.ones((6, 3)), np.repeat([0, 1], 3))
