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
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from helpers.nuisance import logistic, ridge
from helpers.resampling import codes_of
from helpers.shift.detect import patients_apart
from helpers.uncertainty import influence_interval

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
LEAST_SHARE = 0.1  # of the source rows that weighting must leave, as effective sample size
MASS = (0.7, 1.4)  # the weights' mean over the source is 1 if the source covers the target
ESTIMATORS = {
    "home": "value at home",
    "model": "outcome model alone",
    "weighted": "weighted records",
    "both": "weighted and modelled",
}


@dataclass(frozen=True, repr=False)
class Sample:
    """Held-out records of one world.

    Attributes
    ----------
    phi : (n, d) array
    priority : (n,) array
        Of the policy, which was fitted on other records; high is treated first.
    gamma0, gamma1 : (n,) arrays or None
        Doubly robust scores of both outcomes; None where nobody knows treatment and outcome.
    groups : (n,) array or None
        Patients; None: a row is a patient.
    """

    phi: np.ndarray
    priority: np.ndarray
    gamma0: np.ndarray | None = None
    gamma1: np.ndarray | None = None
    groups: np.ndarray | None = None


class DensityRatio(BaseEstimator):
    """``w(phi) = p_target(phi) / p_source(phi)`` from a classifier of source against target.

    Parameters
    ----------
    classifier : classifier or None
        Prototype; None: logistic regression on standardised columns, its penalty by held-out likelihood, so that
        without any shift the weights are close to 1.
    bound : float
        No weight is larger.

    Attributes
    ----------
    model_ : the fitted classifier
    """

    def __init__(self, classifier=None, bound: float = 50.0) -> None:
        self.classifier = classifier
        self.bound = bound

    def fit(self, X_source: np.ndarray, X_target: np.ndarray) -> DensityRatio:
        """Fit on (n, d) and (m, d) features."""
        label = np.repeat([0, 1], [len(X_source), len(X_target)])
        self.odds_ = len(X_target) / len(X_source)
        self.model_ = clone(penalty_by_likelihood() if self.classifier is None else self.classifier)
        self.model_.fit(np.vstack([X_source, X_target]), label)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) weights."""
        check_is_fitted(self)
        p = self.model_.predict_proba(X)[:, 1]
        return np.minimum(p / np.maximum(1 - p, 1e-12) / self.odds_, self.bound)


def penalty_by_likelihood() -> Pipeline:
    """Logistic regression on standardised columns, its penalty by held-out likelihood."""
    search = LogisticRegressionCV(
        Cs=STRENGTHS, cv=3, scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False
    )
    return make_pipeline(StandardScaler(), search)


def cross_fitted_ratio(
    source: Sample, target: Sample, ratio: DensityRatio | None = None, folds: int = 5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) and (m,) weights of source and target rows, each from models that never saw the row's patient.

    The default's penalty, a single number, is chosen once on all rows.
    """
    n, m = len(source.phi), len(target.phi)
    patient = patients_apart(source.groups, target.groups, n, m)
    if ratio is None:
        search = DensityRatio().fit(source.phi, target.phi).model_[-1]
        ratio = DensityRatio(logistic(float(search.C_)))
    X = np.vstack([source.phi, target.phi])
    w = np.empty(len(X))
    for train, held in _folds(patient, folds, seed):
        fitted = clone(ratio).fit(X[train[train < n]], X[train[train >= n]])
        w[held] = fitted.predict(X[held])
    return w[:n], w[n:]


def effective_n(w: np.ndarray) -> float:
    """Kish's effective sample size of weights."""
    return float(w.sum() ** 2 / (w**2).sum())


def support(w: np.ndarray) -> dict[str, float]:
    """Whether weighting can work: ``mass`` (mean weight), ``effective_n``, its ``share``, and ``trusted``.

    Weights of the source average 1 if it covers the target; below, a part of the target looks like nobody in it.
    """
    mass, left = float(w.mean()), effective_n(w)
    trusted = MASS[0] <= mass <= MASS[1] and left >= LEAST_SHARE * len(w)
    return {"mass": mass, "effective_n": left, "share": left / len(w), "trusted": bool(trusted)}


def divergence(w_target: np.ndarray) -> float:
    """Kullback-Leibler divergence of the target's phi from the source's, in nats, as the classifier sees it.

    ``E_T[log w]``, at least 0. A lower bound up to sampling error: a better classifier finds more.
    """
    return max(float(np.log(np.maximum(w_target, 1e-12)).mean()), 0.0)


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
    DataFrame with ``estimator`` (a key of ``ESTIMATORS``), ``value, se, low, high`` and the columns of
    :func:`support`. ``home`` is the value in the source, ``model`` leaves out the first term, ``weighted`` weighs the
    scores without any model. Intervals from influence functions; that of ``model`` knows nothing of the model's error.

    Warns
    -----
    UserWarning
        The weights cannot be trusted: the source hardly covers the target.
    """
    w, _ = cross_fitted_ratio(source, target, ratio, folds, seed)
    held = support(w)
    if not held["trusted"]:
        warnings.warn(
            f"the source hardly covers the target: mean weight {held['mass']:.2f}, effective sample size "
            f"{held['effective_n']:.0f} of {len(w)} records. Weighted values cannot be trusted; get outcomes there.",
            stacklevel=2,
        )
    m_source, m_target = _outcome_models(source, target, outcome, folds, seed)
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


def share_treated(priority: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(n,) chance of treatment averaged over all budgets: the share of ``among`` with no higher priority."""
    return np.searchsorted(np.sort(among), priority, side="right") / len(among)


def _outcome_models(source: Sample, target: Sample, outcome, folds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(2, n) held-out and (2, m) mean predictions of both scores from phi."""
    prototype = ridge() if outcome is None else outcome
    m_source, m_target = np.empty((2, len(source.phi))), np.zeros((2, len(target.phi)))
    for train, held in _folds(codes_of(source.groups, len(source.phi)), folds, seed):
        for t, gamma in enumerate((source.gamma0, source.gamma1)):
            model = clone(prototype).fit(source.phi[train], gamma[train])
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
        parts.append(influence_interval(0.0, w * (weighted - mean), source.groups, level)["se"])
    own = inside - inside.mean() + moved - moved.mean()
    parts.append(influence_interval(0.0, own, world.groups, level)["se"])
    se = float(np.hypot(*parts)) if len(parts) == 2 else parts[0]
    half = stats.norm.ppf(0.5 + level / 2) * se
    return {"value": float(value), "se": se, "low": float(value - half), "high": float(value + half)}


def _under_policy(outcomes: np.ndarray, priority: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tau = outcomes[1] - outcomes[0]
    return outcomes[0] + share_treated(priority, among) * tau, tau


def _moved(of: np.ndarray, priority: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """For each entry of ``of`` the mean over rows of tau where their priority is no lower."""
    order = np.argsort(priority)
    from_here = np.r_[np.cumsum(tau[order][::-1])[::-1], 0.0]
    return from_here[np.searchsorted(priority[order], of, side="left")] / len(tau)


def _folds(patient: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    fold = (np.random.default_rng(seed).permutation(patient.max() + 1) % folds)[patient]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
