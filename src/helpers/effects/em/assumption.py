"""Does the text say more about T and Y than the annotations do? A test of EM's assumption, and EM with a way out.

EM and impute-then-plug take it that, given annotations X and bedside columns W, the text tells nothing about treatment
and outcome. On annotated rows that has a consequence: no regression on phi predicts what W (here: X and bedside
columns) leaves of T, nor what W and T leave of Y.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import clone
from sklearn.preprocessing import PolynomialFeatures

from helpers.data.folds import folds_by_patient
from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import EffectLearner, annotated_rows
from helpers.effects.ordered import Rows
from helpers.effects.scale import Unitless
from helpers.effects.two_phase import AnchoredAACE

TEST_PENALTIES = (0.01, 0.1, 1.0)  # times the number of rows; the features are scaled to a mean squared length of 1


class TooFewAnnotated(ValueError):
    """There are too few annotated rows for the test."""


def text_beyond_annotations(
    Y, T, X, W, annotated=None, groups=None, folds: int = 5, draws: int = 999, rows: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Test on annotated rows whether phi predicts T given W, or Y given W and T.

    Target and features are freed of W's columns and their pairwise products (for Y also of T and its products) by
    least squares, so that an error of either regression alone does no harm. Then ridge regressions on the features,
    three penalties, predict each fold's residuals from the other folds. The statistic is the correlation of residual
    and prediction, the best penalty counting; its distribution comes from random signs of the residuals (wild
    bootstrap; drawn by patient), which keeps unequal variances.

    Parameters
    ----------
    Y, T, X, W, annotated, groups
        As :class:`helpers.effects.learners.EffectLearner`; rows with missing annotations are left out.
    folds, draws : int
        Folds by patient; draws of signs.
    rows : int
        At most so many annotated rows are used, at random.
    seed : int

    Returns
    -------
    DataFrame
        One row a target (``Y``, ``T``): ``target``, ``rows``, held-out ``correlation``, ``p_value``.

    Raises
    ------
    TooFewAnnotated
        Too few annotated rows to free anything of W; a ValueError.
    """
    Y, T, X, W, groups = _complete(Y, T, X, W, annotated, groups, rows, seed)
    base = PolynomialFeatures(2, interaction_only=True).fit_transform(Unitless().fit_transform(W))
    given = {"Y": (Y, np.hstack([base, T[:, None] * base])), "T": (T.astype(float), base)}
    split = list(folds_by_patient(T, groups, folds, seed))
    seeds = np.random.SeedSequence(seed).spawn(2)
    table = []
    for (name, (target, design)), s in zip(given.items(), seeds, strict=True):
        U = _span(design, name)
        R = _with_signs(target, U, groups, draws, np.random.default_rng(s))
        correlation, p = _held_out(R, _freed(X, U), split)
        table.append({"target": name, "rows": len(R), "correlation": correlation, "p_value": p})
    return pd.DataFrame(table)


def _complete(Y, T, X, W, annotated, groups, rows: int, seed: int) -> tuple:
    Y, T, X, W, groups = annotated_rows(**Rows(Y, T, X, W, annotated, groups).data)
    X, W = np.asarray(X, float), np.asarray(W, float)
    used = np.flatnonzero(np.isfinite(W).all(1))
    used = np.sort(np.random.default_rng(seed).permutation(used)[:rows])
    return Y[used], T[used], X[used], W[used], np.unique(groups[used], return_inverse=True)[1]


def _span(design: np.ndarray, name: str) -> np.ndarray:
    """Orthonormal columns that span the design's."""
    U, s, _ = np.linalg.svd(design, full_matrices=False)
    U = U[:, s > 1e-9 * s.max()]
    if len(U) < 2 * U.shape[1]:
        raise TooFewAnnotated(
            f"annotated: {len(U)} complete rows for the {U.shape[1]} terms {name} is freed of; at least twice as many "
            "rows are needed. Annotate more records."
        )
    return U


def _freed(A: np.ndarray, U: np.ndarray) -> np.ndarray:
    """Least-squares residuals of the columns of A."""
    return A - U @ (U.T @ A)


