"""From scores and orders to tidy results, and from results to intervals (layer 5).

A result table is long: one row a data set, process, note style, encoder, strategy, budget, noise, seed, metric and,
for curves, the share of patients treated (``at``). Everything in the book is drawn from such tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import aggregate, metrics
from helpers.artifacts import replacing
from helpers.config import Config
from helpers.repetitions import interval
from helpers.schema import Cohort

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
        "regret": metrics.policy_value(mu0, mu1, priority) - metrics.policy_value(mu0, mu1, -tau),
        "captured": metrics.benefit_captured(mu0, mu1, priority),
    }
    if tau_hat is not None:
        known["pehe"] = metrics.pehe(tau, tau_hat)
    return pd.concat([_areas(known), evaluate_scores(mu0, mu1, priority)], ignore_index=True)


def evaluate_scores(gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray) -> pd.DataFrame:
    """Metrics of one order that are means over records, so that doubly robust scores do for the true means.

    Parameters
    ----------
    gamma0, gamma1 : (n,) arrays
        Scores (``heldout.held_out_scores``) or true means of the outcome without and with treatment.
    priority : (n,) array
        High is treated first.

    Returns
    -------
    As :func:`evaluate`, without ``regret``, ``captured`` and ``pehe``, for which the true effects must be known.
    """
    psi = gamma1 - gamma0
    areas = {
        "policy_value": metrics.policy_value(gamma0, gamma1, priority),
        "autoc": metrics.autoc(psi, priority),
        "qini": metrics.qini(psi, priority),
    }
    curves = {"policy_curve": metrics.policy_curve(gamma0, gamma1, priority), "toc": metrics.toc(psi, priority)}
    at = [pd.DataFrame({"metric": m, "at": GRID, "value": metrics.value_at(c, GRID)}) for m, c in curves.items()]
    return pd.concat([_areas(areas), *at], ignore_index=True)


def _areas(values: Mapping[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"metric": list(values), "at": np.nan, "value": list(values.values())})


def turned_back(table: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Means and mean effects of a result table in the direction of the user's outcome.

    Where the cohort's outcome is better when higher, rows of ``TURNED`` change sign and the ends of their intervals
    places; then a higher policy value, and a more positive AUTOC, is better. Squared errors and shares stay.
    """
    if cohort.roles.lower_is_better:
        return table
    rows = table["metric"].isin(TURNED)
    found = table.copy()
    found.loc[rows, "value"] = -table.loc[rows, "value"]
    if {"low", "high"} <= set(table.columns):
        found.loc[rows, "low"], found.loc[rows, "high"] = -table.loc[rows, "high"], -table.loc[rows, "low"]
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
    gaps = others.assign(value=others["value"].to_numpy() - matched).dropna(subset="value")
    table = summarise(gaps, by=(column, *by))
    return table.assign(real=(table["low"] > 0) | (table["high"] < 0))


WORDS = {
    "policy_value": "policy value",
    "autoc": "AUTOC",
    "qini": "Qini coefficient",
    "pehe": "PEHE",
    "regret": "regret",
    "captured": "share of the attainable benefit",
}


def sentences(table: pd.DataFrame, labels: Mapping[str, str], baseline: str, column: str = "strategy") -> list[str]:
    """One sentence a row of a :func:`paired` table: which way, how much, and whether the difference is real."""
    lines = []
    for row in table.itertuples():
        name, better = getattr(row, column), (row.value < 0) == (row.metric in LOWER_IS_BETTER)
        interval = f"difference {row.value:+.3f}, 95 % interval {row.low:+.3f} to {row.high:+.3f}"
        if row.real:
            verdict = f"is **{'better' if better else 'worse'}** than {labels[baseline]}"
            lines.append(f"{labels[name]} {verdict} in {WORDS[row.metric]} by {abs(row.value):.3f} ({interval}).")
        else:
            lines.append(
                f"{labels[name]} cannot be told apart from {labels[baseline]} in {WORDS[row.metric]} ({interval})."
            )
    return lines


def facts(areas: pd.DataFrame, metric: str, gaps: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Numbers for prose: ``<metric>_<strategy>`` means, and ``gap_<name>``, ``.._low``, ``.._high`` of paired gaps.

    Parameters
    ----------
    areas : DataFrame
        Long results of areas (no curves).
    gaps : mapping
        Name to (strategy, baseline).
    """
    rows = areas[areas["metric"] == metric]
    found = {f"{metric}_{s}": f"{v:.3f}" for s, v in rows.groupby("strategy")["value"].mean().items()}
    for name, (strategy, baseline) in gaps.items():
        gap = paired(rows[rows["strategy"].isin([strategy, baseline])], baseline).iloc[0]
        found |= {
            f"gap_{name}{end}": f"{gap[c]:+.3f}" for end, c in (("", "value"), ("_low", "low"), ("_high", "high"))
        }
    return found


def shown(config: Config, table: pd.DataFrame, name: str = "table") -> pd.DataFrame:
    """What of a table pages and figures may show: all of it, or of records that are not public an aggregate.

    Raises
    ------
    helpers.aggregate.NotAggregate
        The records are not public and the table holds more than numbers under fixed keys.
    """
    return aggregate.checked(table, name) if config.aggregates_only else table


def keep(config: Config, name: str, table: pd.DataFrame) -> Path:
    """Write a result table to ``<results>/<name>.parquet``, whole or not at all; it must pass :func:`shown`."""
    table = shown(config, table, name)
    path = config.results_dir / f"{name}.parquet"
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    return path


def keep_facts(config: Config, chapter: str, facts: Mapping[str, float | int | str]) -> Path:
    """Write the numbers that prose quotes to ``<results>/facts_<chapter>.json``; floats with three decimals.

    Of records that are not public only aggregates are written, see :mod:`helpers.aggregate`.
    """
    if config.aggregates_only:
        facts = aggregate.checked_facts(facts, f"facts_{chapter}")
    words = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in facts.items()}
    path = config.results_dir / f"facts_{chapter}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(words, indent=1), encoding="utf-8")
    return path
