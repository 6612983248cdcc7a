"""Cross-fitted nuisances: mean outcomes without and with treatment, and the chance of treatment."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from helpers.artifacts.memory import MemoryCache
from helpers.data.canonical import in_order, upright
from helpers.data.folds import folds_by_patient
from helpers.effects.fitting import fitted
from helpers.effects.nuisance.prototypes import boosted_propensity, imputing, ridge_interactions
from helpers.stats.threads import one_thread

FITTED_NUISANCES = MemoryCache(4)


class Nuisances(BaseEstimator):
    """Cross-fitted ``mu0``, ``mu1`` and ``e``.

    Parameters
    ----------
    outcome, propensity : estimators or None
        Prototypes, cloned for every fold and arm; None: ridge with pairwise products and boosted trees.
    folds : int
        Folds by patient; 1 fits and predicts in sample.
    clip : float
        ``e`` is clipped to [clip, 1 - clip].
    seed : int
        Order of the patients in the folds.

    Attributes
    ----------
    mu0_, mu1_, e_ : (n,) arrays
        Held-out predictions for the rows given to ``fit``; ``e_`` clipped, ``e_raw_`` not.
    models_ : list of (mu0, mu1, e) estimators, one triple a fold
    fold_ : (n,) int array
        The fold each row was held out in.
    """

    per_row = ("mu0_", "mu1_", "e_", "e_raw_", "fold_")

    def __init__(self, outcome=None, propensity=None, folds: int = 5, clip: float = 0.01, seed: int = 0) -> None:
        self.outcome = outcome
        self.propensity = propensity
        self.folds = folds
        self.clip = clip
        self.seed = seed

    def fit(self, Y: np.ndarray, T: np.ndarray, W: np.ndarray, groups: np.ndarray | None = None) -> Nuisances:
        """Fit on outcomes (n,), treatments (n,), confounders (n, q) and patient identifiers (n,).

        Missing confounders (NaN) are imputed inside the folds; see :func:`imputing`.
        """
        Y, T, W = _check(Y, T, W, self.clip)
        groups = None if groups is None else np.asarray(groups)
        content = (self.get_params(), "any order", Y, T, W, groups)
        self._keep(*FITTED_NUISANCES.get(content, lambda: self._by_content(Y, T, W, groups)))
        return self

    def fit_in_order(self, Y: np.ndarray, T: np.ndarray, W: np.ndarray, groups: np.ndarray) -> Nuisances:
        """:meth:`fit` for rows whose order and patients' numbers mean nothing any more; see ``data.canonical``.

        Models that draw at random see the rows as they are, and folds follow from the numbers.
        """
        Y, T, W = _check(Y, T, W, self.clip)
        content = (self.get_params(), "in order", Y, T, W, groups)
        self._keep(*FITTED_NUISANCES.get(content, lambda: self._fitted(Y, T, W, groups)))
        return self

    def _by_content(self, Y: np.ndarray, T: np.ndarray, W: np.ndarray, groups: np.ndarray | None) -> tuple:
        """Fit on the rows in the order of what they hold, so that neither their places nor names decide anything.

        Outcomes come first: folds are the same whatever is known or left out of the confounders.
        """
        order, codes, _ = in_order((upright(Y), W, T), groups)
        *arrays, models = self._fitted(Y[order], T[order], W[order], codes)
        return (*(_kept(array[np.argsort(order)]) for array in arrays), models)

    def _fitted(self, Y: np.ndarray, T: np.ndarray, W: np.ndarray, groups: np.ndarray | None) -> tuple:
        jobs = self.jobs(T, W, groups)
        with one_thread():
            for models, rows, _ in jobs:
                for model, target, r in zip(models, (Y, Y, T), rows, strict=True):
                    fitted(model, W[r], target[r], groups=None if groups is None else groups[r])
            return _held_out(jobs, W)

    def jobs(self, T: np.ndarray, W: np.ndarray, groups: np.ndarray | None) -> list[tuple]:
        """A fold: unfitted (mu0, mu1, e) models, the rows each is fitted on, the rows held out."""
        outcome = imputing(ridge_interactions() if self.outcome is None else self.outcome, W)
        propensity = imputing(boosted_propensity() if self.propensity is None else self.propensity, W)
        jobs = []
        for train, held in folds_by_patient(T, groups, self.folds, self.seed):
            models = tuple(clone(m) for m in (outcome, outcome, propensity))
            jobs.append((models, (train[T[train] == 0], train[T[train] == 1], train), held))
        return jobs

    def finish(self, jobs: list[tuple], W: np.ndarray) -> Nuisances:
        """Keep the fitted models of the jobs and what they predict for held-out rows."""
        self._keep(*_held_out(jobs, W))
        return self

    def _keep(self, mu0: np.ndarray, mu1: np.ndarray, e: np.ndarray, fold: np.ndarray, models: list[tuple]) -> None:
        self.mu0_, self.mu1_, self.e_raw_, self.fold_, self.models_ = mu0, mu1, e, fold, models
        self.e_ = np.clip(e, self.clip, 1 - self.clip)

    def predict(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``mu0, mu1, e`` (clipped) of rows not seen in ``fit``: the mean over the fold models."""
        check_is_fitted(self, "models_")
        mu0 = np.mean([m.predict(W) for m, _, _ in self.models_], axis=0)
        mu1 = np.mean([m.predict(W) for _, m, _ in self.models_], axis=0)
        e = np.mean([m.predict_proba(W)[:, 1] for _, _, m in self.models_], axis=0)
        return mu0, mu1, np.clip(e, self.clip, 1 - self.clip)


def _held_out(jobs: list[tuple], W: np.ndarray) -> tuple:
    """What the fitted models of the jobs predict for the rows they did not see, those rows' folds, and the models."""
    mu0_held, mu1_held, e_held = (np.empty(len(W)) for _ in range(3))
    fold = np.empty(len(W), int)
    for k, ((mu0, mu1, e), _, held) in enumerate(jobs):
        mu0_held[held], mu1_held[held], fold[held] = mu0.predict(W[held]), mu1.predict(W[held]), k
        e_held[held] = e.predict_proba(W[held])[:, 1]
    return (*map(_kept, (mu0_held, mu1_held, e_held, fold)), [models for models, *_ in jobs])


def _kept(array: np.ndarray) -> np.ndarray:
    """Not to be changed: others may be given the same array."""
    array.setflags(write=False)
    return array


def _check(Y: np.ndarray, T: np.ndarray, W: np.ndarray, clip: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Y, T, W = np.asarray(Y, float), np.asarray(T), np.asarray(W, float)
    if not (len(Y) == len(T) == len(W)) or W.ndim != 2:
        raise ValueError(f"Y {Y.shape}, T {T.shape}, W {W.shape}: expected (n,), (n,) and (n, q) of one n.")
    values = np.unique(T)
    if not np.isin(values, [0, 1]).all() or len(values) < 2:
        raise ValueError(f"T takes the values {values[:5].tolist()}; it must be 0 or 1 and take both.")
    if not np.isfinite(Y).all() or np.isinf(W).any():
        raise ValueError("Y holds missing or infinite values or W infinite ones; drop those rows first.")
    if not 0 <= clip < 0.5:
        raise ValueError(f"clip = {clip}: must lie in [0, .5).")
    return Y, T.astype(int), W
