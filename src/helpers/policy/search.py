"""The best shallow tree, found by looking at all of them.

A tree that is grown takes the first question that helps most at once, and misses pairs of questions that help together
only: where treatment helps in two opposite quarters no first question helps at all. Here every tree is looked at. Sums
of rewards over the cells that two questions cut are read off a cumulated table of a pair of columns, so that a pair
costs as much as its table is large, whatever the number of records (after Zhou, Athey and Wager, arXiv 1810.04778).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

DEEPEST = 3
UNITS_OF_TOTAL = (
    2.0**40
)  # rewards are counted in this part of their total: sums are exact, so that no order and no unit decides
CELLS = 2_000_000  # of a table of two columns that are held at once
NOBODY = -np.inf


@dataclass(frozen=True)
class Split:
    """A question, ``column > threshold``, and what follows; ``None`` follows where no more is asked."""

    column: int
    threshold: float
    yes: Split | None = None
    no: Split | None = None


@dataclass(frozen=True, repr=False)
class _Asked:
    """One column as questions: ``bins`` (n,) say how many of the ``thresholds`` a row is above."""

    bins: np.ndarray
    thresholds: np.ndarray


def best_tree(
    matrix: np.ndarray, reward: np.ndarray, depth: int, leaf: int, cuts: int | None = 128
) -> tuple[Split | None, float]:
    """The questions that maximise the summed reward of those who are treated, each leaf treating all or nobody.

    Parameters
    ----------
    matrix : (n, p) array of finite numbers
    reward : (n,) array
        What treating the row gains; not treating gains 0.
    depth : {0, 1, 2, 3}
        Questions asked of one row, at most. Depth 3 is for columns of two values.
    leaf : int
        Rows that a leaf holds, at least.
    cuts : int or None
        A column of more values is cut at so many of its quantiles; None: between all of its values, which takes time
        with the square of their number.

    Returns
    -------
    The first question (None: none is worth asking) and the summed reward. Of equally good trees the one with fewer
    questions, then the one that asks about earlier columns and at lower cuts.

    Raises
    ------
    ValueError
        Depth or cuts out of range, or depth 3 with a column of more than two values.
    """
    if depth not in range(DEEPEST + 1) or (cuts is not None and cuts < 1):
        raise ValueError(f"depth = {depth}, cuts = {cuts}: depth is 0 to {DEEPEST}, cuts 1 or more, or None for all.")
    whole, unit = _whole(reward)
    asked = [_questions_of(column, cuts) for column in np.asarray(matrix, float).T]
    if depth == 3 and any(len(a.thresholds) > 1 for a in asked):
        many = sum(len(a.thresholds) > 1 for a in asked)
        raise ValueError(
            f"depth = 3: {many} of {len(asked)} columns take more than two values; three questions are searched "
            f"among yes/no columns only. Cut these columns in two, or take depth = 2."
        )
    best: tuple[Split | None, float] = (None, max(0.0, float(whole.sum())))
    for found in (_depth_one, _depth_two, _depth_three)[:depth]:
        split, value = found(asked, whole, leaf)
        if value > best[1]:
            best = split, value
    return best[0], best[1] * unit


def _whole(reward: np.ndarray) -> tuple[np.ndarray, float]:
    """Rewards as whole numbers of a unit of 1e-12 of their total, and the unit."""
    unit = math.fsum(np.abs(reward)) / UNITS_OF_TOTAL
    return (np.zeros(len(reward)), 1.0) if unit == 0 else (np.round(np.asarray(reward, float) / unit), unit)


def _questions_of(column: np.ndarray, cuts: int | None) -> _Asked:
    values = np.unique(column)
    if cuts is None or len(values) <= cuts + 1:
        upper = np.arange(1, len(values))
    else:
        at = np.quantile(column, np.arange(1, cuts + 1) / (cuts + 1), method="inverted_cdf")
        upper = np.unique(np.searchsorted(values, at, side="right"))
        upper = upper[upper < len(values)]
    low, high = values[upper - 1], values[upper]
    middle = low + (high - low) / 2
    thresholds = np.where(middle < high, middle, low)  # between neighbours in the last place nothing lies
    return _Asked(np.searchsorted(thresholds, column, side="left"), thresholds)


def _depth_one(asked: list[_Asked], reward: np.ndarray, leaf: int) -> tuple[Split | None, float]:
    best: tuple[Split | None, float] = (None, NOBODY)
    for j, a in enumerate(asked):
        if len(a.thresholds):
            below, fewer = (_cumulated(a, weights)[:-1] for weights in (reward, np.ones(len(reward))))
            value = _two_leaves(below, reward.sum(), fewer, len(reward), leaf)
            at = int(value.argmax())
            if value[at] > best[1]:
                best = Split(j, float(a.thresholds[at])), float(value[at])
    return best


def _cumulated(a: _Asked, weights: np.ndarray) -> np.ndarray:
    return np.cumsum(np.bincount(a.bins, weights, minlength=len(a.thresholds) + 1))


def _two_leaves(below, total, fewer, n, leaf: int) -> np.ndarray:
    """What two leaves gain, of sums and numbers of rows below a cut and in all; -inf where a leaf is too small."""
    value = np.maximum(below, 0.0) + np.maximum(total - below, 0.0)
    return np.where((fewer >= leaf) & (n - fewer >= leaf), value, NOBODY)


class _Sides:
    """The best that one more question, or none, gains on both sides of every cut of every column."""

    def __init__(self, asked: list[_Asked], reward: np.ndarray, leaf: int) -> None:
        self.asked, self.leaf, self.n, self.total = asked, leaf, len(reward), reward.sum()
        self.value, self.second = [], []
        for a in asked:
            below, fewer = _cumulated(a, reward)[:-1], _cumulated(a, np.ones(len(reward)))[:-1]
            sums, rows = np.array([below, self.total - below]), np.array([fewer, self.n - fewer])
            self.value.append(np.where(rows >= leaf, np.maximum(sums, 0.0), NOBODY))
            self.second.append(np.full((2, len(a.thresholds), 2), -1))

    def look(self, j: int, k: int, first: int, below: np.ndarray, fewer: np.ndarray) -> None:
        """Take in a block of cuts of j, from ``first`` on, by all cuts of k: sums and rows below both.

        The last row of a block is all of j, the last column all of k.
        """
        last = slice(first, first + len(below) - 1)
        whole, everybody = below[-1], fewer[-1]
        for side, (sums, rows) in enumerate(((below[:-1], fewer[:-1]), (whole - below[:-1], everybody - fewer[:-1]))):
            value = _two_leaves(sums[:, :-1], sums[:, -1:], rows[:, :-1], rows[:, -1:], self.leaf)
            at = value.argmax(axis=1)
            found = value[np.arange(len(at)), at]
            better = found > self.value[j][side, last]
            self.value[j][side, last][better] = found[better]
            self.second[j][side, last][better] = np.column_stack([np.full(len(at), k), at])[better]

    def best(self) -> tuple[Split | None, float]:
        found: tuple[Split | None, float] = (None, NOBODY)
        for j, a in enumerate(self.asked):
            both = self.value[j].sum(axis=0)
            if len(both) and both.max() > found[1]:
                at = int(both.argmax())
                no, yes = (self._asked_then(*self.second[j][side, at]) for side in (0, 1))
                found = Split(j, float(a.thresholds[at]), yes, no), float(both[at])
        return found

    def _asked_then(self, k: int, at: int) -> Split | None:
        return None if k < 0 else Split(int(k), float(self.asked[k].thresholds[at]))


def _depth_two(asked: list[_Asked], reward: np.ndarray, leaf: int) -> tuple[Split | None, float]:
    sides = _Sides(asked, reward, leaf)
    for j, a in enumerate(asked):
        for k, b in enumerate(asked):
            if len(a.thresholds) and len(b.thresholds):
                _look_at_pair(sides, j, k, a, b, reward)
    return sides.best()


def _look_at_pair(sides: _Sides, j: int, k: int, a: _Asked, b: _Asked, reward: np.ndarray) -> None:
    """All pairs of cuts of two columns, in blocks of rows of the table."""
    width, ones = len(b.thresholds) + 1, np.ones(len(reward))
    step = max(1, CELLS // width)
    ends = np.array([_cumulated(b, reward), _cumulated(b, ones)])
    carried = np.zeros((2, width))
    for first in range(0, len(a.thresholds), step):
        size = min(step, len(a.thresholds) - first)
        rows = (a.bins >= first) & (a.bins < first + size) if size < len(a.thresholds) else a.bins < size
        cell = (a.bins[rows] - first) * width + b.bins[rows]
        tables = []
        for half, weights in enumerate((reward, ones)):
            table = np.bincount(cell, weights[rows], minlength=size * width).reshape(size, width)
            table = carried[half] + table.cumsum(axis=0).cumsum(axis=1)
            carried[half] = table[-1]
            tables.append(np.vstack([table, ends[half]]))
        sides.look(j, k, first, *tables)


def _depth_three(asked: list[_Asked], reward: np.ndarray, leaf: int) -> tuple[Split | None, float]:
    """By the answers to two columns, of every two, the best third question; then the best second, then the first."""
    yes = np.column_stack([a.bins for a in asked]).astype(float)
    best: tuple[Split | None, float] = (None, NOBODY)
    for j, a in enumerate(asked):
        if not len(a.thresholds):
            continue
        split, value = [], 0.0
        for side in (0, 1):
            rows = yes[:, j] == side
            part = [_Asked(b.bins[rows], b.thresholds) for b in asked]
            found = _yes_no_pair(part, yes[rows], reward[rows], leaf)
            split.append(found[0])
            value += found[1]
        if value > best[1]:
            best = Split(j, float(a.thresholds[0]), split[1], split[0]), value
    return best


def _yes_no_pair(asked: list[_Asked], yes: np.ndarray, reward: np.ndarray, leaf: int) -> tuple[Split | None, float]:
    """The best tree of two questions or fewer among yes/no columns, by products of matrices."""
    n, total = len(reward), reward.sum()
    best: tuple[Split | None, float] = (None, max(0.0, total) if n >= leaf else NOBODY)
    if n < 2 * leaf:
        return best
    sums, rows = yes.T @ (yes * reward[:, None]), yes.T @ yes  # (p, p): both answered with yes
    own, count = np.diag(sums), np.diag(rows)
    values, thirds = np.empty((2, len(asked))), np.empty((2, len(asked)), int)
    parts = ((total - own, n - count, own - sums, count - rows), (own, count, sums, rows))
    for side, (whole, size, inner, inner_rows) in enumerate(parts):
        whole, size = whole[:, None], size[:, None]
        none = np.where(size >= leaf, np.maximum(whole, 0.0), NOBODY)
        value = np.hstack([none, _two_leaves(inner, whole, inner_rows, size, leaf)])
        thirds[side] = value.argmax(axis=1) - 1
        values[side] = value.max(axis=1)
    both = values.sum(axis=0)
    j = int(both.argmax())
    if both[j] > best[1]:
        no, second = (_then(asked, k) for k in thirds[:, j])
        best = Split(j, _threshold(asked, j), second, no), float(both[j])
    return best


def _then(asked: list[_Asked], k: int) -> Split | None:
    return None if k < 0 else Split(int(k), _threshold(asked, k))


def _threshold(asked: list[_Asked], k: int) -> float:
    return float(asked[k].thresholds[0])
