"""Fits that several learners or budgets share, remembered for as long as the program runs."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy


class Memory:
    """Results of pure functions by a digest of what they depend on; the oldest is forgotten first.

    Parameters
    ----------
    size : int
        Results kept. Callers get copies, so that nobody can change what is remembered.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.kept: dict[str, object] = {}

    def get(self, key: str, make: Callable[[], object]):
        """What ``make`` returned for this key, now or before."""
        if key not in self.kept:
            while len(self.kept) >= self.size:
                del self.kept[next(iter(self.kept))]
            self.kept[key] = make()
        return deepcopy(self.kept[key])
