"""Summaries of a table of settings, by hand; and the committed table itself."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.evaluation.ordering.diagnostics import DIAGNOSTIC_LABELS
from helpers.evaluation.ordering.validation import (
    loss_coverage,
    power_by_loss,
    rank_correlations,
    rejections,
    rule_answers,
    rule_errors,
)

ROOT = Path(__file__).resolve().parents[3]
RNG = np.random.default_rng(0)
TRUTH = RNG.random(90)
TABLE = pd.DataFrame(
    {
        "seed": np.repeat(np.arange(9), 10),
        "true_loss": TRUTH,
        "true_share": TRUTH / 2,
        "good": TRUTH + 0.05 * RNG.normal(size=90),
        "bad": RNG.normal(size=90),
        "p_good": RNG.random(90) ** 3,
    }
)


def module_at(path):
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def benchmark():
    return module_at(ROOT / "benchmarks" / "ordering.py")


def test_the_rule_and_its_errors_by_hand():
    table = pd.DataFrame(
        {
            "low_order_share": [0.0, 0.0, 0.0, 0.2, 0.2, 0.05],
            "high_order_share": [0.1, 0.05, 0.05, 0.4, 0.4, 0.3],
            "true_share": [0.1, 0.2, 0.4, 0.3, 0.05, 0.9],
        }
    )
    assert rule_answers(table, 0.1).tolist() == ["survives"] * 3 + ["lost"] * 2 + ["not decided"]
    found = rule_errors(table, 0.1).set_index("answer")
    assert found.loc["survives"].tolist() == pytest.approx([3, 2, 0.3])
    assert found.loc["lost"].tolist() == pytest.approx([2, 1, 0.05])
    assert np.isnan(rule_errors(table[:1], 0.1)["true_share"]).all()


def test_rank_correlations_are_spearmans():
    found = rank_correlations(TABLE, ["bad", "good"], draws=200).set_index("diagnostic")
    for name in ("good", "bad"):
        assert found["value"][name] == pytest.approx(stats.spearmanr(TABLE[name], TRUTH).statistic)
    assert list(found.index) == ["good", "bad"]
    assert ((found["low"] < found["value"]) & (found["value"] < found["high"])).all()
    by_setting = rank_correlations(TABLE, ["bad"], clusters=None)
    fisher = np.tanh(np.arctanh(by_setting["value"][0]) + np.array([-1, 1]) * 1.96 / np.sqrt(87))
    assert by_setting[["low", "high"]].to_numpy()[0] == pytest.approx(fisher, abs=0.05)
    with pytest.raises(ValueError, match="missing"):
        rank_correlations(TABLE.assign(good=np.nan), ["good"])


def test_rejections_are_counted():
    found = rejections(TABLE, ["good", "bad"]).iloc[0]
    assert found["value"] == (TABLE["p_good"] < 0.05).mean() and found["settings"] == 90
    assert found["low"] < found["value"] < found["high"]
    assert len(rejections(TABLE, ["bad"])) == 0


def test_power_is_rejections_in_bins():
    found = power_by_loss(TABLE, ["good"], [0, 0.25, 0.5, 1])
    low = TABLE[TABLE["true_share"] <= 0.25]
    assert len(found) == 2 and found["settings"].sum() == 90
    assert found["value"][0] == (low["p_good"] < 0.05).mean() and found["at"][0] == low["true_share"].mean()


def test_coverage():
    limits = TABLE.assign(low_order_loss=TRUTH - 0.1, high_order_loss=np.where(TRUTH > 0.5, TRUTH + 0.1, TRUTH - 0.05))
    assert loss_coverage(limits) == (TRUTH > 0.5).mean()


def test_the_grid_is_wide_and_the_same_each_time(benchmark):
    settings = benchmark.grid(12, 2)
    grid = pd.DataFrame([s for s in settings if s["kind"] == "setting"])
    assert len(grid) >= 100 and settings == benchmark.grid(12, 2)
    for name, values in (("encoder", benchmark.ENCODERS), ("corpus", benchmark.CORPORA), ("budget", benchmark.BUDGETS)):
        assert set(grid[name]) == set(values)
    assert len(grid.drop_duplicates()) > 0.9 * len(grid)


def test_effects_given_annotations_average_over_what_nobody_noted(benchmark):
    from helpers.data.cohort import Cohort
    from helpers.data.columns import ANNOTATIONS, SIMSUM_ROLES, TABULAR
    from helpers.data.processes import means_stress

    frame, chance = module_at(ROOT / "tests" / "data" / "enumeration.py").cells()
    frame, chance = frame[frame["policy"] == 0].reset_index(drop=True), chance[frame["policy"] == 0]
    mu0, mu1, _ = means_stress(frame)
    by = frame.groupby([*ANNOTATIONS, *TABULAR], observed=True).ngroup().to_numpy()
    expected = (np.bincount(by, chance * (mu1 - mu0)) / np.bincount(by, chance))[by]
    cohort = Cohort(frame.assign(id=np.arange(len(frame)), text=""), SIMSUM_ROLES)
    np.testing.assert_allclose(benchmark.effect_given_annotations(cohort, "stress"), expected)


def test_the_committed_table_is_the_grid(benchmark):
    table = pd.read_csv(ROOT / "benchmarks" / "ordering.csv")
    settings = table[table["kind"] == "setting"]
    names = ["process", "seed", "budget", "noise", "corpus", "encoder", "learner"]
    planned = pd.DataFrame([s for s in benchmark.grid(settings["seed"].nunique(), 0)])
    pd.testing.assert_frame_equal(settings[names].reset_index(drop=True), planned[names])
    assert (
        settings[[*DIAGNOSTIC_LABELS, "true_loss", "true_share", "true_regret", "recoverability"]]
        .notna()
        .all(axis=None)
    )
    assert (table.loc[table["kind"] == "transformed", "true_loss"].abs() < 1e-9).all()
