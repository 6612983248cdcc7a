"""Fitting scikit-learn models with what is known of the rows, their weights and patients; same bits on any machine's
number of threads."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter


def fitted(
    model: BaseEstimator,
    X: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> BaseEstimator:
    """Fit a model; what is known of the rows goes to the last step of a pipeline.

    Parameters
    ----------
    model : estimator
        Fitted in place.
    weight : (n,) array or None
        Of the squared errors.
    groups : (n,) array or None
        Patients, for models that hold rows out by themselves: their ``fit`` takes ``groups``, others do without.
    """
    last, path = model, ""
    while isinstance(last, Pipeline):
        path, last = f"{path}{last.steps[-1][0]}__", last.steps[-1][1]
    known = {"sample_weight": weight, "groups": visits(groups) if has_fit_parameter(last, "groups") else None}
    return model.fit(X, y, **{f"{path}{name}": rows for name, rows in known.items() if rows is not None})


def visits(groups: np.ndarray | None) -> np.ndarray | None:
    """The patients of the rows where some have several and none has all; else None: a row is then a patient."""
    patients = 0 if groups is None else len(np.unique(groups))
    return groups if groups is not None and 1 < patients < len(groups) else None
