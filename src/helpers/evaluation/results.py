"""From scores and orders to tidy results, and from results to intervals.

A result table is long: one row a data set, process, note style, encoder, strategy, budget, noise, seed, metric and,
for curves, the share of patients treated (``at``). Everything in the book is drawn from such tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import stats
from helpers.data.cohort import Cohort
from helpers.stats.repetitions import interval

TODAY, EVERYBODY = "as treated today", "everybody"
AS_MANY = "the policy, as many"
SCORES, TRUTH = "held-out scores", "true effects"

GRID = np.round(np.arange(0.02, 1.001, 0.02), 2)
TURNED = ("mean_effect", "policy_value", "policy_curve", "autoc", "toc", "qini")
LOWER_IS_BETTER = ("pehe", "policy_value", "autoc", "qini", "regret")


def evaluate(test: Cohort, priority: np.ndarray, tau_hat: np.ndarray | None = None) -> pd.DataFrame:
    """Metrics of one order on held-out records whose true effects are known.

    Parameters
    ----------
    test : Cohort
        With truth.
    priority : (n,) array
        High is treated first.
    tau_hat : (n,) array or None
        Estimated effects; None where the strategy gives an order only, and PEHE is left out.

    Returns
    -------
    DataFrame with columns ``metric, at, value``: areas with ``at`` missing, curves at the shares of ``GRID``.
    """
    mu0, mu1, tau = test.mu0, test.mu1, test.tau
    known = {
        "regret": stats.policy_value(mu0, mu1, priority) - stats.policy_value(mu0, mu1, -tau),
        "captured": stats.benefit_captured(mu0, mu1, priority),
    }
    if tau_hat is not None:
        known["pehe"] = stats.pehe(tau, tau_hat)
    return pd.concat([_areas(known), evaluate_scores(mu0, mu1, priority)], ignore_index=True)


def evaluate_scores(gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray) -> pd.DataFrame:
    """Metrics of one order that are means over records, so that doubly robust scores do for the true means.

    Parameters
    ----------
    gamma0, gamma1 : (n,) arrays
        Scores (``evaluation.held_out_scores``) or true means of the outcome without and with treatment.
    priority : (n,) array
        High is treated first.

    Returns
    -------
    As :func:`evaluate`, without ``regret``, ``captured`` and ``pehe``, for which the true effects must be known.
    """
    psi = gamma1 - gamma0
    areas = {
        "policy_value": stats.policy_value(gamma0, gamma1, priority),
        "autoc": stats.autoc(psi, priority),
        "qini": stats.qini(psi, priority),
    }
    curves = {"policy_curve": stats.policy_curve(gamma0, gamma1, priority), "toc": stats.toc(psi, priority)}
    at = [pd.DataFrame({"metric": m, "at": GRID, "value": stats.value_at(c, GRID)}) for m, c in curves.items()]
    return pd.concat([_areas(areas), *at], ignore_index=True)


def _areas(values: Mapping[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"metric": list(values), "at": np.nan, "value": list(values.values())})


def turned_back(
    table: pd.DataFrame,
    cohort: Cohort,
    values: Sequence[str] = ("value",),
    ends: Sequence[tuple[str, str]] = (("low", "high"),),
) -> pd.DataFrame:
    """Means and mean effects of a result table in the direction of the user's outcome.

    Where the cohort's outcome is better when higher, estimates change sign and the ends of their intervals places;
    then a higher policy value, and a more positive AUTOC, is better. In a table with a column ``metric`` only the rows
    of ``TURNED`` do; squared errors and shares stay.

    Parameters
    ----------
    table : DataFrame
    cohort : Cohort
    values : names of columns
        Estimates.
    ends : pairs of names of columns
        Lower and upper ends of intervals; pairs that the table lacks are passed over.
    """
    if cohort.roles.lower_is_better:
        return table
    rows = table["metric"].isin(TURNED) if "metric" in table.columns else np.ones(len(table), bool)
    found = table.copy()
    for column in values:
        found[column] = table[column].where(~rows, -table[column])
    for low, high in (pair for pair in ends if set(pair) <= set(table.columns)):
        found[low] = table[low].where(~rows, -table[high])
        found[high] = table[high].where(~rows, -table[low])
    return found


def summarise(results: pd.DataFrame, by: tuple[str, ...] = ("strategy", "metric", "at")) -> pd.DataFrame:
    """Mean over seeds with a 95 % interval, one row a group of ``by``: columns ``value, low, high, seeds``."""
    rows = []
    for key, part in results.groupby(list(by), dropna=False, sort=False, observed=True):
        value, low, high = interval(part["value"].to_numpy())
        rows.append({**dict(zip(by, key, strict=True)), "value": value, "low": low, "high": high, "seeds": len(part)})
    return pd.DataFrame(rows)


def paired(
    results: pd.DataFrame, baseline: str, column: str = "strategy", by: tuple[str, ...] = ("metric",)
) -> pd.DataFrame:
    """Differences to a baseline on the same seeds, with 95 % intervals.

    Parameters
    ----------
    results : DataFrame
        Long results; rows of a seed were computed on the same test patients, which is what makes pairs.
    baseline : str
        Value of ``column`` to subtract.
    column : str
        What is compared.
    by : tuple of str
        Further columns that must agree within a pair.

    Returns
    -------
    DataFrame with ``column``, ``by``, ``value, low, high, seeds`` and ``real``, whether the interval excludes zero.
    """
    if baseline not in set(results[column]):
        raise ValueError(f"baseline = {baseline!r}: not among the {column} values {sorted(set(results[column]))}.")
    keys = [*by, "seed"]
    base = results[results[column] == baseline].set_index(keys)["value"]
    if base.index.has_duplicates:
        raise ValueError(f"baseline {baseline!r} has several rows for one {keys}; name what sets them apart in `by`.")
    others = results[results[column] != baseline]
    matched = base.reindex(pd.MultiIndex.from_frame(others[keys])).to_numpy()
    gaps = others.assign(value=stats.gaps_beyond_rounding(others["value"], matched)).dropna(subset="value")
    table = summarise(gaps, by=(column, *by))
    return table.assign(real=stats.excludes_zero(table["low"], table["high"]))
