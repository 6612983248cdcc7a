"""Every strategy on held-out records whose effects nobody knows, with intervals over patients (layer 6).

One repetition splits by patient, fits the strategies on one side and scores the other (:mod:`helpers.heldout`).
Repetitions of given records share their patients, so they are no independent samples: :func:`pooled` averages estimates
and ends of intervals, which can only make an interval too wide, never too narrow, for the luck of the split.
What the results say is in :mod:`helpers.heldout_verdicts`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats
from tqdm.auto import tqdm

from helpers import agreement, artifacts, evaluation, heldout, resampling, study, uncertainty
from helpers.aggregate import SMALLEST
from helpers.config import Config
from helpers.schema import Cohort
from helpers.scores import overlap_report
from helpers.trials import LazyTrials, Trial

NAMES = tuple(name for name in study.COMPARED if name != "oracle")
HELD_OUT = 0.3  # a tenth, the default of the study, would leave few patients to judge by
DRAWS = 300
AREAS = {
    "policy_value": "policy value: mean outcome over all budgets ({better} is better)",
    "autoc": "AUTOC (more {sign} is better)",
}
Z = stats.norm.ppf(0.975)
KEYS = ["strategy", "baseline", "metric", "at"]
CODE = (*study.CODE, agreement, heldout, resampling, uncertainty)


def with_more_held_out(config: Config) -> Config:
    """The configuration with at least 30 % of the patients held out."""
    return config.model_copy(update={"test_share": max(config.test_share, HELD_OUT)})


def repetitions(
    config: Config, names: Iterable[str] = NAMES, baseline: str = "dr", progress: bool = True
) -> pd.DataFrame:
    """Results of all strategies in all repetitions; every repetition is kept, so a rerun computes only what is new.

    Parameters
    ----------
    config : Config
    names : iterable of str
        Strategies that :func:`helpers.study.applicable` finds usable; ``baseline`` is among them. Slow ones run in the
        first ``slow_seeds`` repetitions only.
    baseline : str
        Strategy that the others are compared with; not a slow one.

    Returns
    -------
    DataFrame
        Columns ``strategy, baseline, metric, at, value, low, high, truth, seed``. ``baseline`` is empty in the metrics
        of :func:`helpers.heldout.evaluate_held_out`; else a row is the difference to the baseline, or the agreement
        with it. ``truth`` is the same metric, or difference, by the true effects of the held-out patients, where they
        are known. In the library's direction: lower is better.
    """
    names = list(names)
    if baseline not in names:
        raise ValueError(f"baseline = {baseline!r}: not among the strategies {names}.")
    store, lazy, version = artifacts.Store(), LazyTrials(config), artifacts.code_version(*CODE)
    blocks = []
    about = {"config": study.cell_key(config), "baseline": baseline, "code": version}
    for index in tqdm(range(config.seeds), desc="repetitions", disable=not progress):
        now = [name for name in names if index < study.strategy_named(name).repetitions(config)]
        key = about | {"names": now, "trial": index}
        blocks.append(
            store.frame("without_truth", key, lambda i=index, q=now: repetition(config, lazy[i], q, baseline))
        )
    return with_true_differences(pd.concat(blocks, ignore_index=True))


def with_true_differences(table: pd.DataFrame) -> pd.DataFrame:
    """The results with ``truth`` of the differences: of the strategy less of the baseline, in the same repetition."""
    at = table["at"].fillna(-1)
    keys = pd.MultiIndex.from_arrays([table["strategy"], table["metric"], at, table["seed"]])
    own = table["baseline"] == ""
    known = pd.Series(table.loc[own, "truth"].to_numpy(), index=keys[own])
    based = pd.MultiIndex.from_arrays([table["baseline"], table["metric"], at, table["seed"]])
    gaps = known.reindex(keys).to_numpy() - known.reindex(based).to_numpy()
    return table.assign(truth=np.where(own, table["truth"], gaps))


def repetition(config: Config, trial: Trial, names: list[str], baseline: str) -> pd.DataFrame:
    """One repetition of :func:`repetitions`."""
    scores = study.held_out(config, trial)
    tau_hats = {name: _effects(config, trial, name) for name in names}
    priorities = {name: -tau for name, tau in tau_hats.items()}
    estimates = {name: tau for name, tau in tau_hats.items() if study.strategy_named(name).estimates}
    options = {"draws": DRAWS, "seed": trial.seed}
    blocks = []
    for name, priority in priorities.items():
        table = heldout.evaluate_held_out(scores, priority, estimates.get(name), **options)
        blocks.append(_with_truth(table, trial.test, priority).assign(strategy=name, baseline=""))
        if name != baseline and np.ptp(priority) > 0:  # an order of ties alone treats nobody in particular
            alike = agreement.agreement(priority, priorities[baseline])
            blocks.append(alike.assign(strategy=name, baseline=baseline))
    gaps = heldout.compare_held_out(scores, priorities, baseline, estimates, **options)
    table = pd.concat([*blocks, gaps.assign(baseline=baseline)], ignore_index=True)
    return table.assign(seed=trial.index)[[*KEYS, "value", "low", "high", "truth", "seed"]]


def pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Means over repetitions of estimates and of the ends of their intervals, one row a strategy and metric.

    Adds ``repetitions``; ``p``, the two-sided p-value of a normal estimate whose 95 % interval is this one; and
    ``real``: whether the interval excludes zero.
    """
    groups = table.groupby(KEYS, dropna=False, sort=False)
    found = groups[["value", "low", "high", "truth"]].mean().assign(repetitions=groups.size()).reset_index()
    se = (found["high"] - found["low"]) / (2 * Z)
    p = 2 * stats.norm.sf(np.abs(found["value"]) / se.where(se > 0))
    return found.assign(p=p, real=(found["low"] > 0) | (found["high"] < 0))


