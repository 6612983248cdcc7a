"""Several encoders side by side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from helpers.encoders.base import Encoder, checked_texts
from helpers.encoders.cache import encode


class FeatureUnion(TransformerMixin, BaseEstimator):
    """The vectors of several encoders, one after the other.

    Parameters
    ----------
    parts : list of Encoder
        None of them learns from annotations.
    """

    frozen = False

    def __init__(self, parts: list[Encoder]) -> None:
        self.parts = parts

    name = property(lambda self: "+".join(part.name for part in self.parts))

    def fit(self, texts: Iterable[str], y=None) -> FeatureUnion:
        """Fit those that learn from the training notes."""
        notes = checked_texts(texts)
        for part in self.parts:
            part.fit(notes)
        return self

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, sum of d) float32 vectors."""
        notes = checked_texts(texts)
        return np.hstack([encode(notes, part, progress=False) for part in self.parts])

    @property
    def provenance(self) -> dict:
        """What determines the vectors beside the training notes."""
        return {"name": self.name, "parts": [part.provenance for part in self.parts]}
