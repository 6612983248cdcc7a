"""Annotations as the second phase of a two-phase sample: every record has phi, T and Y, some have confounders too.

Both learners are a sum ``g + h``: ``g``, a regression over all records of what can be said without annotation, and
``h``, a penalised regression over the annotated ones of what annotation changes about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from helpers.artifacts.digests import digest
from helpers.artifacts.memory import MemoryCache
from helpers.data.folds import folds_by_patient
from helpers.effects.correction import Correction, Folds, Scores, cross_fit, folds_within
from helpers.effects.fitting import fitted
from helpers.effects.learners import EffectLearner
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import imputing, logistic, ridge
from helpers.effects.ordered import Rows

UNANNOTATED = MemoryCache(64, copies=True)  # what no annotation changes: the same at every budget


@dataclass(repr=False, eq=False)
class _TwoPhaseLearner(EffectLearner):
    """What the two learners share: pseudo-outcomes without and with annotation on the same folds."""

    second_stage: BaseEstimator | None = None
    nuisances: Nuisances | None = None
    free: Nuisances | None = None
    correction: Correction | None = None
    with_scores: bool = True
    folds: int = 5
    seed: int = 0
    clip: float = 0.01

    per_row = ("scores_phi_", "scores_x_")

    def fit(self, Y, T, X, W=None, annotated=None, groups=None, pi=None):
        """Fit; see :class:`helpers.effects.learners.EffectLearner`.

        Parameters
        ----------
        pi : (n,) array, float or None
            Known chance of each record to be annotated, in (0, 1]; it may depend on phi, T and Y. None: the
            annotated share. Only values of annotated rows are looked at.

        Raises
        ------
        ValueError
            No annotation, a chance outside (0, 1], or too few annotated rows for the folds.
        """
        return self._fit_rows(Rows(Y, T, X, W, annotated, groups, pi=pi))

    def _learn(self, Y, T, X, W, annotated, groups, pi) -> None:
        X = np.asarray(X, float)
        rows, W = _annotated(Y, W, annotated)
        weight = None if pi is None else _weights(pi, rows, len(Y))
        folds = list(folds_by_patient(T, groups, self.folds, self.seed))
        free = Nuisances(ridge(), logistic(), clip=self.clip) if self.free is None else self.free
        phi = partial(cross_fit, free, Y, T, X, folds, groups=groups)
        data = digest(Y, T, X, groups, [held for _, held in folds], self.clip)
        self.scores_phi_ = UNANNOTATED.get(data, phi) if self.free is None else phi()
        within = folds_within(folds, rows, T)
        noted = self._confounders(W, rows)
        stage1 = stage1_for(noted, self.clip) if self.nuisances is None else self.nuisances
        self.scores_x_ = cross_fit(stage1, Y[rows], T[rows], noted, within, weight, groups[rows])
        anchor = self._anchor(Y, T, rows, within, weight, groups)
        self.model_, held_out = self._regression(X, anchor, groups, folds, data)
        gap = self.scores_x_.psi - anchor[rows]
        teacher = None if held_out is None else self._teacher(held_out[rows], noted, weight, groups[rows])
        self.correction_ = self._correction().fit(X[rows], gap, weight, groups[rows], teacher)

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) ``g(X) + h(X)``; below zero treatment helps."""
        check_is_fitted(self, "correction_")
        return super().effect(X) + self.correction_.predict(X)

    def _regression(self, X, anchor, groups, folds: Folds, data: str) -> tuple:
        """g, and its held-out predictions where :class:`AnchoredAACE` needs them."""
        second_stage = clone(ridge() if self.second_stage is None else self.second_stage)
        return fitted(second_stage, X, anchor, groups=groups), None

    def _confounders(self, W: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Annotations, and what the features alone say about outcome and treatment, if wanted."""
        if not self.with_scores:
            return W
        s = self.scores_phi_
        return np.column_stack([W, s.mu0[rows], s.mu1[rows], logit(s.e[rows])])


@dataclass(repr=False, eq=False)
class TwoPhase(_TwoPhaseLearner):
    """Augmented pseudo-outcome with a known chance ``pi`` of annotation.

    ``g`` regresses on X, over all rows, the prediction ``m(phi, T, Y)`` of psi_x; ``h`` regresses ``psi_x - m`` on X
    over the annotated rows, weighted by ``1 / pi``. In the limit of many annotations the sum is unbiased if pi is
    right, whatever m is (double sampling: Levis et al.; prediction-powered inference: arXiv 2301.09633). m may be
    any function of (phi, T, Y); the default is a regression, held out by folds, on the pseudo-outcome of the features
    alone, its nuisances, T, Y and their products: few columns, so few annotations are enough for it.

    Parameters
    ----------
    second_stage, proxy : regressors or None
        Prototypes of g and m; None: ridge. ``proxy`` must take sample weights.
    nuisances : Nuisances or None
        Prototype of models on W; None: :func:`stage1_for`. Its ``folds`` and ``seed`` are not used.
    free : Nuisances or None
        Prototype of models on the features; None: ridge and logistic regression.
    correction : Correction or None
        Prototype of h; None: penalty by cross-validation, up to the mean alone.
    with_scores : bool
        Nuisances see, beside W, the features' own predictions of outcome and treatment (held out, but made by
        models that saw the other folds): what the text knows and the annotators did not note is adjusted for too.
    folds, seed : int
        Folds by patient, the same for all models.
    clip : float
        Bound of the propensities, where ``nuisances`` or ``free`` do not set it.
    """

    proxy: BaseEstimator | None = None

    def _anchor(self, Y, T, rows: np.ndarray, within: Folds, weight, groups) -> np.ndarray:
        """(n,) m: held-out predictions where annotated, the mean of the fold models elsewhere."""
        features, psi = proxy_features(Y, T, self.scores_phi_), self.scores_x_.psi
        prototype = ridge() if self.proxy is None else self.proxy
        m, held_out = np.zeros(len(Y)), np.empty(len(rows))
        for train, held in within:
            part = None if weight is None else weight[train]
            model = fitted(clone(prototype), features[rows[train]], psi[train], part, groups[rows[train]])
            m += model.predict(features) / len(within)
            held_out[held] = model.predict(features[rows[held]])
        m[rows] = held_out
        return m

    def _correction(self) -> Correction:
        default = Correction(zero=False, seed=self.seed)
        return clone(default if self.correction is None else self.correction)


@dataclass(repr=False, eq=False)
class AnchoredAACE(_TwoPhaseLearner):
    """AACE anchored at the learner that needs no annotation.

    ``g`` is the DR learner on the features; ``h`` regresses ``psi_x - psi_phi`` on X over the annotated rows. The
    two pseudo-outcomes of a row share its Y, so much of their noise cancels. The penalty of h is chosen by
    cross-validation, zero included: where annotation changes nothing the result is the DR learner, or close to it.

    Parameters
    ----------
    As :class:`TwoPhase`, without ``proxy``; ``correction`` None: penalty by cross-validation, up to no correction.
    smooth : bool
        h regresses on X the difference of two predictions instead of two pseudo-outcomes, which has far less noise: of
        psi_x given the annotations and g's own held-out effect, and of g. What the text alone knows about the effect
        stays in it through g. Penalty, or no correction, is still chosen by the pseudo-outcomes of held-out rows.
    smoother : regressor or None
        Prototype of that prediction; None: ridge.
    """

    smooth: bool = True
    smoother: BaseEstimator | None = None

    def _anchor(self, Y, T, rows, within, weight, groups) -> np.ndarray:
        return self.scores_phi_.psi

    def _regression(self, X, anchor, groups, folds, data) -> tuple:
        if not self.smooth:
            return super()._regression(X, anchor, groups, folds, data)
        second_stage = ridge() if self.second_stage is None else self.second_stage

        def fit() -> tuple:
            held_out = np.empty(len(X))
            for train, held in folds:
                model = fitted(clone(second_stage), X[train], anchor[train], groups=groups[train])
                held_out[held] = model.predict(X[held])
            return fitted(clone(second_stage), X, anchor, groups=groups), held_out

        usual = self.free is None and self.second_stage is None
        return UNANNOTATED.get(f"regression {data}", fit) if usual else fit()

    def _teacher(self, g: np.ndarray, noted: np.ndarray, weight, groups: np.ndarray) -> Callable:
        """For annotated rows (positions), targets of h with less noise; see :class:`Correction`."""
        columns, psi = np.column_stack([noted, g]), self.scores_x_.psi
        smoother = imputing(ridge() if self.smoother is None else self.smoother, columns)

        def teach(part: np.ndarray) -> np.ndarray:
            w = None if weight is None else weight[part]
            model = fitted(clone(smoother), columns[part], psi[part], w, groups[part])
            return model.predict(columns[part]) - g[part]

        return teach

    def _correction(self) -> Correction:
        default = Correction(margin=0.0 if self.smooth else 0.5, seed=self.seed)
        return clone(default if self.correction is None else self.correction)


def stage1_for(W: np.ndarray, clip: float) -> Nuisances:
    """Ridge and logistic regression on (m, q) confounders; the usual richer models from ten rows a product on."""
    m, q = W.shape
    if m >= 5 * q * (q + 1):
        return Nuisances(clip=clip)
    return Nuisances(ridge(), logistic(C=0.1), clip=clip)


def proxy_features(Y: np.ndarray, T: np.ndarray, scores: Scores) -> np.ndarray:
    """(n, 11) what phi, T and Y say about psi_x: psi_phi, its parts, and products with T and Y.

    Factors of products are centred, at the mean outcome and halfway between the arms, so that a ridge regression on
    the columns sees neither the origin of the outcome nor which arm is called treated.
    """
    rest, share, arm = Y - np.where(T == 1, scores.mu1, scores.mu0), logit(scores.e), T - 0.5
    level = (scores.mu0 + scores.mu1) / 2 - Y.mean()
    products = [arm * factor for factor in (Y - Y.mean(), rest, level, share)]
    return np.column_stack([scores.psi, scores.mu0, scores.mu1, share, arm, Y, rest, *products])


def _annotated(Y: np.ndarray, W, annotated) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the annotated rows and their annotations; without a mask those that are complete."""
    if W is None:
        raise ValueError("W = None: this learner needs the annotated confounders; pass W=cohort.W.")
    mask, W = np.ones(len(Y), bool) if annotated is None else np.asarray(annotated), np.asarray(W, float)
    if mask.dtype != bool or len(mask) != len(Y) or len(W) != len(Y):
        raise ValueError(f"annotated {mask.dtype} of {len(mask)}, W of {len(W)}: need a mask and rows for {len(Y)}.")
    rows = np.flatnonzero(np.isfinite(W).all(1) if annotated is None else mask)
    if not len(rows):
        raise ValueError("annotated: no row is annotated, or none completely; this learner needs some.")
    return rows, W[rows]


def _weights(pi, rows: np.ndarray, n: int) -> np.ndarray | None:
    """(m,) ``1 / pi`` of the annotated rows, scaled to mean 1; None where all are equal."""
    pi = np.broadcast_to(np.asarray(pi, float), (n,))[rows]
    if not ((pi > 0) & (pi <= 1)).all():
        raise ValueError("pi: every annotated record must have had a chance of annotation in (0, 1].")
    return 1 / pi / (1 / pi).mean() if np.ptp(pi) > 0 else None
