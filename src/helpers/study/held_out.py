"""Every strategy on held-out records whose effects nobody knows, with intervals over patients.

One repetition splits by patient, fits the strategies on one side and scores the other.
Repetitions of given records share their patients, so they are no independent samples: :func:`pooled` averages estimates
and ends of intervals, which can only make an interval too wide, never too narrow, for the luck of the split.
What the results say is in :mod:`helpers.report.comparisons`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import artifacts, evaluation
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.nuisance.diagnostics import overlap_report
from helpers.evaluation.comparisons import HELD_OUT_KEYS
from helpers.privacy.small_counts import SMALLEST
from helpers.study import strategies
from helpers.study.cell import fitted_effect
from helpers.study.repeat import each_replication
from helpers.study.trials import Trial

# What needs a true effect cannot be had where nobody knows any.
HELD_OUT_STRATEGIES = tuple(
    name for name in strategies.COMPARED if strategies.strategy_named(name).features not in ("truth", "said")
)
# What findings rest on: ridge in place of the smoothed AACE and the published network on the reader add little to it.
HELD_OUT_MAIN = tuple(
    name
    for name in HELD_OUT_STRATEGIES
    if name in strategies.MAIN and name not in ("aace_ridge", "aace_ridge@phi", *strategies.SAME_LEARNER)
)
HELD_OUT = 0.3  # a tenth, the default of the study, would leave few patients to judge by
HELD_OUT_DRAWS = 300


def with_more_held_out(config: Config) -> Config:
    """The configuration with at least 30 % of the patients held out."""
    return config.model_copy(update={"test_share": max(config.test_share, HELD_OUT)})


def held_out_names(config: Config, cohort: Cohort) -> tuple[list[str], dict[str, str]]:
    """Strategies to judge by held-out scores, and why others cannot run; see :func:`helpers.study.applicable`.

    Those that findings rest on, or all of them with ``detail="full"``; on frozen vectors where no reader can learn.
    """
    names = HELD_OUT_STRATEGIES if config.detail == "full" else HELD_OUT_MAIN
    return strategies.applicable(cohort, strategies.readable(cohort, names))


def repetitions(
    config: Config, names: Iterable[str] = HELD_OUT_STRATEGIES, baseline: str = "dr", progress: bool = True
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
        Columns ``strategy, baseline, metric, at, value, low, high, freedom, truth, seed``. ``baseline`` is empty in the
        metrics of :func:`helpers.evaluation.evaluate_held_out`; else a row is the difference to the baseline, or the
        agreement with it. ``truth`` is the same metric, or difference, by the true effects of the held-out patients,
        where they are known. In the library's direction: lower is better.
    """
    names = list(names)
    if baseline not in names:
        raise ValueError(f"baseline = {baseline!r}: not among the strategies {names}.")

    def run_in(index: int) -> list[str]:
        return [name for name in names if index < strategies.strategy_named(name).repetitions(config)]

    table = each_replication(
        config,
        "held_out",
        lambda trial: repetition(trial, run_in(trial.index), baseline),
        artifacts.code_of(__name__),
        lambda index: {"baseline": baseline, "names": run_in(index)},
        progress=progress,
    )
    return with_true_differences(table)


def with_true_differences(table: pd.DataFrame) -> pd.DataFrame:
    """The results with ``truth`` of the differences: of the strategy less of the baseline, in the same repetition."""
    at = table["at"].fillna(-1)
    keys = pd.MultiIndex.from_arrays([table["strategy"], table["metric"], at, table["seed"]])
    own = table["baseline"] == ""
    known = pd.Series(table.loc[own, "truth"].to_numpy(), index=keys[own])
    based = pd.MultiIndex.from_arrays([table["baseline"], table["metric"], at, table["seed"]])
    gaps = known.reindex(keys).to_numpy() - known.reindex(based).to_numpy()
    return table.assign(truth=np.where(own, table["truth"], gaps))


def repetition(trial: Trial, names: list[str], baseline: str) -> pd.DataFrame:
    """One repetition of :func:`repetitions`."""
    scores = trial.scores
    tau_hats = {name: fitted_effect(trial, name) for name in names}
    priorities = {name: -tau for name, tau in tau_hats.items()}
    estimates = {name: tau for name, tau in tau_hats.items() if strategies.strategy_named(name).estimates}
    options = {"draws": HELD_OUT_DRAWS, "seed": trial.seed}
    own, gaps = evaluation.judge_held_out(scores, priorities, baseline, estimates, **options)
    blocks = [] if gaps.empty else [gaps.assign(baseline=baseline)]
    for name, priority in priorities.items():
        part = own[own["strategy"] == name]
        blocks.append(_with_truth(part, trial.test, priority).assign(baseline=""))
        if name != baseline and np.ptp(priority) > 0:  # an order of ties alone treats nobody in particular
            alike = evaluation.agreement(priority, priorities[baseline])
            blocks.append(alike.assign(strategy=name, baseline=baseline))
    table = pd.concat(blocks, ignore_index=True).assign(seed=trial.index)
    return table[[*HELD_OUT_KEYS, "value", "low", "high", "freedom", "truth", "seed"]]


def overlap(trial: Trial, public: bool) -> pd.DataFrame:
    """How the chances of treatment lie on the test side; see :func:`helpers.effects.overlap_report`.

    Where the records are not public, extremes (single patients) are left out and counts from 1 to 10 withheld.
    """
    report = overlap_report(trial.scores.T, trial.scores.e, trial.config.clip).set_index("arm")
    if public:
        return report
    counts = report[["rows", "clipped_low", "clipped_high"]].astype(float)
    hidden = counts.where((counts == 0) | (counts >= SMALLEST))
    return report.drop(columns=["e_min", "e_max"]).assign(**hidden)


def _with_truth(table: pd.DataFrame, test: Cohort, priority: np.ndarray) -> pd.DataFrame:
    if not test.has_truth:
        return table.assign(truth=np.nan)
    known = evaluation.evaluate_scores(test.mu0, test.mu1, priority).rename(columns={"value": "truth"})
    known.loc[len(known)] = ["mean_effect", np.nan, test.tau.mean()]
    return table.merge(known, on=["metric", "at"], how="left")
