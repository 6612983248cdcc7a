"""Has the world changed? A classifier two-sample test with an exact p-value.

A classifier that tells deployment records from training records, on records it has not seen, better than chance shows
that the two differ (Lopez-Paz and Oquab, arXiv 1610.06545). Its accuracy has no simple distribution, as held-out
predictions of one fit depend on each other; permuting who is from where, patients as wholes, gives the exact one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import rankdata

from helpers.data.folds import random_folds
from helpers.stats.arrays import consecutive_codes
from helpers.stats.proportions import wilson
from helpers.stats.repetitions import interval
from helpers.stats.ties import is_flat

PENALTY = 0.1  # times the number of rows; the columns have variance 1


def two_sample_test(
    X_source: np.ndarray,
    X_target: np.ndarray,
    groups_source: np.ndarray | None = None,
    groups_target: np.ndarray | None = None,
    folds: int = 5,
    draws: int = 199,
    seed: int = 0,
) -> dict[str, float]:
    """Test whether two samples of patients come from one distribution.

    The classifier is a ridge regression of the label on the standardised columns: it sees shifts of means, hence of
    words, not of spreads. Folds are drawn without looking at the labels, so that every permutation of the labels was
    as likely as the one seen if nothing has changed: the p-value is exact, for any classifier and size.

    Parameters
    ----------
    X_source, X_target : (n, d) and (m, d) arrays
        Features of training and deployment records. What is not in them, such as treatment, is not tested.
    groups_source, groups_target : arrays or None
        Patients of the rows; None: a row is a patient.
    folds, draws, seed : int
        Folds by patient; permutations; the seed of both.

    Returns
    -------
    dict
        ``auc`` (held-out area under the ROC curve, .5 if nothing can be told apart), ``p_value`` and ``n``, ``m``.

    Raises
    ------
    ValueError
        A patient stands on both sides, or a side has fewer patients than folds.
    """
    X = np.vstack([X_source, X_target]).astype(float)
    label = np.repeat([0.0, 1.0], [len(X_source), len(X_target)])
    patient = patients_apart(groups_source, groups_target, len(X_source), len(X_target))
    fewest = min(len(np.unique(patient[label == side])) for side in (0, 1))
    if fewest < folds:
        raise ValueError(f"folds = {folds}: one side has {fewest} patients; each needs at least as many as folds.")
    rng = np.random.default_rng(seed)
    labels = _permuted(label, patient, draws, rng)
    fold = random_folds(patient, folds, rng)
    auc = area_under_roc(labels, classifier_scores(X, labels, fold))
    p_value = (1 + np.sum(auc[1:] >= auc[0])) / (draws + 1)
    return {"auc": float(auc[0]), "p_value": float(p_value), "n": len(X_source), "m": len(X_target)}


def area_under_roc(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(c,) areas of the columns of (n, c) scores for the columns of (n, c) labels; tied scores count half."""
    ranks, positives = rankdata(scores, axis=0), labels.sum(0)
    return ((ranks * labels).sum(0) - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def classifier_scores(X: np.ndarray, labels: np.ndarray, fold: np.ndarray, penalty: float = PENALTY) -> np.ndarray:
    """(n, c) held-out ridge predictions of every column of labels, from (n, d) features and the fold of each row."""
    X = np.asarray(X, float)  # in single precision the variance of a direction of 1e-33 is 0: some encoders have such
    varying = X[:, ~is_flat(X)]
    Z = (varying - varying.mean(0)) / varying.std(0)
    if Z.shape[1] > len(Z):  # a rotation: ridge predictions stay as they are
        Z = np.linalg.qr(Z.T, mode="r").T
    scores = np.empty_like(labels)
    for k in np.unique(fold):
        train, held = fold != k, fold == k
        gram = Z[train].T @ Z[train] + penalty * train.sum() * np.eye(Z.shape[1])
        centred = labels[train] - labels[train].mean(0)
        scores[held] = Z[held] @ cho_solve(cho_factor(gram), Z[train].T @ centred)
    return scores


def false_alarms(X: np.ndarray, n: int, repeats: int, draws: int = 99, seed: int = 0) -> np.ndarray:
    """(repeats,) p-values where nothing has changed: twice n rows of X, drawn anew and split at random each time."""
    return np.array([_once(X, X, n, draws, seed, i, disjoint=True)["p_value"] for i in range(repeats)])


def power(
    X_source: np.ndarray,
    X_target: np.ndarray,
    sizes: Sequence[int],
    repeats: int,
    level: float = 0.05,
    draws: int = 99,
    seed: int = 0,
) -> pd.DataFrame:
    """How often the test notices a shift, by the number of records on each side.

    Parameters
    ----------
    X_source, X_target : (n, d) and (m, d) arrays
        Pools of independent rows from which each repetition draws its records.
    sizes : sequence of int
        Records a side; those larger than a pool are left out.
    repeats, level, draws, seed
        Repetitions a size; error rate of the test; permutations.

    Returns
    -------
    DataFrame with ``n, power, auc`` and the Wilson interval ``low, high`` of the power.
    """
    rows = []
    for n in (s for s in sizes if s <= min(len(X_source), len(X_target))):
        found = [_once(X_source, X_target, n, draws, seed, i) for i in range(repeats)]
        hits = sum(f["p_value"] <= level for f in found)
        row = {"n": n, "power": hits / repeats, "auc": interval(np.array([f["auc"] for f in found]))[0]}
        rows.append(row | dict(zip(("low", "high"), map(float, wilson(hits / repeats, repeats)), strict=True)))
    return pd.DataFrame(rows)


def _once(X_source, X_target, n: int, draws: int, seed: int, index: int, disjoint: bool = False) -> dict:
    rng = np.random.default_rng([seed, n, index])
    rows = rng.permutation(len(X_source))[: 2 * n if disjoint else n]
    others = rows[n:] if disjoint else rng.permutation(len(X_target))[:n]
    return two_sample_test(X_source[rows[:n]], X_target[others], draws=draws, seed=int(rng.integers(2**32)))


def patients_apart(groups_source, groups_target, n: int, m: int) -> np.ndarray:
    """(n + m,) codes of the patients of two independent samples, the source's first."""
    if (groups_source is None) != (groups_target is None):
        raise ValueError("groups: give the patients of both samples, or of none.")
    if groups_source is not None and np.isin(groups_target, groups_source).any():
        raise ValueError("groups: some patients stand on both sides; the samples must be independent. Halve them.")
    source, target = consecutive_codes(groups_source, n), consecutive_codes(groups_target, m)
    return np.r_[source, target + source.max() + 1]


def _permuted(label: np.ndarray, patient: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """(n, draws + 1) labels: those seen, then permutations over patients."""
    of_patient = np.zeros(patient.max() + 1)
    of_patient[patient] = label
    shuffled = rng.permuted(np.tile(of_patient, (draws, 1)), axis=1)
    return np.column_stack([label, shuffled[:, patient].T])
