"""Several categorical fields predicted from features at once, from labels that may be soft or missing."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted


class SoftmaxFields(BaseEstimator):
    """Penalised multinomial regressions ``p(field | X)``, one a field, fitted together by L-BFGS.

    Given the features the fields are taken as independent.

    Parameters
    ----------
    levels : tuple of int
        Number of levels of each field.
    penalty : float
        Half the squared norm of the coefficients of standardised features is multiplied by it; intercepts are free.
    iterations : int
        At most so many steps a fit; a refit starts where the last one ended.

    Attributes
    ----------
    coefficients_ : (d + 1, sum of levels) array
        Last row: intercepts.
    objective_ : float
        Penalised log-likelihood reached.
    """

    def __init__(self, levels: tuple[int, ...] = (2,), penalty: float = 10.0, iterations: int = 200) -> None:
        self.levels = levels
        self.penalty = penalty
        self.iterations = iterations

    def fit(self, X: np.ndarray, labels: np.ndarray) -> SoftmaxFields:
        """Fit afresh on (n, d) features and (n, sum of levels) label probabilities, all zero where missing."""
        X = np.asarray(X, np.float32)  # half the memory traffic of the products, which are most of the work
        self.mean_, self.scale_ = X.mean(0), X.std(0)
        self.scale_[self.scale_ == 0] = 1.0
        self.coefficients_ = np.zeros((X.shape[1] + 1, sum(self.levels)))
        return self.refit(self.standardise(X), labels)

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Features as :meth:`refit` takes them."""
        return (np.asarray(X, np.float32) - self.mean_) / self.scale_

    def refit(self, Z: np.ndarray, labels: np.ndarray) -> SoftmaxFields:
        """Go on from the present coefficients with new labels and standardised features ``Z``."""
        shape, weight = self.coefficients_.shape, self._spread(labels)

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            b = flat.reshape(shape)
            log_p = self._log_p(Z, b)
            gap = np.exp(log_p) * weight - labels
            gradient = np.vstack([Z.T @ gap.astype(Z.dtype) + self.penalty * b[:-1], gap.sum(0)])
            value = -(labels * log_p).sum() + 0.5 * self.penalty * (b[:-1] ** 2).sum()
            return value, gradient.ravel()

        found = minimize(
            loss, self.coefficients_.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": self.iterations}
        )
        self.coefficients_, self.objective_ = found.x.reshape(shape), -float(found.fun)
        return self

    def log_proba(self, Z: np.ndarray) -> np.ndarray:
        """(n, sum of levels) log-probabilities of standardised features."""
        check_is_fitted(self, "coefficients_")
        return self._log_p(Z, self.coefficients_)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, sum of levels) probabilities, field after field."""
        return np.exp(self.log_proba(self.standardise(X)))

    def _log_p(self, Z: np.ndarray, b: np.ndarray) -> np.ndarray:
        logits = Z @ b[:-1].astype(Z.dtype) + b[-1]
        return np.hstack([part - logsumexp(part, 1, keepdims=True) for part in self._fields(logits)])

    def _fields(self, array: np.ndarray) -> list[np.ndarray]:
        return np.split(array, np.cumsum(self.levels)[:-1], axis=1)

    def _spread(self, labels: np.ndarray) -> np.ndarray:
        """The weight of each row in each field, 0 where its label is missing, repeated over the levels."""
        return np.hstack([np.repeat(part.sum(1, keepdims=True), part.shape[1], 1) for part in self._fields(labels)])


def choose_penalty(
    X: np.ndarray, labels: np.ndarray, levels: tuple[int, ...], penalties: tuple[float, ...], seed: int, folds: int = 3
) -> float:
    """The penalty with the best held-out log-likelihood; ties go to the larger."""
    fold = np.random.default_rng(seed).permutation(len(X)) % folds
    gains = []
    for penalty in penalties:
        gain = 0.0
        for k in range(folds):
            model = SoftmaxFields(levels, penalty, 60).fit(X[fold != k], labels[fold != k])
            gain += (labels[fold == k] * model.log_proba(model.standardise(X[fold == k]))).sum()
        gains.append(gain)
    return float(penalties[int(np.flatnonzero(np.isclose(gains, max(gains), rtol=0, atol=1e-9))[-1])])
