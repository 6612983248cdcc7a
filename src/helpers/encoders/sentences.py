"""Notes as bags of sentences and as sections; each different sentence is embedded once.

Where a sentence or a section ends is the business of ``helpers.data.sentences``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from helpers.artifacts.code import code_of
from helpers.data import sentences
from helpers.data.sentences import split_sections, split_sentences
from helpers.encoders.base import Encoder, checked_texts
from helpers.encoders.cache import encode
from helpers.privacy.errors import DataError

POOLINGS = ("max", "mean")
SPLIT_ONCE = 20_000  # notes whose sentences a process remembers: repetitions and budgets read the same ones


@dataclass(frozen=True, repr=False)
class Bags:
    """Notes as bags of sentences; its ``repr`` shows none.

    Attributes
    ----------
    unique : list of u str
        Every different sentence once, in the order of their letters: it does not depend on the order of the notes.
    sentence, note : (m,) int arrays
        For each of the m sentences of all notes: its place in ``unique``, and the note it stands in (ascending).
    n : int
        Number of notes; one without sentences has no entry.
    """

    unique: list[str]
    sentence: np.ndarray
    note: np.ndarray
    n: int

    @cached_property
    def starts(self) -> np.ndarray:
        """(n + 1,) place of the first sentence of each note, and m."""
        return np.searchsorted(self.note, np.arange(self.n + 1))

    def take(self, rows: np.ndarray) -> Bags:
        """The bags of some notes, in this order; ``unique`` keeps all sentences."""
        rows = np.asarray(rows, int)
        first, size = self.starts[rows], np.diff(self.starts)[rows]
        note = np.repeat(np.arange(len(rows)), size)
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return Bags(self.unique, self.sentence[np.repeat(first, size) + within], note, len(rows))


def bags_of(texts: Iterable[str]) -> Bags:
    """The bags of sentences of n notes."""
    split = [_split(t) for t in checked_texts(texts)]
    unique = sorted({s for bag in split for s in bag})
    place = {s: k for k, s in enumerate(unique)}
    sentence = np.fromiter((place[s] for bag in split for s in bag), np.int64)
    note = np.repeat(np.arange(len(split)), [len(bag) for bag in split])
    return Bags(unique, sentence, note, len(split))


@lru_cache(SPLIT_ONCE)
def _split(note: str) -> tuple[str, ...]:
    return tuple(split_sentences(note))


class _Frozen(TransformerMixin, BaseEstimator):
    """An encoder of notes that looks at parts of them through a frozen one."""

    frozen = True

    def fit(self, texts: Iterable[str] = (), y=None):
        """Nothing to learn; the notes are not looked at."""
        return self

    @property
    def provenance(self) -> dict:
        """What determines the vectors."""
        parts = code_of(sentences)  # vectors of whole notes are cached: other parts are other vectors
        return {**self.base.provenance, "name": self.name, "pooling": self.how, "parts": parts}


class SentencePooling(_Frozen):
    """Each sentence embedded on its own, then the largest (or mean) value of every direction over the note.

    Parameters
    ----------
    base : Encoder
        Frozen; embeds a sentence.
    pooling : {"max", "mean"}
    """

    def __init__(self, base: Encoder, pooling: str = "max") -> None:
        self.base = base
        self.pooling = pooling

    name = property(lambda self: f"{self.base.name}:{self.pooling}")
    how = property(lambda self: f"{self.pooling} over sentences, unit length")

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, d) float32 vectors of unit length; zero for an empty note."""
        if self.pooling not in POOLINGS:
            raise DataError(f"pooling = {self.pooling!r}: must be one of {POOLINGS}.")
        bags = bags_of(texts)
        vectors = encode(bags.unique, self.base, progress=False)
        return unit(pool(vectors, bags, self.pooling))


class SectionEncoder(_Frozen):
    """History and examination embedded apart, side by side.

    Parameters
    ----------
    base : Encoder
        Frozen; embeds a section.
    """

    def __init__(self, base: Encoder) -> None:
        self.base = base

    name = property(lambda self: f"{self.base.name}:sections")
    how = "two sections side by side, each of unit length"

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, 2 d) float32: the first section's vector, then the second's."""
        sections = [split_sections(note) for note in checked_texts(texts)]
        parts = [encode([s[k] for s in sections], self.base, progress=False) for k in (0, 1)]
        return np.hstack(parts)


def pool(vectors: np.ndarray, bags: Bags, how: str) -> np.ndarray:
    """(n, d) maximum or mean of a note's sentence vectors; zero for an empty note."""
    out = np.zeros((bags.n, vectors.shape[1] if vectors.ndim == 2 else 0), np.float32)
    filled, starts = np.unique(bags.note, return_index=True)
    if len(filled):
        rows = vectors[bags.sentence]
        sums = np.maximum.reduceat(rows, starts) if how == "max" else np.add.reduceat(rows, starts)
        out[filled] = sums if how == "max" else sums / np.diff(np.r_[starts, len(rows)])[:, None]
    return out


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; zero rows stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 0, length, 1)).astype(np.float32)
