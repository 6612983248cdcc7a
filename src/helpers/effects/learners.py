"""Effect learners: what each stage sees is visible in ``fit``; at the bedside ``effect`` sees the features alone."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from helpers.data.folds import folds_by_patient
from helpers.effects.fitting import fitted
from helpers.effects.networks.steps import InSteps, Steps, fit_all, nuisance_steps
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import imputing, logistic, ridge
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.effects.ordered import Rows
from helpers.stats.threads import one_thread


class EffectLearner(BaseEstimator):
    """Common ground: ``fit(Y, T, X, W, annotated, groups)``, ``effect(X)``, ``priority(X)``.

    ``fit`` brings the rows into an order that follows from their values (:mod:`helpers.effects.ordered`), hands them
    to ``_learn``, and brings the attributes named in ``per_row`` back into the order of the caller. Records that stand
    twice, equal in every value and of one patient, count once.

    Parameters of ``fit``
    ---------------------
    Y, T : (n,) arrays
        Outcome (lower is better) and treatment in {0, 1}.
    X : (n, d) array
        Features at hand at the bedside, phi.
    W : (n, q) array or None
        Annotated confounders; only rows of ``annotated`` are looked at.
    annotated : (n,) bool array or None
        Which rows an expert annotated; None: all.
    groups : (n,) array or None
        Patient identifiers; folds keep a patient's rows together. What they are called does not matter.
    """

    per_row: tuple[str, ...] = ()

    def fit(self, Y, T, X, W=None, annotated=None, groups=None):
        """Fit; see above.

        Raises
        ------
        ValueError
            T other than 0 and 1, Y not finite, or rows that do not agree.
        """
        return self._fit_rows(Rows(Y, T, X, W, annotated, groups))

    def _fit_rows(self, rows: Rows):
        with one_thread():
            self._learn(**rows.data)
        rows.give_back(self)
        return self

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) estimated effects; below zero treatment helps."""
        check_is_fitted(self)
        return np.asarray(self.model_.predict(X), float)

    def priority(self, X: np.ndarray) -> np.ndarray:
        """(n,) who is treated first: high for the greatest benefit."""
        return -self.effect(X)


class DRLearner(InSteps, EffectLearner):
    """Doubly robust learner on the features alone (Kennedy, arXiv 2004.14497): needs no annotation.

    Biased where the features do not hold all confounders. ``W`` and ``annotated`` are accepted and ignored.

    Parameters
    ----------
    second_stage : regressor or None
        Prototype of the regression of psi on X; None: ridge.
    nuisances : Nuisances or None
        Prototype; None: cross-fitted ridge and logistic regression on X.
    """

    per_row = ("psi_", "nuisances_")

    def __init__(self, second_stage=None, nuisances: Nuisances | None = None) -> None:
        self.second_stage = second_stage
        self.nuisances = nuisances

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        stage1 = Nuisances(ridge(), logistic()) if self.nuisances is None else self.nuisances
        self.nuisances_ = yield from nuisance_steps(stage1, Y, T, X, groups)
        self.psi_ = pseudo_outcome(Y, T, self.nuisances_.mu0_, self.nuisances_.mu1_, self.nuisances_.e_)
        self.model_ = clone(ridge() if self.second_stage is None else self.second_stage)
        yield from fit_all([(self.model_, X, self.psi_, None, groups)])


