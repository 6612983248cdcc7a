"""The paper's 64-unit heads as scikit-learn estimators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from helpers.effects.fitting import visits
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.effects.networks.training import predict_network, train
from helpers.effects.scale import Scale


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


@dataclass(repr=False, eq=False)
class Head(BaseEstimator):
    """Common ground of estimators that are one small network, fitted by early stopping on a held-out share.

    Parameters
    ----------
    learning_rate, batch, epochs, patience
        As :class:`helpers.effects.networks.problem.TrainingOptions`.
    validation_share : float
        Share of the rows (of the groups, if the problem has any) that decides when to stop.
    seed : int
        Of the held-out rows, the initial weights and the order of the mini-batches.
    """

    learning_rate: float = 5e-4
    batch: int = 128
    epochs: int = 50
    patience: int = 5
    validation_share: float = 1 / 9
    seed: int = 0

    @property
    def network(self) -> str:
        """Name of its network."""
        return "squared"

    def problem(
        self, X: np.ndarray, *targets: np.ndarray, groups: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> Problem:
        """The training problem this estimator stands for, so that many can train together.

        ``rows`` are the positions in X that ``targets`` and ``groups`` are about; None: all. Problems that use rows
        of one array X hold it once.
        """
        split_seed, seed = (int(s) for s in np.random.SeedSequence(self.seed).generate_state(2))
        rows = np.arange(len(X)) if rows is None else np.asarray(rows)
        fitted, valid = holdout(len(rows), self.validation_share, split_seed, groups)
        columns = tuple(np.zeros(len(X), np.float32) for _ in targets)
        for column, target in zip(columns, targets, strict=True):
            column[rows] = target
        X = np.asarray(X, np.float32)
        return Problem(X, columns, rows[fitted], rows[valid], self.network, seed, self.settings)

    @property
    def settings(self) -> TrainingOptions:
        """Optimisation settings of this estimator."""
        return TrainingOptions(self.learning_rate, self.batch, self.epochs, self.patience)

    def begin(
        self, X: np.ndarray, y: np.ndarray, rows: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> Problem:
        """Check the data and give the problem whose trained weights, kept as ``weights_``, complete the fit.

        ``rows``: the positions in X that y and ``groups``, its patients, are about; None: all.
        """
        X = validate_data(self, X, dtype=np.float32)
        target = self._target(column_or_1d(y))
        assert_all_finite(target, input_name="y")
        check_consistent_length(X if rows is None else rows, target)
        return self.problem(X, target, groups=visits(groups), rows=rows)

    def _target(self, y: np.ndarray) -> np.ndarray:
        return y

    def _outputs(self, X: np.ndarray) -> np.ndarray:
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, reset=False, dtype=np.float32)
        return predict_network(self.weights_, self.network, X)


class FittedHead(Head):
    """Heads that are fitted as scikit-learn's estimators; learners that are heads have a fit of their own."""

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None):
        """Fit on (n, d) inputs and (n,) targets, of two classes for a classifier; (n,) patients stay on one side."""
        self.weights_ = train([self.begin(X, y, groups=groups)])[0]
        return self


@dataclass(repr=False, eq=False)
class OutcomeHead(Head):
    """Networks that predict outcomes or effects.

    Parameters
    ----------
    learning_rate, batch, epochs, patience, validation_share, seed
        As :class:`Head`.
    standardise : bool
        Train on the target in standard deviations of the rows of ``fit`` from their mean, and turn predictions back:
        learning rate, initial weights and number of epochs are made for numbers near 1. False: the target as it is, as
        published; then another unit or origin of the outcome gives another order of the patients. The inputs are
        taken as they are in both cases.
    """

    standardise: bool = True

    def scale_of(self, y: np.ndarray) -> Scale:
        """How the target is brought near 1 for training."""
        return Scale.of(y) if self.standardise else Scale()


class HeadRegressor(RegressorMixin, FittedHead, OutcomeHead):
    """One hidden layer of 64 ReLU units, squared loss, early stopping on a held-out share of the training rows."""

    network = "squared"

    def _target(self, y: np.ndarray) -> np.ndarray:
        self.scale_ = self.scale_of(y)
        return self.scale_.to(y)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) predicted means."""
        return self.scale_.back(self._outputs(X)[:, 0])

    def exported(self) -> dict[str, np.ndarray]:
        """All that :meth:`predicted` needs: the network's arrays, and ``scale``, centre and factor of the target."""
        check_is_fitted(self, "weights_")
        return self.weights_ | {"scale": np.array([self.scale_.centre, self.scale_.factor])}

    @classmethod
    def predicted(cls, arrays: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
        """(n,) what the head that exported the arrays predicts, to the last bit; without ``scale`` as trained."""
        network = {name: a for name, a in arrays.items() if name != "scale"}
        return Scale(*arrays.get("scale", (0.0, 1.0))).back(predict_network(network, cls.network, X)[:, 0])


class HeadClassifier(ClassifierMixin, FittedHead):
    """The same network with a logistic loss, for the propensity."""

    network = "logistic"

    def _target(self, y: np.ndarray) -> np.ndarray:
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.turned_ = len(codes) > 0 and codes[0] == 1  # the first row's class is 0: names of classes decide nothing
        if len(self.classes_) != 2:
            raise ValueError(f"y has {len(self.classes_)} class(es); HeadClassifier tells two apart.")
        return 1 - codes if self.turned_ else codes

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, 2) class probabilities."""
        from scipy.special import expit

        logit = self._outputs(X)[:, 0] * (-1 if self.turned_ else 1)
        return np.column_stack([expit(-logit), expit(logit)])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) the likelier class."""
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
