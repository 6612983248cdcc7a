"""EM over the records nobody annotated: what the note, the treatment and the outcome say about the confounders.

Model of a record with text features phi, bedside columns w, confounders x (a configuration of categorical fields)::

    p(x | phi) = product over fields of softmax regressions
    p(T | x, w) = Bernoulli(e(x, w));   p(Y | T, x, w) = Normal(mu_T(x, w), sigma_T^2)
    p(a | x)    = the annotation, noise-free or by a known matrix of errors; absent where nobody annotated

The assumption: given (x, w), the text says nothing more about T and Y.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import PolynomialFeatures

from helpers.effects.learners import EffectLearner
from helpers.effects.softmax import SoftmaxFields, choose_penalty
from helpers.nuisance import ridge

REFIT_STEPS = 12  # of the text model in one M-step: enough to rise, and the next M-step goes on from there
PENALTIES = (10.0, 30.0, 100.0, 300.0)


class EMLearner(EffectLearner):
    """Effects from few annotations, using every record.

    Parameters
    ----------
    levels : tuple of int
        Levels of each annotated field. ``W`` begins with their indicators (first level left out), field after field;
        its other columns are known for every record.
    readout : {"plug", "regress"}
        ``plug``: the effect averaged over p(x | phi). ``regress``: ridge of the posterior mean effect on phi.
    iterations : int
        At most so many EM steps; 0 uses the annotated rows alone (impute-then-plug).
    errors : list of (K, K) arrays or None
        For each field ``P(annotated level | true level)``, rows true; None: annotations are right.
    tolerance : float
        Stop when the log-likelihood per record gains less.
    clip : float
        Bound of the propensity.
    seed : int
        Folds that choose the penalty of p(x | phi).

    Attributes
    ----------
    log_likelihood_ : list of float
        Penalised log-likelihood after each step; never falls.
    posterior_ : (n, C) array
        Of the configurations ``configurations_``, for the rows of ``fit``.
    """

    def __init__(
        self,
        levels: tuple[int, ...] = (2,),
        readout: str = "plug",
        iterations: int = 30,
        errors: list | None = None,
        tolerance: float = 1e-4,
        clip: float = 0.01,
        seed: int = 0,
    ) -> None:
        self.levels = levels
        self.readout = readout
        self.iterations = iterations
        self.errors = errors
        self.tolerance = tolerance
        self.clip = clip
        self.seed = seed

    def fit(self, Y, T, X, W=None, annotated=None, groups=None) -> EMLearner:
        """Fit; see :class:`EffectLearner`. Annotations of rows outside ``annotated`` are not looked at."""
        Y, T, X, W = np.asarray(Y, float), np.asarray(T, int), np.asarray(X, float), np.asarray(W, float)
        mask = np.ones(len(Y), bool) if annotated is None else np.asarray(annotated, bool)
        self._lay_out(W)
        self._emission(W, mask)
        start = self._labels_of(np.exp(self.emission_)) * mask[:, None]
        self._start(Y, T, X, start, mask)
        self._iterate(Y, T)
        self._read_out(X, mask)
        return self

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) effects; the last columns of X are the bedside columns w of ``W``."""
        if self.readout == "regress":
            return super().effect(X)
        X = np.asarray(X, float)
        p = np.exp(self._log_prior(self.fields_.standardise(X)))
        w = X[:, X.shape[1] - self.known_ :]
        constant, slopes = self.tau_[0], self.tau_[1:]
        q = self.configurations_.shape[1]
        return constant + p @ (self.configurations_ @ slopes[:q]) + w @ slopes[q:]

    def _lay_out(self, W: np.ndarray) -> None:
        """Configurations as indicators, and the cells (distinct bedside pattern) x (configuration)."""
        q = sum(k - 1 for k in self.levels)
        self.codes_ = np.array(list(product(*map(range, self.levels))))
        eyes = [np.eye(k) for k in self.levels]
        self.onehot_ = np.hstack([eyes[f][self.codes_[:, f]] for f in range(len(self.levels))])
        self.configurations_ = np.hstack([eyes[f][self.codes_[:, f], 1:] for f in range(len(self.levels))])
        self.known_ = W.shape[1] - q
        self.patterns_, self.pattern_of_ = np.unique(W[:, q:], axis=0, return_inverse=True)
        C, U = len(self.configurations_), len(self.patterns_)
        cells = np.hstack([np.tile(self.configurations_, (U, 1)), np.repeat(self.patterns_, C, axis=0)])
        self.cells_ = cells
        basis = PolynomialFeatures(2, interaction_only=True, include_bias=True).fit_transform(cells)
        self.basis_ = basis[:, [0, *np.flatnonzero(basis.std(0) > 0)]]

    def _emission(self, W: np.ndarray, mask: np.ndarray) -> None:
        """(n, C) log-probability of what was annotated, 0 where nothing was; NaN fields count as not annotated."""
        emission, start = np.zeros((len(W), len(self.codes_))), 0
        for f, k in enumerate(self.levels):
            block = W[:, start : start + k - 1]
            seen = mask & np.isfinite(block).all(1)
            level = np.where(block[seen].max(1) > 0.5, block[seen].argmax(1) + 1, 0)
            chance = np.eye(k) if self.errors is None else np.asarray(self.errors[f], float)
            with np.errstate(divide="ignore"):
                emission[seen] += np.log(chance)[self.codes_[:, f]][:, level].T
            start += k - 1
        self.emission_ = emission

    def _labels_of(self, weights: np.ndarray) -> np.ndarray:
        """(n, sum of levels) marginal of each field under (n, C) weights."""
        return (weights / weights.sum(1, keepdims=True)) @ self.onehot_

    def _start(self, Y, T, X, labels, mask) -> None:
        """Text model and outcome models from the annotated rows alone."""
        penalty = choose_penalty(X, labels, self.levels, PENALTIES, self.seed)
        self.fields_ = SoftmaxFields(self.levels, penalty).fit(X, labels)
        self.fields_.iterations = REFIT_STEPS
        self.Z_ = self.fields_.standardise(X)
        prior = self._log_prior(self.Z_)
        weights = prior + self.emission_
        self.posterior_ = np.exp(weights - logsumexp(weights, 1, keepdims=True)) * mask[:, None]
        self._outcome_models(Y, T)

    def _log_prior(self, Z: np.ndarray) -> np.ndarray:
        return self.fields_.log_proba(Z) @ self.onehot_.T

    def _cell_sums(self, values: np.ndarray) -> np.ndarray:
        """(cells,) posterior-weighted sums of a column over the rows."""
        rows = np.arange(len(values))
        weights = csr_matrix((values, (self.pattern_of_, rows)), shape=(len(self.patterns_), len(values)))
        return (weights @ self.posterior_).ravel()

    def _outcome_models(self, Y: np.ndarray, T: np.ndarray) -> None:
        """M-step of mu_0, mu_1, sigma and e on the cells, each with a ridge penalty of 1 on its slopes."""
        slopes = np.diag(np.r_[1e-8, np.ones(self.basis_.shape[1] - 1)])
        self.mu_, self.sigma_, self.sums_, self.penalty_ = np.empty((2, len(self.cells_))), np.empty(2), [], 0.0
        for t in (0, 1):
            arm = (T == t).astype(float)
            n, y, yy = (self._cell_sums(arm * v) for v in (np.ones_like(Y), Y, Y * Y))
            b = np.linalg.solve((self.basis_ * n[:, None]).T @ self.basis_ + slopes, self.basis_.T @ y)
            self.mu_[t] = self.basis_ @ b
            squares = (yy - 2 * self.mu_[t] * y + self.mu_[t] ** 2 * n).sum() + b @ slopes @ b
            self.sigma_[t] = np.sqrt(max(squares / n.sum(), 1e-12))
            self.penalty_ += 0.5 * b @ slopes @ b / self.sigma_[t] ** 2
            self.sums_.append((n, y))
        self._propensity()

    def _propensity(self) -> None:
        n0, n1 = self.sums_[0][0], self.sums_[1][0]
        model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8, max_iter=100)
        rows = self.basis_[:, 1:]
        model.fit(np.vstack([rows, rows]), np.repeat([0, 1], len(n0)), sample_weight=np.r_[n0, n1])
        self.e_ = model.predict_proba(rows)[:, 1]
        self.penalty_ += 0.5 * (model.coef_**2).sum()

    def _log_joint(self, Y: np.ndarray, T: np.ndarray) -> np.ndarray:
        """(n, C) log p(annotation, x, T, Y | phi, w)."""
        mu0, mu1, e = (self._by_row(v) for v in (self.mu_[0], self.mu_[1], self.e_))
        t, sigma = T[:, None], self.sigma_[T][:, None]
        outcome = -0.5 * ((Y[:, None] - np.where(t == 1, mu1, mu0)) / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi))
        return self._log_prior(self.Z_) + self.emission_ + outcome + np.log(np.where(t == 1, e, 1 - e))

    def _by_row(self, by_cell: np.ndarray) -> np.ndarray:
        """(n, C) values of each row's cells."""
        return by_cell.reshape(len(self.patterns_), -1)[self.pattern_of_]

    def _iterate(self, Y: np.ndarray, T: np.ndarray) -> None:
        self.log_likelihood_ = []
        for _ in range(self.iterations):
            joint = self._log_joint(Y, T)
            total = logsumexp(joint, 1, keepdims=True)
            fields = 0.5 * self.fields_.penalty * (self.fields_.coefficients_[:-1] ** 2).sum()
            self.log_likelihood_.append(float(total.sum() - self.penalty_ - fields))
            self.posterior_ = np.exp(joint - total)
            if len(self.log_likelihood_) > 1 and np.diff(self.log_likelihood_[-2:]) < self.tolerance * len(Y):
                break
            self._outcome_models(Y, T)
            self.fields_.refit(self.Z_, self.posterior_ @ self.onehot_)

    def _read_out(self, X: np.ndarray, mask: np.ndarray) -> None:
        """Effect given (x, w): ridge of the cells' doubly robust scores; then the chosen read-out."""
        (n0, y0), (n1, y1) = self.sums_
        n = n0 + n1
        contrast = self.mu_[1] - self.mu_[0]
        e = np.clip(self.e_, self.clip, 1 - self.clip)
        total = n * contrast + (y1 - n1 * self.mu_[1]) / e - (y0 - n0 * self.mu_[0]) / (1 - e)
        design = np.hstack([np.ones((len(self.cells_), 1)), self.cells_])
        gram = (design * n[:, None]).T @ design + np.diag(np.r_[1e-6, np.ones(design.shape[1] - 1)])
        self.tau_ = np.linalg.solve(gram, design.T @ total)
        if self.readout == "regress":
            rows = slice(None) if self.iterations else mask
            target = (self.posterior_ * self._by_row(design @ self.tau_)).sum(1)
            self.model_ = ridge().fit(X[rows], target[rows])
