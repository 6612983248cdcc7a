"""Rules that turn effects into decisions, in every repetition: what each is worth, which gains on which.

Two rules are compared where they treat equally many: each readable tree, and the practice of today, with as many
patients first by the policy. The value of a rule is known twice: from held-out doubly robust scores, all that a clinic
would have, and from the true effects of the simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import artifacts, data, effects, evaluation, policy, stats
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.results import AS_MANY, EVERYBODY, SCORES, TODAY, TRUTH
from helpers.privacy.small_counts import SMALLEST
from helpers.study import cell, strategies, trials
from helpers.study.prototypes import on_confounders
from helpers.study.repeat import each_replication

TREES = ("two questions to the record", "two questions about symptoms")
RULE_KEYS = ["policy", "baseline", "by"]
PAID_FOR = "the policy, who gains more than it costs"
OVERLAP = "overlap"  # rows that say how far two orders treat the same patients, not what a rule is worth


@dataclass(frozen=True)
class RuleSetting:
    """What a practice decides before it uses a policy.

    Attributes
    ----------
    chosen : str
        Strategy whose effects are used.
    published : str
        Strategy that it is compared with under the same budget.
    share : float
        Of the patients treated under a budget.
    cost : float
        Of a treatment, in units of the outcome.
    """

    chosen: str = strategies.RECOMMENDED
    published: str = "aace"
    share: float = 0.2
    cost: float = 1.0

    @property
    def strategies(self) -> tuple[str, str, str]:
        """Whose orders are compared."""
        return ("risk", self.published, self.chosen)

    @property
    def by_risk(self) -> str:
        """Name of the budget by risk."""
        return f"first {self.share:.0%} by risk"

    @property
    def by_published(self) -> str:
        """Name of the budget by the published pairing."""
        return f"first {self.share:.0%} by the published pairing"

    @property
    def by_effect(self) -> str:
        """Name of the budget by the policy."""
        return f"first {self.share:.0%} by the policy"

    @property
    def by_cost(self) -> str:
        """Name of the cost rule."""
        return f"the policy, who gains more than {self.cost:g}"

    @property
    def machine(self) -> tuple[str, str]:
        """The policy and the questions about symptoms, treating equally many: is the machine needed?"""
        return as_many(TREES[-1]), TREES[-1]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Rule and the one it is compared with, of equal shares but for the last three."""
        equal = [(as_many(name), name) for name in (*reversed(TREES), TODAY)]
        budget = [(self.by_effect, self.by_risk), (self.by_effect, self.by_published)]
        return [*equal, *budget, *((self.by_cost, name) for name in (TREES[-1], TODAY, EVERYBODY))]

    @property
    def owners(self) -> dict[str, str]:
        """The strategy whose order a rule follows, by the rule's name; rules that follow none are left out."""
        followed = {as_many(name): self.chosen for name in (*TREES, TODAY)}
        budgets = dict(zip((self.by_risk, self.by_published, self.by_effect), self.strategies, strict=True))
        return {**budgets, self.by_cost: self.chosen, **followed}


def as_many(name: str) -> str:
    """Name of the rule that treats as many as another, first by the policy."""
    return f"{AS_MANY} as {name.removeprefix('as treated ')}"


