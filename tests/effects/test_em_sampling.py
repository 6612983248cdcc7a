"""Listing and drawing agree; both against densities written out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from helpers.data.fields import indicators
from helpers.effects.em.expectation import Drawn, Listed
from helpers.effects.em.learner import EMLearner
from helpers.effects.em.maximisation import Cells

pytestmark = pytest.mark.slow

LEVELS = (2, 3, 2)


def problem(n=60, seed=0, annotated=10):
    """Random prior, annotations, outcomes and models on the basis of the cells."""
    rng = np.random.default_rng(seed)
    said = np.zeros((n, sum(LEVELS)))
    said[:annotated, :2] = [0.0, -np.inf]
    said[annotated : 2 * annotated, 2:5] = np.log([0.7, 0.2, 0.1])
    parts = [rng.normal(size=(n, k)) for k in LEVELS]
    log_p = np.hstack([p - np.log(np.exp(p).sum(1, keepdims=True)) for p in parts])
    bedside = (rng.random((n, 2)) < 0.5).astype(float)
    step = Listed(LEVELS, said, bedside)
    outcome = [rng.normal(size=step.cells.width) for _ in range(2)]
    logit = 0.5 * rng.normal(size=step.cells.width)
    Y, T = rng.normal(size=n), rng.integers(0, 2, n)
    return said, log_p, bedside, Y, T, outcome, logit


def models(step, outcome, logit):
    mu = np.array([step.cells.times(b) for b in outcome])
    e = 1 / (1 + np.exp(-step.cells.times(logit)))
    return SimpleNamespace(outcome=outcome, logit=logit, mu=mu, e=e, sigma=np.array([0.7, 1.3]))


def test_the_joint_density_is_the_product_of_its_parts():
    said, log_p, bedside, Y, T, outcome, logit = problem()
    step = Listed(LEVELS, said, bedside)
    m = models(step, outcome, logit)
    row, c = 15, 7
    a, b, d = step.codes[c]
    z = np.r_[step.configurations[c], bedside[row]]
    cell = int(np.flatnonzero((step.cells.columns() == z).all(1))[0])
    t = T[row]
    log_density = log_p[row, a] + log_p[row, 2 + b] + log_p[row, 5 + d] + np.log([0.7, 0.2, 0.1][b])
    log_density += np.log(m.e[cell] if t else 1 - m.e[cell]) + norm.logpdf(Y[row], m.mu[t][cell], m.sigma[t])
    assert step.log_joint(log_p, Y, T, m)[row, c] == pytest.approx(log_density)


def test_the_basis_is_what_varies_of_all_products():
    configurations = indicators(np.array([[0, 0], [1, 1], [0, 2], [1, 0], [0, 1], [1, 2]]), (2, 3))
    patterns = np.array([[0.0, 1.0, 2.0, 0.0], [1.0, 1.0, 3.0, 0.0]])
    cells = Cells.all_of(configurations, patterns, (2, 3))
    z = cells.columns()
    everything = [z[:, i] for i in range(7)] + [z[:, i] * z[:, j] for i in range(7) for j in range(i + 1, 7)]
    expected = np.column_stack([np.ones(len(z)), *(c for c in everything if c.std() > 0)])
    np.testing.assert_array_equal(cells.basis(), expected)


def test_the_logistic_fit_is_the_maximum():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    cells = Cells.all_of(indicators(np.array([[0], [1], [2]]), (3,)), rng.normal(size=(40, 2)), (3,))
    n0, n1 = rng.random((2, len(cells))) * [[5.0], [2.0]]
    b = cells.logistic(n0, n1)
    rows = cells.basis()[:, 1:]
    theirs = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10)
    theirs.fit(np.vstack([rows, rows]), np.repeat([0, 1], len(rows)), sample_weight=np.r_[n0, n1])
    np.testing.assert_allclose(b, np.r_[theirs.intercept_, theirs.coef_[0]], atol=1e-6)


def test_drawn_posteriors_sums_and_likelihood_agree_with_the_exact_ones():
    said, log_p, bedside, Y, T, outcome, logit = problem()
    exact, drawn = Listed(LEVELS, said, bedside), Drawn(LEVELS, said, bedside, chains=200, sweeps=40, seed=1)
    drawn.prior(log_p, np.ones(60, bool))
    exact.prior(log_p, np.ones(60, bool))
    np.testing.assert_allclose(drawn.marginals, exact.marginals, atol=1e-9)
    m = models(exact, outcome, logit)
    total, estimate = exact.expect(log_p, Y, T, m), drawn.expect(log_p, Y, T, m)
    np.testing.assert_allclose(drawn.marginals, exact.marginals, atol=0.03)
    assert estimate == pytest.approx(total, abs=0.06 * 60)
    sums = dict(zip(map(tuple, drawn.cells.columns()), drawn.sums(Y)))
    found = np.array([sums.get(tuple(z), 0.0) for z in exact.cells.columns()])
    np.testing.assert_allclose(found, exact.sums(Y), atol=0.1)
    assert np.abs(exact.sums(Y)).max() > 1


def simulate(n, fields, seed=0):
    rng = np.random.default_rng(seed)
    x = (rng.random((n, fields)) < 0.4).astype(float)
    w = (rng.random((n, 1)) < 0.5).astype(float)
    tau = -1 + 2 * x[:, 0] - 1.5 * x[:, 1]
    T = (rng.random(n) < 1 / (1 + np.exp(0.8 - 1.5 * x[:, 0]))).astype(int)
    Y = 1.5 * x[:, 0] + x[:, 1] + w[:, 0] + T * tau + 0.7 * rng.normal(size=n)
    text = np.hstack([x + 0.7 * rng.normal(size=x.shape) for _ in range(2)])
    return {"Y": Y, "T": T, "X": np.hstack([text, w]), "W": np.hstack([x, w])}, tau


def test_both_paths_give_the_same_effects():
    data, tau = simulate(1000, 4)
    mask = np.arange(1000) < 150
    exact = EMLearner((2,) * 4, iterations=10, tolerance=-1.0).fit(**data, annotated=mask)
    drawn = EMLearner((2,) * 4, iterations=10, tolerance=-1.0, exact=8).fit(**data, annotated=mask)
    assert exact.fit_.exact and not drawn.fit_.exact
    gap = exact.effect(data["X"]) - drawn.effect(data["X"])
    assert np.sqrt(np.mean(gap**2)) < 0.1 * exact.effect(data["X"]).std()
    assert np.abs(exact.marginals_ - drawn.marginals_)[~mask].mean() < 0.03
    assert drawn.fit_.log_likelihood[-1] == pytest.approx(exact.fit_.log_likelihood[-1], abs=0.03 * 1000)
    assert drawn.fit_.log_likelihood[-1] > drawn.fit_.log_likelihood[0]


def test_twelve_binary_fields():
    data, tau = simulate(800, 12)
    data["W"][:50, 3] = np.nan
    mask = np.arange(800) < 160
    learners = [EMLearner((2,) * 12, iterations=3, tolerance=-1.0, chains=4, sweeps=3, seed=s) for s in (0, 0, 1)]
    a, b, c = (learner.fit(**data, annotated=mask).effect(data["X"]) for learner in learners)
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    annotated_alone = EMLearner((2,) * 12, iterations=0).fit(**data, annotated=mask).effect(data["X"])
    assert np.mean((a - tau) ** 2) < 0.85 * np.mean((annotated_alone - tau) ** 2)
    chances = learners[0].marginals_.reshape(800, 12, 2)
    np.testing.assert_allclose(chances.sum(2), 1, atol=1e-6)
    np.testing.assert_allclose(chances[50:160, :, 1], data["W"][50:160, :12], atol=1e-9)


def test_more_configurations_than_a_long_integer_counts():
    levels = (5,) * 40
    said, bedside = np.zeros((6, 200)), np.zeros((6, 1))
    drawn = Drawn(levels, said, bedside, chains=2, sweeps=2)
    drawn.prior(np.full((6, 200), np.log(0.2)), np.ones(6, bool))
    assert len(drawn.cells) == 12 and drawn.sums(np.ones(6)).sum() == pytest.approx(6)
    with pytest.raises(ValueError, match="sweeps = 1"):
        Drawn(levels, said, bedside, sweeps=1)
