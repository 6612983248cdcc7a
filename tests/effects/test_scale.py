"""Targets in standard deviations: the unit of the outcome decides nothing, and as published it does."""

import numpy as np
import pytest
from sklearn.base import clone

from helpers.effects.correction import Correction, Scores
from helpers.effects.em.assumption import text_beyond_annotations
from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import AACE, DRLearner
from helpers.effects.metalearners import TARNet
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor
from helpers.effects.networks.sizes import large_columns
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.ranking import RankLearner
from helpers.effects.scale import Scale, Unitless
from helpers.effects.two_phase import TwoPhase, proxy_features

FAST = {"epochs": 4, "learning_rate": 5e-3}


def simulate(n=300, seed=0):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 3))
    X = np.column_stack([W + 0.3 * rng.normal(size=(n, 3)), rng.normal(size=(n, 2))]).astype(np.float32)
    T = (rng.random(n) < 1 / (1 + np.exp(-W[:, 0]))).astype(int)
    return {"Y": W[:, 0] + T * (W[:, 1] - 1) + rng.normal(size=n), "T": T, "X": X, "W": W}


@pytest.mark.parametrize("y", [[1.0, 2.0, 6.0], [6.0, 2.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
def test_a_scale_goes_there_and_back_and_turns_with_the_target(y):
    y = np.array(y)
    scale = Scale.of(y)
    np.testing.assert_allclose(scale.back(scale.to(y)), y)
    assert scale.to(y).mean() == pytest.approx(0) and scale.to(y).std() == pytest.approx(1)
    np.testing.assert_array_equal(Scale.of(-y).to(-y), scale.to(y))
    np.testing.assert_allclose(Scale.of(1e-9 * y + 1e-7).to(1e-9 * y + 1e-7), scale.to(y), atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.1 + 0.2, 1e9, -1e-9])
def test_equal_targets_are_not_blown_up(level):
    assert np.abs(Scale.of(np.full(7, level)).to(np.full(7, level))).max() <= 1e-6 * max(abs(level), 1e-9)
    X = np.random.default_rng(0).normal(size=(40, 2))
    assert np.isfinite(HeadRegressor(**FAST).fit(X, np.full(40, level)).predict(X)).all()


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_a_head_predicts_in_the_unit_of_its_target(unit):
    data = simulate()
    plain = HeadRegressor(**FAST).fit(data["X"], data["Y"])
    other = HeadRegressor(**FAST).fit(data["X"], unit * data["Y"])
    np.testing.assert_allclose(other.predict(data["X"]) / unit, plain.predict(data["X"]), atol=1e-4)
    turned = HeadRegressor(**FAST).fit(data["X"], -data["Y"])
    np.testing.assert_array_equal(turned.predict(data["X"]), -plain.predict(data["X"]))


def test_as_published_the_unit_decides():
    data = simulate()
    raw = HeadRegressor(standardise=False, **FAST)
    effects = []
    for unit in (1.0, 100.0):
        fitted = TARNet(standardise=False, **FAST).fit(**(data | {"Y": unit * data["Y"]}))
        effects.append(fitted.effect(data["X"]) / unit)
    assert np.abs(effects[0] - effects[1]).max() > 0.1 * effects[0].std()
    assert clone(raw).fit(data["X"], data["Y"]).scale_ == Scale(0.0, 1.0)


def test_what_a_head_exports_is_the_same_head():
    data = simulate()
    head = HeadRegressor(**FAST).fit(data["X"], 3 + 40 * data["Y"])
    arrays = head.exported()
    np.testing.assert_array_equal(HeadRegressor.predicted(arrays, data["X"]), head.predict(data["X"]))
    raw = HeadRegressor(standardise=False, **FAST).fit(data["X"], data["Y"])
    np.testing.assert_array_equal(HeadRegressor.predicted(raw.weights_, data["X"]), raw.predict(data["X"]))


def test_names_of_classes_decide_nothing():
    data = simulate()
    chance = HeadClassifier(**FAST).fit(data["X"], data["T"]).predict_proba(data["X"])
    other = HeadClassifier(**FAST).fit(data["X"], 1 - data["T"]).predict_proba(data["X"])
    np.testing.assert_array_equal(chance, other[:, ::-1])


def test_a_network_that_cannot_be_trained_says_why():
    data = simulate(60)
    with pytest.raises(ValueError, match="not finite; look for huge values"):
        TARNet(**FAST).fit(**(data | {"X": np.where(np.arange(5) == 2, 1e30, data["X"])}))


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_equal_plug_in_effects_are_refused_in_every_unit(unit):
    data = simulate(200)
    psi = unit * np.random.default_rng(0).normal(size=200)
    learner = RankLearner(hidden=False, **FAST)
    with pytest.raises(ValueError, match="may all be equal"):
        list(learner.rank_steps(data["X"], np.full(200, 0.3 * unit), psi))
    assert len(next(learner.rank_steps(data["X"], psi / 2, psi))) == 1


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1e9])
def test_the_variance_of_em_has_no_floor_of_its_own(unit):
    data = simulate()
    fields = {"W": (data["W"][:, :2] > 0).astype(float), "annotated": np.arange(300) % 2 == 0}
    learner = EMLearner((2, 2), iterations=4, tolerance=-1.0)
    usual = clone(learner).fit(**(data | fields))
    other = clone(learner).fit(**(data | fields | {"Y": unit * data["Y"]}))
    np.testing.assert_allclose(other.effect(data["X"]) / unit, usual.effect(data["X"]), atol=1e-6)
    assert np.abs(other.fit_.log_likelihood[-1] + 300 * np.log(unit) - usual.fit_.log_likelihood[-1]) < 1e-3


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_a_correction_chooses_the_same_penalty_in_every_unit(unit):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = X[:, 0] + rng.normal(size=120)
    usual, other = Correction().fit(X, y), Correction().fit(unit * X, unit * y)
    assert usual.alpha_ == other.alpha_ < np.inf
    np.testing.assert_allclose(other.predict(unit * X) / unit, usual.predict(X), atol=1e-9)


