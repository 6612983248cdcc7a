"""EM over the records nobody annotated: what the note, the treatment and the outcome say about the confounders.

Model of a record with text features phi, bedside columns w, confounders x (a configuration of categorical fields)::

    p(x | phi) = product over fields of softmax regressions
    p(T | x, w) = Bernoulli(e(x, w));   p(Y | T, x, w) = Normal(mu_T(x, w), sigma_T^2)
    p(a | x)    = the annotation, noise-free or by a known matrix of errors; absent where nobody annotated

The assumption: given (x, w), the text says nothing more about T and Y; :mod:`helpers.effects.em.assumption` tests it.
Which records are annotated may depend on phi, w, T and Y: the likelihood needs no weights for that.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from scipy.special import expit

from helpers.annotation.imputation import SoftmaxFields, choose_penalty
from helpers.artifacts.digests import digest
from helpers.artifacts.memory import MemoryCache
from helpers.effects.em.expectation import Drawn, Listed
from helpers.effects.learners import EffectLearner
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.scale import Scale

EM_PENALTIES = (10.0, 30.0, 100.0, 300.0)
FITTED = MemoryCache(1, copies=True)  # the read-outs share a fit
TUNING_ROWS = 3_000  # enough to choose a penalty, which acts as a prior and does not grow with the records
LISTED = 2e7  # numbers in an array of records by configurations, of which a step holds several: 160 MB each


@dataclass
class Models:
    """Outcome and treatment models: coefficients on the basis of the cells, and their values in each cell.

    Outcomes in standard deviations from their mean.
    """

    outcome: list[np.ndarray]
    logit: np.ndarray
    mu: np.ndarray
    e: np.ndarray
    sigma: np.ndarray
    penalty: float


class EMLearner(EffectLearner):
    """Effects from few annotations, using every record.

    Parameters
    ----------
    levels : tuple of int
        Levels of each annotated field, any number of fields. ``W`` begins with their indicators (first level left
        out), field after field; its other columns are known for every record.
    readout : {"plug", "regress"}
        ``plug``: the effect averaged over p(x | phi). ``regress``: ridge of the posterior mean effect on phi.
    iterations : int
        At most so many EM steps; 0 uses the annotated rows alone (impute-then-plug).
    errors : list of (K, K) arrays or None
        For each field ``P(annotated level | true level)``, rows true; None: annotations are right.
    tolerance : float
        Stop when the log-likelihood per record gains less; below zero: take all iterations.
    clip : float
        Bound of the propensity.
    seed : int
        Folds that choose the penalty of p(x | phi), and the draws.
    exact : int
        All configurations are listed if there are at most so many (and memory allows); otherwise Gibbs sampling.
    chains, sweeps : int
        Of the sampling: chains a record, passes over the fields an E-step.
    warm_start : bool
        Fit again from where the last fit of this learner ended.

    Attributes
    ----------
    log_likelihood_ : list of float
        Penalised log-likelihood before each step; never falls if ``exact_``, else estimated with noise.
    marginals_ : (n, sum of levels) array
        Posterior chances of the levels, field after field, for the rows of ``fit``.
    posterior_, configurations_, onehot_ : (n, C), (C, q) and (C, sum of levels) arrays
        Posterior of each configuration, and the configurations in two codings; only if ``exact_``.
    cells_ : Cells
        Those of the last M-step; ``models_`` holds the outcome and treatment models and their values in them.
    converged_ : bool
        Whether the tolerance was met.
    scale_ : Scale
        Of the outcome; penalties, tolerances and the least variance are those of an outcome of variance 1.
    """

    per_row = ("marginals_", "posterior_", "Z_")

    def __init__(
        self,
        levels: tuple[int, ...] = (2,),
        readout: str = "plug",
        iterations: int = 30,
        errors: list | None = None,
        tolerance: float = 1e-4,
        clip: float = 0.01,
        seed: int = 0,
        exact: int = 512,
        chains: int = 8,
        sweeps: int = 5,
        warm_start: bool = False,
    ) -> None:
        self.levels = levels
        self.readout = readout
        self.iterations = iterations
        self.errors = errors
        self.tolerance = tolerance
        self.clip = clip
        self.seed = seed
        self.exact = exact
        self.chains = chains
        self.sweeps = sweeps
        self.warm_start = warm_start

    def _learn(self, Y, T, X, W, annotated, groups) -> None:
        """Annotations of rows outside ``annotated`` are not looked at; a field annotated as NaN was not annotated."""
        X, W = np.asarray(X, float), np.empty((len(Y), 0)) if W is None else np.asarray(W, float)
        mask = np.ones(len(Y), bool) if annotated is None else np.asarray(annotated, bool)
        self._check(W, mask)
        if self.warm_start:
            self._fit(Y, T, X, W, mask)
        else:
            same = {k: v for k, v in self.get_params().items() if k != "readout"}
            self.__dict__.update(FITTED.get(digest(same, Y, T, X, W, mask), lambda: self._fit(Y, T, X, W, mask)))
        self._read_out(X, W, mask)

    def _fit(self, Y, T, X, W, mask) -> dict:
        """All but the read-out; returns the fitted attributes."""
        said, labels = self._annotations(W, mask)
        bedside = W[:, sum(self.levels) - len(self.levels) :]
        self.known_ = bedside.shape[1]
        step = self._step(said, bedside)
        if not self._goes_on:
            self.scale_ = Scale.of(Y)
        Y = self.scale_.to(Y)
        self._start(step, Y, T, X, labels, mask)
        self._iterate(step, Y, T)
        self.marginals_ = step.marginals
        if isinstance(step, Listed):
            self.posterior_, self.configurations_, self.onehot_ = step.posterior, step.configurations, step.onehot
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) effects; the last columns of X are the bedside columns w of ``W``."""
        if self.readout == "regress":
            return super().effect(X)
        X = np.asarray(X, float)
        return self._effect_of(self.fields_.predict_proba(X), X[:, X.shape[1] - self.known_ :])

    def marginals(self, Y, T, X, W, annotated=None) -> np.ndarray:
        """(n, sum of levels) chances of the levels of any records under the fitted models.

        ``annotated`` None: of their text, treatment, outcome and bedside columns alone, the last columns of W.
        """
        Y, T, W = np.asarray(Y, float), np.asarray(T, int), np.asarray(W, float)
        mask = np.zeros(len(Y), bool) if annotated is None else np.asarray(annotated, bool)
        step = self._step(self._annotations(W, mask)[0], W[:, W.shape[1] - self.known_ :])
        log_p = self.fields_.log_proba(self.fields_.standardise(X))
        step.prior(log_p, np.ones(len(Y), bool))
        step.expect(log_p, self.scale_.to(Y), T, self._models_on(step))
        return step.marginals

    def _effect_of(self, marginals: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Mean effects; being linear in the indicators they need the fields' marginals only."""
        firsts = np.r_[0, np.cumsum(self.levels)[:-1]]
        return self.tau_[0] + np.hstack([np.delete(marginals, firsts, axis=1), w]) @ self.tau_[1:]

    def _check(self, W: np.ndarray, mask: np.ndarray) -> None:
        q = sum(k - 1 for k in self.levels)
        if W.shape[1] < q or W.shape[0] != len(mask):
            raise ValueError(f"W {W.shape}: levels {self.levels} need {q} indicators for each of {len(mask)} records.")
        if not np.isfinite(W[:, q:]).all():
            raise ValueError("W: bedside columns must be known for every record; impute them first.")
        if not mask.any():
            raise ValueError("annotated: no row is annotated; this learner needs some.")

    def _annotations(self, W: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, sum of levels) log-chance of what was annotated given each level, 0 where nothing was; and labels."""
        said, labels = np.zeros((2, len(W), sum(self.levels)))
        start = 0
        for f, k in enumerate(self.levels):
            block = W[:, start - f : start - f + k - 1]
            seen = mask & np.isfinite(block).all(1)
            level = np.where(block[seen].max(1) > 0.5, block[seen].argmax(1) + 1, 0)
            chance = np.eye(k) if self.errors is None else np.asarray(self.errors[f], float)
            with np.errstate(divide="ignore"):
                said[seen, start : start + k] = np.log(chance)[:, level].T
            labels[seen, start : start + k] = (chance / chance.sum(0).clip(1e-300))[:, level].T
            start += k
        return said, labels

    def _step(self, said: np.ndarray, bedside: np.ndarray) -> Listed | Drawn:
        count = prod(self.levels)
        self.exact_ = count <= self.exact and len(said) * count <= LISTED
        if self.exact_:
            return Listed(self.levels, said, bedside)
        return Drawn(self.levels, said, bedside, self.chains, self.sweeps, self.seed)

    def _start(self, step, Y, T, X, labels, mask) -> None:
        """Text model and outcome models from the annotated rows alone, or as the last fit left them."""
        if self._goes_on:
            self._go_on(step, X)
            return
        self.fields_ = SoftmaxFields(self.levels)
        self.Z_ = self.fields_.prepare(X)
        self.fields_.penalty = tuned_penalty(self.Z_, labels, self.levels, self.seed)
        self.fields_.coefficients_ = np.zeros((self.Z_.shape[1] + 1, sum(self.levels)))
        self.fields_.refit(self.Z_, labels)
        step.prior(self.fields_.log_proba(self.Z_), mask)
        self.models_ = self._outcome_models(step, Y, T, None)

    @property
    def _goes_on(self) -> bool:
        return bool(self.warm_start and self.iterations and hasattr(self, "models_"))

    def _go_on(self, step, X: np.ndarray) -> None:
        self.Z_ = self.fields_.standardise(X)
        log_p = self.fields_.log_proba(self.Z_)
        step.prior(log_p, np.ones(len(X), bool))
        self.models_ = self._models_on(step)

    def _models_on(self, step) -> Models:
        """The outcome and treatment models in the cells of other records."""
        if step.cells.width != len(self.models_.logit):
            raise ValueError("W has other columns than in the last fit, or one of them does not vary here.")
        mu = np.array([step.cells.times(b) for b in self.models_.outcome])
        return replace(self.models_, mu=mu, e=expit(step.cells.times(self.models_.logit)))

    def _outcome_models(self, step, Y: np.ndarray, T: np.ndarray, last: Models | None) -> Models:
        """M-step of mu_0, mu_1, sigma and e on the cells, each with a ridge penalty of 1 on its slopes."""
        cells, outcome, sigma, penalty = step.cells, [], np.empty(2), 0.0
        self.cells_, self.sums_ = cells, []
        for t in (0, 1):
            n, y, yy = (step.sums((T == t) * v) for v in (np.ones_like(Y), Y, Y * Y))
            b = cells.ridge(n, y)
            mu, squared = cells.times(b), b @ cells.slopes_penalty() @ b
            sigma[t] = np.sqrt(max(((yy - 2 * mu * y + mu**2 * n).sum() + squared) / n.sum(), 1e-12))
            penalty += 0.5 * squared / sigma[t] ** 2
            outcome.append((b, mu))
            self.sums_.append((n, y))
        logit = cells.logistic(self.sums_[0][0], self.sums_[1][0], None if last is None else last.logit)
        penalty += 0.5 * (logit[1:] ** 2).sum()
        (b0, mu0), (b1, mu1) = outcome
        return Models([b0, b1], logit, np.array([mu0, mu1]), expit(cells.times(logit)), sigma, penalty)

    def _iterate(self, step, Y: np.ndarray, T: np.ndarray) -> None:
        self.log_likelihood_, self.converged_ = [], self.iterations == 0
        for _ in range(self.iterations):
            total = step.expect(self.fields_.log_proba(self.Z_), Y, T, self.models_)
            fields = 0.5 * self.fields_.penalty * (self.fields_.coefficients_[:-1] ** 2).sum()
            unit = len(Y) * np.log(abs(self.scale_.factor))  # densities of the outcome in its own unit
            self.log_likelihood_.append(total - self.models_.penalty - fields - unit)
            self.converged_ = self._stalled(len(Y))
            if self.converged_:
                break
            self.models_ = self._outcome_models(step, Y, T, self.models_)
            self.fields_.refit(self.Z_, step.marginals)
        if not self.converged_ and self.tolerance >= 0:
            self._say_not_converged(len(Y))

    def _stalled(self, n: int) -> bool:
        """Whether the last step gained too little; sampled likelihoods are noisy, so theirs over five steps."""
        span = 1 if self.exact_ else 5
        values = self.log_likelihood_[-span - 1 :]
        return len(values) > span and values[-1] - values[0] < span * self.tolerance * n

    def _say_not_converged(self, n: int) -> None:
        from sklearn.exceptions import ConvergenceWarning

        gain = np.diff(self.log_likelihood_[-2:]) / n
        said = f"the last one gained {gain[0]:.2g} per record (tolerance {self.tolerance:g})" if len(gain) else "1 step"
        message = f"EM stopped after iterations = {self.iterations} steps; {said}. Raise iterations or tolerance."
        warnings.warn(message, ConvergenceWarning, stacklevel=4)

    def _read_out(self, X: np.ndarray, W: np.ndarray, mask: np.ndarray) -> None:
        """Effect given (x, w): ridge of the cells' doubly robust scores; then the chosen read-out."""
        (n0, y0), (n1, y1) = self.sums_
        n, (mu0, mu1) = n0 + n1, self.models_.mu
        e = np.clip(self.models_.e, self.clip, 1 - self.clip)
        total = n * (mu1 - mu0) + (y1 - n1 * mu1) / e - (y0 - n0 * mu0) / (1 - e)
        self.tau_ = self.scale_.factor * self.cells_.linear(n, total)
        if self.readout == "regress":
            rows = slice(None) if self.iterations else mask
            target = self._effect_of(self.marginals_, W[:, W.shape[1] - self.known_ :])
            self.model_ = ridge().fit(X[rows], target[rows])


def tuned_penalty(Z: np.ndarray, labels: np.ndarray, levels: tuple[int, ...], seed: int) -> float:
    """Penalty of the text model, chosen on at most ``TUNING_ROWS`` of the labelled rows of prepared features."""
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(labels.any(1)))[:TUNING_ROWS]
    return choose_penalty(Z[rows], labels[rows], levels, EM_PENALTIES, seed)
