"""Several categorical fields predicted from features at once, from labels that may be soft or missing."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from helpers.data.folds import random_folds
from helpers.stats.ties import is_flat

CURVATURE = 0.15  # of the logistic loss, p (1 - p), on average: a scale for the optimiser, not for the result


class SoftmaxFields(BaseEstimator):
    """Penalised multinomial regressions ``p(field | X)``, one a field, fitted together by L-BFGS.

    Given the features the fields are taken as independent.

    Parameters
    ----------
    levels : tuple of int
        Number of levels of each field.
    penalty : float
        Half the squared norm of the coefficients of the prepared features is multiplied by it; intercepts are free.
    iterations : int
        At most so many steps a fit; a refit starts where the last one ended.
    whiten : float
        The features are standardised, turned to their principal axes and divided by the axes' standard deviation to
        this power: 0 leaves a ridge penalty on standardised features, 1 makes all axes equal.
    tolerance : float
        A fit ends when a step gains less than this share of the objective.

    Attributes
    ----------
    coefficients_ : (d + 1, sum of levels) array
        Last row: intercepts.
    objective_ : float
        Penalised log-likelihood reached.
    """

    def __init__(
        self,
        levels: tuple[int, ...] = (2,),
        penalty: float = 100.0,
        iterations: int = 200,
        whiten: float = 0.5,
        tolerance: float = 1e-7,
    ) -> None:
        self.levels = levels
        self.penalty = penalty
        self.iterations = iterations
        self.whiten = whiten
        self.tolerance = tolerance

    def fit(self, X: np.ndarray, labels: np.ndarray) -> SoftmaxFields:
        """Fit afresh.

        Parameters
        ----------
        X : (n, d) array
        labels : (n, sum of levels) array
            Label probabilities, field after field; all zero where missing. Rows without any label still shape the
            preparation of the features, so records nobody annotated are worth passing.
        """
        Z = self.prepare(X)
        self.coefficients_ = np.zeros((Z.shape[1] + 1, sum(self.levels)))
        return self.refit(Z, labels)

    def prepare(self, X: np.ndarray) -> np.ndarray:
        """Learn the preparation of the features and return them prepared, as :meth:`refit` takes them."""
        X = np.asarray(X, float)
        self.mean_, self.scale_ = X.mean(0), X.std(0)
        self.scale_[is_flat(X)] = 1.0
        Z = self._standardised(X)
        variance, axes = _principal(Z.astype(np.float64))
        self.axes_ = (axes * variance ** (-self.whiten / 2)).astype(np.float32)
        return Z @ self.axes_

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Features as prepared in ``fit``."""
        return self._standardised(X) @ self.axes_

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        """In float32: half the memory traffic of the products, which are most of the work."""
        return ((np.asarray(X, float) - self.mean_) / self.scale_).astype(np.float32)

    def refit(self, Z: np.ndarray, labels: np.ndarray) -> SoftmaxFields:
        """Go on from the present coefficients with new labels and prepared features ``Z``."""
        labelled = labels.any(1)
        Z, labels = (Z, labels) if labelled.all() else (Z[labelled], labels[labelled])
        shape, weight = self.coefficients_.shape, self._spread(labels)
        # The prepared columns are uncorrelated over all rows, so a scale a column takes most of the work off L-BFGS.
        squared = np.einsum("ij,ij->j", Z, Z, dtype=np.float64)
        scale = np.sqrt(np.r_[CURVATURE * squared + self.penalty, CURVATURE * max(len(Z), 1)])[:, None]

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            b = flat.reshape(shape) / scale
            log_p = self._log_p(Z, b)
            gap = np.exp(log_p) * weight - labels
            gradient = np.vstack([Z.T @ gap.astype(Z.dtype) + self.penalty * b[:-1], gap.sum(0)])
            value = -(labels * log_p).sum() + 0.5 * self.penalty * (b[:-1] ** 2).sum()
            return value, (gradient / scale).ravel()

        options = {"maxiter": self.iterations, "ftol": self.tolerance}
        start = (self.coefficients_ * scale).ravel()
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
        self.coefficients_, self.objective_ = found.x.reshape(shape) / scale, -float(found.fun)
        return self

    def log_proba(self, Z: np.ndarray) -> np.ndarray:
        """(n, sum of levels) log-probabilities of prepared features."""
        check_is_fitted(self, "coefficients_")
        return self._log_p(Z, self.coefficients_)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, sum of levels) probabilities, field after field."""
        return np.exp(self.log_proba(self.standardise(X)))

    def _log_p(self, Z: np.ndarray, b: np.ndarray) -> np.ndarray:
        logits = np.ascontiguousarray((Z @ b[:-1].astype(Z.dtype)).T, dtype=np.float64) + b[-1][:, None]
        for part in np.split(logits, np.cumsum(self.levels)[:-1]):  # views; levels first, so sums run over long rows
            part -= part.max(0)
            part -= np.log(np.exp(part).sum(0))
        return logits.T

    def _fields(self, array: np.ndarray) -> list[np.ndarray]:
        return np.split(array, np.cumsum(self.levels)[:-1], axis=1)

    def _spread(self, labels: np.ndarray) -> np.ndarray:
        """The weight of each row in each field, 0 where its label is missing, repeated over the levels."""
        return np.hstack([np.repeat(part.sum(1, keepdims=True), part.shape[1], 1) for part in self._fields(labels)])


def _principal(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances and axes (d, r) of (n, d) columns, from the smaller of the two Gram matrices."""
    n, d = Z.shape
    variance, axes = np.linalg.eigh((Z @ Z.T if n < d else Z.T @ Z) / n)
    used = variance > 1e-6 * variance.max()
    variance, axes = variance[used], axes[:, used]
    return (variance, Z.T @ axes / np.sqrt(n * variance)) if n < d else (variance, axes)


def choose_penalty(
    Z: np.ndarray, labels: np.ndarray, levels: tuple[int, ...], penalties: tuple[float, ...], seed: int, folds: int = 3
) -> float:
    """The penalty with the best held-out log-likelihood of the labelled rows of prepared features; ties: the larger."""
    model = SoftmaxFields(levels, iterations=60)
    rows = np.flatnonzero(labels.any(1))
    fold = random_folds(np.arange(len(rows)), folds, seed)
    gains = dict.fromkeys(sorted(penalties, reverse=True), 0.0)
    for k in range(folds):
        model.coefficients_ = np.zeros((Z.shape[1] + 1, sum(levels)))
        train, held = rows[fold != k], rows[fold == k]
        for model.penalty in gains:  # from the largest on, each starting where the last ended
            model.refit(Z[train], labels[train])
            gains[model.penalty] += (labels[held] * model.log_proba(Z[held])).sum()
    return float(max(gains, key=lambda penalty: (round(gains[penalty], 9), penalty)))
