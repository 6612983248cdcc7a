"""Splits and folds by patient: one owner."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from helpers.artifacts.memory import MemoryCache
from helpers.data.cohort import Cohort
from helpers.data.load import _with_both_arms
from helpers.data.seeds import streams
from helpers.effects.nuisance.crossfit import _dealt

FOLDS = MemoryCache(8)


def folds_by_patient(T: np.ndarray, groups: np.ndarray | None, folds: int, seed: int) -> Iterator[tuple]:
    """(training, held-out) positions; a patient's rows stay together, both arms are spread over the folds.

    The patients' identifiers, their arms and the seed decide, not the order of the rows; without identifiers a row is
    named by its place. Where names must not matter either, pass numbers that follow from the data, as
    :func:`helpers.data.canonical.patient_codes` gives them. Renaming the arms changes nothing.

    ``folds=1`` gives one pair of all rows twice: fitting in sample, as published, for comparison only.

    Raises
    ------
    ValueError
        Fewer patients than folds, or fewer with rows of the rarer arm.
    """
    rows = np.arange(len(T))
    if folds == 1:
        yield rows, rows
        return
    T, groups = np.asarray(T, int), rows if groups is None else np.asarray(groups)
    yield from FOLDS.get((T, groups, folds, seed), lambda: _split(T, groups, folds, seed))


def _split(T: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> list[tuple]:
    patients, patient = np.unique(groups, return_inverse=True)
    if len(patients) < folds:
        raise ValueError(f"folds = {folds}: more than the {len(patients)} patients; lower the number of folds.")
    in_arm = {t: len(np.unique(patient[t == T])) for t in (0, 1)}
    rarer = min(in_arm, key=in_arm.get)
    if in_arm[rarer] < folds:
        raise ValueError(
            f"folds = {folds}: the {(rarer == T).sum()} {('untreated', 'treated')[rarer]} record(s) belong to "
            f"{in_arm[rarer]} patient(s), and every fold needs one of the rarer treatment arm. Annotate more records "
            f"or lower the number of folds."
        )
    fold = _dealt(T, patient, folds, seed)[patient]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]


def split(cohort: Cohort, test_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows, all rows of a patient on one side, and both treatment arms on both sides.

    Parameters
    ----------
    cohort : Cohort
        Any cohort; patients are told apart by its id role.
    test_share : float
        Share of the patients held out, in (0, 1); at least one patient on each side. Patients are drawn at random;
        where that leaves a side without an arm (among annotated records), they are drawn by arm.
    seed : int
        Root of the randomness. The split depends on the set of ids and the seed, not on the order of the rows.

    Returns
    -------
    train_rows, test_rows : int arrays
        Positions in ascending order; together every row once.

    Raises
    ------
    ValueError
        If ``test_share`` is out of its range, there are fewer than two patients, or too few of one arm.
    """
    if not 0 < test_share < 1:
        raise ValueError(f"test_share = {test_share!r}: must lie between 0 and 1, both excluded.")
    patients, patient_of_row = np.unique(cohort.ids, return_inverse=True)
    if len(patients) < 2:
        raise ValueError(f"cohort {cohort.name!r} has {len(patients)} patients; a split needs at least 2.")
    size = min(max(1, round(test_share * len(patients))), len(patients) - 1)
    order = streams("split", seed, 1)[0].permutation(len(patients))
    held_out = np.isin(np.arange(len(patients)), order[:size])
    if cohort.roles.treatment is not None:
        held_out = _with_both_arms(cohort, patient_of_row, order, held_out)
    in_test = held_out[patient_of_row]
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def patient_folds(groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(n,) fold of each row; all rows of a patient in one."""
    patients, place = np.unique(groups, return_inverse=True)
    if len(patients) < 2 * folds:
        raise ValueError(f"annotated: {len(patients)} patients are too few for {folds} folds of cross-fitting.")
    return (np.random.default_rng(seed).permutation(len(patients)) % folds)[place]


def folds_of(patient: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, held-out) positions, patients spread over the folds at random."""
    fold = (np.random.default_rng(seed).permutation(patient.max() + 1) % folds)[patient]
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
