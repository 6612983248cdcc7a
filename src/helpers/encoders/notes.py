"""Notes that several readers look at: what each of them needs is found once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from helpers.annotation.sentence_marks import sentence_marks
from helpers.artifacts.digests import digest
from helpers.encoders.base import Encoder, checked_texts
from helpers.encoders.cache import encode
from helpers.encoders.sentences import Bags, bags_of
from helpers.encoders.values import largest_values


class Notes:
    """n notes, their sentences, what is measured in these, and their vectors; ``take`` shares all of it.

    Its ``repr`` shows no text.

    Parameters
    ----------
    texts : n notes
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = checked_texts(texts)
        self._whole: Notes | None = None
        self._vectors: dict[str, np.ndarray] = {}

    @classmethod
    def of(cls, texts: Iterable[str] | Notes) -> Notes:
        """The notes themselves if they are ``Notes`` already."""
        return texts if isinstance(texts, Notes) else cls(texts)

    def __repr__(self) -> str:
        return f"Notes(n={len(self)})"

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def take(self, rows: np.ndarray) -> Notes:
        """Some of the notes, in this order."""
        part = Notes([self.texts[i] for i in rows])
        part._whole = self._whole or self
        part._rows = np.asarray(rows, int) if self._whole is None else self._rows[rows]
        return part

    @cached_property
    def bags(self) -> Bags:
        """Their bags of sentences."""
        if self._whole is None:
            return bags_of(self.texts)
        bags = self._whole.bags.take(self._rows)
        place = np.searchsorted(self._used, bags.sentence)
        return Bags([bags.unique[i] for i in self._used], place, bags.note, bags.n)

    @cached_property
    def measured(self) -> np.ndarray:
        """(u, 2) largest values in each different sentence, as :func:`largest_values` gives them."""
        return largest_values(self.bags.unique) if self._whole is None else self._whole.measured[self._used]

    @cached_property
    def marks(self) -> np.ndarray:
        """(u, 22) what the keyword rules say of each different sentence, see :func:`sentence_marks`."""
        return sentence_marks(self.bags.unique) if self._whole is None else self._whole.marks[self._used]

    def vectors(self, base: Encoder) -> np.ndarray:
        """(u, d) float32 vectors of the different sentences, of unit length; kept of a frozen encoder."""
        if not base.frozen:
            return encode(self.bags.unique, base, progress=False)
        if self._whole is not None:
            return self._whole.vectors(base)[self._used]
        key = digest(base.provenance)
        if key not in self._vectors:
            self._vectors[key] = np.asarray(encode(self.bags.unique, base, progress=False), np.float32)
        return self._vectors[key]

    @cached_property
    def _used(self) -> np.ndarray:
        return np.unique(self._whole.bags.take(self._rows).sentence)
