"""Every difference, corrected for being many, and the words made from them."""

import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from helpers import evaluation, report, stats

LABELS = {"a": "first", "b": "second", "c": "third", "d": "fourth"}


def results(shifts=None, seeds=8, metric="policy_value", process="v3"):
    rng = np.random.default_rng(0)
    shared, rng = rng.normal(size=seeds) * 3, np.random.default_rng(5)
    shifts = {"a": 0.0, "b": 0.001, "c": -0.5, "d": 0.7} if shifts is None else shifts
    rows = [
        {"strategy": s, "metric": metric, "process": process, "seed": i, "value": shared[i] + gap + 0.05 * rng.normal()}
        for s, gap in shifts.items()
        for i in range(seeds)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(5))
def test_holm_equals_statsmodels(seed):
    p = np.random.default_rng(seed).beta(0.2, 1, 17)
    np.testing.assert_allclose(stats.holm(p), multipletests(p, method="holm")[1])


def test_every_pair_equals_the_paired_interval():
    table = evaluation.both_ways(evaluation.all_pairs(results(), "policy_value")).set_index(["first", "second"])
    assert len(table) == 12
    for a, b in permutations(LABELS, 2):
        pair = evaluation.paired(results(), b).set_index("strategy").loc[a]
        for column in ("value", "low", "high", "real"):
            assert table.loc[(a, b), column] == pytest.approx(pair[column])
    assert (table["certain"] <= table["real"]).all()


def test_strategies_with_fewer_seeds_are_paired_on_those():
    few = results()[lambda t: (t["strategy"] != "c") | (t["seed"] < 3)]
    table = evaluation.all_pairs(few, "policy_value").set_index(["first", "second"])
    assert table.loc[("a", "b"), "seeds"] == 8 and table.loc[("a", "c"), "seeds"] == 3


def test_results_of_two_processes_are_refused():
    with pytest.raises(ValueError, match="one process"):
        evaluation.all_pairs(pd.concat([results(), results(process="v2")]), "policy_value")
    with pytest.raises(ValueError, match="policy_value"):
        evaluation.all_pairs(results(), "autoc")


@pytest.mark.parametrize(
    "metric, better, worse", [("policy_value", "third", "fourth"), ("captured", "fourth", "third")]
)
def test_verdicts_sort_the_others_by_direction(metric, better, worse):
    gaps = evaluation.paired(results(metric=metric), "a")
    said = report.verdicts(gaps, LABELS, "a", metric)
    assert [line.split(" ")[0] for line in said] == ["**Better**", "**Worse**", "**Not"]
    assert f": {better} " in said[0] and f": {worse} " in said[1] and ": second " in said[2]
    assert len(report.verdicts(gaps[gaps["real"]], LABELS, "a", metric)) == 2


def test_the_best_is_named_with_those_that_holm_does_not_separate():
    said = report.best_of(results(), LABELS, "policy_value")
    assert "**third** (" in said and "every other one is worse" in said
    level = report.best_of(results({"a": 0.0, "b": 0.001, "d": 1.0}), LABELS, "policy_value")
    assert "not separated from it" in level and "fourth" not in level and "third" not in level
    close = results({"a": 0.1, "b": 0.0, "c": 1.0, "d": 1.0})
    pair = evaluation.all_pairs(close, "policy_value").set_index(["first", "second"]).loc[("a", "b")]
    assert pair["real"] and not pair["certain"]
    assert "**second** (" in (said := report.best_of(close, LABELS, "policy_value")) and said.endswith("(Holm): first.")


