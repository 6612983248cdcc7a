"""Effects given the annotated confounders, each row's from other patients' rows.

They never reach the bedside: they are the yardstick against which an order made from the notes is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from helpers.data.canonical import patient_codes, upright
from helpers.data.folds import folds_by_patient
from helpers.effects.learners import EffectLearner
from helpers.effects.metalearners import RLearner
from helpers.evaluation.held_out import HeldOutScores


@dataclass(frozen=True, repr=False)
class Reference:
    """Effects given confounders for held-out rows.

    Attributes
    ----------
    effects : (n,) array
        Below zero where treatment helps.
    folds : (n,) int array
        Rows of one number were predicted by one model, which saw none of their patients.
    """

    effects: np.ndarray
    folds: np.ndarray

    def __post_init__(self) -> None:
        if np.shape(self.effects) != np.shape(self.folds) or not np.isfinite(self.effects).all():
            raise ValueError(
                f"effects {np.shape(self.effects)}, folds {np.shape(self.folds)}: give one finite effect and one fold "
                f"number a row."
            )


def confounder_effects(
    scores: HeldOutScores,
    W: np.ndarray,
    more: tuple[np.ndarray, ...] | None = None,
    learner: EffectLearner | None = None,
    folds: int = 3,
    seed: int = 0,
) -> Reference:
    """Learn effects from confounders; held-out rows get the prediction of a model that never saw their patient.

    Parameters
    ----------
    scores : HeldOutScores
        Of the held-out rows.
    W : (n, q) array
        Their annotated confounders and bedside columns.
    more : (Y, T, W, groups) of m rows, or None
        Annotated training records of other patients, and who they are of: they steady the estimate.
    learner : EffectLearner or None
        Prototype; None: R-learner with ridge regressions. A learner without products of columns does not see an order
        that only products make.
    folds, seed : int

    Returns
    -------
    Reference
    """
    W = np.asarray(W, float)
    if W.ndim != 2 or len(W) != len(scores):
        raise ValueError(f"W: shape {W.shape} for {len(scores)} held-out rows; give one row of confounders each.")
    own = (scores.Y, scores.T, W, np.asarray(scores.groups))
    extra = tuple(a[:0] for a in own) if more is None else more
    prototype = RLearner(folds=2, seed=seed) if learner is None else learner
    effects, number = np.empty(len(W)), np.empty(len(W), int)
    patients = patient_codes((upright(scores.Y), W, scores.T, scores.e), scores.groups)
    for k, (train, held) in enumerate(folds_by_patient(scores.T, patients, folds, seed)):
        Y, T, X, groups = (np.concatenate([a[train], b]) for a, b in zip(own, extra, strict=True))
        effects[held] = clone(prototype).fit(Y, T, X, groups=groups).effect(W[held])
        number[held] = k
    return Reference(effects, number)