def test_the_proxy_of_two_phase_sees_neither_origin_nor_names_of_arms():
    rng = np.random.default_rng(0)
    Y, T, mu0, mu1, psi = rng.normal(size=50), rng.integers(0, 2, 50), *rng.normal(size=(3, 50))
    e = rng.uniform(0.1, 0.9, 50)
    usual = proxy_features(Y, T, Scores(mu0, mu1, e, psi))
    moved = proxy_features(Y + 1e3, T, Scores(mu0 + 1e3, mu1 + 1e3, e, psi))
    np.testing.assert_allclose(moved - moved.mean(0), usual - usual.mean(0), atol=1e-9)
    swapped = proxy_features(Y, 1 - T, Scores(mu1, mu0, 1 - e, -psi))
    lengths = [np.sort(np.linalg.norm(f - f.mean(0), axis=0)) for f in (usual, swapped)]
    np.testing.assert_allclose(*lengths)
    onto = [(f - f.mean(0)) @ np.linalg.pinv(f - f.mean(0), rcond=1e-9) for f in (usual, swapped)]
    np.testing.assert_allclose(*onto, atol=1e-9)


@pytest.mark.parametrize("kind", [AACE, DRLearner])
def test_published_heads_order_own_units_as_standardised_ones(kind):
    """Outcomes near 80, as a score of well-being: raw targets left the networks at their start."""
    data = simulate(400, 1)
    stage1 = Nuisances(HeadRegressor(**FAST), HeadClassifier(**FAST), folds=1)
    learner = kind(HeadRegressor(**FAST), stage1)
    usual, score = (clone(learner).fit(**(data | {"Y": y})).effect(data["X"]) for y in (data["Y"], 80 + 12 * data["Y"]))
    np.testing.assert_allclose(score / 12, usual, atol=1e-3 * usual.std())