def tree_scores(trial: trials.Trial) -> np.ndarray:
    """Pseudo-outcomes of the annotated training records, from their confounders, cross-fitted."""
    train = trial.train.take(np.flatnonzero(trial.annotated))
    fitted = on_confounders(trial).fit(train.Y, train.T, train.W, train.ids)
    return effects.pseudo_outcome(train.Y, train.T, fitted.mu0_, fitted.mu1_, fitted.e_)


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
    test: Cohort, tau_hats: Mapping[str, np.ndarray], trees: dict[str, policy.TreePolicy], setting: RuleSetting
) -> dict[str, np.ndarray]:
    """Who of the held-out patients is treated under each rule: name to (n,) bool array.

    Parameters
    ----------
    test : Cohort
    tau_hats : mapping of strategy to (n,) array
        Of ``setting.strategies``; the most negative is treated first.
    trees : dict of name to TreePolicy
    setting : RuleSetting
    """
    effect = tau_hats[setting.chosen]
    asked = {name: tree.treat(test.frame) for name, tree in trees.items()} | {TODAY: np.asarray(test.T) == 1}
    names = (setting.by_risk, setting.by_published, setting.by_effect)
    budgets = zip(names, setting.strategies, strict=True)
    return {
        **{name: policy.treat_by_budget(-tau_hats[strategy], setting.share) for name, strategy in budgets},
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


def at_costs(test: Cohort, effect: np.ndarray, tree: policy.TreePolicy, costs: Sequence[float]) -> pd.DataFrame:
    """What the policy, the questions, and treating everybody are worth as a treatment costs more, by the true effects.

    Parameters
    ----------
    test : Cohort
        Whose true effects are known.
    effect : (n,) array
        Of the chosen policy.
    tree : TreePolicy
        The questions; they stay what they are.
    costs : sequence of float

    Returns
    -------
    DataFrame with ``cost, policy, share, value, low, high``; intervals over patients.
    """
    asked, blocks = tree.treat(test.frame), []
    for cost in costs:
        chosen = policy.treat_by_cost(effect, cost)
        masks = {PAID_FOR: chosen, TREES[-1]: asked, EVERYBODY: np.ones(len(test), bool)}
        blocks.append(policy.held_out_value(masks, test.tau, cost, groups=test.ids).assign(cost=cost))
    return pd.concat(blocks, ignore_index=True).drop(columns="baseline")


def repeated(config: Config, setting: RuleSetting, progress: bool = True) -> pd.DataFrame:
    """:func:`worth` and :func:`overlaps` in every repetition, with ``seed``.

    Kept, so that a rerun computes only what is new.
    """
    return each_replication(
        config,
        "decision_rules",
        lambda trial: _repetition(trial, setting),
        artifacts.code_of(__name__),
        lambda _: {"setting": vars(setting)},
        progress=progress,
    )


def _repetition(trial: trials.Trial, setting: RuleSetting) -> pd.DataFrame:
    tau_hats = cell.effects_of(trial, setting.strategies)
    trees = grow_trees(trial, tree_scores(trial), setting.cost)
    values = worth(rules(trial.test, tau_hats, trees, setting), trial.test, trial.scores, setting)
    return pd.concat([values, overlaps(tau_hats, setting, fewest_shown(trial.config))], ignore_index=True)


def fewest_shown(config: Config) -> int:
    """The fewest patients that a number about these records may speak of; 0: they are public."""
    return 0 if data.is_public(config) else SMALLEST


def overlaps(tau_hats: Mapping[str, np.ndarray], setting: RuleSetting, smallest: int = 0) -> pd.DataFrame:
    """How many of the patients treated by the chosen policy each other one would treat too, at every budget.

    Returns
    -------
    DataFrame as :func:`worth`: ``by`` is ``OVERLAP``, ``share`` the budget, ``value`` the overlap; missing where fewer
    than ``smallest`` patients would be told of.
    """
    chosen, blocks = tau_hats[setting.chosen], []
    for name in (s for s in setting.strategies if s != setting.chosen):
        found = evaluation.agreement(-chosen, -tau_hats[name], smallest=smallest)
        rows = found[found["metric"] == OVERLAP].rename(columns={"at": "share"})
        blocks.append(rows[["share", "value"]].assign(policy=name, baseline=setting.chosen, by=OVERLAP))
    return pd.concat(blocks, ignore_index=True).assign(low=np.nan, high=np.nan)


def pooled_overlaps(results: pd.DataFrame) -> pd.DataFrame:
    """Means over repetitions with 95 % intervals, of :func:`repeated`: ``strategy, metric, at, value, low, high``."""
    rows = results[(results["by"] == OVERLAP) & results["value"].notna()]
    rows = rows.rename(columns={"policy": "strategy", "by": "metric", "share": "at"})
    found = evaluation.summarise(rows)
    return found.assign(low=found["low"].clip(0, 1), high=found["high"].clip(0, 1))


def pooled_rules(results: pd.DataFrame) -> pd.DataFrame:
    """One row a rule, comparison and source, of :func:`repeated`.

    By the true effects: means over repetitions with their 95 % intervals over repetitions. By held-out scores: means
    of the estimates and of the ends of their intervals over patients, the interval that a clinic with one held-out
    sample would see. ``gains, loses``: in which share of the ``seeds`` repetitions that interval lies below, or above,
    zero.
    """
    rows = []
    for (name, baseline, by), part in results[results["by"] != OVERLAP].groupby(RULE_KEYS, sort=False):
        ends = (part["value"].mean(), part["low"].mean(), part["high"].mean())
        if by == TRUTH and len(part) > 1:
            ends = stats.interval(part["value"].to_numpy())
        told = (part["high"] < 0).mean(), (part["low"] > 0).mean()
        rows.append((name, baseline, by, part["share"].mean(), *ends, *told, len(part)))
    return pd.DataFrame(rows, columns=[*RULE_KEYS, "share", "value", "low", "high", "gains", "loses", "seeds"])