def _with_signs(target: np.ndarray, U: np.ndarray, groups: np.ndarray, draws: int, rng) -> np.ndarray:
    """(n, draws + 1) residuals, then what refitting makes of residuals with random signs.

    Residuals of one fit are slightly dependent, which refitting repeats; they are too short by the root of 1 minus
    their leverage, which is undone before.
    """
    r = _freed(target[:, None], U)
    long = r / np.sqrt(np.maximum(1 - (U**2).sum(1, keepdims=True), 1e-3))
    signs = rng.choice([-1.0, 1.0], (groups.max() + 1, draws))[groups]
    return np.column_stack([r, _freed(long * signs, U)])


def _held_out(R: np.ndarray, Z: np.ndarray, split) -> tuple[float, float]:
    """Held-out correlation at the best penalty, and the p-value of the first column among the others."""
    scale = Z.std(0)
    used = scale > 1e-9 * max(scale.max(), 1e-300)
    Z = Z[:, used] / scale[used]
    K = Z @ Z.T / max(Z.shape[1], 1)
    correlations, statistics = [], []
    for penalty in TEST_PENALTIES:
        P = _predicted(K, R, split, penalty)
        products, sizes = (R * P).sum(0), np.sqrt((R**2).sum(0) * (P**2).sum(0))
        correlations.append(products / np.maximum(sizes, 1e-300))
        statistics.append((correlations[-1] - correlations[-1][1:].mean()) / max(correlations[-1][1:].std(), 1e-300))
    best = np.max(statistics, axis=0)
    correlation = correlations[int(np.argmax([s[0] for s in statistics]))][0]
    return float(correlation), float((1 + (best[1:] >= best[0]).sum()) / len(best))


def _predicted(K: np.ndarray, R: np.ndarray, split, penalty: float) -> np.ndarray:
    """(n, draws + 1) held-out kernel ridge predictions of every column of R."""
    P = np.zeros_like(R)
    for train, held in split:
        inner = K[np.ix_(train, train)] + penalty * len(train) * np.eye(len(train))
        P[held] = K[np.ix_(held, train)] @ cho_solve(cho_factor(inner), R[train])
    return P


class SafeEM(EffectLearner):
    """EM where its assumption is not rejected, phi-anchored AACE where it is.

    Parameters
    ----------
    em : EMLearner or None
        Prototype; None: one binary field.
    fallback : learner or None
        Prototype; None: :class:`AnchoredAACE`. Must take ``pi``.
    level : float
        Error rate of the decision; each of the two tests gets half (Bonferroni).
    draws, rows : int
        As :func:`text_beyond_annotations`.
    seed : int

    Attributes
    ----------
    chosen_ : {"em", "fallback"}
    assumption_ : DataFrame
        The tests.
    learner_ : the fitted learner
    """

    def __init__(
        self, em: EMLearner | None = None, fallback=None, level: float = 0.01, draws=999, rows=2000, seed: int = 0
    ) -> None:
        self.em = em
        self.fallback = fallback
        self.level = level
        self.draws = draws
        self.rows = rows
        self.seed = seed

    def fit(self, Y, T, X, W=None, annotated=None, groups=None, pi=None) -> SafeEM:
        """Fit; see :class:`EffectLearner`. ``pi`` is the known chance of annotation, for the fallback."""
        data = {"Y": Y, "T": T, "X": X, "W": W, "annotated": annotated, "groups": groups}
        self.assumption_ = text_beyond_annotations(**data, draws=self.draws, rows=self.rows, seed=self.seed)
        failed = self.assumption_[self.assumption_["p_value"] < self.level / 2]
        if failed.empty:
            self.chosen_, self.learner_ = "em", clone(EMLearner() if self.em is None else self.em).fit(**data)
            return self
        self._warn(failed)
        fallback = AnchoredAACE(seed=self.seed) if self.fallback is None else self.fallback
        self.chosen_, self.learner_ = "fallback", clone(fallback).fit(**data, pi=pi)
        return self

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) effects of the chosen learner."""
        return self.learner_.effect(X)

    def _warn(self, failed: pd.DataFrame) -> None:
        named = {"Y": "the outcome given annotations and treatment", "T": "the treatment given annotations"}
        said = "; ".join(
            f"{named[r.target]} (held-out correlation {r.correlation:.2f}, p = {r.p_value:.3g})"
            for r in failed.itertuples()
        )
        warnings.warn(
            f"EM's assumption is rejected: the text predicts {said}. {type(self.fallback or AnchoredAACE()).__name__} "
            "is used instead. To keep EM, annotate what the text knows beyond the present fields.",
            stacklevel=3,
        )