def overlap(config: Config, trial: Trial, public: bool) -> pd.DataFrame:
    """How the chances of treatment lie on the test side; see :func:`helpers.scores.overlap_report`.

    Where the records are not public, extremes (single patients) are left out and counts from 1 to 10 withheld.
    """
    scored = study.held_out(config, trial)
    report = overlap_report(scored.T, scored.e, config.clip).set_index("arm")
    if public:
        return report
    counts = report[["rows", "clipped_low", "clipped_high"]].astype(float)
    hidden = counts.where((counts == 0) | (counts >= SMALLEST))
    return report.drop(columns=["e_min", "e_max"]).assign(**hidden)


def in_words(table: pd.DataFrame, cohort: Cohort, differences: bool = False) -> pd.DataFrame:
    """The table with metrics named as figures show them, in the direction of the user's outcome (:data:`AREAS`).

    Parameters
    ----------
    table : DataFrame
    cohort : Cohort
    differences : bool
        The rows are differences to a baseline.
    """
    lower = cohort.roles.lower_is_better
    better, sign = ("lower", "negative") if lower else ("higher", "positive")
    words = {m: name.format(better=better, sign=sign) for m, name in AREAS.items()}
    if differences:
        side = "below" if lower else "above"
        words = {m: f"difference in {evaluation.WORDS[m]} ({side} zero is better)" for m in AREAS}
    return table.assign(metric=table["metric"].replace(words))


def _effects(config: Config, trial: Trial, name: str) -> np.ndarray:
    strategy = study.strategy_named(name)
    return study.bedside_effect(trial, strategy, study.run_strategy(config, trial, strategy))


def _with_truth(table: pd.DataFrame, test: Cohort, priority: np.ndarray) -> pd.DataFrame:
    if not test.has_truth:
        return table.assign(truth=np.nan)
    known = evaluation.evaluate_scores(test.mu0, test.mu1, priority).rename(columns={"value": "truth"})
    known.loc[len(known)] = ["mean_effect", np.nan, test.tau.mean()]
    return table.merge(known, on=["metric", "at"], how="left")
