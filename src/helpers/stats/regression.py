"""Least squares with standard errors for unequal variances and repeated patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from helpers.stats.arrays import consecutive_codes, vectors


@dataclass(frozen=True)
class Fit:
    """Coefficients, their covariance, and the patients less one."""

    coefficients: np.ndarray
    covariance: np.ndarray
    freedom: int

    def test(self, place: int, null: float = 0.0, upper: bool = False) -> float:
        """P-value of ``coefficient = null``; ``upper``: against larger ones only."""
        t = (self.coefficients[place] - null) / np.sqrt(self.covariance[place, place])
        return float(stats.t.sf(t, self.freedom) if upper else 2 * stats.t.sf(abs(t), self.freedom))

    def wald(self) -> float:
        """P-value of "all coefficients are 0" (chi-square)."""
        b = self.coefficients
        return float(stats.chi2.sf(b @ _inverse(self.covariance) @ b, len(b)))

    def limits(self, place: int, level: float) -> tuple[float, float]:
        """Two-sided Student limits of a coefficient."""
        half = stats.t.ppf(0.5 + level / 2, self.freedom) * np.sqrt(self.covariance[place, place])
        return float(self.coefficients[place] - half), float(self.coefficients[place] + half)


def least_squares(y: np.ndarray, X: np.ndarray, groups: np.ndarray | None = None) -> Fit:
    """OLS with the HC1 sandwich, scores summed within patients.

    Parameters
    ----------
    y : (n,) array
    X : (n, p) array
        With its column of ones, if one is wanted. Columns that repeat others share their coefficient.
    groups : (n,) array or None
        Patient of each row; None: a row is a patient.

    Raises
    ------
    ValueError
        If there are not more patients than columns.
    """
    (y,), X = vectors(y=y), np.asarray(X, float)
    codes = consecutive_codes(groups, len(y))
    patients, p = int(codes.max()) + 1, X.shape[1]
    if patients <= p:
        raise ValueError(f"groups: {patients} patients for {p} columns; the standard errors need more patients.")
    inverse = _inverse(X.T @ X)
    b = inverse @ (X.T @ y)
    sums = np.zeros((patients, p))
    np.add.at(sums, codes, X * (y - X @ b)[:, None])
    factor = patients / (patients - 1) * (len(y) - 1) / (len(y) - p)
    return Fit(b, factor * inverse @ (sums.T @ sums) @ inverse, patients - 1)


def _inverse(gram: np.ndarray) -> np.ndarray:
    """Pseudo-inverse of a symmetric matrix of any units: what is too small to count is judged on its correlations."""
    size = np.sqrt(np.diag(gram))
    size[size == 0] = 1.0
    return np.linalg.pinv(gram / np.outer(size, size), hermitian=True) / np.outer(size, size)
