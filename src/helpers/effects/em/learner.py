"""EM over the records nobody annotated: what the note, the treatment and the outcome say about the confounders.

Model of a record with text features phi, bedside columns w, confounders x (a configuration of categorical fields)::

    p(x | phi) = product over fields of softmax regressions
    p(T | x, w) = Bernoulli(e(x, w));   p(Y | T, x, w) = Normal(mu_T(x, w), sigma_T^2)
    p(a | x)    = the annotation, noise-free or by a known matrix of errors; absent where nobody annotated

The assumption: given (x, w), the text says nothing more about T and Y; :mod:`helpers.effects.em.assumption` tests it.
Which records are annotated may depend on phi, w, T and Y: the likelihood needs no weights for that.
"""

from __future__ import annotations

import numpy as np

from helpers.effects.em.fit import EMFit, Settings, annotations_said, e_step, fit_em, fitted_once
from helpers.effects.em.readout import PlugIn, effect_given_cells, effect_of_marginals
from helpers.effects.fitting import fitted
from helpers.effects.learners import EffectLearner
from helpers.effects.nuisance.prototypes import ridge


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
    fit_ : EMFit
        Where EM ended, shared by learners that differ in their read-out alone. Its log-likelihood never falls if all
        configurations were listed, else it is estimated with noise; penalties, tolerances and the least variance are
        those of an outcome of variance 1.
    tau_ : array
        Intercept of the effect given (x, w), then what each level but a field's first adds, then each bedside column.
    marginals_ : (n, sum of levels) array
        Posterior chances of the levels, field after field, for the rows of ``fit``.
    posterior_ : (n, C) array
        Posterior of each configuration; only if they were listed.
    model_ : regressor
        Of the effect on phi; only of ``readout="regress"``.
    """

    per_row = ("marginals_", "posterior_")

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
        given = (self.settings, Y, T, X, W, np.ones(len(Y), bool) if annotated is None else np.asarray(annotated, bool))
        self._check_bedside(X, W)
        last = getattr(self, "fit_", None) if self.warm_start and self.iterations else None
        self.fit_: EMFit = fit_em(*given, last) if self.warm_start else fitted_once(*given)
        self.marginals_ = self.fit_.marginals
        if self.fit_.posterior is not None:
            self.posterior_ = self.fit_.posterior
        self.tau_ = effect_given_cells(self.fit_, self.clip)
        if self.readout == "regress":
            rows = slice(None) if self.iterations else given[-1]
            target = effect_of_marginals(self.tau_, self.levels, self.marginals_, W[:, W.shape[1] - self.fit_.known :])
            self.model_ = fitted(ridge(), X[rows], target[rows], groups=groups[rows])

    def _check_bedside(self, X: np.ndarray, W: np.ndarray) -> None:
        """Refuse features among which the plug-in effect would look for the bedside columns in vain."""
        w = W[:, sum(self.levels) - len(self.levels) :]
        last = X[:, max(X.shape[1] - w.shape[1], 0) :]
        if self.readout == "plug" and not (last.shape == w.shape and np.allclose(last, w, 1e-5, 1e-6, equal_nan=True)):
            raise ValueError(
                f"X: its last {w.shape[1]} columns are not the bedside columns of W, which the effect needs as well; "
                f"add them to X, or leave them out of W."
            )

    @property
    def settings(self) -> Settings:
        """What decides on the fit beside the data."""
        chosen = (self.iterations, self.errors, self.tolerance, self.seed, self.exact, self.chains, self.sweeps)
        return Settings(tuple(self.levels), *chosen)

    @property
    def plug_in(self) -> PlugIn:
        """The effects given features alone, of a fitted learner."""
        return PlugIn.of(self.fit_, self.tau_)

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) effects; the last columns of X are the bedside columns w of ``W``."""
        return super().effect(X) if self.readout == "regress" else self.plug_in.effect(X)

    def marginals(self, Y, T, X, W, annotated=None) -> np.ndarray:
        """(n, sum of levels) chances of the levels of any records under the fitted models.

        ``annotated`` None: of their text, treatment, outcome and bedside columns alone, the last columns of W.
        """
        Y, T, W = np.asarray(Y, float), np.asarray(T, int), np.asarray(W, float)
        mask = np.zeros(len(Y), bool) if annotated is None else np.asarray(annotated, bool)
        said = annotations_said(self.settings, W, mask)[0]
        step = e_step(self.settings, said, self.fit_.bedside.transform(W[:, W.shape[1] - self.fit_.known :]))
        log_p = self.fit_.fields.log_proba(self.fit_.fields.standardise(X))
        step.prior(log_p, np.ones(len(Y), bool))
        step.expect(log_p, self.fit_.scale.to(Y), T, self.fit_.models.on(step.cells))
        return step.marginals
