"""Cross-fitting on given folds, and a ridge that knows when to say nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from helpers.data.folds import random_folds
from helpers.effects.fitting import fitted
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import boosted_propensity, imputing, ridge_interactions
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome

CORRECTION_PENALTIES = (*(10.0 ** (k / 2) for k in range(2, 13)), np.inf)
Folds = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Scores:
    """Held-out nuisances of n rows and the pseudo-outcome made of them."""

    mu0: np.ndarray
    mu1: np.ndarray
    e: np.ndarray
    psi: np.ndarray


def cross_fit(prototype: Nuisances, Y, T, W, folds: Folds, weight=None, groups=None) -> Scores:
    """What ``Nuisances.fit`` predicts for held-out rows, on given folds; weights and patients may be None."""
    outcome = imputing(ridge_interactions() if prototype.outcome is None else prototype.outcome, W)
    propensity = imputing(boosted_propensity() if prototype.propensity is None else prototype.propensity, W)
    mu, e = np.empty((2, len(Y))), np.empty(len(Y))

    def model_of(prototype: BaseEstimator, target: np.ndarray, rows: np.ndarray) -> BaseEstimator:
        known = (None if a is None else a[rows] for a in (weight, groups))
        return fitted(clone(prototype), W[rows], target[rows], *known)

    for train, held in folds:
        for t in (0, 1):
            mu[t, held] = model_of(outcome, Y, train[T[train] == t]).predict(W[held])
        e[held] = model_of(propensity, T, train).predict_proba(W[held])[:, 1]
    e = np.clip(e, prototype.clip, 1 - prototype.clip)
    mu0, mu1 = mu
    return Scores(mu0, mu1, e, pseudo_outcome(Y, T, mu0, mu1, e))


def folds_within(folds: Folds, rows: np.ndarray, T: np.ndarray) -> Folds:
    """The same folds on some of the rows only, as positions among them.

    Raises
    ------
    ValueError
        One arm is missing on the training side of a fold.
    """
    position = np.full(sum(len(held) for _, held in folds), -1)
    position[rows] = np.arange(len(rows))
    picked = [tuple(p[p >= 0] for p in (position[train], position[held])) for train, held in folds]
    few = min((np.bincount(T[rows][train], minlength=2)[:2].min() for train, _ in picked), default=0)
    if few < 2:
        raise ValueError(
            f"annotated: {len(rows)} rows leave {few} of one treatment arm in the training part of a fold; "
            "at least 2 are needed. Annotate more records or lower the number of folds."
        )
    return [(train, held) for train, held in picked if len(held)]


class Correction(RegressorMixin, BaseEstimator):
    """Ridge on standardised inputs; its penalty by cross-validation, from the mean alone, or nothing, on.

    Parameters
    ----------
    alphas : tuple of float
        Penalties tried; infinity stands for the weighted mean alone.
    zero : bool
        Whether predicting 0 for everyone is tried too.
    margin : float
        A simpler candidate is kept unless its held-out loss is worse by more than so many standard errors.
    folds, seed : int
        Of the cross-validation.

    Attributes
    ----------
    alpha_ : float
        Chosen penalty; ``inf`` for the mean alone, ``nan`` for zero.
    """

    def __init__(
        self, alphas=CORRECTION_PENALTIES, zero: bool = True, margin: float = 0.0, folds: int = 10, seed: int = 0
    ) -> None:
        self.alphas = alphas
        self.zero = zero
        self.margin = margin
        self.folds = folds
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight=None, groups=None, teacher=None) -> Correction:
        """Fit on (n, d) inputs, (n,) targets, weights and patient identifiers.

        ``teacher``, if given, is a function of row positions that returns less noisy targets for them, learned from
        these rows alone: the ridge is fitted to those, while held-out losses stay those of ``y``. So a teacher that is
        wrong is not followed.
        """
        X, y = np.asarray(X, float), np.asarray(y, float)
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        w = w / w.mean()
        self.candidates_ = ([np.nan] if self.zero else []) + sorted(self.alphas, reverse=True)
        teach = (lambda rows: y[rows]) if teacher is None else teacher
        self.losses_ = self._losses(X, y, w, groups, teach)
        chosen = self._choose(w)
        self.alpha_ = float(self.candidates_[chosen])
        intercepts, slopes = _path(X, teach(np.arange(len(y))), w, self.candidates_)
        self.intercept_, self.coef_ = float(intercepts[chosen]), slopes[:, chosen]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) corrections."""
        check_is_fitted(self, "coef_")
        return self.intercept_ + np.asarray(X, float) @ self.coef_

    def _losses(self, X, y, w, groups, teach) -> np.ndarray:
        """(n, candidates) weighted squared errors of held-out predictions."""
        if len(self.candidates_) == 1:
            return np.zeros((len(y), 1))
        fold = random_folds(np.arange(len(y)) if groups is None else groups, self.folds, self.seed)
        losses = np.empty((len(y), len(self.candidates_)))
        for k in np.unique(fold):
            train, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            intercepts, slopes = _path(X[train], teach(train), w[train], self.candidates_)
            losses[held] = w[held, None] * (y[held, None] - intercepts - X[held] @ slopes) ** 2
        return losses

    def _choose(self, w: np.ndarray) -> int:
        best = self.losses_.mean(0).argmin()
        gap = self.losses_ - self.losses_[:, [best]]
        error = gap.std(0) / np.sqrt(len(w))
        rounding = 1e-12 * self.losses_.mean(0)[best]
        return int(np.flatnonzero(gap.mean(0) <= self.margin * error + rounding)[0])


def _path(X: np.ndarray, y: np.ndarray, w: np.ndarray, candidates: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Intercepts (candidates,) and slopes (d, candidates) on the scale of X; see :class:`Correction`."""
    centre, mean = (w @ X) / w.sum(), (w @ y) / w.sum()
    scale = np.sqrt((w @ (X - centre) ** 2) / w.sum())
    scale[scale <= 1e-12 * np.abs(X).max(0, initial=0.0)] = np.inf  # a constant column takes no part
    root = np.sqrt(w)[:, None]
    Z = root * ((X - centre) / scale)
    values, axes, projected = _axes(Z, root[:, 0] * (y - mean))
    intercepts, slopes = np.zeros(len(candidates)), np.zeros((X.shape[1], len(candidates)))
    for j, alpha in enumerate(candidates):
        if np.isfinite(alpha):
            slopes[:, j] = (axes @ (projected / np.maximum(values + alpha, 1e-12))) / scale
        intercepts[j] = 0.0 if np.isnan(alpha) else mean - centre @ slopes[:, j]
    return intercepts, slopes


def _axes(Z: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """From the smaller Gram matrix: ridge slopes are ``axes @ (projected / (values + alpha))`` for any penalty."""
    wide = len(Z) < Z.shape[1]
    values, axes = np.linalg.eigh(Z @ Z.T if wide else Z.T @ Z)
    used = values > 1e-12 * max(values.max(), 1e-300)
    values, axes = values[used], axes[:, used]
    if wide:
        return values, Z.T @ axes, axes.T @ target
    return values, axes, axes.T @ (Z.T @ target)
