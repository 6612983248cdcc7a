"""An order of rows and patients that follows from their values: neither their place in a file nor their names decide.

Rows are compared column by column, by size. So a change of the last digit of a feature moves a row by a place, not to
anywhere, and another unit of a column moves nothing.
"""

from __future__ import annotations

import math

import numpy as np

FIRST = 16  # columns that nearly always tell all rows apart


def row_ranks(*columns: np.ndarray) -> np.ndarray:
    """(n,) ranks 0, 1, .. of the rows of (n,) and (n, d) columns, the first column first; equal rows share a rank.

    Missing values come last.
    """
    table = np.column_stack([np.asarray(c, float) for c in columns])
    ranks = _ranked(table[:, :FIRST])
    if table.shape[1] > FIRST and ranks.max(initial=-1) + 1 < len(table):
        ranks = _ranked(table)
    return ranks


def patient_codes(columns: tuple[np.ndarray, ...], groups: np.ndarray | None = None) -> np.ndarray:
    """(n,) numbers 0, 1, .. of the patients, by what their rows hold.

    Parameters
    ----------
    columns : tuple of (n,) or (n, d) arrays
        As :func:`row_ranks` takes them. Patients whose rows are equal in all of them are numbered in any order.
    groups : (n,) array or None
        Who each row is of; only whether two are the same is looked at. None: a row is a patient.
    """
    ranks = row_ranks(*columns)
    if groups is None:
        return _places(ranks)
    names, patient, size = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if len(names) == len(ranks):
        return _places(ranks)
    held = np.split(np.sort(patient * len(ranks) + ranks) % len(ranks), np.cumsum(size)[:-1])
    held = [rows.tolist() for rows in held]
    code = np.empty(len(names), int)
    code[sorted(range(len(names)), key=held.__getitem__)] = np.arange(len(names))
    return code[patient]


def upright(Y: np.ndarray) -> np.ndarray:
    """(n,) outcomes, turned round where that puts their longer tail above: Y and -Y then bring the rows into one order.

    The tails are compared by the sum of cubes about the median, which no order of the rows and no unit changes; where
    they are equal, the outcome stays as it is.
    """
    away = Y - np.median(Y)
    largest = np.abs(away).max()
    return -Y if largest and math.fsum((away / largest) ** 3) < 0 else Y


def in_order(
    columns: tuple[np.ndarray, ...], groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows from the first to the last, by what they hold.

    Returns
    -------
    order : (n,) positions
    codes : (n,) numbers of the patients, in that order
    again : (n,) bool
        In that order, whether a row repeats the one before it, of the same patient, in all columns.
    """
    codes, ranks = patient_codes(columns, groups), row_ranks(*columns)
    order = np.lexsort((codes, ranks))
    codes, ranks = codes[order], ranks[order]
    again = np.r_[np.zeros(min(1, len(order)), bool), (np.diff(ranks) == 0) & (np.diff(codes) == 0)]
    return order, codes, again


def _places(ranks: np.ndarray) -> np.ndarray:
    places = np.empty(len(ranks), int)
    places[np.argsort(ranks, kind="stable")] = np.arange(len(ranks))
    return places


def _ranked(table: np.ndarray) -> np.ndarray:
    """Ranks of rows, from bytes that sort as the numbers do: one comparison of memory a pair of rows."""
    table = np.where(np.isnan(table), np.nan, table) + 0.0  # one kind of NaN, one kind of zero
    bits = table.view(np.uint64)
    sign = np.uint64(1 << 63)
    sortable = np.where(bits & sign, ~bits, bits | sign).astype(">u8")
    rows = np.ascontiguousarray(sortable).view(f"V{8 * table.shape[1]}").ravel()
    return np.unique(rows, return_inverse=True)[1].ravel()
