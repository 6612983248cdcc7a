"""What is a policy worth in another population? The covariate-shift-weighted estimate, and when not to trust it.

Source records S have treatment, outcome and annotations; target records T have a note and bedside columns only. If
the outcomes given phi are the same in both worlds, the value of a policy pi in the target is (Kato et al.,
arXiv 2002.11642)::

    E_S[w(phi) (pi r1 + (1 - pi) r0)] + E_T[pi m1(phi) + (1 - pi) m0(phi)],    w(phi) = p_T(phi) / p_S(phi)

Here ``r_t = gamma_t - m_t(phi)`` is what a regression on phi leaves of the doubly robust score of outcome t, which is
built on the annotations, so confounders that phi does not hold do no harm. If the score is built on phi alone, r_t is
``1{T = t} (Y - m_t) / e_t``, as in that paper. The value is averaged over all budgets, as everywhere in this study: a
patient's pi is the share of the target that has no higher priority.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from helpers.data.folds import folds_of
from helpers.effects.fitting import fitted
from helpers.effects.nuisance.prototypes import ridge
from helpers.evaluation.shift.balance import balance
from helpers.evaluation.shift.density_ratio import DensityRatio, Sample, cross_fitted_ratio, support
from helpers.stats.arrays import consecutive_codes
from helpers.stats.intervals import influence_interval, summed_interval

ESTIMATORS = {
    "home": "value at home",
    "model": "outcome model alone",
    "weighted": "weighted records",
    "both": "weighted and modelled",
}

UNTRUSTED = "weighted values cannot be trusted"


def transported_value(
    source: Sample,
    target: Sample,
    outcome=None,
    ratio: DensityRatio | None = None,
    folds: int = 5,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Policy value in the target, averaged over all budgets, from outcomes of the source.

    Parameters
    ----------
    source : Sample
        With scores. No record may have taught the policy.
    target : Sample
        Its scores, if any, are not looked at.
    outcome : regressor or None
        Prototype of ``m_t``, cross-fitted; None: ridge.
    ratio : DensityRatio or None
        Prototype of w, cross-fitted.
    folds, seed : int
    level : float

    Returns
    -------
    DataFrame with ``estimator`` (a key of ``ESTIMATORS``), ``value, se, low, high`` and the columns of :func:`trust`.
    ``home`` is the value in the source, ``model`` leaves out the first term, ``weighted`` weighs the scores without
    any model. Intervals from influence functions; that of ``model`` knows nothing of the model's error.

    Warns
    -----
    UserWarning
        The weights cannot be trusted: the source hardly covers the target, or does not look like it once weighted.
    """
    w, w_target = cross_fitted_ratio(source, target, ratio, folds, seed)
    m_source, m_target = _outcome_models(source, target, outcome, folds, seed)
    score = (np.log(np.maximum(v, 1e-12)) for v in (w, w_target))
    functions = {"score": tuple(score), "m0": (m_source[0], m_target[0]), "m1": (m_source[1], m_target[1])}
    held = trust(w, balance(functions, w, source.groups, target.groups))
    _warn(held, len(w))
    w = w / w.mean()
    gamma, nothing = np.array([source.gamma0, source.gamma1]), None
    terms = {
        "home": (source, gamma, nothing, nothing),
        "model": (target, m_target, nothing, nothing),
        "weighted": (target, np.zeros_like(m_target), gamma, w),
        "both": (target, m_target, gamma - m_source, w),
    }
    found = {name: _value(source, *parts, level=level) for name, parts in terms.items()}
    return pd.DataFrame([{"estimator": name, **row, **held} for name, row in found.items()])


def trust(w: np.ndarray, checks: pd.DataFrame) -> dict[str, float]:
    """Whether a weighted value can be believed, as far as phi can tell.

    Parameters
    ----------
    w : (n,) array
        Weights of the source records.
    checks : DataFrame
        As :func:`balance` gives it, of the classifier's score and of both outcome models.

    Returns
    -------
    dict
        As :func:`support`; ``imbalance``, the largest standardised difference that is left, and
        ``balanced``; ``trusted`` if the source covers the target and all functions balance.
    """
    held = support(w)
    imbalance, balanced = float(checks["difference"].abs().max()), bool(checks["balanced"].all())
    return held | {"imbalance": imbalance, "balanced": balanced, "trusted": held["overlap"] and balanced}


def _warn(held: dict[str, float], n: int) -> None:
    why = []
    if not held["overlap"]:
        size = f"effective sample size {held['effective_n']:.0f} of {n} records"
        why.append(f"the source hardly covers the target (mean weight {held['mass']:.2f}, {size})")
    if not held["balanced"]:
        left = f"a difference of {held['imbalance']:.2f} standard deviations is left"
        why.append(f"the weighted source does not look like the target ({left})")
    if why:
        warnings.warn(f"{UNTRUSTED}: {' and '.join(why)}. Get outcomes there.", stacklevel=3)


def share_treated(priority: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(n,) chance of treatment averaged over all budgets: the share of ``among`` with no higher priority."""
    return np.searchsorted(np.sort(among), priority, side="right") / len(among)


def _outcome_models(source: Sample, target: Sample, outcome, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(2, n) held-out and (2, m) mean predictions of both scores from phi."""
    prototype = ridge() if outcome is None else outcome
    m_source, m_target = np.empty((2, len(source.phi))), np.zeros((2, len(target.phi)))
    patients = consecutive_codes(source.groups, len(source.phi))
    for train, held in folds_of(patients, folds, seed):
        for t, gamma in enumerate((source.gamma0, source.gamma1)):
            model = fitted(clone(prototype), source.phi[train], gamma[train], groups=patients[train])
            m_source[t, held] = model.predict(source.phi[held])
            m_target[t] += model.predict(target.phi) / folds
    return m_source, m_target


def _value(source: Sample, world: Sample, a: np.ndarray, b: np.ndarray | None, w, level: float) -> dict[str, float]:
    """``E_world[a0 + pi (a1 - a0)] + E_source[w (b0 + pi (b1 - b0))]`` and its interval.

    Ranks are estimated on ``world``: a patient there moves pi of everybody of higher priority.
    """
    inside, tau = _under_policy(a, world.priority, world.priority)
    moved, value, parts = _moved(world.priority, world.priority, tau), inside.mean(), []
    if b is not None:
        weighted, tau_b = _under_policy(b, source.priority, world.priority)
        mean = np.mean(w * weighted)
        moved, value = moved + _moved(world.priority, source.priority, w * tau_b), value + mean
        parts.append(influence_interval(0.0, w * (weighted - mean), source.groups))
    own = inside - inside.mean() + moved - moved.mean()
    parts.append(influence_interval(0.0, own, world.groups))
    found = summed_interval(value, parts, level)
    return {name: found[name] for name in ("value", "se", "low", "high")}


def _under_policy(outcomes: np.ndarray, priority: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tau = outcomes[1] - outcomes[0]
    return outcomes[0] + share_treated(priority, among) * tau, tau


def _moved(of: np.ndarray, priority: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """For each entry of ``of`` the mean over rows of tau where their priority is no lower."""
    order = np.argsort(priority)
    from_here = np.r_[np.cumsum(tau[order][::-1])[::-1], 0.0]
    return from_here[np.searchsorted(priority[order], of, side="left")] / len(tau)
