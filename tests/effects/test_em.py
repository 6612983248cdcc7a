"""The EM learner: likelihood, agreement with simpler learners, gain from records nobody annotated, known errors."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from helpers import effects
from helpers.effects.em import maximisation
from helpers.effects.em.learner import EMLearner

pytestmark = pytest.mark.slow

LEVELS = (2, 3)


def simulate(n=3000, seed=0, noise=0.7, flip=0.0):
    """A binary and a three-level confounder, text that shows them blurred, one bedside column."""
    rng = np.random.default_rng(seed)
    a, b, w = rng.random(n) < 0.4, rng.choice(3, n, p=[0.5, 0.3, 0.2]), (rng.random(n) < 0.5).astype(float)
    x = np.column_stack([a, b == 1, b == 2]).astype(float)
    tau = -1 + 2 * x[:, 0] - 1.5 * x[:, 2] + 0.3 * w
    e = 1 / (1 + np.exp(0.8 - 1.5 * x[:, 0] - x[:, 2]))
    T = (rng.random(n) < e).astype(int)
    Y = x @ [1.5, 0.5, 2.0] + w + T * tau + 0.7 * rng.normal(size=n)
    text = np.column_stack([x + noise * rng.normal(size=x.shape) for _ in range(3)])
    said = x.copy()
    wrong = rng.random(n) < flip
    said[wrong, 0] = 1 - said[wrong, 0]
    return {"Y": Y, "T": T, "X": np.column_stack([text, w]), "W": np.column_stack([said, w])}, tau


def error(learner, budget, flip=0.0, seed=0):
    data, _ = simulate(seed=seed, flip=flip)
    mask = np.random.default_rng(1000 + seed).random(3000) < budget  # not the stream of the data
    fresh, tau = simulate(seed=seed + 100)
    return np.sqrt(np.mean((clone(learner).fit(**data, annotated=mask).effect(fresh["X"]) - tau) ** 2))


def test_the_log_likelihood_never_falls():
    data, _ = simulate(1500)
    mask = np.arange(1500) < 120
    fitted = EMLearner(LEVELS, iterations=15, tolerance=-1.0).fit(**data, annotated=mask)
    steps = np.diff(fitted.fit_.log_likelihood)
    assert len(steps) == 14 and steps.min() > -1e-6 * abs(fitted.fit_.log_likelihood[0]) and steps[0] > 1


def test_it_says_whether_it_converged():
    data, _ = simulate(600)
    mask = np.arange(600) < 100
    with pytest.warns(ConvergenceWarning, match="Raise iterations"):
        assert not EMLearner(LEVELS, iterations=3).fit(**data, annotated=mask).fit_.converged
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        assert EMLearner(LEVELS, tolerance=1.0).fit(**data, annotated=mask).fit_.converged


def test_a_warm_start_goes_on_where_the_last_fit_ended():
    data, _ = simulate(600)
    mask = np.arange(600) < 100
    whole = EMLearner(LEVELS, iterations=8, tolerance=-1.0).fit(**data, annotated=mask)
    parts = EMLearner(LEVELS, iterations=4, tolerance=-1.0, warm_start=True).fit(**data, annotated=mask)
    first = parts.fit_.log_likelihood
    parts.fit(**data, annotated=mask)
    np.testing.assert_allclose(first + parts.fit_.log_likelihood, whole.fit_.log_likelihood, rtol=1e-5)


def test_annotated_rows_are_taken_at_their_word():
    data, _ = simulate(600)
    mask = np.arange(600) < 300
    fitted = EMLearner(LEVELS, iterations=5).fit(**data, annotated=mask)
    chosen = fitted.fit_.configurations[fitted.posterior_[mask].argmax(1)]
    np.testing.assert_array_equal(chosen, data["W"][mask, :3])
    np.testing.assert_allclose(fitted.posterior_[mask].max(1), 1, atol=1e-9)
    assert fitted.posterior_[~mask].max(1).min() < 0.99


def test_annotations_outside_the_mask_are_not_looked_at():
    data, _ = simulate(600)
    mask = np.arange(600) < 300
    spoiled = data["W"].copy()
    spoiled[~mask, :3] = np.nan
    a = EMLearner(LEVELS, iterations=3).fit(**data, annotated=mask).effect(data["X"])
    b = EMLearner(LEVELS, iterations=3).fit(**(data | {"W": spoiled}), annotated=mask).effect(data["X"])
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("readout", ["plug", "regress"])
def test_records_nobody_annotated_help(readout):
    seeds = range(3)
    em = [error(EMLearner(LEVELS, readout), 0.03, seed=s) for s in seeds]
    without = [error(EMLearner(LEVELS, readout, iterations=0), 0.03, seed=s) for s in seeds]
    everything = [error(EMLearner(LEVELS, readout), 1.0, seed=s) for s in seeds]
    excess, excess_without = (np.mean(np.subtract(errors, everything)) for errors in (em, without))
    assert excess < 0.6 * excess_without


def test_known_errors_are_undone():
    matrices = [np.array([[0.8, 0.2], [0.2, 0.8]]), np.eye(3)]
    seeds = range(3)
    clean = np.mean([error(EMLearner(LEVELS), 0.3, seed=s) for s in seeds])
    ignored = np.mean([error(EMLearner(LEVELS), 0.3, flip=0.2, seed=s) for s in seeds])
    known = np.mean([error(EMLearner(LEVELS, errors=matrices), 0.3, flip=0.2, seed=s) for s in seeds])
    assert ignored > 1.1 * clean and known < clean + 0.25 * (ignored - clean)


def test_missing_fields_of_a_record_are_no_information():
    data, _ = simulate(900)
    holes = data["W"].copy()
    holes[:300, 1:3] = np.nan
    mask = np.arange(900) < 600
    fitted = EMLearner(LEVELS, iterations=4).fit(**(data | {"W": holes}), annotated=mask)
    marginal = fitted.marginals_
    np.testing.assert_allclose(marginal, fitted.posterior_ @ fitted.fit_.onehot, atol=1e-12)
    np.testing.assert_allclose(marginal[:300, :2].max(1), 1, atol=1e-9)
    assert marginal[:300, 2:].max(1).min() < 0.9
    np.testing.assert_allclose(marginal[300:600, 2:].max(1), 1, atol=1e-9)


def test_a_continuous_bedside_column_is_worked_in_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    data, tau = simulate(2000)
    age = rng.normal(size=2000)
    data["Y"] = data["Y"] + 0.5 * age
    data |= {"X": np.column_stack([data["X"], age]), "W": np.column_stack([data["W"], age])}
    mask = rng.random(2000) < 0.1
    fits = {}
    for block in (effects.BASIS_BLOCK, 2e4):
        monkeypatch.setattr(maximisation, "BASIS_BLOCK", block)
        fits[block] = EMLearner(LEVELS, iterations=6, tolerance=-1.0).fit(**data, annotated=mask).effect(data["X"])
    whole, blocks = fits.values()
    np.testing.assert_allclose(blocks, whole, atol=1e-3)
    assert np.corrcoef(whole, tau)[0, 1] > 0.8


def test_refusals_name_the_argument():
    data, _ = simulate(100)
    with pytest.raises(ValueError, match="levels"):
        EMLearner((2,) * 9).fit(**data)
    with pytest.raises(ValueError, match="no row is annotated"):
        EMLearner(LEVELS).fit(**data, annotated=np.zeros(100, bool))
    data["W"][:, -1] = np.nan
    with pytest.raises(ValueError, match="bedside columns"):
        EMLearner(LEVELS).fit(**data)


def test_effects_are_read_out_with_bounded_propensities():
    data, _ = simulate(400)
    fitted = EMLearner(LEVELS, iterations=2, tolerance=-1.0, clip=0.4).fit(**data)
    e = fitted.fit_.models.e
    assert (e < 0.4).any() and (e > 0.6).any()
    (n0, y0), (n1, y1) = fitted.fit_.models.sums
    mu0, mu1 = fitted.fit_.models.mu
    bounded = np.clip(e, 0.4, 0.6)
    total = (n0 + n1) * (mu1 - mu0) + (y1 - n1 * mu1) / bounded - (y0 - n0 * mu0) / (1 - bounded)
    expected = fitted.fit_.scale.factor * fitted.fit_.cells.linear(n0 + n1, total)
    np.testing.assert_allclose(fitted.tau_, expected)


def test_penalty_and_variances_are_those_of_the_likelihood():
    """Few records, so that the penalties weigh: each variance and the penalty by hand."""
    x, T = np.tile([0.0, 1.0, 0.0, 1.0], 6), np.repeat([0, 1], [8, 16])
    Y = 5 + 2 * x - T + np.random.default_rng(0).normal(size=24)
    fitted = EMLearner((2,), iterations=1, tolerance=-1.0).fit(Y, T, x[:, None], W=x[:, None])
    z, models, penalty = fitted.fit_.scale.to(Y), fitted.fit_.models, 0.0
    cell = fitted.fit_.cells.configurations[fitted.fit_.cells.config, 0]
    for t in (0, 1):
        mean = np.array([models.mu[t][np.flatnonzero(cell == v)[0]] for v in x[t == T]])
        slopes = (models.outcome[t][1:] ** 2).sum()
        assert models.sigma[t] ** 2 == pytest.approx(
            (((z[t == T] - mean) ** 2).sum() + slopes) / (t == T).sum(), rel=1e-6
        )
        penalty += 0.5 * slopes / models.sigma[t] ** 2
    assert abs(models.logit[0]) > 0.01
    assert models.penalty == pytest.approx(penalty + 0.5 * (models.logit[1:] ** 2).sum(), rel=1e-6)


def test_intercepts_bear_no_penalty():
    fit = EMLearner(LEVELS, iterations=1, tolerance=-1.0).fit(**simulate(60)[0]).fit_
    rng = np.random.default_rng(0)
    n, y = rng.random((2, len(fit.cells)))
    for solve in (fit.cells.linear, fit.cells.ridge):
        moved = solve(n, y + 5 * n) - solve(n, y)
        np.testing.assert_allclose(moved, np.r_[5, np.zeros(len(moved) - 1)], atol=1e-4)


def test_the_likelihood_that_is_told_is_that_of_records_fully_known_less_every_penalty():
    """Text, treatment and outcome by hand; of the text's regression the slopes are penalised, not the level."""
    rng = np.random.default_rng(1)
    x, phi = np.repeat([0, 1], [6, 18]), rng.normal(size=(24, 1))
    T = rng.permutation(np.tile([0, 1], 12))
    Y = 2 * x - T + rng.normal(size=24)
    fitted = EMLearner((2,), iterations=2, tolerance=np.inf).fit(Y, T, phi, W=x[:, None].astype(float))
    fit = fitted.fit_
    text, models, factor = fit.fields, fit.models, fit.scale.factor
    told = text.log_proba(text.standardise(phi))[np.arange(24), x].sum()
    cell = fit.cells.configurations[fit.cells.config, 0]
    place = np.array([np.flatnonzero(cell == v)[0] for v in x])
    e, mu, sigma = models.e[place], models.mu[T, place], models.sigma[T]
    told += np.log(np.where(T == 1, e, 1 - e)).sum() + norm.logpdf(fit.scale.to(Y), mu, sigma).sum()
    assert abs(text.coefficients_[-1]).max() > 0.1
    penalty = models.penalty + 0.5 * text.penalty * (text.coefficients_[:-1] ** 2).sum()
    assert fit.log_likelihood[-1] == pytest.approx(told - penalty - 24 * np.log(abs(factor)), rel=1e-9)


@pytest.mark.parametrize("iterations", [0, 2])
def test_without_em_the_regression_learns_from_annotated_rows_alone(iterations):
    data, _ = simulate(400)
    mask = np.arange(400) < 150
    learner = EMLearner(LEVELS, "regress", iterations=iterations, tolerance=-1.0).fit(**data, annotated=mask)
    used = mask if iterations == 0 else np.ones(400, bool)
    np.testing.assert_allclose(learner.model_[0].mean_, data["X"][used].mean(0))


def test_what_is_known_of_each_record_comes_back_in_the_order_of_the_records():
    data, _ = simulate(300)
    rows, mask = np.random.default_rng(0).permutation(300), np.arange(300) < 100
    first, other = (EMLearner(LEVELS, iterations=2, tolerance=-1.0) for _ in range(2))
    first.fit(**data, annotated=mask)
    other.fit(**{k: v[rows] for k, v in data.items()}, annotated=mask[rows])
    for name in ("marginals_", "posterior_"):
        np.testing.assert_array_equal(getattr(other, name), getattr(first, name)[rows], err_msg=name)
