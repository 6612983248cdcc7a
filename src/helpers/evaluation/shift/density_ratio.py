"""How much a source record counts in the target: the ratio of two densities, from a classifier that tells them apart.

``w(phi) = p_T(phi) / p_S(phi)``. Weights work where the source covers the target; how far it does they say themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from helpers.data.canonical import patient_codes
from helpers.data.folds import folds_by_patient, folds_of
from helpers.effects.nuisance.prototypes import logistic
from helpers.evaluation.shift.two_sample import patients_apart
from helpers.stats.arrays import effective_n

RATIO_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
LEAST_SHARE = 0.1  # of the source rows that weighting must leave, as effective sample size
MASS = (0.7, 1.4)  # the weights' mean over the source is 1 if the source covers the target


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
    folds, seed : int
        Folds by patient that choose the default's penalty.

    Attributes
    ----------
    model_ : the fitted classifier
    """

    def __init__(self, classifier=None, bound: float = 50.0, folds: int = 3, seed: int = 0) -> None:
        self.classifier = classifier
        self.bound = bound
        self.folds = folds
        self.seed = seed

    def fit(self, X_source: np.ndarray, X_target: np.ndarray, groups: np.ndarray | None = None) -> DensityRatio:
        """Fit on (n, d) and (m, d) features; ``groups`` (n + m,) are the patients of both, None: a row is a patient."""
        X, label = np.vstack([X_source, X_target]), np.repeat([0, 1], [len(X_source), len(X_target)])
        self.odds_ = len(X_target) / len(X_source)
        classifier = self._searching(X, label, groups) if self.classifier is None else clone(self.classifier)
        self.model_ = classifier.fit(X, label)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) weights."""
        check_is_fitted(self)
        p = self.model_.predict_proba(X)[:, 1]
        return np.minimum(p / np.maximum(1 - p, 1e-12) / self.odds_, self.bound)

    def _searching(self, X: np.ndarray, label: np.ndarray, groups: np.ndarray | None) -> Pipeline:
        """Logistic regression on standardised columns, its penalty by held-out likelihood."""
        folds = list(folds_by_patient(label, patient_codes((X, label), groups), self.folds, self.seed))
        search = LogisticRegressionCV(
            Cs=RATIO_PENALTIES, cv=folds, scoring="neg_log_loss", l1_ratios=(0,), use_legacy_attributes=False
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
        search = DensityRatio(seed=seed).fit(source.phi, target.phi, patient).model_[-1]
        ratio = DensityRatio(logistic(float(search.C_)))
    X = np.vstack([source.phi, target.phi])
    patient = patient_codes((X, np.arange(n + m) >= n), patient)
    w = np.empty(len(X))
    for train, held in folds_of(patient, folds, seed):
        fitted = clone(ratio).fit(X[train[train < n]], X[train[train >= n]])
        w[held] = fitted.predict(X[held])
    return w[:n], w[n:]


def support(w: np.ndarray) -> dict[str, float]:
    """Whether weighting can work: ``mass`` (mean weight), ``effective_n``, its ``share``, and ``overlap``.

    Weights of the source average 1 if it covers the target; below, a part of the target looks like nobody in it. That
    they do so does not make them right: see :func:`helpers.evaluation.shift.balance.balance`.
    """
    mass, left = float(w.mean()), effective_n(w)
    overlap = MASS[0] <= mass <= MASS[1] and left >= LEAST_SHARE * len(w)
    return {"mass": mass, "effective_n": left, "share": left / len(w), "overlap": bool(overlap)}


def divergence(w_target: np.ndarray) -> float:
    """Kullback-Leibler divergence of the target's phi from the source's, in nats, as the classifier sees it.

    ``E_T[log w]``, at least 0. A lower bound up to sampling error: a better classifier finds more.
    """
    return max(float(np.log(np.maximum(w_target, 1e-12)).mean()), 0.0)
