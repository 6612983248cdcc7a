"""Two-phase learners: closed forms in their limits, unbiasedness by design, and the anchor that holds."""

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.effects.correction import Correction
from helpers.effects.fitting import fitted
from helpers.effects.learners import AACE, DRLearner
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.effects.two_phase import AnchoredAACE, TwoPhase

pytestmark = pytest.mark.slow

OLS = Correction(alphas=(0.0,), zero=False)


def simulate(n=1500, seed=0, lost=0.0):
    """Two confounders; the features show the second, and the first but for the part ``lost``."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 2))
    phi = np.column_stack([(1 - lost) * W[:, 0], W[:, 1], rng.normal(size=(n, 8))])
    phi[:, :2] += 0.3 * rng.normal(size=(n, 2))
    tau = -1 + 0.8 * W[:, 1]
    T = (rng.random(n) < 1 / (1 + np.exp(-1.2 * W[:, 0]))).astype(int)
    Y = 2 * W[:, 0] + W[:, 1] + T * tau + 0.7 * rng.normal(size=n)
    return {"Y": Y, "T": T, "X": phi, "W": W}, tau


def rmse(learner, lost, share, seed, n=1000):
    data, _ = simulate(n, seed, lost)
    fresh, tau = simulate(n, seed + 50, lost)
    mask = np.random.default_rng(seed).random(n) < share
    return np.sqrt(np.mean((learner.fit(**data, annotated=mask).effect(fresh["X"]) - tau) ** 2))


def test_no_correction_is_the_learner_without_annotation():
    data, _ = simulate(400)
    mask = np.arange(400) < 100
    far = AnchoredAACE(correction=Correction(alphas=())).fit(**data, annotated=mask)
    assert np.isnan(far.correction_.alpha_)
    np.testing.assert_allclose(far.effect(data["X"]), DRLearner().fit(**data).effect(data["X"]), atol=1e-9)


def test_the_mean_alone_shifts_it():
    data, _ = simulate(400)
    mask = np.arange(400) < 100
    mean = AnchoredAACE(correction=Correction(alphas=(np.inf,), zero=False), smooth=False).fit(**data, annotated=mask)
    shift = (mean.scores_x_.psi - mean.scores_phi_.psi[mask]).mean()
    expected = DRLearner().fit(**data).effect(data["X"]) + shift
    np.testing.assert_allclose(mean.effect(data["X"]), expected, atol=1e-9)


@pytest.mark.parametrize("learner", [AnchoredAACE, TwoPhase])
def test_all_annotated_and_no_penalty_is_aace(learner):
    data, _ = simulate(400)
    stage1 = Nuisances(ridge(), logistic())
    ours = learner(LinearRegression(), stage1, correction=OLS, with_scores=False)
    ours = (ours.set_params(smooth=False) if learner is AnchoredAACE else ours).fit(**data)
    aace = AACE(LinearRegression(), stage1).fit(**data)
    np.testing.assert_allclose(ours.effect(data["X"]), aace.effect(data["X"]), atol=1e-8)


def mean_effect(m, pi_known: bool, runs) -> np.ndarray:
    """Errors of the mean effect; the design prefers treated patients who did badly and untreated who did well."""
    found = []
    for seed in range(runs):
        data, tau = simulate(800, seed)
        luck = data["Y"] - 2 * data["X"][:, 0] - data["X"][:, 1] + data["T"]
        pi = 0.06 + 0.7 / (1 + np.exp(-4 * luck * (2 * data["T"] - 1)))
        mask = np.random.default_rng(9000 + seed).random(800) < pi
        hidden = data | {"W": np.where(mask[:, None], data["W"], np.nan)}
        learner = TwoPhase(
            LinearRegression(), Nuisances(ridge(), logistic(C=1.0)), proxy=m, correction=OLS, with_scores=False
        )
        fitted = learner.fit(**hidden, annotated=mask, pi=pi if pi_known else None)
        found.append(fitted.effect(data["X"]).mean() - tau.mean())
    return np.array(found)


@pytest.mark.parametrize("m", [None, DummyRegressor(strategy="constant", constant=7.0)], ids=["fitted", "wrong"])
def test_a_known_design_is_unbiased_whatever_m_is(m):
    gaps = mean_effect(m, True, 16)
    assert abs(gaps.mean()) < 3 * gaps.std() / np.sqrt(len(gaps)) + 0.02


def test_ignoring_the_design_is_biased():
    """Most where m is wrong: a fitted m, that sees phi, T and Y, makes up for a part of a design made of them."""
    gaps = mean_effect(DummyRegressor(strategy="constant", constant=7.0), False, 16)
    assert gaps.mean() > 0.15 and gaps.mean() > 3 * gaps.std() / np.sqrt(len(gaps))


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_where_features_are_enough_anchoring_costs_little(share):
    gap = [rmse(AnchoredAACE(), 0.0, share, s, 3000) - rmse(DRLearner(), 0.0, share, s, 3000) for s in range(5)]
    assert np.mean(gap) < 0.02


def test_with_very_few_annotations_a_margin_keeps_the_anchor():
    cautious = AnchoredAACE(correction=Correction(margin=1.0))
    gap = [rmse(cautious, 0.0, 0.05, s) - rmse(DRLearner(), 0.0, 0.05, s) for s in range(5)]
    assert np.count_nonzero(gap) <= 1


def test_lost_confounding_is_removed():
    anchored, free = ([rmse(m, 1.0, 0.15, s) for s in range(4)] for m in (AnchoredAACE(), DRLearner()))
    two = [rmse(TwoPhase(), 1.0, 0.15, s) for s in range(4)]
    assert np.mean(anchored) < 0.5 * np.mean(free) and np.mean(two) < 0.5 * np.mean(free)


def test_a_path_agrees_with_scikit_learn_ridge():
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(80, 5)) * [1, 2, 3, 4, 0], rng.random(80) + 0.5
    y = X[:, 0] + rng.normal(size=80)
    w = w / w.mean()
    ours = Correction(alphas=(3.0,), zero=False)
    ours.fit(X, y, w)
    scaled = make_pipeline(StandardScaler().fit(X, sample_weight=w), Ridge(3.0))
    scaled.steps[1][1].fit(scaled.steps[0][1].transform(X), y, w)
    assert ours.alpha_ == 3.0
    np.testing.assert_allclose(ours.predict(X), scaled.predict(X), atol=1e-8)


def test_the_penalty_follows_the_signal():
    rng = np.random.default_rng(1)
    X, noise = rng.normal(size=(300, 20)), rng.normal(size=300)
    assert np.isnan(Correction(margin=0.5).fit(X, noise).alpha_)
    assert np.isinf(Correction(margin=0.5).fit(X, noise + 1).alpha_)
    assert Correction(margin=0.5).fit(X, X @ np.ones(20) + noise).alpha_ < 100


def test_a_teacher_lowers_noise_and_is_not_followed_when_wrong():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 10))
    signal = X[:, 0]
    y = signal + 4 * rng.normal(size=300)
    alone, taught = Correction().fit(X, y), Correction().fit(X, y, teacher=lambda rows: signal[rows])
    error = [np.mean((model.predict(X) - signal) ** 2) for model in (taught, alone)]
    assert error[0] < 0.1 * error[1]
    assert np.isnan(Correction().fit(X, y, teacher=lambda rows: -5 * signal[rows]).alpha_)


def test_smoothing_lowers_the_error_of_the_anchored_learner():
    smooth, plain = ([rmse(AnchoredAACE(smooth=b), 1.0, 0.15, s) for s in range(5)] for b in (True, False))
    assert np.mean(smooth) < np.mean(plain)


def test_weights_reach_the_last_step():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    w = np.where(np.arange(50) < 25, 1.0, 0.0)
    model = fitted(make_pipeline(StandardScaler(), LinearRegression()), X, y, w)
    np.testing.assert_allclose(model.predict(X), LinearRegression().fit(X[:25], y[:25]).predict(X))


def test_refusals():
    data, _ = simulate(100)
    with pytest.raises(ValueError, match="W = None"):
        AnchoredAACE().fit(data["Y"], data["T"], data["X"])
    with pytest.raises(ValueError, match="pi: every"):
        TwoPhase().fit(**data, pi=np.zeros(100))
    with pytest.raises(ValueError, match="Annotate more"):
        TwoPhase().fit(**data, annotated=np.arange(100) < 3)
    with pytest.raises(ValueError, match="no row is annotated, or none completely"):
        TwoPhase().fit(**(data | {"W": np.full((100, 2), np.nan)}))
