"""Splits and folds by patient: one owner."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from helpers.artifacts.memory import MemoryCache
from helpers.data.cohort import Cohort
from helpers.data.seeds import streams

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
    rarer = min(in_arm, key=lambda t: in_arm[t])
    if in_arm[rarer] < folds:
        raise ValueError(
            f"folds = {folds}: the {(T == rarer).sum()} {('untreated', 'treated')[rarer]} record(s) belong to "
            f"{in_arm[rarer]} patient(s), and every fold needs one of the rarer treatment arm. Annotate more records "
            f"or lower the number of folds."
        )
    return pairs_of(_dealt(T, patient, folds, seed)[patient], folds)


def _dealt(T: np.ndarray, patient: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(patients,) folds, dealt out one by one: those of one arm, then mixed ones, then those of the other arm.

    Within an arm those with many rows come first, then chance. The arm of the first patient drawn comes first, so that
    it does not matter which of the two is called treated.
    """
    rows = np.bincount(patient)
    share, place = np.bincount(patient, T) / rows, np.random.default_rng(seed).permutation(len(rows))
    pure = (share == 0) | (share == 1)
    first = share[np.argmin(place + len(rows) * ~pure)]
    fold = np.empty(len(rows), int)
    fold[np.lexsort((place, -rows, np.abs(share - first)))] = np.arange(len(rows)) % folds
    return fold


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


def _with_both_arms(cohort: Cohort, patient_of_row: np.ndarray, order: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """The patients held out, or, where they leave a side without an arm, as many drawn by arm."""
    has = np.zeros((2, len(order)), dtype=bool)
    for arm in (0, 1):
        has[arm, patient_of_row[cohort.annotated & (cohort.T == arm)]] = True
    if not has.any(axis=1).all() or _both(has, held_out):
        return held_out  # a cohort of one arm is not split by arm; who needs both refuses it
    by_arm = _drawn_by_arm(has, order, held_out.sum())
    if _both(has, by_arm):
        return by_arm
    sides = f"{len(order) - held_out.sum()} for training and {held_out.sum()} for testing"
    records = [int((cohort.annotated & (cohort.T == arm)).sum()) for arm in (0, 1)]
    raise ValueError(
        f"cohort {cohort.name!r}: no split of {len(order)} patients into {sides} has both arms on both sides: "
        f"the {records[1]} treated records belong to {has[1].sum()} patients, the {records[0]} untreated ones to "
        f"{has[0].sum()}. Choose another test_share, raise n, or add patients."
    )


def _both(has: np.ndarray, held_out: np.ndarray) -> bool:
    return all(has[:, side].any(axis=1).all() for side in (held_out, ~held_out))


def _drawn_by_arm(has: np.ndarray, order: np.ndarray, size: int) -> np.ndarray:
    """Patients of the rarer arm and of the other one as often as their share, at least once on each side; then any."""
    rarer = int(has[1].sum() < has[0].sum())
    kind = np.select([has[rarer], has[1 - rarer]], [0, 1], 2)[order]
    first, last = [], []
    for members in (order[kind == 0], order[kind == 1]):
        wanted = max(1, round(size * len(members) / len(order)))
        first += members[:-1][:wanted].tolist()
        last += members[-1:].tolist()
    between = order[~np.isin(order, [*first, *last])]
    held_out = np.zeros(len(order), dtype=bool)
    held_out[np.array([*first, *between, *last], dtype=int)[:size]] = True
    return held_out


def patient_folds(groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(n,) fold of each row; all rows of a patient in one."""
    patients = len(np.unique(groups))
    if patients < 2 * folds:
        raise ValueError(f"annotated: {patients} patients are too few for {folds} folds of cross-fitting.")
    return random_folds(groups, folds, seed)


def random_folds(groups: np.ndarray, folds: int, seed: int | np.random.Generator) -> np.ndarray:
    """(n,) fold of each row; patients are spread at random, however few there are."""
    patients, place = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(patients)) % folds)[place]


def pairs_of(fold: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, held-out) positions of each fold."""
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]


def folds_of(groups: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, held-out) positions of :func:`random_folds`."""
    return pairs_of(random_folds(groups, folds, seed), folds)
