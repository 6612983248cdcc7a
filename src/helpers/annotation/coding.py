"""Annotations as levels: from a cohort to whole numbers, and back to the columns of models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.schema import Cohort

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
    blocks = [np.eye(k)[codes[:, f], 1:] for f, k in enumerate(levels)]  # -1 picks a row that is overwritten next
    for f, block in enumerate(blocks):
        block[codes[:, f] == MISSING] = np.nan
    return np.hstack(blocks) if blocks else np.empty((len(codes), 0))


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
    raise ValueError(f"annotation {name!r}: neither 0/1 nor categorical; cut it into categories first.")


def _positions(series: pd.Series, levels: tuple) -> np.ndarray:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(int)
    return series.fillna(MISSING).to_numpy(int)
