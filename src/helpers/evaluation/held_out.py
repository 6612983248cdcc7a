"""Evaluation on held-out annotated records whose true effects nobody knows.

The true means give way to doubly robust scores ``gamma_t = mu_t + 1{T = t} (Y - mu_t) / P(T = t)``, whose difference
is psi. Their averages over patients estimate the same metrics if the annotated columns suffice to compare the arms and
either the propensity or the mean outcomes are right.

By default the nuisances are cross-fitted on the held-out rows themselves. Each row is scored by models that never saw
it, and none of them has seen a training row: where a strategy learned from wrong nuisances, scores from the same
nuisances would repeat the error and praise the strategy for it. The held-out period or hospital may also treat
differently, so its own propensity is the one to use. With too few held-out rows to fit on, pass nuisances fitted on
the training rows instead, and read the result with that in mind.

No order is known to be the best one here, so regret and the share of the attainable benefit have no counterpart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone

from helpers.data.cohort import Cohort
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.evaluation.results import GRID
from helpers.stats.intervals import excludes_zero, mean_interval, order_intervals, orders_and_gaps


@dataclass(frozen=True, repr=False)
class HeldOutScores:
    """Doubly robust scores of held-out rows and what they were made from; all (n,) arrays.

    ``gamma0, gamma1``: scores of the outcome without and with treatment. ``mu0, mu1, e``: the nuisances, ``e`` clipped.
    """

    Y: np.ndarray
    T: np.ndarray
    mu0: np.ndarray
    mu1: np.ndarray
    e: np.ndarray
    groups: np.ndarray

    @property
    def gamma0(self) -> np.ndarray:
        """Score of the outcome without treatment."""
        return self.mu0 + (1 - self.T) * (self.Y - self.mu0) / (1 - self.e)

    @property
    def gamma1(self) -> np.ndarray:
        """Score of the outcome with treatment."""
        return self.mu1 + self.T * (self.Y - self.mu1) / self.e

    @property
    def psi(self) -> np.ndarray:
        """Doubly robust score of the effect, ``gamma1 - gamma0``."""
        return pseudo_outcome(self.Y, self.T, self.mu0, self.mu1, self.e)

    def intervals(
        self,
        priorities: Mapping[str, np.ndarray],
        budgets: Sequence[float] = GRID,
        baseline: str | None = None,
        **half_samples,
    ) -> pd.DataFrame:
        """Intervals of orders of these rows, or of their differences; see :func:`helpers.stats.order_intervals`."""
        return order_intervals(self.gamma0, self.gamma1, priorities, self.groups, budgets, baseline, **half_samples)

    def __len__(self) -> int:
        return len(self.Y)

    def __repr__(self) -> str:
        return f"HeldOutScores(n={len(self)}, patients={len(np.unique(self.groups))})"


def held_out_scores(test: Cohort, nuisances: Nuisances | None = None, fitted: bool = False) -> HeldOutScores:
    """Scores of held-out records, from annotations, bedside columns, treatment and outcome.

    Parameters
    ----------
    test : Cohort
        Annotated records that no strategy was trained on.
    nuisances : Nuisances or None
        Prototype, cloned and cross-fitted on ``test`` by patient, on fewer folds where an arm has fewer patients.
        None: ridge and logistic regression without products of columns, since a test set is small: on 1,000
        SimSUM-like records the products made propensities so extreme that psi varied twenty times as much.
        ``sensitivity.choose_nuisances`` chooses by out-of-fold loss.
    fitted : bool
        True: ``nuisances`` were fitted on training rows and only predict here.

    Raises
    ------
    ValueError
        If a prototype would be fitted in sample, fitted nuisances are missing, or an arm has fewer than two patients.
    """
    if fitted:
        if not hasattr(nuisances, "models_"):
            raise ValueError("fitted=True: pass nuisances on which fit was called on training rows.")
        return HeldOutScores(test.Y, test.T, *nuisances.predict(test.W), test.ids)
    prototype = Nuisances(ridge(), logistic()) if nuisances is None else clone(nuisances)
    if prototype.folds < 2:
        raise ValueError(f"nuisances.folds = {prototype.folds}: scores for evaluation need 2 folds or more.")
    if prototype.clip <= 0:
        raise ValueError(f"nuisances.clip = {prototype.clip}: must be above 0, or one row can outweigh all others.")
    prototype.set_params(folds=judging_folds(test, prototype.folds))
    prototype.fit(test.Y, test.T, test.W, test.ids)
    return HeldOutScores(test.Y, test.T, prototype.mu0_, prototype.mu1_, prototype.e_, test.ids)


def judging_folds(test: Cohort, folds: int) -> int:
    """As many folds of held-out records as asked for, or as the rarer arm has patients: each fold needs one of them.

    Raises
    ------
    ValueError
        An arm has fewer than two patients.
    """
    for arm, name in ((0, "untreated"), (1, "treated")):
        rows = np.asarray(test.T) == arm
        patients = len(np.unique(test.ids[rows]))
        if patients < 2:
            raise ValueError(
                f"test: the {rows.sum()} {name} held-out records, of {len(test)}, belong to {patients} patients; the "
                f"arms can be compared from 2 patients of each on. Raise test_share, or take another seed."
            )
        folds = min(folds, patients)
    return folds


def evaluate_held_out(
    scores: HeldOutScores,
    priority: np.ndarray,
    tau_hat: np.ndarray | None = None,
    budgets: Sequence[float] = GRID,
    **half_samples,
) -> pd.DataFrame:
    """Metrics of one order without known effects, with 95 % intervals over patients.

    Parameters
    ----------
    scores : HeldOutScores
    priority : (n,) array
        High is treated first; fitted off these rows.
    tau_hat : (n,) array or None
        Estimated effects; None where the strategy gives an order only, and the risks are left out.
    budgets : shares in (0, 1]
        Where the curves are read.
    **half_samples
        ``draws`` and ``seed`` of :func:`helpers.stats.order_intervals`.

    Returns
    -------
    DataFrame with ``metric, at, value, se, low, high, freedom``. Beside the areas and curves of
    ``evaluation.evaluate``: ``mean_effect``; ``psi_risk``, mean of ``(psi - tau_hat)^2``, which is PEHE^2 plus a noise
    that no strategy can change; ``r_risk``, mean of ``((Y - m) - (T - e) tau_hat)^2`` (Nie and Wager, arXiv
    1712.04912), PEHE^2 weighted by e (1 - e) plus noise; and ``psi_gain``, ``r_gain``, how much lower each risk is than
    that of one mean effect for all, where the noise cancels: above zero, the estimates beat a constant. ``psi_gain``
    estimates ``Var(tau) - PEHE^2``.
    """
    told = {} if tau_hat is None else {"order": tau_hat}
    own, _ = judge_held_out(scores, {"order": priority}, None, told, budgets, **half_samples)
    return own.drop(columns="strategy")


def compare_held_out(
    scores: HeldOutScores,
    priorities: Mapping[str, np.ndarray],
    baseline: str,
    tau_hats: Mapping[str, np.ndarray] | None = None,
    budgets: Sequence[float] = GRID,
    **half_samples,
) -> pd.DataFrame:
    """Differences of orders to one of them on the same patients, with 95 % intervals.

    Parameters
    ----------
    priorities : mapping of strategy to (n,) array
    baseline : str
        Strategy to subtract.
    tau_hats : mapping of strategy to (n,) array or None
        Where both a strategy and the baseline estimate effects, their risks are compared too.
    budgets, half_samples
        As for :func:`evaluate_held_out`.

    Returns
    -------
    DataFrame with ``strategy, metric, at, value, se, low, high, freedom, real``.
    """
    return judge_held_out(scores, priorities, baseline, tau_hats, budgets, **half_samples)[1]


def judge_held_out(
    scores: HeldOutScores,
    priorities: Mapping[str, np.ndarray],
    baseline: str | None = None,
    tau_hats: Mapping[str, np.ndarray] | None = None,
    budgets: Sequence[float] = GRID,
    **half_samples,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of :func:`evaluate_held_out`, with ``strategy``, and of :func:`compare_held_out`, from one drawing."""
    sampled = (scores.groups, budgets, baseline)
    own, gaps = orders_and_gaps(scores.gamma0, scores.gamma1, priorities, *sampled, **half_samples)
    losses = {name: _losses(scores, tau) for name, tau in (tau_hats or {}).items()}
    means = [
        {"strategy": name, **_mean_row(metric, values, scores.groups)}
        for name in priorities
        for metric, values in {"mean_effect": scores.psi, **losses.get(name, {})}.items()
    ]
    own = pd.concat([pd.DataFrame(means), own], ignore_index=True)
    risks = _risk_gaps(losses, baseline, scores.groups)
    return own, gaps if risks.empty else pd.concat([gaps, risks], ignore_index=True)