class AACE(InSteps, EffectLearner):
    """Annotation-assisted coarsened effects (arXiv 2507.20993).

    Stage 1 builds psi from the annotated confounders W, stage 2 regresses it on X. The same estimator was proposed
    for runtime confounding by Coston et al. (arXiv 2006.16916).

    Parameters
    ----------
    second_stage : regressor or None
        Prototype of the regression on X; None: ridge.
    nuisances : Nuisances or None
        Prototype; None: cross-fitted regressions on W with pairwise products.
    smoother : regressor or None
        If given, psi is first regressed on W, by held-out folds, and the fitted effects take the place of psi in
        stage 2: ``E[psi | X] = E[tau_W | X]`` while psi's noise is gone. Biased if the smoother is misspecified.

    Attributes
    ----------
    psi_ : (m,) array
        Pseudo-outcomes of the annotated rows.
    target_ : (m,) array
        What stage 2 regressed on X: psi, or its smoothed value.
    smoother_ : regressor
        The smoother fitted on all annotated rows (only with ``smoother``): effects given confounders.
    """

    per_row = ("psi_", "target_", "nuisances_")

    def __init__(self, second_stage=None, nuisances: Nuisances | None = None, smoother=None) -> None:
        self.second_stage = second_stage
        self.nuisances = nuisances
        self.smoother = smoother

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        rows = np.arange(len(Y)) if annotated is None else np.flatnonzero(annotated)
        Y, T, _, W, groups = annotated_rows(Y, T, X, W, annotated, groups)
        stage1 = Nuisances() if self.nuisances is None else self.nuisances
        self.nuisances_ = yield from nuisance_steps(stage1, Y, T, W, groups)
        self.psi_ = pseudo_outcome(Y, T, self.nuisances_.mu0_, self.nuisances_.mu1_, self.nuisances_.e_)
        self.target_ = self.psi_ if self.smoother is None else self._smoothed(T, W, groups)
        X = np.asarray(X)
        self.model_ = clone(imputing(ridge() if self.second_stage is None else self.second_stage, X))
        yield from fit_all([(self.model_, X, self.target_, rows, groups)])

    def _smoothed(self, T: np.ndarray, W: np.ndarray, groups: np.ndarray) -> np.ndarray:
        prototype = imputing(self.smoother, W)
        self.smoother_ = fitted(clone(prototype), W, self.psi_, groups=groups)
        smoothed = np.empty(len(W))
        for train, held in folds_by_patient(T, groups, max(self.nuisances_.folds, 2), self.nuisances_.seed):
            model = fitted(clone(prototype), W[train], self.psi_[train], groups=groups[train])
            smoothed[held] = model.predict(W[held])
        return smoothed


class RiskRanker(EffectLearner):
    """Risk-based treatment: regress the outcome on X among the untreated, the highest risk is treated first.

    ``W`` and ``annotated`` are ignored.

    ``effect`` is the negative of the predicted risk: an order, not an estimate of the effect.

    Parameters
    ----------
    model : regressor or None
        Prototype; None: ridge.
    """

    def __init__(self, model=None) -> None:
        self.model = model

    def _learn(self, Y, T, X, W, annotated, groups) -> None:
        untreated = T == 0
        model = clone(ridge() if self.model is None else self.model)
        self.model_ = fitted(model, X[untreated], Y[untreated], groups=groups[untreated])

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) negative predicted risks."""
        return -super().effect(X)


class RandomOrder(EffectLearner):
    """Random order, the reference every policy must beat.

    Its effect is the same for everyone; since tied rows share their average, metrics of it are exact expectations
    over all random orders.
    """

    def fit(self, Y=None, T=None, X=None, W=None, annotated=None, groups=None) -> RandomOrder:
        """Nothing is learned."""
        return self

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) zeros."""
        return np.zeros(len(X))


class KnownEffect(EffectLearner):
    """The oracle: its single feature is the true effect."""

    def fit(self, Y=None, T=None, X=None, W=None, annotated=None, groups=None) -> KnownEffect:
        """Nothing is learned."""
        return self

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) the feature itself."""
        return np.asarray(X, float)[:, 0]


def annotated_rows(Y, T, X, W, annotated, groups) -> tuple:
    """The annotated rows of all inputs, checked."""
    if W is None:
        raise ValueError("W = None: this learner needs the annotated confounders; pass W=cohort.W.")
    n = len(Y)
    mask = np.ones(n, bool) if annotated is None else np.asarray(annotated)
    shapes = {"T": len(T), "X": len(X), "W": len(W), "annotated": len(mask)}
    if mask.dtype != bool or set(shapes.values()) != {n}:
        raise ValueError(f"rows {shapes} against {n} of Y; all must agree, and annotated must be a mask of booleans.")
    if not mask.any():
        raise ValueError("annotated: no row is annotated; this learner needs some.")
    picked = [np.asarray(a)[mask] for a in (Y, T, X, W)]
    return (*picked, None if groups is None else np.asarray(groups)[mask])
