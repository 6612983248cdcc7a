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


def test_sentences_say_which_way_and_whether():
    labels = {"a": "first", "b": "second"}
    worse = report.comparison_sentences(evaluation.paired(results(), "a"), labels, "a")[0]
    assert worse.startswith("second is **worse** than first in AUTOC")
    better = report.comparison_sentences(evaluation.paired(results(gap=-0.3), "a"), labels, "a")[0]
    assert "**better** than first" in better
    same = report.comparison_sentences(evaluation.paired(results(gap=0.0), "a"), labels, "a")[0]
    assert "cannot be told apart from first" in same


def test_results_are_kept_whole(tmp_path):
    settings = config.load(results=str(tmp_path))
    path = report.keep(settings, "table", results())
    assert len(pd.read_parquet(path)) == 12
    facts = report.keep_facts(settings, "12", {"x": 0.12345, "n": 3})
    assert json.loads(facts.read_text()) == {"x": "0.123", "n": 3}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["facts_12.json", "table.parquet"]
