"""The annotated confounders as categorical fields: levels, codes, indicators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.privacy.errors import DataError

MISSING = -1


def field_levels(cohort: Cohort) -> dict[str, tuple]:
    """The values of each annotated field, in order; the first stands for its absence.

    Raises
    ------
    ValueError
        A field is neither categorical nor 0/1.
    """
    return {name: _values(name, cohort.frame[name]) for name in cohort.roles.annotations}


def codes(cohort: Cohort) -> tuple[np.ndarray, tuple[int, ...]]:
    """Annotations as positions in their levels.

    Returns
    -------
    codes : (n, F) int array
        0 to K - 1, and -1 where the cohort has no value.
    levels : tuple of F int
        Number K of levels of each field.

    Raises
    ------
    ValueError
        A field is neither categorical nor 0/1.
    """
    values = field_levels(cohort)
    columns = [_positions(cohort.frame[name], levels) for name, levels in values.items()]
    stacked = np.column_stack(columns) if columns else np.empty((len(cohort), 0), dtype=int)
    return stacked, tuple(len(levels) for levels in values.values())


def to_indicators(codes: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, sum of K - 1) float array as ``Cohort.annotations`` gives it; the columns of a missing field are NaN.

    Raises
    ------
    ValueError
        Codes of the wrong shape or outside their levels.
    """
    codes = checked_codes(codes, levels)
    missing = np.repeat(codes == MISSING, np.asarray(levels, int) - 1, axis=1)
    return np.where(missing, np.nan, indicators(codes, levels))


def checked_codes(codes: np.ndarray, levels: tuple[int, ...], name: str = "codes") -> np.ndarray:
    """The codes as an int array (..., F), or an error that names the argument and the fields at fault."""
    codes = np.asarray(codes)
    if codes.ndim < 2 or codes.shape[-1] != len(levels):
        raise ValueError(f"{name} has shape {codes.shape}: the last axis must be the {len(levels)} fields of levels.")
    if not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"{name} has dtype {codes.dtype}: levels are whole numbers, -1 where there is none.")
    axes = tuple(range(codes.ndim - 1))
    wrong = ((codes < MISSING) | (codes >= np.asarray(levels))).sum(axis=axes)
    if wrong.any():
        faults = {f: int(count) for f, count in enumerate(wrong) if count}
        raise ValueError(f"{name}: values outside -1 .. K - 1, as {{field: count}}: {faults}; levels = {levels}.")
    return codes.astype(int)


def _values(name: str, series: pd.Series) -> tuple:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories)
    if series.dropna().isin([0, 1]).all():
        return (0, 1)
    raise DataError(f"annotation {name!r}: neither 0/1 nor categorical; cut it into categories first.")


def _positions(series: pd.Series, levels: tuple) -> np.ndarray:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(int)
    return series.fillna(MISSING).to_numpy(int)


def indicators(codes: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, sum of levels - 1) indicators of (n, F) levels, the first of each field left out."""
    return np.hstack([np.empty((len(codes), 0)), *(np.eye(k)[codes[:, f], 1:] for f, k in enumerate(levels))])


def one_hot(annotations: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, sum of levels) indicators of every level, from those without each field's first.

    Raises
    ------
    ValueError
        If the number of columns does not fit the levels, or a value is neither 0 nor 1.
    """
    annotations = np.asarray(annotations, float)
    if annotations.ndim != 2 or annotations.shape[1] != sum(levels) - len(levels):
        raise DataError(f"annotations {annotations.shape}: levels {levels} need {sum(levels) - len(levels)} columns.")
    if not np.isin(annotations, (0, 1)).all():
        raise ValueError("annotations: an annotated record holds a value that is neither 0 nor 1.")
    parts = np.split(annotations, np.cumsum(np.array(levels) - 1)[:-1], axis=1)
    return np.hstack([np.hstack([1 - p.sum(1, keepdims=True), p]) for p in parts])


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
    values = field_levels(cohort)
    return Fields(tuple(values), tuple(values.values()))


def labels_of(cohort: Cohort, fields: Fields) -> np.ndarray:
    """(n, sum of sizes) indicators of each field's true level."""
    columns = [
        cohort.frame[f] == level for f, levels in zip(fields.names, fields.levels, strict=True) for level in levels
    ]
    return np.column_stack(columns).astype(float)


def mentions_of(cohort: Cohort, fields: Fields) -> np.ndarray | None:
    """(n, sum of sizes) whether the note speaks of each field, repeated over its levels; None if not recorded."""
    if any(f"said_{name}" not in cohort.frame for name in fields.names):
        return None
    columns = [
        cohort.frame[f"said_{f}"] for f, size in zip(fields.names, fields.sizes, strict=True) for _ in range(size)
    ]
    return np.column_stack(columns).astype(bool)
