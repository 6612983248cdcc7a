"""Expectation steps of the EM learner: by listing all configurations, or by drawing them where they are too many.

Both give the marginals of the fields for every record, sums over records for every cell, and the log-likelihood.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import logsumexp

from helpers.data.fields import indicators
from helpers.effects.em.maximisation import Cells, quadratic

HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


class Listed:
    """Exact: the posterior of all C configurations of every record.

    Parameters
    ----------
    levels : tuple of int
    said : (n, sum of levels) array
        Log-chance of what was annotated given each level, 0 where nothing was.
    bedside : (n, k) array
    """

    def __init__(self, levels: tuple[int, ...], said: np.ndarray, bedside: np.ndarray) -> None:
        self.levels, self.start = levels, np.r_[0, np.cumsum(levels)]
        self.codes = np.array(list(product(*map(range, levels))))
        self.configurations = indicators(self.codes, levels)
        self.onehot = np.hstack([np.eye(k)[self.codes[:, f]] for f, k in enumerate(levels)])
        self.emission = sum(said[:, self.start[f] + self.codes[:, f]] for f in range(len(levels)))
        patterns, self.pattern_of = np.unique(bedside, axis=0, return_inverse=True)
        self.pattern_of = self.pattern_of.ravel()
        self.cells = Cells.all_of(self.configurations, patterns, levels)

    def prior(self, log_p: np.ndarray, rows: np.ndarray) -> None:
        """Weights from text and annotation alone; rows outside the mask count nothing."""
        weights = log_p @ self.onehot.T + self.emission
        self._set(np.exp(weights - logsumexp(weights, 1, keepdims=True)) * rows[:, None])

    def expect(self, log_p, Y, T, models) -> float:
        """Posterior under the present models; returns the log-likelihood of the records."""
        joint = self.log_joint(log_p, Y, T, models)
        total = logsumexp(joint, 1, keepdims=True)
        self._set(np.exp(joint - total))
        return float(total.sum())

    def log_joint(self, log_p, Y, T, models) -> np.ndarray:
        """(n, C) log p(annotation, x, T, Y | phi, w)."""
        mu0, mu1, e = (self._by_row(v) for v in (models.mu[0], models.mu[1], models.e))
        t, sigma = T[:, None], models.sigma[T][:, None]
        outcome = -0.5 * ((Y[:, None] - np.where(t == 1, mu1, mu0)) / sigma) ** 2 - np.log(sigma) - HALF_LOG_2PI
        return log_p @ self.onehot.T + self.emission + outcome + np.log(np.where(t == 1, e, 1 - e))

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(cells,) posterior-weighted sums of a column over the records."""
        where = (self.pattern_of, np.arange(len(values)))
        weights = csr_matrix((values, where), shape=(len(self.cells.patterns), len(values)))
        return (weights @ self.posterior).ravel()

    def _set(self, posterior: np.ndarray) -> None:
        self.posterior, self.marginals = posterior, posterior @ self.onehot

    def _by_row(self, by_cell: np.ndarray) -> np.ndarray:
        return by_cell.reshape(len(self.cells.patterns), -1)[self.pattern_of]


