"""Cross-fitted nuisances: mean outcomes without and with treatment, and the chance of treatment (layer 2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

ALPHAS = tuple(10.0**k for k in range(-1, 5))


class TallRidge(RidgeCV):
    """scikit-learn's ``RidgeCV`` with its leave-one-out choice, faster where rows outnumber columns.

    The leverages of all penalties come from one product with the axes of X'X instead of one product a penalty.
    """

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> TallRidge:
        """Fit on (n, d) inputs, (n,) targets and weights; anything else than n > d is left to scikit-learn."""
        X, y = validate_data(self, X, y, y_numeric=True, multi_output=True, dtype=np.float64)
        if y.ndim > 1 or len(X) <= X.shape[1] or not self.fit_intercept or self.cv is not None:
            return super().fit(X, y, sample_weight)
        root = np.ones(len(y)) if sample_weight is None else np.sqrt(np.asarray(sample_weight, float))
        weight = root**2 / (root @ root)
        centre, mean = weight @ X, weight @ y
        Z, target = root[:, None] * (X - centre), root * (y - mean)
        values, axes = np.linalg.eigh(Z.T @ Z)
        U = Z @ axes
        share = 1 / (values[:, None] + np.asarray(self.alphas, float))
        slopes = share * (U.T @ target)[:, None]
        errors = (target[:, None] - U @ slopes) / (1 - U**2 @ share - weight[:, None])
        losses = (errors**2).mean(0)
        best = int(losses.argmin())
        self.alpha_, self.best_score_ = self.alphas[best], -losses[best]
        self.coef_ = axes @ slopes[:, best]
        self.intercept_ = mean - centre @ self.coef_
        return self


def ridge(alphas: tuple[float, ...] = ALPHAS) -> Pipeline:
    """Ridge on standardised inputs, penalty by leave-one-out error of the training rows."""
    return make_pipeline(StandardScaler(), TallRidge(alphas))


def ridge_interactions() -> Pipeline:
    """Ridge on the columns and their pairwise products: for a handful of confounders, not for embeddings."""
    return make_pipeline(PolynomialFeatures(2, interaction_only=True, include_bias=False), ridge())


def logistic(C: float = 0.03) -> Pipeline:
    """Penalised logistic regression on standardised inputs."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=500))


def boosted_propensity() -> HistGradientBoostingClassifier:
    """Shallow boosted trees for a handful of confounders.

    Trees level off where treatment is nearly certain; a logistic regression runs on towards 0 and 1 there, and a few
    rows with huge inverse weights then carry the pseudo-outcome.
    """
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=6, min_samples_leaf=40, early_stopping=False, random_state=0
    )


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
    fold = _stratified(np.asarray(T, int), rows if groups is None else np.asarray(groups), folds, seed)
    yield from ((np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds))


def _stratified(T: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(n,) the fold that scikit-learn's ``StratifiedGroupKFold`` with shuffling gives, at a tenth of its time.

    Patients, the most unequal arms first, go to the fold that keeps the arms' shares most alike; ties to the smallest.
    """
    patients, patient = np.unique(groups, return_inverse=True)
    if len(patients) < folds:
        raise ValueError(f"folds = {folds}: more than the {len(patients)} patients; lower the number of folds.")
    present, arm = np.unique(T, return_inverse=True)
    counts = np.zeros((len(patients), len(present)))
    np.add.at(counts, (patient, arm), 1)
    order = np.arange(len(patients))
    np.random.RandomState(seed).shuffle(order)
    order = order[np.argsort(-np.std(counts[order], axis=1), kind="stable")]
    total, filled, chosen = counts.sum(0), np.zeros((folds, len(present))), np.empty(len(patients), int)
    one_more = np.eye(folds)[:, None, :]
    for p in order:
        shares = (filled[:, :, None] + one_more * counts[p][:, None]) / total[:, None]
        deviation = shares - np.add.reduce(shares, axis=0) / folds
        spread = np.sqrt(np.add.reduce(deviation * deviation, axis=0) / folds)
        chosen[p] = _best((np.add.reduce(spread, axis=0) / len(present)).tolist(), filled.sum(1).tolist())
        filled[chosen[p]] += counts[p]
    return chosen[patient]


def _best(spread: list[float], size: list[float]) -> int:
    """The fold of least spread; of those as good, by numpy's ``isclose``, the smaller."""
    best = 0
    for k in range(1, len(spread)):
        close = abs(spread[k] - spread[best]) <= 1e-8 + 1e-5 * spread[best]
        if spread[k] < spread[best] or (close and size[k] < size[best]):
            best = k
    return best


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
        """Fit on outcomes (n,), treatments (n,), confounders (n, q) and patient identifiers (n,)."""
        Y, T, W = _check(Y, T, W, self.clip)
        outcome = ridge_interactions() if self.outcome is None else self.outcome
        propensity = boosted_propensity() if self.propensity is None else self.propensity
        self.mu0_, self.mu1_, self.e_raw_ = np.empty((3, len(Y)))
        self.models_ = []
        for train, held in folds_by_patient(T, groups, self.folds, self.seed):
            arms = [train[T[train] == t] for t in (0, 1)]
            mu0, mu1 = (clone(outcome).fit(W[arm], Y[arm]) for arm in arms)
            e = clone(propensity).fit(W[train], T[train])
            self.models_.append((mu0, mu1, e))
            self.mu0_[held], self.mu1_[held] = mu0.predict(W[held]), mu1.predict(W[held])
            self.e_raw_[held] = e.predict_proba(W[held])[:, 1]
        self.e_ = np.clip(self.e_raw_, self.clip, 1 - self.clip)
        return self

    def predict(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``mu0, mu1, e`` (clipped) of rows not seen in ``fit``: the mean over the fold models."""
        check_is_fitted(self, "models_")
        mu0 = np.mean([m.predict(W) for m, _, _ in self.models_], axis=0)
        mu1 = np.mean([m.predict(W) for _, m, _ in self.models_], axis=0)
        e = np.mean([m.predict_proba(W)[:, 1] for _, _, m in self.models_], axis=0)
        return mu0, mu1, np.clip(e, self.clip, 1 - self.clip)


def _check(Y: np.ndarray, T: np.ndarray, W: np.ndarray, clip: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Y, T, W = np.asarray(Y, float), np.asarray(T), np.asarray(W, float)
    if not (len(Y) == len(T) == len(W)) or W.ndim != 2:
        raise ValueError(f"Y {Y.shape}, T {T.shape}, W {W.shape}: expected (n,), (n,) and (n, q) of one n.")
    values = np.unique(T)
    if not np.isin(values, [0, 1]).all() or len(values) < 2:
        raise ValueError(f"T takes the values {values[:5].tolist()}; it must be 0 or 1 and take both.")
    if not (np.isfinite(Y).all() and np.isfinite(W).all()):
        raise ValueError("Y or W holds values that are not finite; impute or drop those rows first.")
    if not 0 <= clip < 0.5:
        raise ValueError(f"clip = {clip}: must lie in [0, .5).")
    return Y, T.astype(int), W
