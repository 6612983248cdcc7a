"""Scores with costs, capacity and quotas: the file says whom to treat, and no cell of a record stands in a message."""

import numpy as np
import pandas as pd
import pytest
from test_policy import CANARY, FACTS, fitted, make_cohort
from typer.testing import CliRunner

from helpers import cli, policy
from helpers.effects.learners import AACE
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.registry import make_encoder


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(200)


@pytest.fixture(scope="module")
def saved(cohort, tmp_path_factory):
    encoder = make_encoder("tfidf").fit(cohort.texts)
    learner, _ = fitted(cohort, encoder, AACE(ridge(), smoother=ridge()))
    made = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS))
    return policy.save_policy(made, tmp_path_factory.mktemp("decided") / "policy")


@pytest.fixture
def table(cohort, tmp_path):
    rng = np.random.default_rng(0)
    frame = cohort.frame.head(60).assign(price=rng.integers(5, 90, 60), ward=rng.choice(["north", "south"], 60))
    frame.loc[3, "text"] = "???"  # no known word: no effect, and no place taken
    frame.to_csv(tmp_path / "r.csv", index=False)
    return frame


def run(saved, folder, *words):
    files = ["--policy", saved, "--records", folder / "r.csv", "--out", folder / "s.csv", "--overwrite"]
    return CliRunner().invoke(cli.app, ["score", *map(str, files), *map(str, words)])


def test_costs_of_each_record_a_capacity_and_quotas(saved, table, tmp_path):
    limits = ["--cost-column", "price", "--worth", 100, "--capacity", 9, "--site-column", "ward"]
    done = run(saved, tmp_path, *limits, "--quota", "north=4", "--quota", "south=20")
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "s.csv", dtype={"treat": "Int64"}, na_values="")
    net = 100 * found["priority"] - table["price"]
    np.testing.assert_allclose(found["net_benefit"], net, rtol=1e-9)
    assert found["treat"].isna().tolist() == (np.arange(60) == 3).tolist()
    wanted = policy.treat_within(
        -found["priority"].drop(3), table["price"].drop(3), 100.0, 9, table["ward"].drop(3), {"north": 4, "south": 20}
    )
    assert (found["treat"].drop(3) == wanted).all()
    assert found["treat"].sum() == 9 and found.loc[(table["ward"] == "north").to_numpy(), "treat"].sum() <= 4
    assert "9 of 60 records to treat" in done.output and "in the units of the cost" in done.output


def test_a_share_and_one_cost(saved, table, tmp_path):
    assert run(saved, tmp_path, "--share", 0.1, "--cost", 0).exit_code == 0
    found = pd.read_csv(tmp_path / "s.csv")
    assert found["treat"].sum() == 6 and (found.loc[found["treat"] == 1, "rank"] <= 6).all()
    assert run(saved, tmp_path, "--cost", 1e6).exit_code == 0
    assert pd.read_csv(tmp_path / "s.csv")["treat"].sum() == 0


def test_without_limits_the_file_is_as_ever(saved, table, tmp_path):
    assert run(saved, tmp_path).exit_code == 0
    assert list(pd.read_csv(tmp_path / "s.csv").columns) == ["id", "effect", "priority", "rank", "reading", "unseen"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cost", 1, "--cost-column", "price"], "give one of them"),
        (["--share", 0.5, "--capacity", 3], "give one of them"),
        (["--share", 1.5], "share = 1.5"),
        (["--quota", "north=3"], "give both, or neither"),
        (["--quota", "north"], "must read site=number"),
        (["--quota", "n=1", "--quota", "n=2"], "given twice"),
        (["--site-column", "ward", "--quota", "north=3"], "name a site without a quota"),
        (["--cost-column", "prise"], "did you mean 'price'"),
        (["--cost-column", "text"], "no finite number in 59 of 59 rows"),
        (["--worth", -1], "worth = -1"),
        (["--capacity", -2], "capacity = -2"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_is_written(saved, table, tmp_path, words, said):
    (tmp_path / "r.csv").write_text((tmp_path / "r.csv").read_text().replace("north", "north", 1))
    done = run(saved, tmp_path, *words)
    assert done.exit_code == 1 and said in done.output and not (tmp_path / "s.csv").exists()
    assert "coughs" not in done.output and "south" not in done.output


def test_no_site_and_no_price_of_a_record_is_quoted(saved, table, tmp_path):
    table.assign(ward=CANARY, price=CANARY).to_csv(tmp_path / "r.csv", index=False)
    for words in (["--cost-column", "price"], ["--site-column", "ward", "--quota", "north=3"]):
        done = run(saved, tmp_path, *words)
        assert done.exit_code == 1 and CANARY not in done.output


def test_parquet_and_a_column_that_the_policy_reads_too(saved, table, tmp_path):
    table.to_parquet(tmp_path / "r.parquet")
    limits = policy.Limits(cost_column="age", worth=1000.0)
    policy.score_file(saved, tmp_path / "r.parquet", tmp_path / "s.csv", progress=False, limits=limits)
    found = pd.read_csv(tmp_path / "s.csv")
    np.testing.assert_allclose(found["net_benefit"], 1000 * found["priority"] - table["age"], rtol=1e-9)
