"""Records, patients, causes and worlds in words: every branch follows the numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import data, report
from helpers.config import Config
from helpers.report.causes import edges_of
from helpers.report.patients import findings_of


@pytest.fixture(scope="module")
def cohort():
    return data.load_cohort(Config(n=400, encoder="tfidf"))


@pytest.fixture(scope="module")
def drawn(cohort):
    return data.draw_outcomes(cohort, "v3", 0)


pytestmark = pytest.mark.usefixtures("own_cache")


def told(risk: float, effect: float) -> pd.DataFrame:
    rows = [("risk", risk, 0.7, 0.9), ("effect", effect, 1.0, 1.0), ("treatment", 0.2, 0.5, 0.5)]
    return pd.DataFrame(rows, columns=["asked", "tabular", "annotations", "W"])


def test_what_columns_tell_decides_the_sentence():
    assert "who benefits stands in the note" in report.told_sentence(told(0.5, 0.2))
    assert "stand equally in the note" in report.told_sentence(told(0.2, 0.2))
    assert "**50%**" in report.told_sentence(told(0.5, 0.2)) and "70% of the risk" in report.told_caption(
        told(0.5, 0.2)
    )


def test_a_naive_difference_falls_into_parts():
    seen, parts = report.parts_of_naive(0.5, -1.0, 1.4)
    assert "0.50 higher than" in seen and "−1.00" in parts and "+1.40" in parts and "+0.10" in parts
    assert "more ill to begin with" in report.confounding_sentence(-1.0, 0.5, None)
    assert "less ill" in report.confounding_sentence(0.5, -1.0, "days") and "+0.50 days" in report.confounding_sentence(
        0.5, -1.0, "days"
    )


def test_an_outcome_without_a_unit_is_told_plainly(drawn):
    treatment, outcome = report.meaning_sentences(data.meaning_of("v3"), drawn)
    assert "does not say which treatment" in treatment and "**without a clinical unit**" in outcome
    days = data.draw_outcomes(drawn, "v2", 0)
    treatment, outcome = report.meaning_sentences(data.meaning_of("v2"), days)
    assert "antibiotics" in treatment and "days at home" in outcome and "without a clinical unit" not in outcome
    assert data.meaning_of("given") == ("the treatment", "outcome", None)


def test_symptoms_are_grouped_by_what_they_add():
    rows = [("dysp", 1.0, 1.0), ("pain", 0.5, -1.0), ("self_empl", 2.0, 0.0), ("policy", 0.0, 0.0)]
    said = report.added_caption(pd.DataFrame(rows, columns=["symptom", "risk", "benefit"]))
    assert said == (
        "All else equal: shortness of breath with higher risk and higher benefit; chest pain with higher risk and "
        "lower benefit; self-employed with higher risk alone."
    )


def test_silence_is_a_hint_only_where_the_shares_differ():
    symptoms = ["dysp absent", "dysp", "fever_none"]
    mentions = pd.DataFrame({"symptom": symptoms, "notes": [0.4, 0.9, 0.5]})
    assert "55% of the absent symptoms and 10% of the present ones, so silence itself is a hint" in (
        report.silence_sentence(mentions)
    )
    assert "tells little" in report.silence_sentence(mentions.assign(notes=0.9))
    assert list(report.symptom_words(mentions["symptom"])) == [
        "no shortness of breath",
        "shortness of breath",
        "no fever",
    ]


def test_the_two_patients_disagree_about_risk_and_benefit(drawn):
    ill, helped = report.two_patients(drawn)
    assert drawn.mu0[ill] > drawn.mu0[helped] and drawn.tau[helped] < drawn.tau[ill]
    assert drawn.mu0[ill] >= np.quantile(drawn.mu0, 0.9)
    lines = report.case_sentences(drawn, "severity score")
    assert len(lines) == 3 and all(word in lines[0] for word in findings_of(drawn, ill, drawn.roles.annotations))
    assert "severity score" in lines[1] and "Risk says A" in lines[2]


def test_patients_of_records_that_are_not_public_are_not_shown_one_by_one(drawn):
    real = replace(drawn, tags={"sensitive": True})
    assert report.case_sentences(real) == ["Patients of this data set may not be shown one by one."]
    found = pd.DataFrame({"T": drawn.T, "Y": drawn.Y, "mu0": drawn.mu0, "mu1": drawn.mu1, "e": drawn.e})
    found = found.assign(psi=0.0, tau=drawn.tau)
    closed = Config(dataset="mimic-syn", mimic_path="synthetic")
    assert report.stand_in_cases(closed, drawn, found) == report.case_sentences(real)
    assert len(report.stand_in_cases(Config(), drawn, found)) == 2


def test_sentences_are_marked_by_what_they_say(cohort):
    text = "**History**\nComplains of a cough. Denies shortness of breath. Works as a teacher."
    other = type(cohort)(cohort.frame.assign(text=text), cohort.roles)
    marked = report.marked_sentences({"normal": other}, {"A case": "dysp == dysp", "None such": "dysp == 7"})
    assert list(marked["status"]) == ["affirmed", "denied", ""] and set(marked["case"]) == {"A case"}
    assert list(marked["said"]) == ["cough", "shortness of breath", ""]
    with pytest.raises(ValueError, match="one by one"):
        report.marked_sentences({"normal": replace(other, tags={"sensitive": True})}, {})


def test_what_a_note_leaves_out_is_told_with_the_truth(cohort):
    frame = cohort.frame.assign(dysp=1, said_dysp=False, cough=0, said_cough=True)
    (line,) = report.said_lines(type(cohort)(frame, cohort.roles), {"A case": "dysp == 1"})
    assert line.startswith("**A case.** ") and "shortness of breath (there)" in line and "denies cough" in line.lower()
    silent = frame.drop(columns=[c for c in frame if c.startswith("said_")])
    assert "Has: shortness of breath" in report.said_lines(type(cohort)(silent, cohort.roles), {"B": "dysp == 1"})[0]


@pytest.mark.parametrize("process", ["v3", "v2", "stress", "nonadditive"])
def test_arrows_follow_the_formulas(process):
    weights = data.weights_of(process)
    edges = edges_of(weights)
    assert ("practice's\nhabit", "treatment") in edges and ("practice's\nhabit", "outcome") not in edges
    assert ("symptoms", "treatment") in edges and ("symptoms", "outcome") in edges
    hidden = [edge for edge in edges if edge[0].startswith("illness")]
    assert bool(hidden) == (process == "stress")
    assert report.causes(weights).axes
    with pytest.raises(ValueError, match="has no formulas"):
        data.weights_of("mimic")


def test_formulas_give_the_means(drawn):
    """The printed weights are those the process is computed with."""
    weights = data.weights_of("v3")
    lines = report.formulas(weights)
    assert lines[1].startswith("**effect of treatment** = −1 ") and "+ 1.1 (chest pain)" in lines[1]
    one = drawn.take(np.flatnonzero(drawn.annotations.sum(1) == 0)[:1])
    assert one.tau[0] == weights.query("part == 'effect of treatment' and term == ''")["weight"].item()


def test_worlds_worse_than_a_lottery_are_told():
    said = report.worlds_sentence(pd.Series({"they agree": 0.85, "they oppose each other": -0.24}))
    assert "**85%** where they agree and **less than a lottery** (−24%) where they oppose each other" in said
    curves = pd.DataFrame(
        [("w", s, at, v) for s, v in (("true risk", -0.1), ("true benefit", -0.5)) for at in (0.1, 0.2)],
        columns=["process", "strategy", "at", "value"],
    )
    assert "+0.10 of +0.50 where w" in report.toc_caption(curves)


def robust(one: float, two: float) -> pd.DataFrame:
    values = {"naive difference of means": 0.7, "both right": 0, "outcomes wrong": one, "propensity wrong": 0}
    rows = [(k, v, v - 0.1, v + 0.1) for k, v in {**values, "both wrong": two}.items()]
    return pd.DataFrame(rows, columns=["strategy", "value", "low", "high"])


def test_double_robustness_is_claimed_only_where_it_shows():
    assert "One wrong model moves the mean effect by **0.05** at most" in report.robust_sentence(robust(-0.05, 0.6))
    assert "luck hides" in report.robust_sentence(robust(0.5, 0.6))
    assert "naive difference of means, both wrong." in report.off_caption(robust(0.05, 0.6))
    assert "None is off" in report.off_caption(robust(0.05, 0.6).assign(low=-1, high=1))


@pytest.mark.parametrize("arm", [0, 1])
def test_the_sum_of_a_stand_in_is_its_value(arm):
    row = pd.Series({"T": arm, "Y": 4.0, "mu0": 5.0, "mu1": 3.0, "e": 0.25, "tau": -1.0})
    psi = row["mu1"] - row["mu0"] + (1.0 / 0.25 if arm else 1.0 / 0.75)
    said = report.stand_in_sentence("A", pd.concat([row, pd.Series({"psi": psi})]), "days")
    left, divisor = ("(4.00 − 3.00)", "/ 0.25") if arm else ("(4.00 − 5.00)", "/ 0.75")
    assert left in said and divisor in said and f"= **{report.number(psi, 1, sign=True)}**" in said and "days" in said


def test_noise_and_overlap_in_words():
    rng = np.random.default_rng(0)
    tau = rng.normal(0, 1, 1000)
    assert "**4 times** theirs" in report.noise_sentence(2 * tau, tau)
    T = np.array([0, 1] * 50)
    said = report.overlap_words(T, np.r_[np.full(90, 0.5), np.full(10, 0.005)], 0.01, 80.4)
    assert "10% of the chances" in said and "10 beyond the bound" in said and "100 patients are worth 80" in said


def test_patients_to_sort_go_from_those_helped_most_to_those_harmed(drawn):
    table = report.patients_to_sort(drawn)
    assert len(table) == 10 and table["effect"].min() == drawn.tau.min() and table["effect"].max() == drawn.tau.max()
    assert not table["effect"].is_monotonic_increasing, "the order of the records gives nothing away"
    assert len(report.patients_to_sort(drawn, 4)) == 4 and all(table["who"])