def _risk_gaps(losses: Mapping[str, Mapping], baseline: str | None, groups: np.ndarray) -> pd.DataFrame:
    """Differences of the risks to those of the baseline, where both estimate effects."""
    rows = [
        {"strategy": name, **_mean_row(m, own[m] - losses[baseline][m], groups)}
        for name, own in (losses.items() if baseline in losses else ())
        for m in ("psi_risk", "r_risk")
        if name != baseline
    ]
    risks = pd.DataFrame(rows)
    return risks if risks.empty else risks.assign(real=excludes_zero(risks["low"], risks["high"]))


def _losses(scores: HeldOutScores, tau_hat: np.ndarray) -> dict[str, np.ndarray]:
    """Loss of each row under both risks, and how much lower than under the best constant effect."""
    tau_hat = np.asarray(tau_hat, float)
    if tau_hat.shape != scores.psi.shape or not np.isfinite(tau_hat).all():
        raise ValueError(f"tau_hat: expected {len(scores)} finite numbers, got shape {tau_hat.shape}.")
    y = scores.Y - (scores.e * scores.mu1 + (1 - scores.e) * scores.mu0)
    t = scores.T - scores.e
    psi_risk, r_risk = (scores.psi - tau_hat) ** 2, (y - t * tau_hat) ** 2
    # the best constant minimises its risk, so its own estimation error is of second order
    psi_flat, r_flat = (scores.psi - scores.psi.mean()) ** 2, (y - t * (t @ y / (t @ t))) ** 2
    return {"psi_risk": psi_risk, "psi_gain": psi_flat - psi_risk, "r_risk": r_risk, "r_gain": r_flat - r_risk}


def _mean_row(metric: str, values: np.ndarray, groups: np.ndarray) -> dict:
    return {"metric": metric, "at": np.nan, **mean_interval(values, groups)}
