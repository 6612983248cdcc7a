"""Thresholds read off a table made by hand; forecasts on curves whose end is known."""

import numpy as np
import pandas as pd
import pytest

from helpers import budgets


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
    found = budgets.thresholds(table(curves), "base", {s: s for s in curves}).set_index("strategy")
    assert found["beats_baseline_from"].fillna(-1).to_dict() == {"early": 0.1, "late": 1.0, "dip": 1.0, "never": -1}
    assert found["own_share_from"].to_dict() == {"early": 0.3, "late": 1.0, "dip": 1.0, "never": 1.0}


def test_repeated_rows_pair_at_every_budget():
    areas = table({"free": {1.0: 0.5}})
    repeated = budgets.repeat_over_budgets(areas, "free", [0.1, 0.3])
    assert repeated.groupby("budget").size().to_dict() == {0.1: 4, 0.3: 4}
    np.testing.assert_array_equal(repeated["value"], np.tile(areas["value"], 2))


def test_forecast_meets_a_curve_of_its_kind():
    sizes, at = np.array([50, 100, 200, 400]), np.array([1000, 5000])
    truth = lambda m: 0.7 - 2.0 * np.asarray(m, float) ** -0.6  # noqa: E731
    hits = []
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(0, 0.005, (4, 12))
        found = budgets.forecast(sizes, truth(sizes)[:, None] + noise, at, draws=60, seed=seed)
        hits.append((found["low"] <= truth(at)) & (truth(at) <= found["high"]))
    assert np.mean(hits) > 0.85
    exact = budgets.forecast(sizes, truth(sizes)[:, None], at)
    np.testing.assert_allclose(exact["value"], truth(at), atol=1e-4)


def test_too_few_sizes_are_refused():
    with pytest.raises(ValueError, match="at least three sizes"):
        budgets.forecast([10, 20], np.zeros((2, 3)), [100])
