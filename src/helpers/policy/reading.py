"""How a policy reads the notes of one scoring: each different text is embedded once, and nothing is kept afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from helpers.data.sentences import split_sections
from helpers.encoders.base import NO_WORD, WHOLE, Encoder, cut_at, wordless
from helpers.encoders.sentences import SectionEncoder, SentencePooling, bags_of
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.mean_reader import MeanReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder

REMEMBERED = 200_000  # texts; their vectors take 300 MB at 384 numbers
NOTHING, ALL, CUT = 0, 1, 2  # what was read of a text; of several parts the largest counts


class Remembering:
    """A frozen encoder that has each text embedded once, and keeps the vectors in memory alone.

    Parameters
    ----------
    base : TransformerEncoder
    """

    frozen = True
    remembers = True  # so that nobody looks for its vectors on the disk, or puts those of new patients there

    def __init__(self, base: TransformerEncoder) -> None:
        self.base = base
        self.provenance = base.provenance
        self._vectors: dict[str, np.ndarray] = {}
        self._read: dict[str, int] = {}

    def fit(self, texts: Iterable[str] = (), y=None) -> Remembering:
        """Nothing to learn."""
        return self

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, d) float32 vectors."""
        texts = list(texts)
        found = _looked_up(self._vectors, texts, self.base.vectors)
        return np.stack(found) if found else self.base.vectors([])

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """(n,) how much of each text is read."""
        return np.array(_looked_up(self._read, texts, self._codes), int)

    def _codes(self, texts: list[str]) -> list[int]:
        return [{NO_WORD: NOTHING, WHOLE: ALL}.get(state, CUT) for state in self.base.reading(texts)]


class PolicyReader:
    """What reads the notes for a policy, in one scoring.

    Parameters
    ----------
    encoder : Encoder
        Fitted; any that a policy can hold.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        base = getattr(encoder, "base", None)
        self.base = Remembering(base) if isinstance(base, TransformerEncoder) else None
        self._state = encoder.state() if isinstance(encoder, Supervised) else None

    def vectors(self, texts: list[str]) -> np.ndarray:
        """(n, d) float32 vectors of n notes."""
        if isinstance(self.encoder, TransformerEncoder):
            return self.encoder.vectors(texts)  # :meth:`reading` tells which were cut
        return self._opened().transform(texts)

    def reading(self, texts: list[str]) -> list[str]:
        """How much of each note is read: ``whole``, ``cut at 512 tokens`` or ``no known word``.

        A note read by parts is cut if one of them is, and has no known word if none of them has one.
        """
        if isinstance(self.encoder, TransformerEncoder | TfidfEncoder):
            return self.encoder.reading(texts)
        codes = self._read(self.encoder, texts)
        cut = cut_at(self.limit or 0) if CUT in codes else ""
        return [{NOTHING: NO_WORD, ALL: WHOLE, CUT: cut}[int(code)] for code in codes]

    @property
    def limit(self) -> int | None:
        """Tokens of a note, or of each of its parts, that are read; None: all."""
        encoder = self.encoder if self.base is None else self.base.base
        return getattr(encoder, "limit", None)

    @property
    def part(self) -> str:
        """What is read at once: a note, or a part of it."""
        if isinstance(self.encoder, SectionEncoder):
            return "section"
        whole = self.base is None or isinstance(getattr(self.encoder, "reader", None), VectorReader)
        return "note" if whole else "sentence"

    def _opened(self) -> Encoder:
        """The encoder on the base that remembers; made anew, so that what a reader keeps for itself is gone as well."""
        if self._state is not None:
            return Supervised.from_state(self.base, *self._state)
        if isinstance(self.encoder, SentencePooling):
            return SentencePooling(self.base or self.encoder.base, self.encoder.pooling)
        if isinstance(self.encoder, SectionEncoder):
            return SectionEncoder(self.base or self.encoder.base)
        return self.encoder

    def _read(self, reader, texts: list[str]) -> np.ndarray:
        if isinstance(reader, Supervised):  # readers of words know other words in each fold
            folds = reader.readers_ if reader.holds_words else reader.readers_[:1]
            return np.max([self._read(r, texts) for r in folds], axis=0)
        if isinstance(reader, MeanReader):
            return np.max([self._read(r, texts) for r in reader.fitted_], axis=0)
        if isinstance(reader, WordReader):
            known = reader.vectorizer_.transform(texts).getnnz(axis=1) > 0
            return np.where(known & ~np.array([wordless(t) for t in texts], bool), ALL, NOTHING)
        if isinstance(reader, VectorReader):
            return self._embedded(texts)
        if isinstance(reader, SectionEncoder):
            parts = [split_sections(text) for text in texts]
            return np.max([self._embedded([p[k] for p in parts]) for k in (0, 1)], axis=0)
        bags, out = bags_of(texts), np.full(len(texts), NOTHING)
        np.maximum.at(out, bags.note, self._embedded(bags.unique)[bags.sentence])
        return out

    def _embedded(self, texts: list[str]) -> np.ndarray:
        """How much of each text that is embedded by itself is read."""
        return np.full(len(texts), NOTHING) if self.base is None else self.base.read(texts)


def _looked_up(known: dict, texts: Sequence[str], make) -> list:
    """What is known of texts; of new ones ``make`` tells it, of each once."""
    new = [t for t in dict.fromkeys(texts) if t not in known]
    if len(known) + len(new) > REMEMBERED:
        known.clear()
        new = list(dict.fromkeys(texts))
    if new:
        known.update(zip(new, make(new), strict=True))
    return [known[t] for t in texts]
