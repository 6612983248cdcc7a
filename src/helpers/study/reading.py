"""What a reader that learned from the annotations of one training side finds in notes.

A reader is trained when something asks for what it reads, once for a training side and its annotations; what it found
is kept by content, so strategies, processes and chapters with the same annotated records share it.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from helpers import artifacts, encoders
from helpers.artifacts.memory import MemoryCache
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.encoders import registry
from helpers.encoders.features import Features
from helpers.encoders.notes import Notes

NOTES_KEPT, FEW_ENOUGH = 24, 20_000  # sets of notes whose vectors a process keeps, each of at most so many notes
_KEPT = MemoryCache(NOTES_KEPT)


class Reading:
    """The vectors of notes by a reader that learns from a training side.

    Parameters
    ----------
    config : Config
        Its ``encoder`` and ``reader`` name the reader.
    train : Cohort
        Training records; annotations of others than the annotated do not even reach the reader.
    annotated : (n,) bool array
        Training records whose annotations the reader may look at.
    written : (n, q) array or None
        Indicators of what was annotated, where that is not the truth; a record with a gap (NaN) is not looked at.
    """

    def __init__(self, config: Config, train: Cohort, annotated: np.ndarray, written: np.ndarray | None = None) -> None:
        self.train, self.written = train, train.annotations if written is None else np.asarray(written, float)
        self.annotated = np.asarray(annotated, bool) & ~np.isnan(self.written).any(axis=1)
        self.name = encoders.reading_encoder(config.encoder, config.reader)
        self.device = config.device

    @cached_property
    def encoder(self) -> encoders.Encoder:
        """Fitted on the annotated notes of the training side.

        Raises
        ------
        ValueError
            If an annotated field is a measured number.
        """
        made = encoders.make_encoder(self.name, device=self.device)
        about = {"levels": self.train.levels, "annotated": self.annotated, "groups": self.train.ids}
        return made.fit(_notes(self.train.texts), annotations=self._seen, **about)

    def of_training(self) -> Features:
        """Features of the training records: those of annotated notes by readers that did not see them."""
        return self._kept("training", lambda: self.encoder.training_vectors_, self.train)

    def of(self, cohort: Cohort) -> Features:
        """Features of other records, whose patients the reader has not seen."""
        notes = cohort.texts
        return self._kept(artifacts.digest(notes), lambda: self.encoder.transform(_notes(notes)), cohort)

    def _kept(self, which: str, make, cohort: Cohort) -> Features:
        vectors = artifacts.Store().array("read", {**self._key, "notes": which}, make)
        return Features(vectors, cohort.tabular)

    @property
    def _seen(self) -> np.ndarray:
        return np.where(self.annotated[:, None], self.written, np.nan)

    @cached_property
    def _key(self) -> dict:
        base = encoders.make_encoder(encoders.base_of(self.name), device=self.device)
        learned = (self.train.texts, self._seen, self.train.levels, self.annotated, self.train.ids.tolist())
        return {
            "reader": self.name,
            "base": artifacts.digest(base.provenance),
            "learned from": artifacts.digest(*learned),
            "code": artifacts.code_of(registry.__name__),
        }


def _notes(texts: list[str]) -> Notes:
    """Notes with their sentences and vectors: budgets and worlds read the same ones again and again."""

    def made() -> Notes:
        return Notes(texts, artifacts.Store())

    return _KEPT.get(texts, made) if len(texts) <= FEW_ENOUGH else made()
