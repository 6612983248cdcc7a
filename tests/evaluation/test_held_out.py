"""Held-out evaluation: exact with true nuisances, close to the truth and covering it with estimated ones."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from helpers import evaluation, stats
from helpers.data.cohort import Cohort, Roles
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic

LINEAR = Nuisances(LinearRegression(), logistic(C=1.0), folds=5)


def cohort(n=600, seed=0, rows_a_patient=1):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    mu0, tau = a + 0.5 * b, -0.5 + 0.8 * b
    e = 1 / (1 + np.exp(-0.8 * a))
    T = (rng.random(n) < e).astype(int)
    frame = pd.DataFrame({"id": np.arange(n) // rows_a_patient, "text": "", "a": a, "b": b, "T": T})
    frame = frame.assign(Y=mu0 + T * tau + rng.normal(size=n), mu0=mu0, mu1=mu0 + tau, e=e)
    return Cohort(frame, Roles("id", "text", ("a",), ("b",), "T", "Y", True, ("mu0", "mu1", "e")))


def test_without_noise_the_table_is_that_of_the_truth():
    test = cohort(80)
    scores = evaluation.HeldOutScores(
        np.where(test.T, test.mu1, test.mu0), test.T, test.mu0, test.mu1, test.e, test.ids
    )
    priority, tau_hat = test.annotations[:, 0], test.tau + 0.5
    found = evaluation.evaluate_held_out(scores, priority, tau_hat, draws=20).set_index(["metric", "at"])["value"]
    truth = evaluation.evaluate(test, priority, tau_hat).set_index(["metric", "at"])["value"]
    both = found.index.intersection(truth.index)
    assert {m for m, _ in both} == {"policy_value", "autoc", "qini", "policy_curve", "toc"}
    pd.testing.assert_series_equal(found[both], truth[both], check_exact=False)
    plain = found.droplevel("at")
    assert plain["psi_risk"] == pytest.approx(0.25) == pytest.approx(truth.droplevel("at")["pehe"] ** 2)
    assert plain["psi_gain"] == pytest.approx(test.tau.var() - 0.25)
    assert plain["mean_effect"] == pytest.approx(test.tau.mean())


def test_scores_are_cross_fitted_on_the_held_out_rows():
    test = cohort(300, rows_a_patient=2)
    scores = evaluation.held_out_scores(test, LINEAR)
    by_hand = Nuisances(LinearRegression(), logistic(C=1.0), folds=5).fit(test.Y, test.T, test.W, test.ids)
    np.testing.assert_array_equal(scores.mu1, by_hand.mu1_)
    np.testing.assert_allclose(scores.gamma1 - scores.gamma0, scores.psi)
    assert not hasattr(LINEAR, "models_")
    trained = Nuisances(LinearRegression(), logistic(C=1.0)).fit(*(getattr(cohort(400, 9), c) for c in "YTW"))
    from_training = evaluation.held_out_scores(test, trained, fitted=True)
    np.testing.assert_array_equal(from_training.e, trained.predict(test.W)[2])


def test_the_default_nuisances_stay_calm_on_small_test_sets():
    rng = np.random.default_rng(0)
    test = cohort(400)
    names = [f"x{i}" for i in range(12)]
    frame = test.frame.assign(**{name: rng.integers(2, size=400) for name in names})
    wide = Cohort(frame, Roles("id", "text", ("a", *names), ("b",), "T", "Y", True, ("mu0", "mu1", "e")))
    calm, products = (evaluation.held_out_scores(wide, nuisances).psi.var() for nuisances in (None, Nuisances()))
    assert calm < products / 1.5 and calm < 2 * evaluation.held_out_scores(test, LINEAR).psi.var()


def test_intervals_cover_the_truth_of_the_metric():
    rng = np.random.default_rng(0)
    population = cohort(200_000, seed=99)
    worse = population.annotations[:, 0] + rng.normal(size=200_000)
    truth = {
        "mean_effect": -0.5,
        "policy_value": stats.policy_value(population.mu0, population.mu1, -worse),
        "autoc": stats.autoc(population.tau, -worse),
        "qini": stats.qini(population.tau, -worse),
        "psi_gain": 0.64 - np.mean((population.tau - 0.3 * worse) ** 2),
    }
    covered = dict.fromkeys(truth, 0)
    for seed in range(60):
        test = cohort(500, seed)
        worse = test.annotations[:, 0] + np.random.default_rng([seed, 1]).normal(size=500)
        scores = evaluation.held_out_scores(test, LINEAR)
        table = evaluation.evaluate_held_out(scores, -worse, 0.3 * worse, budgets=(), draws=200).set_index("metric")
        for metric, value in truth.items():
            covered[metric] += table.loc[metric, "low"] <= value <= table.loc[metric, "high"]
    # fewer than 52 of 60 at a true coverage of 95 % has a chance below 1 in 200
    assert min(covered.values()) >= 52, covered


def test_a_better_order_is_told_from_a_worse_one():
    test = cohort(2_000)
    scores = evaluation.held_out_scores(test, LINEAR)
    noise = np.random.default_rng(0).normal(size=2_000)
    orders = {"good": -test.tau, "random": noise}
    table = evaluation.compare_held_out(
        scores, orders, "random", {"good": test.tau, "random": 0 * noise - 0.5}, budgets=[0.3], draws=200
    ).set_index("metric")
    assert set(table["strategy"]) == {"good"}
    assert table.loc[["autoc", "policy_value", "qini", "psi_risk", "r_risk"], "real"].all()
    assert (table.loc[["autoc", "policy_value", "psi_risk", "r_risk"], "high"] < 0).all()


def test_errors_name_the_remedy():
    test = cohort(60)
    with pytest.raises(ValueError, match="2 folds or more"):
        evaluation.held_out_scores(test, Nuisances(folds=1))
    with pytest.raises(ValueError, match="fit was called"):
        evaluation.held_out_scores(test, Nuisances(), fitted=True)
    scores = evaluation.held_out_scores(test, LINEAR)
    assert repr(scores) == "HeldOutScores(n=60, patients=60)"
    with pytest.raises(ValueError, match="expected 60 finite"):
        evaluation.evaluate_held_out(scores, -test.tau, test.tau[:5], draws=4)


@pytest.mark.parametrize("arm", [0, 1])
def test_a_rare_arm_gets_fewer_folds_and_one_patient_is_too_few(arm):
    for patients in (2, 3, 7):
        rare = np.arange(200) < 3 * patients
        records = cohort(200)
        frame = records.frame.assign(T=np.where(rare, arm, 1 - arm))
        frame["id"] = np.where(rare, np.arange(200) % patients, 100 + np.arange(200))
        test = Cohort(frame, records.roles)
        assert evaluation.judging_folds(test, 5) == min(patients, 5)
        assert np.isfinite(evaluation.held_out_scores(test, LINEAR).psi).all()
    named = ("untreated", "treated")[arm]
    alone = Cohort(frame.assign(id=np.where(rare, 0, frame["id"])), records.roles)
    with pytest.raises(ValueError, match=f"the 21 {named} held-out records, of 200, belong to 1 patients.*test_share"):
        evaluation.held_out_scores(alone)
