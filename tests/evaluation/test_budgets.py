"""Thresholds read off a table made by hand; forecasts on curves whose end is known."""

import numpy as np
import pandas as pd
import pytest

from helpers import evaluation, stats

pytestmark = pytest.mark.slow


def table(values, seeds=4):
    """values: {strategy: {budget: captured}}."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, seeds)
    return pd.DataFrame(
        [
            {"strategy": s, "budget": b, "metric": "captured", "seed": i, "value": v + noise[i] + rng.normal(0, 1e-3)}
            for s, curve in values.items()
            for b, v in curve.items()
            for i in range(seeds)
        ]
    )


def test_thresholds_by_hand():
    grid = [0.1, 0.3, 1.0]
    curves = {"base": dict.fromkeys(grid, 0.5), "early": dict(zip(grid, (0.6, 0.69, 0.7)))}
    curves |= {"late": dict(zip(grid, (0.2, 0.4, 0.8))), "dip": dict(zip(grid, (0.6, 0.4, 0.6)))}
    curves["never"] = dict(zip(grid, (0.1, 0.2, 0.3)))
    found = evaluation.thresholds(table(curves), "base", {s: s for s in curves}).set_index("strategy")
    assert found["beats_baseline_from"].fillna(-1).to_dict() == {"early": 0.1, "late": 1.0, "dip": 1.0, "never": -1}
    assert found["own_share_from"].to_dict() == {"early": 0.3, "late": 1.0, "dip": 1.0, "never": 1.0}


def test_repeated_rows_pair_at_every_budget():
    areas = table({"free": {1.0: 0.5}})
    repeated = evaluation.repeat_over_budgets(areas, "free", [0.1, 0.3])
    assert repeated.groupby("budget").size().to_dict() == {0.1: 4, 0.3: 4}
    np.testing.assert_array_equal(repeated["value"], np.tile(areas["value"], 2))


def test_forecast_meets_a_curve_of_its_kind():
    sizes, at = np.array([50, 100, 200, 400]), np.array([1000, 5000])
    truth = lambda m: 0.7 - 2.0 * np.asarray(m, float) ** -0.6  # noqa: E731
    hits = []
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(0, 0.005, (4, 12))
        found = evaluation.forecast(sizes, truth(sizes)[:, None] + noise, at, draws=60, seed=seed)
        hits.append((found["low"] <= truth(at)) & (truth(at) <= found["high"]))
    assert np.mean(hits) > 0.85
    exact = evaluation.forecast(sizes, truth(sizes)[:, None], at)
    np.testing.assert_allclose(exact["value"], truth(at), atol=1e-4)


def test_too_few_sizes_are_refused():
    with pytest.raises(ValueError, match="at least three sizes"):
        evaluation.forecast([10, 20], np.zeros((2, 3)), [100])


def test_against_the_free_learner_by_hand():
    free = pd.DataFrame({"strategy": "dr", "metric": "policy_value", "seed": [0, 1], "value": [0.6, 0.7]})
    learner = pd.DataFrame({"strategy": "em", "metric": "policy_value", "seed": [1, 0], "value": [0.72, 0.62]})
    areas = pd.concat([learner.assign(budget=0.1), learner.assign(budget=0.3, value=[0.69, 0.59])])
    found = evaluation.against_free(areas, free, {"em": "EM"}, by=("budget",)).set_index("budget")
    assert found["value"].to_list() == pytest.approx([0.02, -0.01])
    assert found["worse"].tolist() == [True, False] and found["proven"].tolist() == [False, True]


def test_the_way_out_is_taken_where_a_test_speaks():
    rows = [
        {"strategy": s, "seed": seed, "metric": "captured", "value": v + seed}
        for s, v in (("em", 0.0), ("anchored", 10.0), ("dr", 20.0))
        for seed in range(3)
    ]
    p = {0: (0.004, 0.9), 1: (0.2, 0.006), 2: (0.5, 0.0049)}
    tests = pd.DataFrame([{"seed": s, "p_value": v} for s, values in p.items() for v in values])
    safe = evaluation.with_way_out(pd.DataFrame(rows), tests, level=0.01)
    assert safe.set_index("seed")["value"].to_dict() == {0: 10.0, 1: 1.0, 2: 12.0}
    assert (safe["strategy"] == "safe").all()
    untested = evaluation.with_way_out(pd.DataFrame(rows), tests.assign(p_value=float("nan")))
    assert set(untested["value"]) == {10.0, 11.0, 12.0}  # of anchored


def test_ratio_covers_as_often_as_it_says():
    rng, hits = np.random.default_rng(0), []
    for _ in range(2000):
        bottom = 1 + 0.3 * rng.normal(size=10)
        top = 0.8 * bottom + 0.1 * rng.normal(size=10)
        value, low, high = stats.fieller(top, bottom)
        assert value == pytest.approx(top.mean() / bottom.mean())
        hits.append(low <= 0.8 <= high)
    assert 0.93 < np.mean(hits) < 0.97
    assert np.isnan(stats.fieller([1.0, 2.0, 3.0], [1.0, -1.0, 0.1])).all()


def test_the_share_of_the_full_benefit_is_paired_by_seed():
    full = pd.DataFrame({"seed": range(4), "metric": "captured", "value": [0.5, 0.6, 0.7, 0.8]})
    few = full.assign(value=0.9 * full["value"]).sample(frac=1, random_state=0)
    found = evaluation.share_of(few, full)
    assert [found[k] for k in ("share", "low", "high")] == pytest.approx([0.9] * 3, abs=1e-6) and found["seeds"] == 4
    assert evaluation.share_of(few, full, seeds=range(2, 4))["seeds"] == 2
