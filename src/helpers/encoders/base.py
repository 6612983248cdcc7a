"""What an encoder is, and small checks all encoders share."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Encoder(Protocol):
    """Turns notes into vectors.

    Attributes
    ----------
    frozen : bool
        True if the vectors of a note depend on the note alone, not on ``fit``: only then are they cached.
    provenance : dict
        Plain values that determine the vectors: name, model, revision, pooling, prefix, max_tokens,
        precision, library versions.
    """

    frozen: bool
    provenance: dict

    def fit(self, texts: Iterable[str], y=None) -> Encoder:
        """Learn from the training notes only; nothing to do for a frozen encoder."""
        ...

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, d) float32 vectors of unit length (zero for a note without any known word)."""
        ...


def checked_texts(texts: Iterable[str]) -> list[str]:
    """The notes as a list of str.

    Raises
    ------
    TypeError
        If one string is given in place of several, or a note is no string; the note itself is not shown.
    """
    if isinstance(texts, str | bytes):
        raise TypeError("texts: one string was given; pass a list of notes.")
    notes = list(texts)
    bad = next((i for i, note in enumerate(notes) if not isinstance(note, str)), None)
    if bad is not None:
        raise TypeError(
            f"texts[{bad}]: a {type(notes[bad]).__name__}, but every note must be a string; "
            f"drop records without a note, or give them an empty string."
        )
    return notes


def versions(*packages: str) -> dict[str, str]:
    """Installed versions, without importing the packages."""
    return {name: importlib.metadata.version(name) for name in packages}
