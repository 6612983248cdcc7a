"""What is said of held-out scores: gains above zero, no verdict on fewer repetitions, the truth beside them."""

import numpy as np
import pandas as pd

from helpers import evaluation, report
from helpers.evaluation.held_out import HeldOutScores

LABELS = {"a": "A", "b": "B", "slow": "Slow", "base": "the base"}


def results(values: dict[str, float], truth: dict[str, float], seeds: dict[str, int]) -> pd.DataFrame:
    row = {"baseline": "base", "metric": "policy_value", "at": np.nan, "freedom": 60}
    return pd.DataFrame(
        [
            {**row, "strategy": n, "value": v, "low": v - 1, "high": v + 1, "truth": truth.get(n, np.nan), "seed": seed}
            for n, v in values.items()
            for seed in range(seeds.get(n, 3))
        ]
    )


def test_a_strategy_with_fewer_repetitions_gets_no_verdict():
    pooled = evaluation.pooled_held_out(results({"a": -3.0, "b": 3.0, "slow": -2.9}, {}, {"slow": 2}))
    judged = evaluation.judged(pooled)
    assert judged["strategy"].tolist() == ["a", "b"]
    (said,) = report.not_judged(pooled, LABELS)
    assert said.startswith("**Not judged**: Slow (2 of 3 repetitions)")
    assert report.not_judged(pooled[pooled["strategy"] != "slow"], LABELS) == []


def test_the_finding_counts_what_is_told_apart_and_says_what_the_truth_is():
    pooled = evaluation.pooled_held_out(results({"a": -3.0, "b": 3.0}, {"a": -2.5, "b": -0.1}, {}))
    said = report.held_out_sentence(evaluation.judged(pooled), LABELS, "base")
    assert "tell 1 of 2 policies to be better than the base and 1 to be worse" in said
    assert "A gains most, +3.000" in said
    assert "it gains +2.500, and the sign is right for 1 of the 2 told apart." in said
    blind = evaluation.pooled_held_out(results({"a": -3.0}, {}, {}))
    assert "true effects" not in report.held_out_sentence(evaluation.judged(blind), LABELS, "base")


def test_gains_have_a_panel_for_the_truth_where_it_is_known():
    table = results({"a": -3.0}, {"a": -2.5}, {})
    rows = report.gain_rows(evaluation.pooled_held_out(table), table)
    assert rows["metric"].tolist() == list(report.GAINS_BY)
    assert rows["value"].tolist() == [3.0, 2.5] and rows["low"].tolist()[0] == 2.0
    blind = results({"a": -3.0}, {}, {})
    assert set(report.gain_rows(evaluation.pooled_held_out(blind), blind)["metric"]) == {report.GAINS_BY[0]}


def test_two_patients_one_of_each_arm():
    T = np.array([1, 1, 1, 0, 0, 0])
    Y = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0])
    scores = HeldOutScores(Y, T, np.zeros(6), np.zeros(6), np.full(6, 0.25), np.arange(6))
    first, second = report.score_sentences(scores)
    assert "was treated, as 25%" in first and "outcome 2.00" in first and "is +8.00; nobody knows" in first
    assert "was not treated, as 75%" in second and "is −2.67" in second
    assert "the true effect is +0.50" in report.score_sentences(scores, np.full(6, 0.5))[0]


def test_the_check_names_both_kinds():
    row = {"metric": "policy_value", "bias": 0.01, "bias_low": -0.02, "bias_high": 0.04}
    checked = pd.DataFrame([{**row, "what": "value", "covered": 1.0}, {**row, "what": "difference", "covered": 0.9}])
    said = report.check_sentence(checked)
    assert (
        "100% of the intervals of values (mean error +0.010" in said and "90% of the intervals of differences" in said
    )
