"""Cross-fitting: held-out means held out, patients stay together, predictions match a hand-written loop."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from helpers.data.canonical import patient_codes, upright
from helpers.data.folds import folds_by_patient
from helpers.effects.learners import AACE
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import imputing, logistic, ridge
from helpers.effects.two_phase import AnchoredAACE, TwoPhase


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
    for train, held in folds_by_patient(T, patient_codes((upright(Y), W, T)), 3, 7):
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


@pytest.mark.parametrize("one_row_a_patient", [True, False])
def test_folds_spread_both_arms_evenly(one_row_a_patient):
    rng = np.random.default_rng(2)
    T = (rng.random(500) < 0.2).astype(int)
    groups = rng.permutation(500) if one_row_a_patient else np.arange(500) // 2
    shares = [T[held].mean() for _, held in folds_by_patient(T, groups, 5, 0)]
    assert np.ptp(shares) <= (0.011 if one_row_a_patient else 0.05)
    assert not np.array_equal(*(next(folds_by_patient(T, groups, 5, s))[1] for s in (0, 1)))


def test_recovers_the_truth_of_a_linear_process():
    Y, T, W = simulate(20_000)
    fitted = Nuisances().fit(Y, T, W)
    assert np.sqrt(np.mean((fitted.mu0_ - W @ [1, 2, 0.5]) ** 2)) < 0.05
    assert np.abs(fitted.e_ - 1 / (1 + np.exp(-W[:, 0]))).mean() < 0.02


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"T": np.zeros(600)}, "take both"),
        ({"Y": np.full(600, np.nan)}, "missing or infinite"),
        ({"W": np.full((600, 2), np.inf)}, "W infinite"),
        ({"T": np.r_[np.ones(3), np.zeros(597)]}, "rarer treatment arm"),
        ({"W": np.zeros((5, 2))}, "of one n"),
    ],
)
def test_unusable_input_is_named(change, message):
    data = dict(zip("YTW", simulate())) | change
    with pytest.raises(ValueError, match=message):
        Nuisances().fit(data["Y"], data["T"], data["W"])


def with_holes(n=600, seed=0):
    """Confounders missing more often where the outcome model's first column is high; one is never measured."""
    Y, T, W = simulate(n, seed)
    holes = np.column_stack([W, W[:, 1] + 50, np.full(n, np.nan)])
    holes[np.random.default_rng(seed).random(n) < 1 / (1 + np.exp(-2 * W[:, 0])), 0] = np.nan
    return Y, T, holes


def test_missing_confounders_are_filled_in_from_the_training_part_of_the_fold():
    Y, T, W = with_holes()
    fitted = Nuisances(LinearRegression(), logistic(), folds=3, seed=7).fit(Y, T, W)
    for train, held in folds_by_patient(T, patient_codes((upright(Y), W, T)), 3, 7):
        treated = train[T[train] == 1]
        median = np.nanmedian(W[treated][:, 0])
        columns = [np.column_stack([np.where(np.isnan(w[:, 0]), median, w[:, 0]), w[:, 1:4], np.isnan(w[:, 0])])
                   for w in (W[treated], W[held])]  # fmt: skip
        expected = LinearRegression().fit(columns[0], Y[treated]).predict(columns[1])
        np.testing.assert_allclose(fitted.mu1_[held], expected, rtol=1e-6)
    assert np.isfinite(fitted.predict(W)[0]).all()


def test_held_out_values_do_not_reach_the_imputation():
    Y, T, W = with_holes()
    first = Nuisances(folds=3).fit(Y, T, W)
    _, held = next(folds_by_patient(T, patient_codes((upright(Y), W, T)), 3, 0))
    changed = W.copy()
    changed[held, 0] += 1_000
    again = Nuisances(folds=3).fit(Y, T, changed)
    unknown = held[np.isnan(W[held, 0])]
    np.testing.assert_array_equal(first.mu1_[unknown], again.mu1_[unknown])
    np.testing.assert_array_equal(first.e_[unknown], again.e_[unknown])


def test_complete_confounders_meet_the_models_as_they_are():
    assert imputing(ridge, np.ones((3, 2))) is ridge
    assert isinstance(imputing(ridge(), np.array([[np.nan]])).steps[0][1], SimpleImputer)


