"""The last few results of a costly function, kept in memory by the content of its arguments.

All strategies of a trial share folds, and many of them the same nuisances: the first computes, the others look up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import joblib

_Result = TypeVar("_Result")


class MemoryCache:
    """Results by content, the least recently used forgotten first.

    Parameters
    ----------
    size : int
        How many results are kept.
    copies : bool
        Hand out copies, so that nobody can change what is kept. Without, a result is shared by all who ask: it must not
        be changed.
    """

    def __init__(self, size: int, copies: bool = False) -> None:
        self.size, self.copies = size, copies
        self.kept: OrderedDict[str, Any] = OrderedDict()

    def get(self, content: object, make: Callable[[], _Result]) -> _Result:
        """What ``make()`` gave, or gives, for this content, which may hold arrays and unfitted estimators."""
        key = joblib.hash(content)
        if key not in self.kept:
            self.kept[key] = make()
        self.kept.move_to_end(key)
        while len(self.kept) > self.size:
            self.kept.popitem(last=False)
        return deepcopy(self.kept[key]) if self.copies else self.kept[key]
