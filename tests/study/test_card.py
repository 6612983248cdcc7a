"""What a card says of held-out records: numbers by hand, intervals that cover, nothing of a few patients."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import config, data, evaluation, policy, study
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge


@pytest.fixture(scope="module")
def settings():
    return config.load(n=800, encoder="tfidf")


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.replications(settings, [0])))


@pytest.fixture(scope="module")
def guess(trial):
    return trial.test.tau + np.random.default_rng(0).normal(0, 0.5, len(trial.test))


def areas_by_hand(tau, mu0, guess):
    """Every metric from its definition, one budget after the other."""
    n, best = len(tau), np.argsort(tau, kind="stable")
    order = np.argsort(guess, kind="stable")

    def over_budgets(of):
        return np.mean([of(k) for k in range(1, n + 1)])

    def qini(first):
        return over_budgets(lambda k: k / n * (tau[first[:k]].mean() - tau.mean()))

    def worth(first):
        return over_budgets(lambda k: mu0.mean() + tau[first[:k]].sum() / n)

    return {
        "regret": worth(order) - worth(best),
        "captured": qini(order) / qini(best),
        "pehe": np.sqrt(np.mean((tau - guess) ** 2)),
        "policy_value": worth(order),
        "autoc": over_budgets(lambda k: tau[order[:k]].mean() - tau.mean()),
        "qini": qini(order),
    }


def test_areas_by_hand_with_intervals_of_resampled_patients(trial, guess):
    table = study.card_areas(trial, "dr", guess).set_index("metric")
    tau, mu0 = trial.test.tau, trial.test.mu0
    expected = pd.Series(areas_by_hand(tau, mu0, guess))
    assert set(table.index) == set(expected.index)
    np.testing.assert_allclose(table["value"], expected[table.index])
    rng, n = np.random.default_rng(1), len(tau)
    samples = [rng.integers(0, n, n) for _ in range(300)]
    spread = pd.DataFrame([areas_by_hand(tau[r], mu0[r], guess[r]) for r in samples]).std(ddof=1)
    half = (table["high"] - table["low"]) / 2
    np.testing.assert_allclose(half, 1.96 * spread[table.index], rtol=0.2)
    assert ((table["high"] + table["low"]) / 2 - table["value"]).abs().max() < 0.05


def test_without_truth_the_scores_do_and_a_better_high_outcome_turns(trial, guess):
    turned = replace(trial.test, roles=replace(trial.test.roles, truth=(), lower_is_better=False))
    blind = replace(trial, test=turned)
    table = study.card_areas(blind, "dr", -guess).set_index("metric")  # inside, lower is better
    assert set(table.index) == {"policy_value", "autoc", "qini"} and (table["low"] < table["high"]).all()
    assert table.loc["autoc", "value"] > 0, "an order that helps raises an outcome that is better when higher"
    said = study.statements(blind, guess, 0.2, 0.5)["meant_for"][0]
    assert "less cost of 0.5" in said


def test_the_worth_of_the_rule_by_hand(trial, guess):
    scores = trial.scores
    said = study.statements(trial, guess, share=0.3, cost=0.4)["meant_for"]
    mask = policy.treat_by_budget(-guess, 0.3)
    nobody = np.mean(mask * (scores.psi + 0.4))
    today = nobody - np.mean(trial.test.Y - scores.gamma0 + 0.4 * trial.test.T)
    nobody, today = (f"{value:+.3f}\u00a0[".replace("-", "\u2212") for value in (nobody, today))
    assert nobody in said[0] and today in said[0] and "plus cost of 0.4" in said[0]
    assert len(said) == 2 and "whoever gains more" in said[1]


def test_without_a_budget_the_card_says_so(trial, guess):
    said = study.statements(trial, guess)
    assert said["meant_for"] == [study.UNDECIDED] and said["treats"] == []


def test_few_patients_stay_hidden_where_records_are_not_public(trial, guess, monkeypatch):
    def treats(**options):
        return " ".join(study.statements(trial, guess, 0.5, **options)["treats"])

    assert "winter: treated" in treats() and "smoking: treated" in treats()
    monkeypatch.setattr(data, "is_public", lambda _: False)
    assert "winter: treated" in treats() and "smoking: treated" not in treats(), "too few smokers untreated"
    assert "winter: treated" not in treats(withheld=("winter",))


def test_chances_at_the_bound_are_counted(settings, trial):
    scores = trial.scores
    low = settings.clip or 0.01
    for k, said in ((0, "no record has"), (4, "fewer than 11 records have"), (20, "20 records have")):
        e = np.clip(scores.e, 0.1, 0.9)
        e[:k] = low
        assert said in study.overlap_in_words(replace(scores, e=e), low)


def test_the_robustness_value_is_that_of_doubleml():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(800, 2))
    T = (rng.random(800) < 1 / (1 + np.exp(-W[:, 0]))).astype(int)
    Y = W.sum(axis=1) - 0.5 * T + rng.normal(size=800)
    fitted = Nuisances(ridge(), logistic(), clip=0.01).fit(Y, T, W)
    theirs = evaluation.hidden_confounding(Y, T, fitted, strengths=[0.1])["robustness"].iloc[0]
    from helpers.evaluation.held_out import HeldOutScores

    scores = HeldOutScores(Y, T, fitted.mu0_, fitted.mu1_, fitted.e_, pd.RangeIndex(800).to_numpy())
    assert study.robustness(scores) == pytest.approx(theirs, abs=2e-3)