def test_a_strategy_with_fewer_repetitions_is_compared_on_them_and_is_not_called_best():
    lucky = results()["seed"].map(results().query("strategy == 'd'").set_index("seed")["value"]).nsmallest(12).index
    seeds = set(results().loc[lucky, "seed"])
    areas = results()[lambda t: (t["strategy"] != "d") | t["seed"].isin(seeds)]
    assert areas.query("strategy == 'd'")["value"].mean() < areas.query("strategy == 'c'")["value"].mean()
    assert "**third**" in report.best_of(areas, LABELS, "policy_value")
    first, better, *_ = report.on_the_same(areas, LABELS, "policy_value")
    assert first.startswith(f"fourth: on its {len(seeds)} repetitions")
    assert better.startswith("**Better** than fourth")
    assert better.index("third") < better.index("first")
    assert report.on_the_same(results(), LABELS, "policy_value") == []


def test_the_tally_counts():
    pairs = evaluation.all_pairs(results(), "policy_value")
    said = report.tally(pairs)
    assert f"the {len(pairs)} differences, {pairs['real'].sum()} have" in said and "chance" not in said
    assert f"{pairs['certain'].sum()} remain" in said


def test_answers_speak_of_every_process():
    both = pd.concat([results(), results({"a": 0.0, "c": 0.5}, process="v2")])
    (line,) = report.question_answers(both, {"Is c better?": ("c", "a")}, LABELS, "policy_value")
    assert line.startswith("**Is c better?** *Where benefit lies apart from risk*: third is **better**")
    assert "*Where benefit goes with risk*: third is **worse**" in line
    (named,) = report.question_answers(both.replace("v2", "they part"), {"Is it?": ("c", "a")}, LABELS, "policy_value")
    assert "*Where they part*: third" in named


def test_policy_value_is_told_as_a_gain():
    gaps = evaluation.paired(results(), "a").set_index("strategy", drop=False)
    (better,) = report.paired_sentences(gaps.loc[["c"]], LABELS, "a")
    row = gaps.loc["c"]
    assert row["value"] < 0, "a lower outcome is better"
    said = report.cell(-row["value"], -row["high"], -row["low"], sign=True)
    assert better.startswith("third is **better** by") and better.endswith(
        f"than first in mean gain a patient ({said})."
    )


def test_a_sentence_a_difference_says_which_way():
    gaps = evaluation.paired(results(metric="captured"), "a").set_index("strategy", drop=False)
    (better,) = report.paired_sentences(gaps.loc[["d"]], LABELS, "a")
    assert re.match(r"fourth is \*\*better\*\* by \d+% than first in share of the attainable benefit \(\+\d+%", better)
    (worse,) = report.paired_sentences(gaps.loc[["d"]].assign(metric="pehe"), LABELS, "a")
    assert "**worse**" in worse
    (apart,) = report.paired_sentences(gaps.loc[["b"]].assign(value=-0.0001, low=-0.2, high=0.1), LABELS, "a")
    assert apart.startswith("second cannot be told apart from first") and "(0%\u00a0[" in apart


def test_a_table_to_show():
    summary = evaluation.summarise(pd.concat([results(), results(metric="autoc")]), by=("strategy", "metric"))
    shown = report.with_intervals(summary[summary["strategy"] != "b"], LABELS, ["autoc", "pehe"], digits=1)
    assert shown.index.tolist() == ["first", "third", "fourth"] and shown.columns.tolist() == ["AUTOC", "PEHE"]
    assert shown["AUTOC"].str.fullmatch(r"−?\d\.\d\s\[−?\d\.\d,\s−?\d\.\d\]").all() and (shown["PEHE"] == "-").all()


def test_estimates_and_their_intervals_share_a_column():
    table = pd.DataFrame({"clip": [0.1], "e": [1.0], "e_low": [0.5], "e_high": [1.5]})
    shown = report.ranges(table, ["e"], digits=1)
    assert shown.columns.tolist() == ["clip", "e"] and shown["e"][0].replace("\u00a0", " ") == "1.0 [0.5, 1.5]"


def test_strategies_with_fewer_repetitions_are_marked():
    few = results()[lambda t: (t["strategy"] != "c") | (t["seed"] < 3)]
    assert report.marked(LABELS, few) == LABELS | {"c": "third (3 repetitions)"}
    assert report.marked(LABELS, results()) == LABELS
