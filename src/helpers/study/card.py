"""What the card of a policy says about its held-out records.

How good it was, with intervals over patients; what it is worth at the budget or cost it is meant for; whom it treats;
and how far these numbers lean on overlap and on what nobody annotated.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from helpers import data, encoders, evaluation, policy, privacy
from helpers.effects.nuisance.diagnostics import overlap_report
from helpers.encoders.base import NO_WORD
from helpers.evaluation.held_out import HeldOutScores
from helpers.privacy.small_counts import SMALLEST
from helpers.stats import intervals
from helpers.study import strategies, trials

CARD_DRAWS = 200
ENDS = ("value", "low", "high")
UNDECIDED = "An order of patients. No budget or cost was stated: set one, and measure its value, before use."


def card_areas(trial: trials.Trial, name: str, tau_hat: np.ndarray) -> pd.DataFrame:
    """Metrics of the policy on the test side: ``metric, value, low, high``, the intervals over patients.

    Where the true effects are known, by them, else by held-out scores; in the direction of the user's outcome. All
    are those of :mod:`helpers.stats.intervals`.
    """
    test, known = trial.test, trial.test.has_truth
    gamma0, gamma1 = (test.mu0, test.mu1) if known else (trial.scores.gamma0, trial.scores.gamma1)
    found = intervals.order_intervals(gamma0, gamma1, {name: -tau_hat}, test.ids, draws=CARD_DRAWS, seed=trial.seed)
    table = found.loc[found["at"].isna(), ["metric", *ENDS]]
    if known:
        told = tau_hat if strategies.strategy_named(name).estimates else None
        table = pd.concat([_of_the_best(trial, tau_hat, told), table])
    return evaluation.turned_back(table, test)


def _of_the_best(trial: trials.Trial, order: np.ndarray, tau_hat: np.ndarray | None) -> pd.DataFrame:
    """Regret, share of the attainable benefit and PEHE, with intervals over patients."""
    test, options = trial.test, {"draws": CARD_DRAWS, "seed": trial.seed}
    orders = {"own": -order, "best": -test.tau}
    regret = intervals.order_intervals(test.mu0, test.mu1, orders, test.ids, baseline="best", **options)
    found = {
        "regret": regret.set_index("metric").loc["policy_value"],
        "captured": intervals.captured_interval(test.mu0, test.mu1, -order, test.ids, **options),
    }
    if tau_hat is not None:
        found["pehe"] = intervals.pehe_interval(test.tau, tau_hat, test.ids)
    return pd.DataFrame([{"metric": name, **{k: row[k] for k in ENDS}} for name, row in found.items()])


def statements(
    trial: trials.Trial,
    tau_hat: np.ndarray,
    share: float | None = None,
    cost: float | None = None,
    withheld: Collection[str] = (),
    encoder: encoders.Encoder | None = None,
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
    encoder : Encoder or None
        Fitted, where the policy reads the note.
    """
    scores, masks = trial.scores, {}
    if share is not None:
        masks[f"the first {share:.0%} of a list of patients by priority"] = policy.treat_by_budget(-tau_hat, share)
    if cost is not None:
        words = f"whoever gains more than a treatment costs, {cost:g} in units of the outcome"
        masks[words] = policy.treat_by_cost(tau_hat, cost)
    worth = [_worth(rule, mask, trial, cost or 0.0) for rule, mask in masks.items()]
    fair = []
    if masks:
        rule, mask = next(iter(masks.items()))
        found = _fair(trial, mask, withheld)
        fair = [f"Under the rule of treating {rule}, of the held-out records:", *found]
    rests = [_mean_effect(trial), overlap_in_words(scores, trial.config.clip or 0.01), _hidden(scores)]
    rests += [] if encoder is None else [_reader(encoder, trial), _read(encoder, trial.train.texts)]
    return {"meant_for": worth or [UNDECIDED], "treats": fair, "rests_on": rests}


def notes_read_by(encoder: encoders.Encoder | None) -> str | None:
    """What turns a note into numbers, in words."""
    if encoder is None:
        return None
    if isinstance(encoder, encoders.TfidfEncoder):
        return "weighted words and pairs of words"
    if isinstance(encoder, encoders.Supervised):
        return f"{encoder.name}, which learned from annotations" + (f", on {encoder.base.name}" if encoder.base else "")
    return f"{encoder.name}, frozen"


