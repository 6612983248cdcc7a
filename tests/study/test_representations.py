"""The comparison of representations: shares and gaps by hand, and a live run on few records."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers import study
from helpers.config import load

pytestmark = pytest.mark.slow


def rows(encoder, learner, setting, values, n=100, budget=1.0):
    head = {"n": n, "encoder": encoder, "budget": budget, "learner": learner, "setting": setting, "metric": "autoc"}
    return [{**head, "seed": k, "value": v} for k, v in enumerate(values)]


TABLE = pd.DataFrame(
    rows("a", "plug", "home", [-0.6, -0.5])
    + rows("a", "dr", "home", [-0.3, -0.2])
    + rows("a", "plug", "compact", [-0.1, -0.2])
    + rows("a", "dr", "compact", [-0.9, -0.9])
    + rows("b", "plug", "home", [-0.3, -0.6])
    + rows("b", "plug", "compact", [-0.2, -0.4])
    + rows("ceiling", "", "home", [-0.8, -1.0])
    + rows("ceiling", "", "compact", [-0.8, -1.0])
)


def test_the_learner_that_is_best_at_home_is_kept_everywhere():
    best = study.best_learner(TABLE)
    mine = best[(best["encoder"] == "a") & (best["setting"] == "compact")]
    assert set(mine["learner"]) == {"plug"} and mine["value"].tolist() == [-0.1, -0.2]
    assert (best["encoder"] == "ceiling").sum() == 4


def test_share_of_the_ceiling_by_hand():
    share = study.share_of_ceiling(study.best_learner(TABLE))
    home = share[(share["encoder"] == "a") & (share["setting"] == "home")]
    assert home["value"].tolist() == pytest.approx([0.75, 0.5])


def test_how_far_behind_the_best_by_hand():
    gaps = study.behind_best(study.best_learner(TABLE), "a").set_index("setting")
    assert gaps.loc["compact", "best"] == "b"
    assert gaps.loc["compact", "value"] == pytest.approx(50.0)
    assert gaps.loc["home", "value"] == pytest.approx(100 * (1 - (2 + 5 / 6) / 2))
    assert study.behind_best(study.best_learner(TABLE), "unknown").empty


def test_what_is_kept_beside_what_it_is_worth_by_hand():
    def other(metric, learner, values, setting="home"):
        return pd.DataFrame(rows("a", learner, setting, values)).assign(metric=metric)

    more = [other("pehe", "plug", [1.0, 2.0]), other("pehe", "dr", [0.1, 0.1])]
    more += [other("auroc:pain", "plug", [0.8, 0.9]), other("auroc:cough", "plug", [0.6, 0.7])]
    more += [other("ece:pain", "plug", [0.1, 0.2]), other("auroc:pain", "plug", [0.1, 0.1], "compact")]
    found = study.representations_wide(pd.concat([TABLE, *more]))
    mine = found[found["encoder"] == "a"].pivot(index="metric", columns="seed", values="value")
    assert mine.loc["share"].tolist() == pytest.approx([0.75, 0.5])
    assert mine.loc["pehe"].tolist() == [1.0, 2.0], "of the learner with the best order, not the smallest error"
    assert mine.loc["auroc"].tolist() == pytest.approx([0.7, 0.8]) and mine.loc["ece"].tolist() == [0.1, 0.2]
    assert set(found["encoder"]) == {"a", "b"}


def test_cost_adds_up():
    costs = pd.DataFrame(rows("a", "", "home", [0.5])).assign(metric="embed_cpu_minutes")
    costs = pd.concat([costs, costs.assign(metric="learn_cpu_minutes", value=1.25)])
    assert study.cost(costs)["total"].tolist() == [1.75]


def test_a_missing_table_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="benchmarks/representations.py"):
        study.read_table(tmp_path / "none.csv")


def test_live_on_few_records():
    found = study.live(load(n=300, seeds=2, encoder="tfidf"), ["tfidf", "minilm:words"], progress=False)
    assert set(found["encoder"]) == {"tfidf", "minilm:words", "ceiling"}
    wide = found.pivot_table(index=["encoder", "seed"], columns="metric", values="value")
    assert wide["autoc"].notna().all() and (wide["cpu_seconds"].dropna() > 0).all()
    assert (wide.loc["ceiling", "pehe"] < wide.loc["tfidf", "pehe"]).all()


def test_recovered_levels(tmp_path):
    table = pd.DataFrame(rows("a", "plug", "home", [0.8]) + rows("a", "plug", "home", [0.7], n=50))
    path = tmp_path / "table.csv"
    table.assign(metric="auroc:fever_low").to_csv(path, index=False)
    found = study.shares_recovered(path)
    assert found[["metric", "level", "value"]].to_numpy().tolist() == [["auroc", "fever_low", 0.8]]
    assert study.shares_recovered(tmp_path / "none.csv").empty
