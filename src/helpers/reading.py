"""The annotated confounders as categorical fields, and what a model or a perfect reader knows of them (layer 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.effects.softmax import SoftmaxFields, choose_penalty
from helpers.schema import Cohort

PENALTIES = (30.0, 300.0)
TRIAL_ROWS = 3_000  # enough to choose a penalty, which acts as a prior and does not grow with the records


@dataclass(frozen=True)
class Fields:
    """The annotated confounders as categorical fields.

    Attributes
    ----------
    names : tuple of str
        One a field.
    levels : tuple of tuple
        Values of each field, in order; the first of a binary field is its absence.
    """

    names: tuple[str, ...]
    levels: tuple[tuple, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each field."""
        return tuple(len(levels) for levels in self.levels)

    def blocks(self, array: np.ndarray) -> dict[str, np.ndarray]:
        """An (n, sum of sizes) array by field."""
        return dict(zip(self.names, np.split(array, np.cumsum(self.sizes)[:-1], axis=1), strict=True))

    def shown(self, name: str) -> list[tuple[int, str]]:
        """Position and label of the levels that are scored: presence of a binary field, every level of others."""
        levels = self.levels[self.names.index(name)]
        return [(1, name)] if len(levels) == 2 else [(k, f"{name}_{level}") for k, level in enumerate(levels)]


def fields_of(cohort: Cohort) -> Fields:
    """The fields of a cohort's annotations: categories, or 0 and 1; empty where nobody annotated.

    Raises
    ------
    ValueError
        If an annotation is neither categorical nor binary.
    """
    levels = []
    for name in cohort.roles.annotations:
        series = cohort.frame[name]
        if isinstance(series.dtype, pd.CategoricalDtype):
            levels.append(tuple(series.cat.categories))
        elif series.dropna().isin([0, 1]).all():
            levels.append((0, 1))
        else:
            raise ValueError(f"annotation {name!r}: neither 0/1 nor categorical; cut it into categories first.")
    return Fields(tuple(cohort.roles.annotations), tuple(levels))


def labels_of(cohort: Cohort, fields: Fields) -> np.ndarray:
    """(n, sum of sizes) indicators of each field's true level."""
    columns = [
        cohort.frame[f] == level for f, levels in zip(fields.names, fields.levels, strict=True) for level in levels
    ]
    return np.column_stack(columns).astype(float)


def predict(
    fields: Fields, X_train: np.ndarray, labels: np.ndarray, X_test: np.ndarray, seed: int, penalty: float | None = None
) -> np.ndarray:
    """(n_test, sum of sizes) probabilities from penalised regressions; rows of zeros in ``labels`` are missing.

    ``penalty`` None: chosen among ``PENALTIES`` by cross-validation on the training rows.
    """
    if penalty is None:
        rows = np.random.default_rng(seed).permutation(len(X_train))[:TRIAL_ROWS]
        penalty = choose_penalty(np.asarray(X_train[rows], float), labels[rows], fields.sizes, PENALTIES, seed)
    return SoftmaxFields(fields.sizes, penalty).fit(X_train, labels).predict_proba(X_test)


def mentions_of(cohort: Cohort, fields: Fields) -> np.ndarray | None:
    """(n, sum of sizes) whether the note speaks of each field, repeated over its levels; None if not recorded."""
    if any(f"said_{name}" not in cohort.frame for name in fields.names):
        return None
    columns = [
        cohort.frame[f"said_{f}"] for f, size in zip(fields.names, fields.sizes, strict=True) for _ in range(size)
    ]
    return np.column_stack(columns).astype(bool)


def read_perfectly(fields: Fields, train: Cohort, test: Cohort) -> np.ndarray | None:
    """What a reader would know who misses nothing that a note says about the confounders.

    The truth where it is said. Where it is not, a probability learned on the silent training records, from what
    is said about the other confounders and the tabular columns.

    Returns
    -------
    (n_test, sum of sizes) probabilities, or None where mentions were not recorded.
    """
    said = [mentions_of(c, fields) for c in (train, test)]
    if said[0] is None or said[1] is None:
        return None
    truth = [labels_of(c, fields) for c in (train, test)]
    known = [np.hstack([t * s, c.tabular]) for t, s, c in zip(truth, said, (train, test), strict=True)]
    guess = predict(fields, known[0], truth[0] * ~said[0], known[1], seed=0, penalty=1.0)
    return np.where(said[1], truth[1], guess)
