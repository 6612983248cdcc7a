"""Remedies that need no new training records: learners fitted again with weights."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from helpers.effects.em.learner import EMLearner
from helpers.effects.fitting import fitted
from helpers.effects.learners import EffectLearner


def reweighted(learner: EffectLearner, X: np.ndarray, w: np.ndarray, annotated: np.ndarray | None = None):
    """A fitted learner whose last step is fitted again with a weight a record, as if it had trained on the target.

    Pseudo-outcomes, or effects given the confounders, are the same in both worlds if only phi has shifted; what has to
    be weighted is the regression on phi. A step on unweighted data would be the better one if it were well specified
    and lossless, so weights trade variance for the right place to be accurate.

    Parameters
    ----------
    learner : EffectLearner
        A doubly robust learner, AACE, or EM, fitted on X; it is left as it is.
    X : (n, d) array
    w : (n,) array
        Density ratio of target to source.
    annotated : (n,) bool array or None
        The records AACE learned from; None: all.

    Raises
    ------
    TypeError
        Another kind of learner.
    """
    again, w = deepcopy(learner), np.asarray(w, float) / np.mean(w)
    if isinstance(learner, EMLearner) and learner.readout == "plug":
        fields = again.fit_.fields
        fields = fields.refit(fields.standardise(X), learner.marginals_ * w[:, None])
        again.fit_ = replace(again.fit_, fields=fields)
        return again
    target = getattr(learner, "target_", getattr(learner, "psi_", None))
    if target is None or not hasattr(learner, "model_"):
        raise TypeError(f"{type(learner).__name__}: only learners that regress a pseudo-outcome, or EM, take weights.")
    rows = np.arange(len(X)) if annotated is None or len(target) == len(X) else np.flatnonzero(annotated)
    again.model_ = fitted(clone(learner.model_), np.asarray(X)[rows], target, w[rows])
    return again
