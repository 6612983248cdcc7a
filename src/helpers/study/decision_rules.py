"""Rules that turn effects into decisions, in every repetition: what each is worth, which gains on which.

Two rules are compared where they treat equally many: each readable tree, and the practice of today, with as many
patients first by effect. The value of a rule is known twice: from held-out doubly robust scores, all that a clinic
would have, and from the true effects of the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import artifacts, policy, stats
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.results import AS_MANY, EVERYBODY, SCORES, TODAY, TRUTH
from helpers.study import cell, strategies, trials
from helpers.study.repeat import each_replication

TREES = ("tree on tabular columns", "tree on symptoms asked for")
RULE_KEYS = ["policy", "baseline", "by"]


@dataclass(frozen=True)
class RuleSetting:
    """What a practice decides before it uses a policy.

    Attributes
    ----------
    chosen : str
        Strategy whose effects are used; it learns from pseudo-outcomes, from which the trees are grown.
    share : float
        Of the patients treated under a budget.
    cost : float
        Of a treatment, in units of the outcome.
    """

    chosen: str = "aace_smooth"
    share: float = 0.2
    cost: float = 1.0

    @property
    def by_risk(self) -> str:
        """Name of the budget by risk."""
        return f"first {self.share:.0%} by risk"

    @property
    def by_effect(self) -> str:
        """Name of the budget by effect."""
        return f"first {self.share:.0%} by effect"

    @property
    def by_cost(self) -> str:
        """Name of the cost rule."""
        return f"effect below {-self.cost:g}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Rule and the one it is compared with, of equal shares but for the last two."""
        equal = [(name, as_many(name)) for name in (*TREES, TODAY)]
        return [(self.by_risk, self.by_effect), *equal, (TODAY, self.by_cost), (EVERYBODY, self.by_cost)]


def as_many(name: str) -> str:
    """Name of the rule that treats as many as another, first by effect."""
    return f"{AS_MANY} as {name.removeprefix('as treated ')}"


def grow_trees(trial: trials.Trial, psi: np.ndarray, cost: float) -> dict[str, policy.TreePolicy]:
    """The two readable trees, grown on pseudo-outcomes of the annotated training patients.

    Parameters
    ----------
    trial : Trial
    psi : array
        One for each annotated training record.
    cost : float
    """
    train = trial.train.take(np.flatnonzero(trial.annotated))
    bedside = list(train.roles.tabular)
    columns = dict(zip(TREES, (bedside, [*train.roles.annotations, *bedside]), strict=True))
    return {name: policy.tree_policy(train.frame[asked], psi, cost) for name, asked in columns.items() if asked}


def rules(
    test: Cohort, risk: np.ndarray, effect: np.ndarray, trees: dict[str, policy.TreePolicy], setting: RuleSetting
) -> dict[str, np.ndarray]:
    """Who of the held-out patients is treated under each rule: name to (n,) bool array."""
    asked = {name: tree.treat(test.frame) for name, tree in trees.items()} | {TODAY: np.asarray(test.T) == 1}
    return {
        setting.by_risk: policy.treat_by_budget(-risk, setting.share),
        setting.by_effect: policy.treat_by_budget(-effect, setting.share),
        **asked,
        **{as_many(name): policy.treat_by_budget(-effect, mask.mean()) for name, mask in asked.items()},
        EVERYBODY: np.ones(len(test), bool),
        setting.by_cost: policy.treat_by_cost(effect, setting.cost),
    }


def worth(masks: dict[str, np.ndarray], test: Cohort, scores: HeldOutScores, setting: RuleSetting) -> pd.DataFrame:
    """Value of each rule and its differences to those it is compared with, with 95 % intervals over patients.

    Returns
    -------
    DataFrame with ``policy, baseline, by, share, value, low, high``: ``baseline`` is empty for the value itself, the
    change of the mean outcome plus cost against treating nobody; ``by`` says what it was computed from.
    """
    sources = {SCORES: (scores.psi, {TODAY: scores.Y - scores.gamma0})}
    if test.has_truth:
        sources[TRUTH] = (test.tau, {})
    pairs = [pair for pair in setting.pairs if set(pair) <= set(masks)]
    blocks = []
    for by, (score, changes) in sources.items():
        table = policy.held_out_value(masks, score, setting.cost, pairs, test.ids, changes)
        blocks.append(table.assign(by=by))
    return pd.concat(blocks, ignore_index=True)[[*RULE_KEYS, "share", "value", "low", "high"]]


def repeated(config: Config, setting: RuleSetting, progress: bool = True) -> pd.DataFrame:
    """:func:`worth` in every repetition, with ``seed``; kept, so that a rerun computes only what is new."""
    return each_replication(
        config,
        "decision_rules",
        lambda trial: _repetition(trial, setting),
        artifacts.code_of(__name__),
        lambda _: {"setting": vars(setting)},
        progress=progress,
    )


def _repetition(trial: trials.Trial, setting: RuleSetting) -> pd.DataFrame:
    used = {name: strategies.strategy_named(name) for name in ("risk", setting.chosen)}
    fitted = {name: cell.run_strategy(trial, strategy) for name, strategy in used.items()}
    risk, effect = (cell.bedside_effect(trial, used[name], one) for name, one in fitted.items())
    trees = grow_trees(trial, fitted[setting.chosen].psi_, setting.cost)
    return worth(rules(trial.test, risk, effect, trees, setting), trial.test, trial.scores, setting)


def pooled_rules(results: pd.DataFrame) -> pd.DataFrame:
    """One row a rule, comparison and source.

    By the true effects: means over repetitions with their 95 % intervals over repetitions. By held-out scores: means
    of the estimates and of the ends of their intervals over patients, the interval that a clinic with one held-out
    sample would see. ``gains, loses``: in which share of the ``seeds`` repetitions that interval lies below, or above,
    zero.
    """
    rows = []
    for (name, baseline, by), part in results.groupby(["policy", "baseline", "by"], sort=False):
        ends = (part["value"].mean(), part["low"].mean(), part["high"].mean())
        if by == TRUTH and len(part) > 1:
            ends = stats.interval(part["value"].to_numpy())
        told = (part["high"] < 0).mean(), (part["low"] > 0).mean()
        rows.append((name, baseline, by, part["share"].mean(), *ends, *told, len(part)))
    return pd.DataFrame(rows, columns=[*RULE_KEYS, "share", "value", "low", "high", "gains", "loses", "seeds"])