def test_columns_without_their_units():
    X = np.column_stack([[0, 1, 1, 0], [1990, 1992, 1994, 1996], [70.1] * 3 + [np.nextafter(70.1, 71)], [0] * 4])
    made = Unitless().fit(X)
    np.testing.assert_allclose(made.transform(X)[:, 1], np.array([-3, -1, 1, 3]) / np.sqrt(5))
    np.testing.assert_array_equal(made.transform(X)[:, [0, 3]], X[:, [0, 3]])
    assert np.abs(made.transform(X)[:, 2]).max() < 1e-12


@pytest.mark.parametrize(("unit", "origin"), [(1e-9, 0), (365.25, 0), (1, 2000), (1e6, -1e9)])
@pytest.mark.parametrize(
    "learner",
    [EMLearner((2,), iterations=3, tolerance=-1.0), EMLearner((2,), "regress", 3, tolerance=-1.0)]
    + [EMLearner((2,), iterations=0), AACE(), DRLearner(), TwoPhase()],
    ids=["em", "em_regress", "plug", "aace", "dr", "two_phase"],
)
def test_neither_unit_nor_origin_of_a_bedside_column_matters(learner, unit, origin):
    rng = np.random.default_rng(0)
    a, age, mask = (rng.random(300) < 0.4) * 1.0, rng.normal(50, 10, 300), np.arange(300) % 2 == 0
    T = (rng.random(300) < 1 / (1 + np.exp(0.8 - 1.5 * a - 0.05 * (age - 50)))).astype(int)
    Y = 1.5 * a + 0.1 * age + T * (2 * a - 1 + 0.05 * (age - 50)) + rng.normal(size=300)
    text = np.column_stack([a + rng.normal(size=300), rng.normal(size=300)])

    def effects(years):
        X = np.column_stack([text, years])
        return clone(learner).fit(Y, T, X, np.column_stack([a, years]), mask).effect(X)

    usual = effects(age)
    np.testing.assert_allclose(effects(unit * age + origin), usual, atol=2e-3 * usual.std())


def test_the_test_of_em_sees_bedside_columns_in_any_unit():
    rng = np.random.default_rng(1)
    age, phi = rng.normal(size=200), rng.normal(size=(200, 3))
    phi[:, 0] = age
    T = np.tile([0, 1], 100)
    Y = 3 * age + rng.normal(size=200)
    p = [
        text_beyond_annotations(Y, T, phi, (unit * age)[:, None], draws=49)["p_value"].tolist() for unit in (1.0, 1e-12)
    ]
    assert p[0] == p[1] and p[0][0] > 0.05


@pytest.mark.parametrize("learner", [AACE(HeadRegressor(**FAST)), TARNet(**FAST), DRLearner(HeadRegressor(**FAST))])
def test_networks_take_an_age_in_years_or_days_or_a_year_of_birth(learner):
    data = simulate()
    age = np.random.default_rng(5).normal(60, 12, 300)
    found = []
    for column in (age, 365.25 * age, 2000 - age, 1e6 * age):
        X = np.column_stack([data["X"], column]).astype(np.float32)
        found.append(clone(learner).fit(**(data | {"X": X})).effect(X))
    for other in (found[1], found[3]):
        np.testing.assert_allclose(other, found[0], atol=1e-3 * found[0].std())
    plain = clone(learner).fit(**data).effect(data["X"])
    assert all(np.abs(effect).max() < 3 * np.abs(plain).max() for effect in found)


def test_columns_of_the_size_of_vectors_are_not_touched():
    X = simulate()["X"]
    assert large_columns(X) is None and large_columns(2.9 * X / X.std(0)) is None
    mean, spread = large_columns(np.column_stack([X, np.full(300, 70.0), 100 * X[:, 0]]))
    assert (mean[:5] == 0).all() and (spread[:6] == 1).all() and mean[5] == 70 and spread[6] > 90
