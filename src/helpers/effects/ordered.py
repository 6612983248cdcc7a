"""The door of every learner: rows enter in an order that follows from what they hold, results leave in the caller's.

So neither the order of the rows nor the names of the patients decide anything, whatever a learner draws at random. A
record that stands twice in a table, for the same patient and equal in every value, is one record.
"""

from __future__ import annotations

from copy import copy
from dataclasses import fields, is_dataclass, replace

import numpy as np

from helpers.artifacts.memory import MemoryCache
from helpers.data.canonical import in_order, upright
from helpers.effects.nuisance.crossfit import Nuisances

KNOWN = MemoryCache(4)  # all learners of a trial see the same rows, and the networks among them hold the features once


class Rows:
    """Rows in order: what ``fit`` of a learner takes, and the way back to the caller's order.

    Parameters
    ----------
    Y, T, X, W, annotated, groups
        As :class:`helpers.effects.learners.EffectLearner`.
    more : (n,) arrays, numbers or None
        What else a learner takes for each row.

    Attributes
    ----------
    data : dict
        The same in order, ``groups`` being numbers of the patients; shared by all who ask, not to be changed.
    """

    def __init__(self, Y, T, X, W=None, annotated=None, groups=None, **more) -> None:
        Y, T = _checked(Y, T)
        given = {"X": X, "W": W, "annotated": annotated, "groups": groups, **more}
        given = {name: None if a is None else np.asarray(a) for name, a in given.items()}
        _check_lengths(len(Y), given)
        self.order, self.record, self.data = KNOWN.get((Y, T, given), lambda: _sorted(Y, T, given))

    def give_back(self, learner) -> None:
        """Bring the fitted attributes that the learner calls ``per_row`` into the caller's order."""
        for name in learner.per_row:
            if hasattr(learner, name):
                setattr(learner, name, self._back(getattr(learner, name)))

    def _back(self, found):
        if isinstance(found, np.ndarray):
            return found[self._positions(len(found))]
        if is_dataclass(found):
            return replace(found, **{f.name: self._back(getattr(found, f.name)) for f in fields(found)})
        again = copy(found)
        for name in Nuisances.per_row:
            setattr(again, name, self._back(getattr(found, name)))
        return again

    def _positions(self, entries: int) -> np.ndarray:
        """Where the entry of each of the caller's rows, or annotated rows, stands among those of a fit."""
        back = np.argsort(self.order)
        if entries == len(self.data["Y"]):
            return self.record[back]
        noted = _noted(self.data["W"], self.data["annotated"], len(self.data["Y"]))
        among = (np.cumsum(noted) - 1)[self.record]
        return among[back][noted[self.record][back]]


def _sorted(Y: np.ndarray, T: np.ndarray, given: dict) -> tuple[np.ndarray, np.ndarray, dict]:
    """Positions of the rows in order, which record each of them is, and the records."""
    columns = [upright(Y), given["X"]]  # outcomes first: folds are the same for all features and annotators
    if given["annotated"] is not None:
        columns.append(given["annotated"])
    if given["W"] is not None:  # of the other records nobody looks at them
        noted = _noted(None, given["annotated"], len(Y))
        columns.append(np.where(noted[:, None], np.asarray(given["W"], float), np.nan))
    more = [a for name, a in given.items() if name not in ("X", "W", "annotated", "groups") and np.ndim(a) == 1]
    order, codes, again = in_order((*columns, *more, T), given["groups"])
    kept = order[~again]
    data = {name: a[kept] if np.ndim(a) else a for name, a in {"Y": Y, "T": T, **given, "groups": None}.items()}
    for array in data.values():
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return order, np.cumsum(~again) - 1, data | {"groups": codes[~again]}


def _noted(W: np.ndarray | None, annotated: np.ndarray | None, n: int) -> np.ndarray:
    """(n,) which rows count as annotated: without a mask those that are complete."""
    if annotated is not None:
        return annotated.astype(bool)
    return np.ones(n, bool) if W is None else np.isfinite(np.asarray(W, float)).all(1)


def _checked(Y, T) -> tuple[np.ndarray, np.ndarray]:
    Y, T = np.asarray(Y, float), np.asarray(T)
    if Y.ndim != 1 or T.shape != Y.shape:
        raise ValueError(f"Y {Y.shape}, T {T.shape}: expected two vectors of one length.")
    if not np.isin(T, [0, 1]).all():
        raise ValueError(f"T takes the values {np.unique(T)[:5].tolist()}; it must be 0 or 1.")
    if not np.isfinite(Y).all():
        raise ValueError(f"Y: {np.sum(~np.isfinite(Y))} of {len(Y)} outcomes are not finite; drop those rows first.")
    return Y, T.astype(int)


def _check_lengths(n: int, given: dict) -> None:
    rows = {name: len(a) for name, a in given.items() if np.ndim(a)}
    if set(rows.values()) != {n}:
        raise ValueError(f"rows {rows} against {n} of Y; all must agree, and annotated must be a mask of booleans.")
    if np.ndim(given["X"]) != 2 or (given["W"] is not None and np.ndim(given["W"]) != 2):
        raise ValueError(f"X {np.shape(given['X'])}, W {np.shape(given['W'])}: each needs a row a record and columns.")
