"""How much annotation is enough: thresholds read off result tables, and forecasts from a pilot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import least_squares

from helpers.evaluation.results import paired, summarise
from helpers.stats.ratio import fieller

POWERS = (0.1, 2.0)  # learning curves rise as c - a m^-b with b of this range


def repeat_over_budgets(areas: pd.DataFrame, strategy: str, budgets: list[float]) -> pd.DataFrame:
    """Rows of a strategy that needs no annotation, once for every budget, so that it can be paired at each."""
    rows = areas[areas["strategy"] == strategy]
    return pd.concat([rows.assign(budget=b) for b in budgets], ignore_index=True)


def thresholds(areas: pd.DataFrame, baseline: str, labels: Mapping[str, str], own_share: float = 0.95) -> pd.DataFrame:
    """Two budgets a strategy: where it first beats the baseline for good, and where it has most of its own benefit.

    Parameters
    ----------
    areas : DataFrame
        Long results with metric ``captured`` at several budgets; the baseline at each of them.
    baseline : str
        Strategy to beat.
    labels : mapping
        Strategies to show and their labels.
    own_share : float
        Share of its own benefit with everything annotated.

    Returns
    -------
    DataFrame
        ``strategy, beats_baseline_from, own_share_from``; missing where it never does. "Beats" means that the paired
        95 % interval lies above zero at this and every larger budget.
    """
    captured = areas[areas["metric"] == "captured"]
    gaps = paired(captured, baseline, by=("metric", "budget"))
    means = summarise(captured, by=("strategy", "budget"))
    rows = []
    for strategy in (s for s in labels if s != baseline and s in set(captured["strategy"])):
        gap = gaps[gaps["strategy"] == strategy].sort_values("budget")
        own = means[means["strategy"] == strategy].sort_values("budget")
        full = own["value"].iloc[-1]
        rows.append(
            {
                "strategy": labels[strategy],
                "beats_baseline_from": _from_here_on(gap["budget"].to_numpy(), gap["low"].to_numpy() > 0),
                "own_share_from": _from_here_on(own["budget"].to_numpy(), own["value"].to_numpy() >= own_share * full),
            }
        )
    return pd.DataFrame(rows)


def against_free(
    areas: pd.DataFrame, free: pd.DataFrame, labels: Mapping[str, str], by: tuple[str, ...], margin: float = 0.01
) -> pd.DataFrame:
    """Policy value of learners minus that of the learner without annotation, setting by setting.

    Parameters
    ----------
    areas, free : DataFrames
        Long results; ``free`` holds the learner without annotation, one row a seed and metric.
    labels : mapping
        Learners to compare and their labels.
    by : tuple of str
        Columns that make a setting, as budget and design.
    margin : float
        How much worse still counts as "not worse".

    Returns
    -------
    DataFrame
        ``strategy, *by, value, low, high, seeds``, ``worse`` (the mean gap is larger than the margin) and ``proven``
        (the whole 95 % interval lies below the margin).
    """
    rows = areas[(areas["metric"] == "policy_value") & areas["strategy"].isin(list(labels))]
    base = free[free["metric"] == "policy_value"].set_index("seed")["value"]
    gaps = rows.assign(value=rows["value"].to_numpy() - base.reindex(rows["seed"]).to_numpy())
    table = summarise(gaps, by=("strategy", *by)).assign(strategy=lambda t: t["strategy"].map(labels))
    return table.assign(worse=table["value"] > margin, proven=table["high"] < margin)


def share_of(few: pd.DataFrame, full: pd.DataFrame, seeds: Sequence[int] | None = None) -> dict:
    """Benefit captured with few annotations as a share of that with all, paired by seed.

    Parameters
    ----------
    few, full : DataFrames
        Long results, one row a seed with metric ``captured`` each.
    seeds : sequence of int or None
        Repetitions that count; None: all.

    Returns
    -------
    dict
        ``share`` of the means with Fieller's 95 % interval ``low, high``, and ``seeds``.
    """
    a, b = (t[t["metric"] == "captured"].set_index("seed")["value"] for t in (few, full))
    kept = sorted(set(a.index) & set(b.index) & set(a.index if seeds is None else seeds))
    value, low, high = fieller(a.loc[kept].to_numpy(), b.loc[kept].to_numpy())
    return {"share": value, "low": low, "high": high, "seeds": len(kept)}


def with_way_out(areas: pd.DataFrame, tests: pd.DataFrame, level: float = 0.01, name: str = "safe") -> pd.DataFrame:
    """Rows of SafeEM: those of ``anchored`` in repetitions that reject EM's assumption, of ``em`` in the others.

    Parameters
    ----------
    areas : DataFrame
        Long results of both in one setting.
    tests : DataFrame
        ``seed, p_value``, one row a test, in the same setting; where a p-value is missing, nothing shows that EM may
        be trusted, and ``anchored`` is taken.
    level : float
        As in :class:`helpers.effects.em.assumption.SafeEM`; each of a repetition's tests gets its equal part.
    name : str
        Strategy of the rows.
    """
    groups = tests.groupby("seed")["p_value"]
    rejected = ~(groups.min() >= level / groups.size())
    chosen = areas["seed"].map(rejected).map({True: "anchored", False: "em"})
    return areas[areas["strategy"] == chosen].assign(strategy=name)


def forecast(sizes: np.ndarray, values: np.ndarray, at: np.ndarray, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Extrapolate a learning curve ``value = c - a m^-b`` with a 95 % interval.

    Parameters
    ----------
    sizes : (k,) array
        Numbers of annotated records m, from subsets of the pilot.
    values : (k, r) array
        What was reached with each size in r repetitions; higher is better.
    at : (j,) array
        Sizes to forecast.
    draws : int
        Resamples of the repetitions; their spread, widened for few repetitions, is the interval's.
    seed : int

    Returns
    -------
    DataFrame with columns ``size, value, low, high``.
    """
    sizes, values, at = np.asarray(sizes, float), np.atleast_2d(np.asarray(values, float)), np.asarray(at, float)
    if len(sizes) < 3 or values.shape[0] != len(sizes):
        raise ValueError(
            f"sizes {sizes.shape}, values {values.shape}: a curve with three parameters needs at least three sizes, "
            f"each with a row of values."
        )
    rng = np.random.default_rng(seed)
    centre = _curve(_fit_curve(sizes, values.mean(1)), at)
    resampled = []
    for _ in range(draws):
        picked = values[:, rng.integers(0, values.shape[1], values.shape[1])]
        resampled.append(_curve(_fit_curve(sizes, picked.mean(1)), at))
    r = values.shape[1]
    half = np.std(resampled, axis=0) * np.sqrt(r / max(r - 1, 1)) * stats.t.ppf(0.975, max(r - 1, 1))
    return pd.DataFrame({"size": at, "value": centre, "low": centre - half, "high": centre + half})


def _curve(parameters: np.ndarray, m: np.ndarray) -> np.ndarray:
    c, a, b = parameters
    return c - a * m**-b


def _fit_curve(m: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares with a rising, saturating curve; sizes in units of the smallest for a well-scaled problem."""
    unit = m.min()
    start = np.array([y.max(), max(y.max() - y.min(), 1e-3), 0.5])
    found = least_squares(
        lambda p: _curve(p, m / unit) - y, start, bounds=([-np.inf, 0, POWERS[0]], [np.inf, np.inf, POWERS[1]])
    )
    c, a, b = found.x
    return np.array([c, a * unit**b, b])


def _from_here_on(budgets: np.ndarray, holds: np.ndarray) -> float:
    """The smallest budget from which on the condition holds; NaN if it does not hold at the largest."""
    misses = np.flatnonzero(~holds)
    first = misses[-1] + 1 if len(misses) else 0
    return float(budgets[first]) if first < len(budgets) else np.nan
