"""Intervals, pairs and the words made from them."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers import config, evaluation, report, stats
from helpers.data.cohort import Cohort, Roles


def cohort(n=200, seed=0):
    rng = np.random.default_rng(seed)
    mu0, tau = rng.normal(size=(2, n))
    frame = pd.DataFrame({"id": np.arange(n), "text": "", "mu0": mu0, "mu1": mu0 + tau, "e": 0.5})
    return Cohort(frame, Roles(truth=("mu0", "mu1", "e")))


def results(gap=0.3, seeds=6):
    rng = np.random.default_rng(0)
    base = rng.normal(size=seeds) * 5
    rows = [
        {"strategy": s, "metric": "autoc", "at": np.nan, "seed": i, "value": base[i] + d + 0.01 * rng.normal()}
        for s, d in (("a", 0.0), ("b", gap))
        for i in range(seeds)
    ]
    return pd.DataFrame(rows)


def test_evaluate_gives_the_metrics_of_the_order():
    test = cohort()
    table = evaluation.evaluate(test, -test.tau, test.tau)
    areas = table[table["at"].isna()].set_index("metric")["value"]
    assert areas["pehe"] == 0 and areas["regret"] == 0 and areas["captured"] == pytest.approx(1)
    assert areas["autoc"] == pytest.approx(stats.autoc(test.tau, -test.tau))
    curve = table[table["metric"] == "policy_curve"].set_index("at")["value"]
    order = np.argsort(test.tau)
    treated = np.isin(np.arange(200), order[:60])
    assert curve[0.3] == pytest.approx(np.where(treated, test.mu1, test.mu0).mean())
    assert "pehe" not in set(evaluation.evaluate(test, np.zeros(200))["metric"])


def test_pairing_removes_what_seeds_share():
    table = results()
    alone = evaluation.summarise(table, by=("strategy", "metric"))
    pair = evaluation.paired(table, "a")
    assert (alone["high"] - alone["low"]).min() > 2 > 0.1 > float((pair["high"] - pair["low"]).iloc[0])
    assert pair["value"].iloc[0] == pytest.approx(0.3, abs=0.02) and bool(pair["real"].iloc[0])
    assert not evaluation.paired(results(gap=0.0), "a")["real"].iloc[0]


def test_pairs_must_be_unique_and_the_baseline_present():
    with pytest.raises(ValueError, match="not among"):
        evaluation.paired(results(), "c")
    with pytest.raises(ValueError, match="several rows"):
        evaluation.paired(pd.concat([results(), results()]), "a")


def test_equal_strategies_do_not_differ_by_rounding():
    base = results(seeds=8)
    a = base[base["strategy"] == "a"]
    alike = pd.concat([a, a.assign(strategy="b", value=a["value"] * (1 + 2e-16 * np.array([1, 2, 1, 2, 1, 2, 1, 2])))])
    gap = evaluation.paired(alike, "a").iloc[0]
    assert (gap["value"], gap["low"], gap["high"], gap["real"]) == (0, 0, 0, False)
    pair = evaluation.all_pairs(alike, "autoc").iloc[0]
    assert pair["value"] == 0 and pair["p"] == 1 and not pair["certain"]


def test_sentences_say_which_way_and_whether():
    labels = {"a": "first", "b": "second"}
    for gap, verdict in ((0.3, "**worse** by 0."), (-0.3, "**better** by 0."), (0.0, "cannot be told apart")):
        (said,) = report.paired_sentences(evaluation.paired(results(gap=gap), "a"), labels, "a")
        assert said.startswith("second ") and verdict in said and "first in AUTOC" in said
    renamed = results().rename(columns={"strategy": "way"})
    (said,) = report.paired_sentences(evaluation.paired(renamed, "a", "way"), labels, "a", "way")
    assert said.startswith("second is **worse**")


def test_a_table_is_turned_to_the_users_direction_once():
    turned = Cohort(pd.DataFrame({"id": [1], "text": [""]}), Roles(lower_is_better=False))
    row = {"value": 1.0, "low": 0.5, "high": 2.0}
    table = pd.DataFrame([{"metric": "autoc", **row}, {"metric": "overlap", **row}])
    found = evaluation.turned_back(table, turned)
    assert found.loc[0, ["value", "low", "high"]].tolist() == [-1, -2, -0.5]
    assert found.loc[1, ["value", "low", "high"]].tolist() == [1, 0.5, 2]
    wide = pd.DataFrame({"bound": [1.0], "b_low": [0.5], "b_high": [2.0], "share": [0.3]})
    found = evaluation.turned_back(wide, turned, ("bound",), [("b_low", "b_high"), ("not", "there")])
    assert found.iloc[0].tolist() == [-1, -2, -0.5, 0.3]
    pd.testing.assert_frame_equal(evaluation.turned_back(found, turned, ("bound",), [("b_low", "b_high")]), wide)
    assert evaluation.turned_back(table, cohort()) is table


def test_results_are_kept_whole(tmp_path):
    settings = config.load(results=str(tmp_path))
    path = report.keep(settings, "table", results())
    assert len(pd.read_parquet(path)) == 12
    facts = report.keep_facts(settings, "12", {"x": 0.12345, "n": 3})
    assert json.loads(facts.read_text()) == {"x": "0.123", "n": 3}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["facts_12.json", "table.parquet"]
