"""What the card of a policy says about its held-out records.

How good it was, with intervals over patients; what it is worth at the budget or cost it is meant for; whom it treats;
and how far these numbers lean on overlap and on what nobody annotated.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy import stats

from helpers import data, evaluation, policy, privacy
from helpers.config import Config
from helpers.effects.nuisance.diagnostics import overlap_report
from helpers.evaluation.held_out import HeldOutScores
from helpers.privacy.small_counts import SMALLEST
from helpers.stats.intervals import mean_interval, order_intervals
from helpers.stats.resampling import half_samples
from helpers.study import cell, strategies, trials

CARD_DRAWS = 200
UNDECIDED = "An order of patients. No budget or cost was stated: set one, and measure its value, before use."


def card_areas(config: Config, trial: trials.Trial, name: str, tau_hat: np.ndarray) -> pd.DataFrame:
    """Metrics of the policy on the test side: ``metric, value, low, high``, the intervals over patients.

    Where the true effects are known, by them, else by held-out scores; in the direction of the user's outcome. Errors
    and shares of the best order have half-sample intervals (:mod:`helpers.stats.resampling`).
    """
    test, known = trial.test, trial.test.has_truth
    scores = None if known else cell.held_out_of(config, trial)
    gamma0, gamma1 = (test.mu0, test.mu1) if known else (scores.gamma0, scores.gamma1)
    found = order_intervals(gamma0, gamma1, {name: -tau_hat}, test.ids, draws=CARD_DRAWS, seed=trial.seed)
    table = found.loc[found["at"].isna(), ["metric", "value", "low", "high"]]
    if known:
        table = pd.concat([_of_the_best(trial, tau_hat, strategies.strategy_named(name).estimates), table])
    return evaluation.turned_back(table, test)


def _of_the_best(trial: trials.Trial, tau_hat: np.ndarray, estimates: bool) -> pd.DataFrame:
    """Regret, share of the attainable benefit and PEHE, with half-sample intervals."""

    def measured(rows: np.ndarray) -> pd.Series:
        told = tau_hat[rows] if estimates else None
        table = evaluation.evaluate(trial.test.take(rows), -tau_hat[rows], told).set_index("metric")["value"]
        return table[[m for m in ("regret", "captured", "pehe") if m in table.index]]

    n = len(trial.test)
    kept, scale = half_samples(n, trial.test.ids, CARD_DRAWS, trial.seed)
    value = measured(np.arange(n))
    half = stats.norm.ppf(0.975) * scale * pd.DataFrame([measured(np.flatnonzero(k)) for k in kept]).std(ddof=1)
    table = pd.DataFrame({"value": value, "low": value - half, "high": value + half})
    return table.rename_axis("metric").reset_index()


def statements(
    config: Config,
    trial: trials.Trial,
    tau_hat: np.ndarray,
    share: float | None = None,
    cost: float | None = None,
    withheld: Collection[str] = (),
) -> dict[str, list[str]]:
    """Sentences of the sections of a card (``policy.card.SECTIONS``), from the test side of a trial.

    Parameters
    ----------
    tau_hat : (n,) array
        Effects of the test records; below zero treatment helps.
    share, cost : float or None
        Budget and cost it is meant for.
    withheld : names of columns
        Of which the card may say nothing, since another page would give single patients away.
    """
    scores = cell.held_out_of(config, trial)
    masks = {}
    if share is not None:
        masks[f"the first {share:.0%} of a list of patients by priority"] = policy.treat_by_budget(-tau_hat, share)
    if cost is not None:
        words = f"whoever gains more than a treatment costs, {cost:g} in units of the outcome"
        masks[words] = policy.treat_by_cost(tau_hat, cost)
    worth = [_worth(rule, mask, trial, scores, cost or 0.0) for rule, mask in masks.items()]
    fair = []
    if masks:
        rule, mask = next(iter(masks.items()))
        found = _fair(config, trial, mask, withheld)
        fair = [f"Under the rule of treating {rule}, of the held-out records:", *found]
    rests = [_mean_effect(scores, trial), *_overlap(scores, config), _hidden(scores)]
    return {"meant_for": worth or [UNDECIDED], "treats": fair, "rests_on": rests}


def _worth(rule: str, mask: np.ndarray, trial: trials.Trial, scores: HeldOutScores, cost: float) -> str:
    """What treating by a rule is worth against nobody and against the treatments as they were given."""
    today = np.asarray(trial.test.T) == 1
    rules = {"rule": mask, "nobody": np.zeros_like(mask), "today": today}
    changes = {"today": scores.Y - scores.gamma0}
    found = policy.held_out_value(rules, scores.psi, cost, "today", trial.test.ids, changes).set_index("policy")
    row = found.loc["rule"]
    sign, turned = (1, "plus") if trial.test.roles.lower_is_better else (-1, "less")
    ends = [sorted(sign * row[[f"{p}low", f"{p}high"]].astype(float)) for p in ("", "difference_")]
    said = [
        f"{sign * v:+.3f} [{low:+.3f}, {high:+.3f}]"
        for v, (low, high) in zip((row["value"], row["difference"]), ends, strict=True)
    ]
    return (
        f"Treating {rule}: {row['share']:.0%} of the held-out records. Mean outcome"
        f"{f' {turned} cost of {cost:g} a treatment' if cost else ''}, by held-out scores: {said[0]} against treating "
        f"nobody, {said[1]} against the treatments as they were given."
    )


def _fair(config: Config, trial: trials.Trial, mask: np.ndarray, withheld: Collection[str]) -> list[str]:
    columns = list(trial.test.roles.tabular)
    if not columns:
        return []
    people = privacy.in_groups(trial.test.frame, columns)
    if data.is_public(config):
        return policy.widest_gaps(policy.fairness_table(mask, people, columns, smallest=0))
    kept_back = {*withheld, *privacy.risky_columns(people, {"rule": mask})}
    return policy.widest_gaps(policy.fairness_table(mask, people, columns, withheld=kept_back))


def _mean_effect(scores: HeldOutScores, trial: trials.Trial) -> str:
    found, sign = mean_interval(scores.psi, scores.groups), 1 if trial.test.roles.lower_is_better else -1
    low, high = sorted((sign * found["low"], sign * found["high"]))
    said = f"{sign * found['value']:+.3f} [{low:+.3f}, {high:+.3f}]"
    return f"Mean effect of treating everybody, by held-out scores: {said}."


def _overlap(scores: HeldOutScores, config: Config) -> list[str]:
    bound = config.clip or 0.01
    report = overlap_report(scores.T, scores.e, bound).set_index("arm")
    beyond = int(((scores.e <= bound) | (scores.e >= 1 - bound)).sum())
    few = f"fewer than {SMALLEST} records" if 0 < beyond < SMALLEST else f"{beyond} records"
    at_bound = (
        f"{few} have a chance at its bound ({bound:g} from 0 or 1) and hardly a counterpart"
        if beyond
        else (f"no record has a chance at its bound ({bound:g} from 0 or 1)")
    )
    weighed = [(arm, *report.loc[arm, ["rows", "effective_n"]]) for arm in ("treated", "untreated")]
    arms = " and ".join(f"{rows:.0f} {arm} count as {effective:.0f}" for arm, rows, effective in weighed)
    return [f"Overlap: weighed by the chance of the treatment received, {arms}; {at_bound}."]


def _hidden(scores: HeldOutScores) -> str:
    return (
        f"Confounders that nobody recorded: one that explains {robustness(scores):.0%} of what is left to explain in "
        f"the outcome, and as much in the weights, would bring the mean effect to zero. What it would do to the order "
        f"of patients is not known."
    )


def robustness(scores: HeldOutScores) -> float:
    """Strength of a hidden confounder, the same for outcome and treatment, that takes the mean effect to zero.

    Robustness value of Chernozhukov et al., arXiv 2112.13398, in the worst case ``rho = 1``; see
    :mod:`helpers.evaluation.confounding`, which gives bounds and intervals too.
    """
    fitted = np.where(scores.T == 1, scores.mu1, scores.mu0)
    weight = scores.T / scores.e - (1 - scores.T) / (1 - scores.e)
    spread = np.mean((scores.Y - fitted) ** 2) * np.mean(2 * (1 / scores.e + 1 / (1 - scores.e)) - weight**2)
    if spread <= 0:  # weights that contradict their propensities: the cruder estimate
        spread = np.mean((scores.Y - fitted) ** 2) * np.mean(weight**2)
    ratio = scores.psi.mean() ** 2 / spread
    return float((np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2)
