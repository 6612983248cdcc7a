"""The M-step: distinct (bedside pattern, configuration) pairs, and the regressions of outcome and treatment on them.

A cell's basis is 1, its columns z (indicators of the annotated fields, then bedside columns) and their products by
pairs. It is made block by block, so memory does not grow with the number of cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.special import expit

BASIS_BLOCK = 1.5e7  # numbers of a block of the basis: 120 MB


class Cells:
    """Cells ``(configurations[config], patterns[pattern])``.

    Parameters
    ----------
    configurations : (C, q) array
        Indicators of the annotated fields, first level left out.
    patterns : (U, k) array
        Bedside columns.
    config, pattern : (cells,) int arrays
        Rows of the two that make each cell.
    levels : tuple of int
        Levels of the fields.
    """

    def __init__(self, configurations, patterns, config, pattern, levels: tuple[int, ...]) -> None:
        self.configurations, self.patterns = configurations, patterns
        self.config, self.pattern = config, pattern
        self.singles, self.left, self.right = columns_used(levels, patterns)
        self.width = 1 + len(self.singles) + len(self.left)
        self._only: np.ndarray | None = None

    @classmethod
    def all_of(cls, configurations, patterns, levels: tuple[int, ...]) -> Cells:
        """Every configuration with every pattern, pattern by pattern."""
        C, U = len(configurations), len(patterns)
        index = np.arange(C, dtype=np.int32), np.arange(U, dtype=np.int32)
        return cls(configurations, patterns, np.tile(index[0], U), np.repeat(index[1], C), levels)

    def __len__(self) -> int:
        return len(self.config)

    def columns(self, rows: slice = slice(None)) -> np.ndarray:
        """(cells, q + k) the columns z."""
        return np.hstack([self.configurations[self.config[rows]], self.patterns[self.pattern[rows]]])

    def basis(self, rows: slice = slice(None)) -> np.ndarray:
        """(cells, width) the basis."""
        z = self.columns(rows)
        return np.hstack([np.ones((len(z), 1)), z[:, self.singles], z[:, self.left] * z[:, self.right]])

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """The basis in blocks of rows; kept if it is one."""
        size = max(1, int(BASIS_BLOCK // self.width))
        if size >= len(self):
            self._only = self.basis() if self._only is None else self._only
            yield slice(None), self._only
            return
        for start in range(0, len(self), size):
            rows = slice(start, min(start + size, len(self)))
            yield rows, self.basis(rows)

    def ridge(self, n: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(width,) coefficients of the mean y / n, weighted by n; penalty 1 on the squared slopes."""
        gram, right = self.slopes_penalty(), np.zeros(self.width)
        for rows, basis in self.blocks():
            gram += (basis * n[rows, None]).T @ basis
            right += basis.T @ y[rows]
        return np.linalg.solve(gram, right)

    def linear(self, n: np.ndarray, total: np.ndarray) -> np.ndarray:
        """(1 + q + k,) coefficients on 1 and z of the mean total / n, weighted by n; slopes penalised by 1."""
        width = 1 + self.configurations.shape[1] + self.patterns.shape[1]
        gram, right = np.diag(np.r_[1e-6, np.ones(width - 1)]), np.zeros(width)
        size = max(1, int(BASIS_BLOCK // width))
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            z = self.columns(rows)
            design = np.hstack([np.ones((len(z), 1)), z])
            gram += (design * n[rows, None]).T @ design
            right += design.T @ total[rows]
        return np.linalg.solve(gram, right)

    def slopes_penalty(self) -> np.ndarray:
        """(width, width) diagonal: 1 on slopes, next to nothing on the intercept."""
        return np.diag(np.r_[1e-8, np.ones(self.width - 1)])

    def times(self, coefficients: np.ndarray) -> np.ndarray:
        """(cells,) linear predictor."""
        return np.concatenate([basis @ coefficients for _, basis in self.blocks()])

    def logistic(self, n0: np.ndarray, n1: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """(width,) logistic coefficients for n1 ones and n0 zeros a cell, by Newton's method; slopes penalised by 1."""
        b = np.zeros(self.width) if start is None else start
        value, gradient, hessian = self._logistic_at(b, n0, n1)
        for _ in range(100):
            step, worst = np.linalg.solve(hessian, gradient), np.abs(gradient).max()
            if worst < 1e-9 * (n0.sum() + n1.sum()):
                break
            for _ in range(20):  # a full step may overshoot; halve it until the likelihood rises
                new = self._logistic_at(b + step, n0, n1)
                if new[0] >= value - 1e-12 * abs(value):
                    break
                step = step / 2
            b, (value, gradient, hessian) = b + step, new
        return b

    def _logistic_at(self, b, n0, n1) -> tuple[float, np.ndarray, np.ndarray]:
        penalty = np.r_[1e-10, np.ones(self.width - 1)]
        value, gradient, hessian = -0.5 * penalty @ b**2, -penalty * b, np.diag(penalty)
        for rows, basis in self.blocks():
            eta, total = basis @ b, n0[rows] + n1[rows]
            p = expit(eta)
            value += n1[rows] @ eta - total @ np.logaddexp(0, eta)
            gradient += basis.T @ (n1[rows] - total * p)
            hessian += (basis * (total * p * (1 - p))[:, None]).T @ basis
        return value, gradient, hessian


def columns_used(levels: tuple[int, ...], patterns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of z in the basis and the pairs whose products are: those that vary over all possible cells."""
    field = np.repeat(np.arange(len(levels)), [k - 1 for k in levels])
    q, k = len(field), patterns.shape[1]
    present = np.r_[np.ones(q, bool), np.any(patterns != 0, axis=0)]
    varies = np.r_[np.ones(q, bool), patterns.std(0) > 0]
    left, right = np.triu_indices(q + k, 1)
    both = left >= q
    keep = present[left] & present[right]
    keep[right < q] &= field[left[right < q]] != field[right[right < q]]
    keep[both] = [(patterns[:, i - q] * patterns[:, j - q]).std() > 0 for i, j in np.c_[left, right][both]]
    return np.flatnonzero(varies), left[keep], right[keep]


def quadratic(cells: Cells, b: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Coefficients on the basis as ``c + z @ l + z @ Q @ z / 2``: intercept, (d,) slopes, (d, d) symmetric products."""
    d, s = cells.configurations.shape[1] + cells.patterns.shape[1], len(cells.singles)
    slopes, products = np.zeros(d), np.zeros((d, d))
    slopes[cells.singles] = b[1 : 1 + s]
    products[cells.left, cells.right] = b[1 + s :]
    return float(b[0]), slopes, products + products.T


class Step(Protocol):
    """What an E-step leaves behind: sums over the records for every cell."""

    cells: Cells

    def sums(self, values: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Models:
    """Outcome and treatment models: coefficients on the basis of the cells, and their values in each cell.

    Attributes
    ----------
    outcome : pair of (width,) arrays
        Of the untreated and the treated, in standard deviations from the outcome's mean.
    logit : (width,) array
        Of the treatment.
    mu, e : (2, cells) and (cells,) arrays
    sigma : (2,) array
        Standard deviations of the outcome given the cell.
    sums : pair of pairs of (cells,) arrays
        For either arm the records and their outcomes; None in cells of other records.
    penalty : float
        What the slopes take off the log-likelihood.
    """

    outcome: tuple[np.ndarray, np.ndarray]
    logit: np.ndarray
    mu: np.ndarray
    e: np.ndarray
    sigma: np.ndarray
    sums: tuple | None
    penalty: float

    def on(self, cells: Cells) -> Models:
        """The same models in the cells of other records.

        Raises
        ------
        ValueError
            If these have other bedside columns.
        """
        if cells.width != len(self.logit):
            raise ValueError("W has other columns than in the last fit, or one of them does not vary here.")
        mu = np.array([cells.times(b) for b in self.outcome])
        return replace(self, mu=mu, e=expit(cells.times(self.logit)), sums=None)


def fit_models(step: Step, Y: np.ndarray, T: np.ndarray, logit: np.ndarray | None = None) -> Models:
    """mu_0, mu_1, sigma and e on the cells of an E-step, each with a ridge penalty of 1 on its slopes.

    ``logit`` is where Newton's method starts.
    """
    cells, arms, sums, sigma, penalty = step.cells, [], [], np.empty(2), 0.0
    for t in (0, 1):
        n, y, yy = (step.sums((T == t) * v) for v in (np.ones_like(Y), Y, Y * Y))
        b = cells.ridge(n, y)
        mu, squared = cells.times(b), b @ cells.slopes_penalty() @ b
        sigma[t] = np.sqrt(max(((yy - 2 * mu * y + mu**2 * n).sum() + squared) / n.sum(), 1e-12))
        penalty += 0.5 * squared / sigma[t] ** 2
        arms.append((b, mu))
        sums.append((n, y))
    logit = cells.logistic(sums[0][0], sums[1][0], logit)
    penalty += 0.5 * (logit[1:] ** 2).sum()
    (b0, mu0), (b1, mu1) = arms
    return Models((b0, b1), logit, np.array([mu0, mu1]), expit(cells.times(logit)), sigma, tuple(sums), penalty)
