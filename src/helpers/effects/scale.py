"""Targets and bedside columns in standard deviations from their means, so that units decide nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from helpers.stats.ties import is_flat


@dataclass(frozen=True)
class Scale:
    """``z = (y - centre) / factor``; a factor below zero turns the target round."""

    centre: float = 0.0
    factor: float = 1.0

    @classmethod
    def of(cls, y: np.ndarray) -> Scale:
        """Mean and standard deviation of (n,) numbers; of equal ones the factor is 1.

        The first number that is far from the mean lies above it in z. A network's random initial weights favour one
        sign; now -y gives exactly the negative of what y gives, as when the two treatments change names.
        """
        y = np.asarray(y, float)
        centre = float(y.mean())
        away, spread = y - centre, float(y.std())
        if is_flat(y):
            return cls(centre)
        return cls(centre, spread if away[np.argmax(np.abs(away) > 0.5 * spread)] > 0 else -spread)

    def to(self, y: np.ndarray) -> np.ndarray:
        """z of y."""
        return (np.asarray(y, float) - self.centre) / self.factor

    def back(self, z: np.ndarray) -> np.ndarray:
        """y of z."""
        return self.centre + self.factor * z


class Unitless(TransformerMixin, BaseEstimator):
    """Columns in standard deviations from their means; those of 0 and 1 alone have no unit and stay as they are.

    A column that does not vary but for rounding is 0.

    Attributes
    ----------
    centre_, factor_ : (p,) arrays
        ``(X - centre) / factor``.
    """

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Unitless:
        """Learn means and spreads of (n, p) columns."""
        X = np.asarray(X, float)
        counted, flat = ~np.isin(X, (0, 1)).all(axis=0), is_flat(X)
        self.centre_ = np.where(counted, np.where(flat, X[0], X.mean(axis=0)), 0.0)
        self.factor_ = np.where(counted & ~flat, X.std(axis=0), 1.0)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """(n, p) columns of these or other rows."""
        return (np.asarray(X, float) - self.centre_) / self.factor_
