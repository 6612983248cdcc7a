"""Cross-fitted nuisances: mean outcomes without and with treatment, and the chance of treatment (layer 2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.validation import check_is_fitted

from helpers.recent import Recent
from helpers.ridge import LeaveOneOutRidge

ALPHAS = tuple(10.0**k for k in range(-1, 5))
FOLDS, FITTED = Recent(8), Recent(4)


def ridge(alphas: tuple[float, ...] = ALPHAS) -> Pipeline:
    """Ridge on standardised inputs, penalty by leave-one-out error of the training rows."""
    return make_pipeline(StandardScaler(), LeaveOneOutRidge(alphas))


def ridge_interactions() -> Pipeline:
    """Ridge on the columns and their pairwise products: for a handful of confounders, not for embeddings."""
    return make_pipeline(PolynomialFeatures(2, interaction_only=True, include_bias=False), ridge())


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


def folds_by_patient(T: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> Iterator[tuple]:
    """(training, held-out) positions; a patient's rows stay together, both arms are spread over the folds.

    ``folds=1`` gives one pair of all rows twice: fitting in sample, as published, for comparison only.
    """
    rows = np.arange(len(T))
    if folds == 1:
        yield rows, rows
        return
    rarer = int(np.bincount(np.asarray(T, int), minlength=2)[:2].min())
    if rarer < folds:
        raise ValueError(
            f"folds = {folds}: the rarer treatment arm has {rarer} row(s); every fold needs one. "
            f"Annotate more records or lower the number of folds."
        )
    groups = rows if groups is None else groups
    patients = len(np.unique(groups))
    if patients < folds:
        raise ValueError(f"folds = {folds}: more than the {patients} patients; lower the number of folds.")
    content = (np.asarray(T), np.asarray(groups), folds, seed)
    yield from FOLDS.get(content, lambda: _split(T, None if patients == len(rows) else groups, folds, seed))


def _split(T: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> list[tuple]:
    """Without groups nothing must be kept together, and the plain splitter is a hundred times faster."""
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    return list(kind(folds, shuffle=True, random_state=seed).split(np.arange(len(T)), T, groups))


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
    """

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
        content = (self.get_params(), Y, T, W, None if groups is None else np.asarray(groups))
        self._keep(*FITTED.get(content, lambda: self._fitted(Y, T, W, groups)))
        return self

    def _fitted(self, Y: np.ndarray, T: np.ndarray, W: np.ndarray, groups: np.ndarray | None) -> tuple:
        jobs = self.jobs(T, W, groups)
        for models, rows, _ in jobs:
            for model, target, r in zip(models, (Y, Y, T), rows, strict=True):
                model.fit(W[r], target[r])
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

    def _keep(self, mu0: np.ndarray, mu1: np.ndarray, e: np.ndarray, models: list[tuple]) -> None:
        self.mu0_, self.mu1_, self.e_raw_, self.models_ = mu0, mu1, e, models
        self.e_ = np.clip(e, self.clip, 1 - self.clip)

    def predict(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``mu0, mu1, e`` (clipped) of rows not seen in ``fit``: the mean over the fold models."""
        check_is_fitted(self, "models_")
        mu0 = np.mean([m.predict(W) for m, _, _ in self.models_], axis=0)
        mu1 = np.mean([m.predict(W) for _, m, _ in self.models_], axis=0)
        e = np.mean([m.predict_proba(W)[:, 1] for _, _, m in self.models_], axis=0)
        return mu0, mu1, np.clip(e, self.clip, 1 - self.clip)


def _held_out(jobs: list[tuple], W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple]]:
    """What the fitted models of the jobs predict for the rows they did not see, and the models."""
    mu0_held, mu1_held, e_held = (np.empty(len(W)) for _ in range(3))
    for (mu0, mu1, e), _, held in jobs:
        mu0_held[held], mu1_held[held] = mu0.predict(W[held]), mu1.predict(W[held])
        e_held[held] = e.predict_proba(W[held])[:, 1]
    for array in (mu0_held, mu1_held, e_held):
        array.setflags(write=False)  # others may be given the same arrays
    return mu0_held, mu1_held, e_held, [models for models, *_ in jobs]


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