def _reader(encoder: encoders.Encoder, trial: trials.Trial) -> str:
    """How notes are read, and what that was learned from."""
    said = f"Notes are read by {notes_read_by(encoder)}"
    if not isinstance(encoder, encoders.Supervised):
        return f"{said}."
    return (
        f"{said}: {len(encoder.readers_)} readers, each trained without its fold of the "
        f"{int(trial.reading.annotated.sum()):,} annotated notes, heard together."
    )


def _read(encoder: encoders.Encoder, notes: list[str]) -> str:
    """How much of the training notes the encoder has seen."""
    reads = policy.PolicyReader(encoder)
    states, limit = reads.reading(notes), reads.limit
    cut, none = sum(s.startswith("cut") for s in states), sum(s == NO_WORD for s in states)
    said = "Notes are read whole" if limit is None else f"Of a {reads.part} the first {limit} tokens are read"
    counted = [] if limit is None else [_share(cut, len(notes), "were cut there")]
    counted.append(_share(none, len(notes), "have no known word"))
    return f"{said}: {' and '.join(counted)}. A new record whose note has no known word gets no effect."


def _share(count: int, n: int, what: str) -> str:
    """A share of the training notes; a few of them are not counted, they may be single patients."""
    if 0 < count < SMALLEST:
        return f"fewer than {SMALLEST} of the {n:,} training notes {what}"
    return f"{count / n:.1%} of the {n:,} training notes {what}"


def _worth(rule: str, mask: np.ndarray, trial: trials.Trial, cost: float) -> str:
    """What treating by a rule is worth against nobody and against the treatments as they were given."""
    scores = trial.scores
    today = np.asarray(trial.test.T) == 1
    rules, changes = {"rule": mask, "today": today}, {"today": scores.Y - scores.gamma0}
    found = policy.held_out_value(rules, scores.psi, cost, [("rule", "today")], trial.test.ids, changes)
    found = evaluation.turned_back(found[found["policy"] == "rule"], trial.test).set_index("baseline")
    turned = "plus" if trial.test.roles.lower_is_better else "less"
    return (
        f"Treating {rule}: {mask.mean():.0%} of the held-out records. Mean outcome"
        f"{f' {turned} cost of {cost:g} a treatment' if cost else ''}, by held-out scores: "
        f"{policy.with_interval(found.loc[''])} against treating nobody, {policy.with_interval(found.loc['today'])} "
        f"against the treatments as they were given."
    )


def _fair(trial: trials.Trial, mask: np.ndarray, withheld: Collection[str]) -> list[str]:
    columns = list(trial.test.roles.tabular)
    if not columns:
        return []
    people = privacy.in_groups(trial.test.frame, columns)
    if data.is_public(trial.config):
        return policy.widest_gaps(policy.fairness_table(mask, people, columns, smallest=0))
    kept_back = {*withheld, *privacy.risky_columns(people, {"rule": mask})}
    return policy.widest_gaps(policy.fairness_table(mask, people, columns, withheld=kept_back))


def _mean_effect(trial: trials.Trial) -> str:
    row = {"metric": "mean_effect", **intervals.mean_interval(trial.scores.psi, trial.scores.groups)}
    found = evaluation.turned_back(pd.DataFrame([row]), trial.test).iloc[0]
    return f"Mean effect of treating everybody, by held-out scores: {policy.with_interval(found)}."


def overlap_in_words(scores: HeldOutScores, bound: float) -> str:
    """How many records the arms count as, and how many lie at the bound; small counts are not told."""
    report = overlap_report(scores.T, scores.e, bound).set_index("arm")
    beyond = int(((scores.e <= bound) | (scores.e >= 1 - bound)).sum())
    few = f"fewer than {SMALLEST} records" if 0 < beyond < SMALLEST else f"{beyond} records"
    at_bound = (
        f"{few} have a chance at its bound ({bound:g} from 0 or 1) and hardly a counterpart"
        if beyond
        else (f"no record has a chance at its bound ({bound:g} from 0 or 1)")
    )
    weighed = [(arm, *report.loc[arm, ["rows", "effective_n"]]) for arm in ("treated", "untreated")]
    arms = " and ".join(f"{rows:,.0f} {arm} count as {effective:,.0f}" for arm, rows, effective in weighed)
    return f"Overlap: weighed by the chance of the treatment received, {arms}; {at_bound}."


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
