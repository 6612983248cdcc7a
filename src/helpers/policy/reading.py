"""How a policy reads the notes of one scoring: each different text is embedded once, and nothing is kept afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from helpers.data.sentences import split_sections
from helpers.encoders.base import NO_WORD, WHOLE, Encoder, cut_at, wordless
from helpers.encoders.notes import Notes
from helpers.encoders.sentences import SectionEncoder, SentencePooling
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.mean_reader import MeanReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder

REMEMBERED = 200_000  # texts; their vectors take 300 MB at 384 numbers
UNREAD, ALL, CUT = 0, 1, 2  # what was read of a text; of several parts the largest counts
CODES = {NO_WORD: UNREAD, WHOLE: ALL}


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
        return [CODES.get(state, CUT) for state in self.base.reading(texts)]


class PolicyReader:
    """What reads the notes for a policy, in one scoring.

    Parameters
    ----------
    encoder : Encoder
        Fitted; any that a policy can hold.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.below: Any = getattr(encoder, "base", None)  # what it embeds with, if that is another encoder
        self.base = Remembering(self.below) if isinstance(self.below, TransformerEncoder) else None
        self._state = encoder.state() if isinstance(encoder, Supervised) else None

    def read(self, texts: list[str]) -> tuple[np.ndarray, list[str]]:
        """(n, d) float32 vectors of n notes, and what :meth:`reading` tells of them."""
        if isinstance(self.encoder, TransformerEncoder):  # its own word on notes that were cut would be a second one
            return self.encoder.vectors(texts), self.encoder.reading(texts)
        if isinstance(self.encoder, TfidfEncoder):
            return self.encoder.transform(texts), self.encoder.reading(texts)
        notes, opened = Notes(texts), self._opened()
        return opened.transform(notes), self._states(opened, notes)

    def reading(self, texts: list[str]) -> list[str]:
        """How much of each note is read: ``whole``, ``cut at 512 tokens`` or ``no known word``.

        A note read by parts is cut if one of them is, and has no known word if none of them has one.
        """
        if isinstance(self.encoder, TransformerEncoder | TfidfEncoder):
            return self.encoder.reading(texts)
        return self._states(self._opened(), Notes(texts))

    @property
    def limit(self) -> int | None:
        """Tokens of a note, or of each of its parts, that are read; None: all."""
        return getattr(self.below or self.encoder, "limit", None)

    @property
    def part(self) -> str:
        """What is read at once: a note, or a part of it."""
        if isinstance(self.encoder, SectionEncoder):
            return "section"
        whole = self.below is None or isinstance(getattr(self.encoder, "reader", None), VectorReader)
        return "note" if whole else "sentence"

    def _opened(self) -> Encoder:
        """The encoder on the base that remembers; made anew, so that what a reader keeps for itself is gone as well."""
        base = self.base or self.below
        if self._state is not None:
            return Supervised.from_state(base, *self._state)
        pooling = getattr(self.encoder, "pooling", None)
        return SectionEncoder(base) if pooling is None else SentencePooling(base, pooling)

    def _states(self, reader: Encoder, notes: Notes) -> list[str]:
        codes = self._codes(reader, notes)
        cut = cut_at(self.limit or 0) if CUT in codes else ""
        return [(NO_WORD, WHOLE, cut)[code] for code in codes.tolist()]

    def _codes(self, reader, notes: Notes) -> np.ndarray:
        """(n,) how much of each note is read."""
        if isinstance(reader, Supervised | MeanReader):
            readers = reader.readers_ if isinstance(reader, Supervised) else reader.fitted_
            alike = not reader.holds_words  # readers of words know other words in each fold
            return np.max([self._codes(r, notes) for r in (readers[:1] if alike else readers)], axis=0)
        if isinstance(reader, WordReader):
            known = reader.vectorizer_.transform(notes.texts).getnnz(axis=1) > 0
            return np.where(known & ~np.array([wordless(t) for t in notes], bool), ALL, UNREAD)
        if isinstance(reader, VectorReader):
            return _read_by(reader.base_, notes.texts)
        if isinstance(reader, SectionEncoder):
            parts = [split_sections(text) for text in notes]
            return np.max([_read_by(reader.base, [p[k] for p in parts]) for k in (0, 1)], axis=0)
        base = reader.space_.base if isinstance(reader, SentenceReader) else reader.base
        bags, out = notes.bags, np.full(len(notes), UNREAD)
        np.maximum.at(out, bags.note, _read_by(base, bags.unique)[bags.sentence])
        return out


def _read_by(base, texts: list[str]) -> np.ndarray:
    """(n,) how much an encoder reads of texts that it embeds."""
    if isinstance(base, Remembering):
        return base.read(texts)
    return np.array([CODES.get(state, CUT) for state in base.reading(texts)], int)


def _looked_up(known: dict, texts: Sequence[str], make) -> list:
    """What is known of texts; of new ones ``make`` tells it, of each once."""
    new = [t for t in dict.fromkeys(texts) if t not in known]
    if len(known) + len(new) > REMEMBERED:
        known.clear()
        new = list(dict.fromkeys(texts))
    if new:
        known.update(zip(new, make(new), strict=True))
    return [known[t] for t in texts]
