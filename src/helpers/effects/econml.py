"""Learners of econml behind the study's interface, with explicit nuisance models and folds by patient."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

from helpers.data.folds import folds_by_patient
from helpers.effects.learners import EffectLearner, annotated_rows
from helpers.effects.nuisance.prototypes import logistic, ridge


class CausalForest(EffectLearner):
    """econml's ``CausalForestDML`` on compressed features (Athey et al., arXiv 1610.01271).

    The forest splits on the leading principal components of X, found on the rows of ``fit``; its nuisances see all
    of X. The components keep the scale of the columns, so bedside columns of larger variance than the coordinates of
    an embedding come first. ``W`` and ``annotated`` are ignored.

    Parameters
    ----------
    components : int
        Principal components; at most the columns of X.
    trees : int
        A multiple of 4.
    leaf : int
        Least rows in a leaf.
    outcome, propensity : estimators or None
        Of E[Y | X] and P(T = 1 | X); None: ridge and logistic regression.
    folds, seed : int
        Folds by patient, and the seed of folds and forest.
    jobs : int
        Threads.
    """

    def __init__(
        self, components=20, trees=200, leaf=20, outcome=None, propensity=None, folds=5, seed=0, jobs=1
    ) -> None:
        self.components = components
        self.trees = trees
        self.leaf = leaf
        self.outcome = outcome
        self.propensity = propensity
        self.folds = folds
        self.seed = seed
        self.jobs = jobs

    def _learn(self, Y, T, X, W, annotated, groups) -> None:
        from econml.dml import CausalForestDML

        if self.trees % 4:
            raise ValueError(f"trees = {self.trees}: must be a multiple of 4, for trees grow in groups of 4.")
        X = np.asarray(X, float)
        self.pca_ = PCA(min(self.components, X.shape[1]), svd_solver="covariance_eigh").fit(X)
        self.model_ = CausalForestDML(
            model_y=clone(ridge() if self.outcome is None else self.outcome),
            model_t=clone(logistic() if self.propensity is None else self.propensity),
            discrete_treatment=True,
            cv=list(folds_by_patient(T, groups, self.folds, self.seed)),
            n_estimators=self.trees,
            min_samples_leaf=self.leaf,
            n_jobs=self.jobs,
            random_state=self.seed,
        )
        self.model_.fit(Y, T, X=self.pca_.transform(X), W=X)

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) estimated effects; below zero treatment helps."""
        check_is_fitted(self, "model_")
        return np.ravel(self.model_.effect(self.pca_.transform(np.asarray(X, float))))


class ByArm(RegressorMixin, BaseEstimator):
    """Regressions apart for the two arms, of rows whose last column is the treatment.

    Parameters
    ----------
    model : regressor or None
        Prototype; None: ridge.
    """

    def __init__(self, model=None) -> None:
        self.model = model

    def fit(self, X: np.ndarray, y: np.ndarray) -> ByArm:
        """Fit on (n, d + 1) rows and (n,) outcomes."""
        arms = (X[:, -1] == 0, X[:, -1] == 1)
        self.models_ = [clone(ridge() if self.model is None else self.model).fit(X[a, :-1], y[a]) for a in arms]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) mean outcomes under each row's treatment."""
        check_is_fitted(self, "models_")
        mu0, mu1 = (m.predict(X[:, :-1]) for m in self.models_)
        return np.where(X[:, -1] == 1, mu1, mu0)


class EconDRLearner(EffectLearner):
    """econml's ``DRLearner(X=phi, W=X)`` on the annotated rows: nuisances see features and confounders together.

    The same target as AACE, by a library; here the confounders join the features instead of replacing them.

    Parameters
    ----------
    second_stage, outcome : regressors or None
        Of psi on the features, and of the outcome in each arm; None: ridge.
    propensity : classifier or None
        None: logistic regression.
    folds, seed : int
        Folds by patient, and their order.
    clip : float
        Least propensity of either arm.
    """

    def __init__(self, second_stage=None, outcome=None, propensity=None, folds=5, clip=0.01, seed=0) -> None:
        self.second_stage = second_stage
        self.outcome = outcome
        self.propensity = propensity
        self.folds = folds
        self.clip = clip
        self.seed = seed

    def _learn(self, Y, T, X, W, annotated, groups) -> None:
        from econml.dr import DRLearner

        Y, T, X, W, groups = annotated_rows(Y, T, X, W, annotated, groups)
        self.model_ = DRLearner(
            model_propensity=clone(logistic() if self.propensity is None else self.propensity),
            model_regression=ByArm(self.outcome),
            model_final=clone(ridge() if self.second_stage is None else self.second_stage),
            cv=list(folds_by_patient(T, groups, self.folds, self.seed)),
            min_propensity=self.clip,
        )
        self.model_.fit(Y, T, X=np.asarray(X, float), W=np.asarray(W, float))

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) estimated effects; below zero treatment helps."""
        check_is_fitted(self, "model_")
        return np.ravel(self.model_.effect(np.asarray(X, float)))
