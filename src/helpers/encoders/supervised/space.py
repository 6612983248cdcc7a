"""What a reader learns without annotations: where the sentences of notes lie, and how large their numbers are.

Beside it stand the marks of the keyword rules, which nobody learns.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from helpers.encoders.base import Encoder
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.states import State, base_state, contiguous, restored_base
from helpers.encoders.values import reached, value_bounds
from helpers.stats.threads import one_thread

SOURCES = ("text", "marks", "both")  # the embedding and the numbers; the marks of the rules; all of them
_MARK = 3.0  # a mark beside the noise of training on features, whose spread is about 1
SMALLEST_SPREAD = 1e-7  # variance of a direction, beside that of the first, that is rounding


class SentenceSpace:
    """Features of sentences: the first principal components of their vectors, then what their numbers say.

    Parameters
    ----------
    base : Encoder
        Frozen or fitted; embeds a sentence.
    mean : (d,) array
        Of the vectors of the sentences it was made of.
    components : (d, c) array
        Directions, scaled so that a vector has unit variance overall before it is projected.
    bounds : pair of arrays
        From :func:`helpers.encoders.values.value_bounds`; empty ones where numbers are not looked at.
    """

    def __init__(self, base: Encoder, mean: np.ndarray, components: np.ndarray, bounds: tuple) -> None:
        self.base, self.mean, self.components, self.bounds = base, mean, components, bounds

    @classmethod
    def of(cls, notes: Notes, base: Encoder, components: int, numbers: bool) -> SentenceSpace:
        """From the different sentences of notes; a base that is not frozen learns from them first.

        Raises
        ------
        ValueError
            No note has a sentence.
        """
        if not notes.bags.unique:
            raise ValueError(f"texts: none of the {len(notes)} notes has a sentence; a reader learns from sentences.")
        base = base if base.frozen else clone(base).fit(notes.bags.unique)
        bounds = value_bounds(notes.measured) if numbers else (np.empty(0), np.empty(0))
        return cls(base, *principal(notes.vectors(base), components), bounds)

    @property
    def width(self) -> int:
        """Number of features without the marks."""
        return self.components.shape[1] + sum(len(edges) + bool(len(edges)) for edges in self.bounds)

    def features(self, notes: Notes, sees: str = "text") -> np.ndarray:
        """(u, width) float32 of the different sentences of notes; the marks behind the others.

        Parameters
        ----------
        notes : Notes
        sees : str
            One of ``SOURCES``.
        """
        parts = []
        if sees != "marks":
            some = len(notes.bags.unique) > 0
            parts.append(self.placed(notes.vectors(self.base), notes) if some else np.empty((0, self.width)))
        if sees != "text":
            parts.append(_MARK * notes.marks)
        return np.hstack(parts).astype(np.float32, copy=False)

    def placed(self, vectors: np.ndarray, notes: Notes) -> np.ndarray:
        """As :meth:`features`, from (u, d) vectors of the sentences."""
        with one_thread(networks=True):
            places = (vectors - self.mean) @ self.components
        return np.hstack([places, reached(notes.measured, self.bounds)])

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        arrays = {"mean": self.mean, "components": self.components, "temperatures": self.bounds[0]}
        arrays["numbers"] = self.bounds[1]
        plain, more = base_state(self.base)
        return {"base": plain}, contiguous(arrays | more)

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> SentenceSpace:
        """The space whose :meth:`state` this is."""
        base = restored_base(base, plain["base"], arrays)
        return cls(base, arrays["mean"], arrays["components"], (arrays["temperatures"], arrays["numbers"]))


def principal(vectors: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(d,) mean and (d, c) principal directions of (u, d) vectors, c at most ``most``, as float32.

    The directions are scaled by the root of d: vectors of unit length then have unit variance overall.
    """
    with one_thread(networks=True):
        mean = vectors.mean(0, dtype=np.float64)
        centred = vectors - mean.astype(np.float32)
        variances, directions = np.linalg.eigh((centred.T @ centred).astype(float))
    kept = np.flatnonzero(variances > SMALLEST_SPREAD * variances[-1])[::-1][:most]
    components = directions[:, kept] * np.sqrt(len(mean))
    return mean.astype(np.float32), np.ascontiguousarray(components, np.float32)
