"""Prototypes of the nuisance models."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from helpers.effects.nuisance.ridge import LeaveOneOutRidge
from helpers.effects.scale import Unitless

RIDGE_PENALTIES = tuple(10.0**k for k in range(-1, 5))


def ridge(alphas: tuple[float, ...] = RIDGE_PENALTIES) -> Pipeline:
    """Ridge on standardised inputs, penalty by leave-one-out error of the training rows."""
    return make_pipeline(StandardScaler(), LeaveOneOutRidge(alphas))


def ridge_interactions() -> Pipeline:
    """Ridge on the columns and their pairwise products: for a handful of confounders, not for embeddings.

    Products are those of standardised columns, so that neither unit nor origin of an age or a year matters.
    """
    return make_pipeline(Unitless(), PolynomialFeatures(2, interaction_only=True, include_bias=False), ridge())


def logistic(C: float = 0.03) -> Pipeline:
    """Penalised logistic regression on standardised inputs."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=500, solver="newton-cholesky"))


def boosted_propensity() -> HistGradientBoostingClassifier:
    """Shallow boosted trees for a handful of confounders.

    Trees level off where treatment is nearly certain; a logistic regression runs on towards 0 and 1 there, and a few
    rows with huge inverse weights then carry the pseudo-outcome.
    """
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=6, min_samples_leaf=40, early_stopping=False, random_state=0
    )


def imputing(prototype: BaseEstimator, W: np.ndarray) -> BaseEstimator:
    """The prototype itself, or, where W has missing values, after a step that fills them in from its training rows.

    A missing value becomes the median and an indicator is added for its column, so that being unmeasured may matter by
    itself; then all columns are standardised. Being part of the model, the step is fitted inside each fold.
    """
    if not np.isnan(W).any():
        return prototype
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(fill, StandardScaler(), prototype)
