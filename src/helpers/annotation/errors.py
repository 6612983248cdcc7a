"""How well it is annotated: annotators who flip levels, and annotators who see only what the note mentions.

An error matrix of a field is (K, K), ``P(written level | true level)``, rows true: what the EM learner takes as
``errors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers.data.cohort import Cohort
from helpers.data.fields import MISSING, checked_codes


def symmetric(levels: tuple[int, ...], rate: float) -> list[np.ndarray]:
    """Error matrices of an annotator who is wrong at one rate, all wrong levels alike.

    Parameters
    ----------
    levels : tuple of int
        Number of levels of each field.
    rate : float
        Chance of a wrong level, in [0, 1].
    """
    _check_rates(rate=rate)
    return [np.where(np.eye(k, dtype=bool), 1 - rate, rate / (k - 1)) for k in levels]


def asymmetric(levels: tuple[int, ...], miss: float, invent: float, confuse: float = 0.0) -> list[np.ndarray]:
    """Error matrices of an annotator who overlooks more (or less) than he invents.

    Parameters
    ----------
    levels : tuple of int
        Number of levels of each field; level 0 is absence.
    miss : float
        Chance that a present symptom is written down as absent.
    invent : float
        Chance that an absent symptom is written down as present, at all its levels alike.
    confuse : float
        Chance that a present symptom of a field with K > 2 gets a wrong level of presence, all alike;
        ``miss + confuse`` at most 1.
    """
    _check_rates(miss=miss, invent=invent, confuse=confuse)
    if miss + confuse > 1:
        raise ValueError(f"miss + confuse = {miss + confuse:.3g}: together at most 1.")
    out = []
    for k in levels:
        slip = confuse if k > 2 else 0.0
        matrix = np.full((k, k), slip / max(k - 2, 1))
        np.fill_diagonal(matrix, 1 - miss - slip)
        matrix[:, 0] = miss
        matrix[0] = [1 - invent, *[invent / (k - 1)] * (k - 1)]
        out.append(matrix)
    return out


def flip(codes: np.ndarray, error_matrices: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """What an imperfect annotator writes down; errors are independent between records and fields.

    Parameters
    ----------
    codes : (n, F) int array
        True levels; -1 stays -1.
    error_matrices : sequence of F (K, K) arrays
        Rows true, columns written; rows sum to 1.
    seed : int
        With the same seed a matrix with more errors everywhere keeps the errors of the one with fewer. Two annotators
        need two seeds.

    Returns
    -------
    (n, F) int array

    Raises
    ------
    ValueError
        Codes outside the matrices, or a matrix that is no matrix of probabilities.
    """
    matrices = [checked_errors(matrix, f) for f, matrix in enumerate(error_matrices)]
    codes = checked_codes(codes, tuple(len(m) for m in matrices))
    slips, picks = np.random.default_rng(seed).random((2, *codes.shape))
    out = codes.copy()
    for f, matrix in enumerate(matrices):
        rows = np.flatnonzero((codes[:, f] != MISSING) & (slips[:, f] >= matrix[codes[:, f], codes[:, f]]))
        wrong = np.where(np.eye(len(matrix), dtype=bool), 0.0, matrix)[codes[rows, f]]
        edges = np.cumsum(wrong, axis=1) / wrong.sum(axis=1, keepdims=True)
        out[rows, f] = (picks[rows, f, None] >= edges).sum(axis=1)
    return out


def mentioned(cohort: Cohort) -> np.ndarray:
    """(n, F) bool array: whether the note states the presence or absence of each annotated field.

    Raises
    ------
    ValueError
        The cohort has no ``said_<field>`` columns: only generated notes keep them.
    """
    columns = [f"said_{name}" for name in cohort.roles.annotations]
    missing = [c for c in columns if c not in cohort.frame.columns]
    if missing:
        raise ValueError(
            f"cohort {cohort.name!r} has no columns {missing}: only the replica knows what its notes mention. "
            f"For other notes use the mask of KeywordAnnotator.read(texts) != -1."
        )
    return cohort.frame[columns].to_numpy(bool)


def omit(codes: np.ndarray, said: np.ndarray, unmentioned: int = 0) -> np.ndarray:
    """What an annotator writes who has only the note: a symptom that is not mentioned counts as absent.

    Parameters
    ----------
    codes : (n, F) int array
    said : (n, F) bool array
        Whether the note speaks of the field, see :func:`mentioned`.
    unmentioned : {0, -1}
        0: written down as absent. -1: left blank, by an annotator who says that the note does not tell.
    """
    codes, said = np.asarray(codes), np.asarray(said)
    if said.shape != codes.shape or said.dtype != bool:
        raise ValueError(f"said has shape {said.shape} and dtype {said.dtype}: must be bool of shape {codes.shape}.")
    if unmentioned not in (0, MISSING):
        raise ValueError(f"unmentioned = {unmentioned!r}: must be 0 (absent) or -1 (blank).")
    return np.where(said | (codes == MISSING), codes, unmentioned)


def leave_out(cohort: Cohort, names: Sequence[str]) -> Cohort:
    """The cohort as annotators give it who never write down some of the confounders; notes and outcomes stay.

    Raises
    ------
    ValueError
        A name is no annotated confounder, or none would be left.
    """
    noted = cohort.roles.annotations
    kept = tuple(name for name in noted if name not in names)
    unknown = sorted(set(names) - set(noted))
    if unknown or not kept:
        raise ValueError(f"hidden = {list(names)}: some, but not all, of the annotated confounders {list(noted)}.")
    return replace(cohort, roles=replace(cohort.roles, annotations=kept))


def error_matrices(truth: np.ndarray, written: np.ndarray, levels: tuple[int, ...]) -> list[np.ndarray]:
    """Observed error matrices of an annotator whose records have a known truth; rows never seen are the identity."""
    truth, written = checked_codes(truth, levels, "truth"), checked_codes(written, levels, "written")
    out = []
    for f, k in enumerate(levels):
        both = (truth[:, f] != MISSING) & (written[:, f] != MISSING)
        counts = np.bincount(k * truth[both, f] + written[both, f], minlength=k * k).reshape(k, k)
        total = counts.sum(axis=1, keepdims=True)
        out.append(np.where(total > 0, counts / np.maximum(total, 1), np.eye(k)))
    return out


def checked_errors(matrix: np.ndarray, field: int) -> np.ndarray:
    """The matrix as float, or an error naming the field."""
    matrix = np.asarray(matrix, float)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] >= 2
    if not square or not (matrix >= 0).all() or not np.allclose(matrix.sum(axis=1), 1.0, atol=1e-6):
        raise ValueError(
            f"error matrix of field {field}, shape {matrix.shape}: must be square with probabilities whose rows sum "
            f"to 1, rows the true level."
        )
    return matrix


def _check_rates(**rates: float) -> None:
    for name, rate in rates.items():
        if not 0 <= rate <= 1:
            raise ValueError(f"{name} = {rate}: a rate must lie in [0, 1].")
