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


def test_areas_are_those_of_the_study_with_intervals(settings, trial, guess):
    table = study.card_areas(settings, trial, "dr", guess).set_index("metric")
    from helpers import evaluation

    known = evaluation.evaluate(trial.test, -guess, guess)
    known = known[known["at"].isna()].set_index("metric")["value"]
    assert set(table.index) == set(known.index)
    np.testing.assert_allclose(table["value"], known[table.index])
    assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()
    squares = (trial.test.tau - guess) ** 2
    half = 1.96 * squares.std() / np.sqrt(len(squares)) / (2 * np.sqrt(squares.mean()))
    assert table.loc["pehe", "high"] - table.loc["pehe", "value"] == pytest.approx(half, rel=0.3)


def test_without_truth_the_scores_do_and_a_better_high_outcome_turns(settings, trial, guess):
    turned = replace(trial.test, roles=replace(trial.test.roles, truth=(), lower_is_better=False))
    blind = replace(trial, test=turned)
    table = study.card_areas(settings, blind, "dr", -guess).set_index("metric")  # inside, lower is better
    assert set(table.index) == {"policy_value", "autoc", "qini"} and (table["low"] < table["high"]).all()
    assert table.loc["autoc", "value"] > 0, "an order that helps raises an outcome that is better when higher"
    said = study.statements(settings, blind, guess, 0.2, 0.5)["meant_for"][0]
    assert "less cost of 0.5" in said


def test_the_worth_of_the_rule_by_hand(settings, trial, guess):
    scores = study.held_out_of(settings, trial)
    said = study.statements(settings, trial, guess, share=0.3, cost=0.4)["meant_for"]
    mask = policy.treat_by_budget(-guess, 0.3)
    nobody = np.mean(mask * (scores.psi + 0.4))
    today = nobody - np.mean(trial.test.Y - scores.gamma0 + 0.4 * trial.test.T)
    assert f"{nobody:+.3f} [" in said[0] and f"{today:+.3f} [" in said[0] and "plus cost of 0.4" in said[0]
    assert len(said) == 2 and "whoever gains more" in said[1]


def test_without_a_budget_the_card_says_so(settings, trial, guess):
    said = study.statements(settings, trial, guess)
    assert said["meant_for"] == [study.UNDECIDED] and said["treats"] == []


def test_few_patients_stay_hidden_where_records_are_not_public(settings, trial, guess, monkeypatch):
    def treats(**options):
        return " ".join(study.statements(settings, trial, guess, 0.5, **options)["treats"])

    assert "winter: treated" in treats() and "smoking: treated" in treats()
    monkeypatch.setattr(data, "is_public", lambda _: False)
    assert "winter: treated" in treats() and "smoking: treated" not in treats(), "too few smokers untreated"
    assert "winter: treated" not in treats(withheld=("winter",))


def test_chances_at_the_bound_are_counted(settings, trial):
    scores = study.held_out_of(settings, trial)
    low = settings.clip or 0.01
    for k, said in ((0, "no record has"), (4, "fewer than 11 records have"), (20, "20 records have")):
        e = np.clip(scores.e, 0.1, 0.9)
        e[:k] = low
        assert said in study._overlap(replace(scores, e=e), settings)[0]


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
