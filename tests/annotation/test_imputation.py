"""Soft-label softmax fields against scikit-learn, and their handling of soft and missing labels."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from helpers.annotation.imputation import SoftmaxFields, choose_penalty


def simulate(n=800, d=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1)
    binary = (rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)
    three = np.argmax(X[:, :3] / np.arange(1, 4) + rng.gumbel(size=(n, 3)), axis=1)
    return X, np.hstack([np.eye(2)[binary], np.eye(3)[three]]), binary, three


def test_equals_scikit_learn_field_by_field():
    X, labels, binary, three = simulate()
    p = SoftmaxFields((2, 3), penalty=5.0, iterations=2000, whiten=0.0).fit(X, labels).predict_proba(X)
    Z = StandardScaler().fit_transform(X)
    # two softmax columns with a shared penalty are one logistic coefficient with half of it
    ours_as_logit = LogisticRegression(C=2 / 5.0, tol=1e-8, max_iter=2000).fit(Z, binary).predict_proba(Z)
    np.testing.assert_allclose(p[:, :2], ours_as_logit, atol=2e-3)
    theirs = LogisticRegression(C=1 / 5.0, tol=1e-8, max_iter=2000).fit(Z, three).predict_proba(Z)
    np.testing.assert_allclose(p[:, 2:], theirs, atol=2e-3)


def test_a_soft_label_counts_as_its_split_into_weighted_rows():
    X, labels, *_ = simulate(200)
    soft = 0.7 * labels + 0.3 * labels[::-1]
    fitted = SoftmaxFields((2, 3), 5.0, 2000).fit(X, soft)
    doubled = SoftmaxFields((2, 3), 50.0, 2000).fit(np.vstack([X] * 10), np.vstack([labels] * 7 + [labels[::-1]] * 3))
    np.testing.assert_allclose(fitted.predict_proba(X), doubled.predict_proba(X), atol=3e-3)


def test_missing_labels_leave_a_field_to_the_other_rows():
    X, labels, *_ = simulate()
    partly = labels.copy()
    partly[400:, :2] = 0
    both = SoftmaxFields((2, 3), 5.0, 2000).fit(X, partly)
    alone = np.where(np.arange(800)[:, None] < 400, labels[:, :2], 0)
    first = SoftmaxFields((2,), 5.0, 2000).fit(X, alone)
    np.testing.assert_allclose(both.predict_proba(X)[:, :2], first.predict_proba(X), atol=3e-3)


def test_probabilities_sum_to_one_in_each_field():
    X, labels, *_ = simulate(100)
    p = SoftmaxFields((2, 3)).fit(X, labels).predict_proba(X * 100)
    np.testing.assert_allclose(p[:, :2].sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(p[:, 2:].sum(1), 1, atol=1e-5)


def test_the_chosen_penalty_shrinks_noise_and_spares_signal():
    X, labels, *_ = simulate(300, seed=2)
    noise = np.random.default_rng(0).normal(size=(300, 80))
    noise, Z = (SoftmaxFields((2, 3)).prepare(A) for A in (noise, X))
    assert choose_penalty(noise, labels, (2, 3), (0.1, 1000.0), 0) == 1000.0
    assert choose_penalty(Z, labels, (2, 3), (1.0, 1e5), 0) == 1.0


def test_objective_never_falls_on_refit():
    X, labels, *_ = simulate(200)
    model = SoftmaxFields((2, 3), 5.0, 5).fit(X, labels)
    Z, values = model.standardise(X), [model.objective_]
    for _ in range(5):
        values.append(model.refit(Z, labels).objective_)
    assert np.diff(values).min() > -1e-4 * abs(values[0]) / 100
    assert values[-1] > values[0] or values[-1] == pytest.approx(values[0])


def test_the_objective_is_the_likelihood_less_the_penalty_of_slopes():
    X, labels, *_ = simulate(200)
    model = SoftmaxFields((2, 3), 5.0).fit(X, labels * [1, 1, 3, 1, 0])
    told = (labels * [1, 1, 3, 1, 0] * model.log_proba(model.standardise(X))).sum()
    assert np.abs(model.coefficients_[-1]).max() > 0.1
    assert model.objective_ == pytest.approx(told - 2.5 * (model.coefficients_[:-1] ** 2).sum(), rel=1e-9)


@pytest.mark.parametrize("flat", [70.1, 0.0, 1e9])
def test_a_column_that_hardly_varied_weighs_nothing(flat):
    X, labels, *_ = simulate(200)
    still = np.column_stack([X, np.where(np.arange(200) % 2, flat, np.nextafter(flat, 2 * flat))])
    model, usual = SoftmaxFields((2, 3), 5.0).fit(still, labels), SoftmaxFields((2, 3), 5.0).fit(X, labels)
    other = np.column_stack([X, np.full(200, flat + 10)])
    np.testing.assert_allclose(model.predict_proba(other), usual.predict_proba(X), atol=1e-4)


def test_rows_without_labels_shape_the_preparation_only():
    X, labels, *_ = simulate()
    unlabelled = np.where(np.arange(800)[:, None] < 500, labels, 0)
    model = SoftmaxFields((2, 3), 5.0, 2000).fit(X, unlabelled)
    Z = model.standardise(X)
    again = SoftmaxFields((2, 3), 5.0, 2000)
    again.prepare(X)
    again.coefficients_ = np.zeros((7, 5))
    again.refit(Z[:500], labels[:500])
    np.testing.assert_allclose(model.coefficients_, again.coefficients_, atol=1e-4)


def test_full_whitening_gives_unit_axes():
    X, labels, *_ = simulate()
    X = X @ np.random.default_rng(3).normal(size=(6, 6))
    Z = SoftmaxFields((2, 3), whiten=1.0).fit(X, labels).standardise(X)
    np.testing.assert_allclose(np.cov(Z.T), np.eye(6), atol=0.01)


def test_more_columns_than_rows_are_prepared_alike():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 90))
    Z = SoftmaxFields((2,), whiten=1.0).prepare(X)
    assert Z.shape == (40, 39)  # the mean takes one direction
    np.testing.assert_allclose(np.cov(Z.T, bias=True), np.eye(39), atol=1e-3)
    standardised = (X - X.mean(0)) / X.std(0)
    same = SoftmaxFields((2,), whiten=0.0).prepare(X)
    np.testing.assert_allclose(same @ same.T, standardised @ standardised.T, atol=1e-3)