@pytest.mark.parametrize(
    "learner",
    [AACE(), AACE(ridge(), Nuisances(HeadRegressor(epochs=2), HeadClassifier(epochs=2), folds=1), ridge())]
    + [AnchoredAACE(), TwoPhase()],
    ids=["aace", "heads", "anchored", "two_phase"],
)
def test_learners_take_missing_annotations(learner):
    Y, T, W = with_holes()
    X = np.random.default_rng(1).normal(size=(600, 5))
    mask = np.arange(600) < 500
    effect = clone(learner).fit(Y, T, X, W, mask).effect(X)
    assert np.isfinite(effect).all() and effect.std() > 0
    spoiled = np.where(mask[:, None], W, 7.0)
    np.testing.assert_array_equal(clone(learner).fit(Y, T, X, spoiled, mask).effect(X), effect)


@pytest.mark.parametrize("arm", [0, 1])
def test_an_arm_needs_a_patient_in_every_fold_and_rows_do_not_make_up_for_it(arm):
    groups = np.r_[np.arange(540), np.repeat(540 + np.arange(4), 15)]
    T = np.r_[np.full(540, 1 - arm), np.full(60, arm)]
    named = ("untreated", "treated")[arm]
    with pytest.raises(ValueError, match=rf"the 60 {named} record\(s\) belong to 4 patient\(s\)"):
        list(folds_by_patient(T, groups, 5, 0))
    for train, held in folds_by_patient(T, groups, 4, 0):  # exactly as many as folds will do
        assert (T[held] == arm).sum() == 15 and (T[train] == arm).sum() == 45


def test_visits_of_both_arms_count_for_both():
    groups, T = np.repeat(np.arange(60), 2), np.tile([0, 1], 60)
    assert [T[held].mean() for _, held in folds_by_patient(T, groups, 5, 0)] == [0.5] * 5


def test_neither_the_order_of_rows_nor_the_names_of_arms_move_a_patient():
    rng = np.random.default_rng(4)
    groups, T = rng.integers(0, 150, 400), rng.integers(0, 2, 400)
    held = [set(groups[rows]) for _, rows in folds_by_patient(T, groups, 5, 3)]
    rows = rng.permutation(400)
    assert [set(groups[rows][h]) for _, h in folds_by_patient(T[rows], groups[rows], 5, 3)] == held
    assert [set(groups[h]) for _, h in folds_by_patient(1 - T, groups, 5, 3)] == held
    again = np.repeat(groups, 2), np.repeat(T, 2)
    assert [set(again[0][h]) for _, h in folds_by_patient(again[1], again[0], 5, 3)] == held


@pytest.mark.parametrize(
    "prototype", [Nuisances(folds=3), Nuisances(HeadRegressor(epochs=2), folds=1)], ids=["", "head"]
)
def test_nuisances_depend_on_neither_order_nor_names(prototype):
    Y, T, W = simulate(200)
    rng = np.random.default_rng(0)
    groups, rows = rng.integers(0, 90, 200), rng.permutation(200)
    first = clone(prototype).fit(Y, T, W, groups)
    other = clone(prototype).fit(Y[rows], T[rows], W[rows], np.array([f"p{g * 7 % 90}" for g in groups])[rows])
    for name in ("mu0_", "mu1_", "e_", "e_raw_", "fold_"):
        np.testing.assert_array_equal(getattr(other, name), getattr(first, name)[rows], err_msg=name)
    assert not first.mu0_.flags.writeable and len(set(first.fold_)) == prototype.folds


def test_missing_values_become_the_median_of_their_column():
    W = np.array([[0.0], [0.0], [10.0], [np.nan]])
    assert imputing(ridge(), W).steps[0][1].fit(W).statistics_.tolist() == [0.0]
    assert imputing(ridge(), W).fit(W, np.arange(4.0)).steps[0][1].transform([[np.nan]]).tolist() == [[0.0, 1.0]]


def test_more_folds_than_patients_are_refused():
    T = np.tile([0, 1], 20)
    for patients in (3, 4):
        with pytest.raises(ValueError, match=f"more than the {patients} patients"):
            list(folds_by_patient(T, np.arange(40) % patients, 5, 0))
