"""The paper's 64-unit heads as scikit-learn estimators."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from helpers.effects.training import Problem, Settings, predict, train


def holdout(n: int, share: float, seed: int, groups: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation positions; all rows of a group fall on one side."""
    if not 0 < share < 1:
        raise ValueError(f"validation_share = {share}: must lie strictly between 0 and 1.")
    labels = np.arange(n) if groups is None else np.asarray(groups)
    distinct = np.unique(labels)
    if len(distinct) < 2:
        raise ValueError(f"{len(distinct)} group(s) in {n} rows: early stopping needs at least two to hold one out.")
    size = min(max(1, round(share * len(distinct))), len(distinct) - 1)
    held = np.random.default_rng(seed).choice(distinct, size=size, replace=False)
    valid = np.isin(labels, held)
    return np.flatnonzero(~valid), np.flatnonzero(valid)


class _Head(BaseEstimator):
    network = "squared"

    def __init__(
        self,
        learning_rate: float = 5e-4,
        batch: int = 128,
        epochs: int = 50,
        patience: int = 5,
        validation_share: float = 1 / 9,
        seed: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.validation_share = validation_share
        self.seed = seed

    def problem(self, X: np.ndarray, *targets: np.ndarray, groups: np.ndarray | None = None) -> Problem:
        """The training problem this estimator stands for, so that many can train together."""
        split_seed, seed = (int(s) for s in np.random.SeedSequence(self.seed).generate_state(2))
        rows, valid = holdout(len(X), self.validation_share, split_seed, groups)
        columns = tuple(np.asarray(t, np.float32) for t in targets)
        return Problem(np.asarray(X, np.float32), columns, rows, valid, self.network, seed)

    @property
    def settings(self) -> Settings:
        """Optimisation settings of this estimator."""
        return Settings(self.learning_rate, self.batch, self.epochs, self.patience)

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self.weights_ = train([self.problem(X, y)], self.settings)[0]

    def _outputs(self, X: np.ndarray) -> np.ndarray:
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, reset=False, dtype=np.float32)
        return predict(self.weights_, self.network, X)


class HeadRegressor(RegressorMixin, _Head):
    """One hidden layer of 64 ReLU units, squared loss, early stopping on a held-out share of the training rows."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> HeadRegressor:
        """Fit on (n, d) inputs and (n,) targets."""
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True)
        self._fit(X, y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) predicted means."""
        return self._outputs(X)[:, 0]


class HeadClassifier(ClassifierMixin, _Head):
    """The same network with a logistic loss, for the propensity."""

    network = "logistic"

    def fit(self, X: np.ndarray, y: np.ndarray) -> HeadClassifier:
        """Fit on (n, d) inputs and (n,) labels of two classes."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y has {len(self.classes_)} class(es); HeadClassifier tells two apart.")
        self._fit(X, codes)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, 2) class probabilities."""
        from scipy.special import expit

        p = expit(self._outputs(X)[:, 0])
        return np.column_stack([1 - p, p])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) the likelier class."""
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
