"""What is said of records before anything is learned."""

import numpy as np
import pandas as pd
import pytest

from helpers import config, data, stats, study


@pytest.fixture(scope="module")
def cohort():
    return data.load_cohort(config.load(n=600, encoder="tfidf"))


def test_symptoms_are_indicators_of_rows(cohort):
    has = study.symptoms_of(cohort.frame, ("high",))
    assert list(has) == ["dysp", "cough", "pain", "nasal", "fever_high"]
    assert has["fever_high"].sum() == (cohort.frame["fever"] == "high").sum()
    table = study.share_intervals(has, "here")
    assert table.columns.tolist() == ["symptom", "here", "here_low", "here_high"]
    assert tuple(table.loc[1, ["here", "here_low", "here_high"]]) == pytest.approx(stats.interval(has["cough"]))


def test_mentions_are_counted_among_those_who_have_the_level(cohort):
    table = study.mention_rates(cohort.frame).set_index("symptom")
    frame = cohort.frame
    assert table.loc["cough", "notes"] == pytest.approx(frame.loc[frame["cough"] == 1, "said_cough"].mean())
    absent = table.loc["cough absent"]
    assert absent["notes"] == pytest.approx(frame.loc[frame["cough"] == 0, "said_cough"].mean())
    assert absent["generator"] == data.DEFAULT_MENTION.cough[0]


def test_the_cohort_is_set_against_everybody(cohort, monkeypatch):
    monkeypatch.setattr("helpers.study.description.POPULATION", 40_000)
    table = study.outcome_facts(cohort, "v3", 3, draws=100).set_index("quantity")
    drawn = data.draw_outcomes(cohort, "v3", 3)
    naive = drawn.Y[drawn.T == 1].mean() - drawn.Y[drawn.T == 0].mean()
    assert table.loc["ATE", "cohort"] == pytest.approx(drawn.tau.mean())
    assert table.loc["naive difference", "cohort"] == pytest.approx(naive)
    assert table.loc["corr(risk, benefit)", "cohort"] == pytest.approx(np.corrcoef(drawn.mu0, -drawn.tau)[0, 1])
    assert table["population"].between(table["cohort_low"] - 0.1, table["cohort_high"] + 0.1).all()
    assert (table["cohort_low"] < table["cohort"]).all() and (table["cohort"] < table["cohort_high"]).all()


def test_risk_and_benefit_by_hand():
    risk, benefit = pd.Series(np.arange(10.0)), pd.Series([1.0] * 8 + [-1, -3])
    found = study.alignment(risk, benefit)
    assert found["mean benefit, riskiest fifth"] == -2 and found["mean benefit, others"] == 1
    assert found["harmed, all"] == 0.2 and found["harmed, riskiest fifth"] == 1 and found["median benefit, all"] == 1
    assert found["correlation of risk and benefit"] == pytest.approx(np.corrcoef(risk, benefit)[0, 1])


def test_on_the_ward_the_oracle_captures_all_and_chance_nothing():
    settings = config.load(n=400, encoder="tfidf", seeds=2)
    table = study.run_ward(settings)
    captured = table[table["metric"] == "captured"].groupby("strategy")["value"].mean()
    assert captured["oracle"] == pytest.approx(1) and captured["random"] == pytest.approx(0, abs=1e-9)
    assert captured["risk"] < 0 < captured["on_confounders"] <= 1, "the sickest gain least"
    assert len(table) == 2 * 2 * len(study.WARD_LABELS)
    truth = study.ward_truth(settings)
    assert len(truth) == 400 and truth.equals(study.ward_truth(settings)) and truth["risk"].corr(truth["benefit"]) < 0


@pytest.mark.slow
def test_two_wrong_models_are_needed_to_break_the_mean():
    settings = config.load(n=3000, encoder="tfidf", seeds=2)
    error = study.double_robustness(settings).groupby("strategy")["value"].mean().abs()
    one_right = ["both right", "outcomes wrong", "propensity wrong"]
    assert error[one_right].max() < 0.5 * error["both wrong"]
    assert error["both wrong"] == pytest.approx(error["naive difference of means"], rel=0.1)
