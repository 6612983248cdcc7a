"""Verdicts on held-out differences, and the check of estimates against the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap
from scipy.stats import t as student

from helpers import config, evaluation, report, stats, study
from helpers.data.cohort import Cohort, Roles
from helpers.study.trials import LazyTrials

LABELS = {"a": "A", "b": "B", "c": "C", "base": "the base"}


def cohort(lower: bool = True) -> Cohort:
    return Cohort(pd.DataFrame({"id": [1], "text": [""]}), Roles(lower_is_better=lower))


def results(values: dict[str, float], half: float = 1.0, seeds: int = 2) -> pd.DataFrame:
    row = {"baseline": "base", "metric": "policy_value", "at": np.nan, "truth": np.nan, "freedom": 60}
    return pd.DataFrame(
        [
            {**row, "strategy": name, "value": v, "low": v - half, "high": v + half, "seed": seed}
            for name, v in values.items()
            for seed in range(seeds)
        ]
    )


def test_holm_counts_the_differences():
    table = evaluation.pooled_held_out(results({"a": -1.1, "b": -3.0, "c": 0.2}))
    judged = evaluation.judged(table).set_index("strategy")
    assert judged["real"].to_dict() == {"a": True, "b": True, "c": False}
    assert judged["certain"].to_dict() == {"a": False, "b": True, "c": False}
    assert judged.loc["b", "holm"] == pytest.approx(3 * judged.loc["b", "p"])
    exact = 2 * student.sf(1.1 * student.ppf(0.975, 60), 60)
    assert judged.loc["a", "p"] == pytest.approx(exact), "Student's, as the interval"
    said = report.tally(evaluation.judged(table), by_chance=True)
    assert "Of the 3 differences, 2 have" in said and "1 remain" in said and "14%" in said
    alone = evaluation.pooled_held_out(results({"a": -1.1}))
    assert evaluation.judged(alone)["certain"].all(), "one comparison needs no correction"
    with pytest.raises(ValueError, match="metric = 'autoc'"):
        evaluation.judged(table, "autoc")


def test_verdicts_are_told_in_gains():
    table = evaluation.pooled_held_out(results({"a": -1.1, "b": -3.0, "c": 0.2}))
    better, only, apart = report.verdicts(evaluation.judged(table), LABELS, "base", "policy_value")
    assert better.startswith("**Better** than the base in mean gain a patient: B +3.000")
    assert only.startswith("Better by its own interval, but not") and ": A +1.1" in only
    assert apart.startswith("**Not to be told apart**") and "C \u22120.2" in apart
    judged = evaluation.judged(evaluation.pooled_held_out(results({"a": 3.0})))
    (worse,) = report.verdicts(judged, LABELS, "base", "policy_value")
    assert worse.startswith("**Worse** than the base")


def test_coverage_by_hand():
    known = pd.concat([results({"a": 1.0, "b": 2.0}), results({"a": 0.0}, half=0.0).assign(baseline="")])
    known = known.assign(truth=[0.5, 0.5, 0.8, 1.2, 0.0, 0.0])
    found = evaluation.held_out_coverage(known, ["policy_value"]).set_index("what")
    assert found.loc["difference", ["n", "bias", "half_width", "covered"]].tolist() == [4, 0.75, 1.0, 0.75]
    assert found.loc["difference", "bias_low"] < 0.75 < found.loc["difference", "bias_high"]
    assert found.loc["value", "n"] == 0, "zero by definition"
    ends = ["value", "low", "high", "truth"]
    small = evaluation.held_out_coverage(known.assign(**1e-12 * known[ends]), ["policy_value"]).set_index("what")
    assert small["n"].tolist() == found["n"].tolist() and small.loc["difference", "covered"] == 0.75


def test_the_largest_error_is_named_with_its_side():
    row = {"what": "difference", "n": 9, "spread": 0.1, "half_width": 0.2, "covered": 0.9}
    checked = pd.DataFrame(
        [
            {**row, "metric": "policy_value", "bias": 0.01, "bias_low": -0.1, "bias_high": 0.1},
            {**row, "metric": "autoc", "bias": -0.1, "bias_low": -0.15, "bias_high": -0.05},
        ]
    )
    (line,) = report.coverage_sentences(checked, 5)
    assert "that of the AUTOC: −0.100" in line and "in favour of the strategies" in line and "50% of" in line
    (line,) = report.coverage_sentences(checked.assign(bias_high=0.1), 5)
    assert "not to be told from zero" in line


def test_intervals_hold_the_true_values_and_differences_of_the_same_patients():
    settings = config.load(n=1500, encoder="tfidf", seeds=3, folds=3, test_share=0.4)
    lazy = LazyTrials(settings)
    blocks = [study.repetition(lazy[i], ["risk", "tabular"], "tabular") for i in range(3)]
    found = evaluation.held_out_coverage(study.with_true_differences(pd.concat(blocks)))
    assert found["n"].tolist() == [6, 6, 6, 3, 3, 3]
    # intervals are over patients, so they are wide enough for the truth of the very same patients
    assert (found["covered"] >= 2 / 3).all() and (found["bias"].abs() < found["half_width"]).all(), found


def test_intervals_of_a_repetition_are_as_wide_as_patients_make_them():
    settings = config.load(n=1500, encoder="tfidf", folds=3, test_share=0.4)
    trial = LazyTrials(settings)[0]
    table = study.repetition(trial, ["risk", "tabular"], "tabular")
    scores = trial.scores
    own = table[table["strategy"] == "tabular"].set_index("metric")
    mean = own.loc["mean_effect"]
    half = student.ppf(0.975, len(scores) - 1) * scores.psi.std(ddof=1) / np.sqrt(len(scores))
    np.testing.assert_allclose([mean["value"] - mean["low"], mean["high"] - mean["value"]], half)
    strategy = study.strategy_named("tabular")
    order = -study.bedside_effect(trial, strategy, study.run_strategy(trial, strategy))
    for metric, of in (("policy_value", stats.policy_value), ("autoc", lambda a, b, p: stats.autoc(b - a, p))):
        drawn = bootstrap((scores.gamma0, scores.gamma1, order), of, paired=True, vectorized=False, n_resamples=400,
                          method="percentile", rng=0)  # fmt: skip
        width = own.loc[metric, "high"] - own.loc[metric, "low"]
        assert width / np.diff(drawn.confidence_interval)[0] == pytest.approx(1, abs=0.3), metric
