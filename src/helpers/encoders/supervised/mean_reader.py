"""Several readers heard as one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.encoders.base import Encoder
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.finetune import TunedReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader, normalised_log_p
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.supervised.states import State, gathered, part, restored_reader

SINGLE = {"words": WordReader, "vector": VectorReader, "sentences": SentenceReader, "tuned": TunedReader}


class MeanReader(BaseEstimator):
    """Several readers heard with equal weight: the normalised geometric mean of their probabilities.

    Weights chosen by the loss on training notes would trust the reader that knows their wordings best; equal weights
    do not depend on the place where the readers were trained.

    Parameters
    ----------
    readers : list of readers
        Prototypes.
    seed : int
        Handed to those that have one.
    """

    base = property(lambda self: next((r.base for r in self.readers if r.base is not None), None))
    holds_words = property(lambda self: any(r.holds_words for r in self.readers))

    def __init__(self, readers: list, seed: int = 0) -> None:
        self.readers = readers
        self.seed = seed

    def prepare(self, notes: Notes) -> list:
        """What each reader learns without labels."""
        return [reader.prepare(notes) for reader in self.readers]

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> MeanReader:
        """Fit every reader on the same n notes and (n, sum of levels) indicators."""
        notes, self.levels_, self.fitted_ = Notes.of(texts), tuple(levels), []
        for reader, known in zip(map(clone, self.readers), prepared or self.prepare(notes), strict=True):
            if "seed" in reader.get_params():
                reader.set_params(seed=self.seed)
            self.fitted_.append(reader.fit(notes, labels, levels, groups, known))
        return self

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        notes = Notes.of(texts)
        return normalised_log_p(np.mean([r.log_proba(notes) for r in self.fitted_], axis=0), self.levels_)

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        readers, arrays = gathered([reader.state() for reader in self.fitted_])
        return {"kind": "mean", "seed": self.seed, "levels": list(self.levels_), "readers": readers}, arrays

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> MeanReader:
        """The fitted reader whose :meth:`state` this is; all its readers embed with one base."""
        fitted = [restored_reader(SINGLE, base, r, part(arrays, k)) for k, r in enumerate(plain["readers"])]
        reader = cls(fitted, plain["seed"])
        reader.levels_, reader.fitted_ = tuple(plain["levels"]), fitted
        return reader


READERS = {**SINGLE, "mean": MeanReader}