class Drawn:
    """Gibbs sampling over the fields: several chains a record, which go on from one E-step to the next.

    A field's level is drawn from its chance given the other fields, the note, T, Y and the annotation; the marginals
    average these chances, not the draws. The log-likelihood is estimated by importance sampling from the product of
    the marginals, with the same random numbers at every step.

    Parameters
    ----------
    levels, said, bedside
        As :class:`Listed`.
    chains, sweeps : int
        Chains a record; passes over the fields an E-step, the first of which is not used.
    seed : int
    """

    def __init__(self, levels, said, bedside, chains: int = 8, sweeps: int = 5, seed: int = 0) -> None:
        if chains < 1 or sweeps < 2:
            raise ValueError(f"chains = {chains}, sweeps = {sweeps}: need at least 1 chain and 2 sweeps.")
        self.levels, self.said, self.chains, self.sweeps = levels, said, chains, sweeps
        self.start = np.r_[0, np.cumsum(levels)]
        self.column = np.r_[0, np.cumsum([k - 1 for k in levels])]
        self.patterns, pattern_of = np.unique(bedside, axis=0, return_inverse=True)
        self.pattern_of = pattern_of.ravel()
        draws, likelihood = np.random.SeedSequence(seed).spawn(2)
        self.rng = np.random.default_rng(draws)
        self.uniforms = np.random.default_rng(likelihood).random((len(levels), 32, len(said)))

    def prior(self, log_p: np.ndarray, rows: np.ndarray) -> None:
        """Fields drawn from text and annotation alone; rows outside the mask count nothing."""
        p = self._normalised(log_p + self.said)
        u = self.rng.random((len(self.levels), self.chains, len(p)))
        self.state = self._levels(p, u)
        self.marginals = p * rows[:, None]
        self._tabulate(self.state[None], rows.astype(float))

    def expect(self, log_p, Y, T, models) -> float:
        """Sweep all chains, tabulate the draws, estimate the log-likelihood."""
        logits = log_p + self.said
        kept = np.empty((self.sweeps - 1, *self.state.shape), np.int16)
        marginals = np.zeros_like(logits)
        for t in (0, 1):
            rows = np.flatnonzero(T == t)
            arm = _Arm(self, rows, logits[rows], Y[rows], t, models)
            for sweep in range(self.sweeps):
                p = arm.sweep(self.rng)
                if sweep:
                    kept[sweep - 1][:, rows] = arm.state
                    marginals[rows] += p / (self.sweeps - 1)
            self.state[:, rows] = arm.state
        self.marginals = marginals
        self._tabulate(kept, np.ones(len(Y)))
        return self._log_likelihood(logits, Y, T, models)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(cells,) sums of a column over the draws, each with its share of its record."""
        return np.bincount(self.cell_of, values[self.record_of] * self.share, len(self.cells))

    def _tabulate(self, draws: np.ndarray, row_weight: np.ndarray) -> None:
        """Distinct (pattern, configuration) cells among (S, chains, n, F) draws."""
        S, chains, n, F = draws.shape
        used = np.flatnonzero(row_weight)
        codes = draws[:, :, used].reshape(-1, F)
        self.record_of = np.tile(used, S * chains)
        self.share = row_weight[self.record_of] / (S * chains)
        key, size = self.pattern_of[self.record_of].astype(np.int64), len(self.patterns)
        for f, k in enumerate(self.levels):
            key, size = key * k + codes[:, f], size * k
            if size > 2**40:  # number the keys anew before they outgrow 64 bits
                seen, key = np.unique(key, return_inverse=True)
                size = len(seen)
        _, first, self.cell_of = np.unique(key, return_index=True, return_inverse=True)
        configurations = indicators(codes[first], self.levels)
        pattern = self.pattern_of[self.record_of[first]]
        self.cells = Cells(configurations, self.patterns, np.arange(len(first)), pattern, self.levels)

    def _log_likelihood(self, logits, Y, T, models) -> float:
        proposal = self._normalised(logits)
        with np.errstate(divide="ignore"):
            log_q = np.log(0.9 * self.marginals + 0.1 * proposal)
        codes, total = self._levels(np.exp(log_q), self.uniforms), 0.0
        picked = np.arange(len(Y)), self.start[:-1, None, None] + np.moveaxis(codes, 2, 0)
        weight = (logits[picked] - log_q[picked]).sum(0)
        for t in (0, 1):
            rows = np.flatnonzero(T == t)
            arm = _Arm(self, rows, logits[rows], Y[rows], t, models, codes[:, rows])
            joint = weight[:, rows] + arm.log_density(arm.mu, arm.eta)
            total += (logsumexp(joint, 0) - np.log(len(joint))).sum()
        return float(total)

    def _normalised(self, logits: np.ndarray) -> np.ndarray:
        parts = np.split(logits, self.start[1:-1], axis=1)
        return np.hstack([np.exp(part - logsumexp(part, 1, keepdims=True)) for part in parts])

    def _levels(self, p: np.ndarray, u: np.ndarray) -> np.ndarray:
        """(chains, n, F) independent levels of (n, sum of levels) chances for (F, chains, n) uniform numbers."""
        parts = np.split(p, self.start[1:-1], axis=1)
        return np.stack([_pick(part, u[f]) for f, part in enumerate(parts)], -1).astype(np.int16)


class _Arm:
    """The chains of the records of one arm, with the linear predictors of their present configurations."""

    def __init__(self, drawn: Drawn, rows, logits, Y, t: int, models, state=None) -> None:
        self.drawn, self.logits, self.Y, self.t = drawn, logits, Y, t
        self.sigma = models.sigma[t]
        self.state = drawn.state[:, rows].copy() if state is None else state
        chains, n, F = self.state.shape
        bedside = np.tile(drawn.patterns[drawn.pattern_of[rows]], (chains, 1))
        self.z = np.hstack([indicators(self.state.reshape(-1, F), drawn.levels), bedside])
        self.forms = [quadratic(drawn.cells, b) for b in (models.outcome[t], models.logit)]
        self.mu, self.eta = (
            (c + self.z @ slopes + 0.5 * ((self.z @ Q) * self.z).sum(1)).reshape(chains, n)
            for c, slopes, Q in self.forms
        )

    def log_density(self, mu: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Log p(T, Y | x, w) for linear predictors whose last axis but levels is the record."""
        y = self.Y if mu.ndim == 2 else self.Y[:, None]
        treatment = -np.logaddexp(0, -eta if self.t else eta)
        return treatment - 0.5 * ((y - mu) / self.sigma) ** 2 - np.log(self.sigma) - HALF_LOG_2PI

    def sweep(self, rng: np.random.Generator) -> np.ndarray:
        """Draw every field once; returns (n, sum of levels) chances used, averaged over the chains."""
        chains, n, F = self.state.shape
        out = np.empty_like(self.logits, dtype=float)
        for f in range(F):
            own = slice(self.drawn.start[f], self.drawn.start[f + 1])
            columns = slice(self.drawn.column[f], self.drawn.column[f + 1])
            mu, eta = (
                self._candidates(form, v, columns) for form, v in zip(self.forms, (self.mu, self.eta), strict=True)
            )
            weights = self.logits[:, own] + self.log_density(mu, eta)
            p = np.exp(weights - logsumexp(weights, -1, keepdims=True))
            level = _pick(p, rng.random((chains, n)))
            self.state[:, :, f] = level
            self.z[:, columns] = np.eye(p.shape[-1])[level.ravel(), 1:]
            self.mu, self.eta = (np.take_along_axis(v, level[..., None], -1)[..., 0] for v in (mu, eta))
            out[:, own] = p.mean(0)
        return out

    def _candidates(self, form: tuple, value: np.ndarray, columns: slice) -> np.ndarray:
        """(chains, n, K) linear predictor for each level of a field, the others as they are."""
        _, slopes, Q = form
        change = slopes[columns] + self.z @ Q[:, columns]
        base = value - (self.z[:, columns] * change).sum(1).reshape(value.shape)
        return base[..., None] + np.pad(change, ((0, 0), (1, 0))).reshape(*value.shape, -1)


def _pick(p: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Levels by inverse distribution: u (..., n) in [0, 1), p (..., n, K); a level of chance 0 is never drawn."""
    cumulative = np.cumsum(p, -1)
    return (u[..., None] * cumulative[..., -1:] >= cumulative[..., :-1]).sum(-1)
