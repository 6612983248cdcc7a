"""Several readers heard as one.

Three of them make the recommended reader: one sees the embedding of a sentence, one what the keyword rules say of it,
one both. Where sentences are worded as in the training notes each tells all; elsewhere they fail on different ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.artifacts.digests import digest
from helpers.encoders.base import Encoder
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.finetune import TunedReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader, normalised_log_p
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.supervised.states import State, gathered, part, restored_reader, settings_of

_STEPS = 120  # of each of the three readers of the recommended one
SINGLE = {"words": WordReader, "vector": VectorReader, "sentences": SentenceReader, "tuned": TunedReader}


class MeanReader(BaseEstimator):
    """Several readers heard with equal weight: the normalised geometric mean of their probabilities.

    Weights chosen by the loss on training notes would trust the reader that knows their wordings best; equal weights
    do not depend on the place where the readers were trained. A reader that is blind for a confounder, like rules that
    have no words for it, would only blur the others: with ``by_gain`` it is not heard there.

    Parameters
    ----------
    readers : list of readers
        Prototypes.
    seed : int
        Handed to those that have one.
    by_gain : bool
        Weigh the readers of each confounder by what they tell of it on their training notes, see :func:`gains`, in
        place of equally. Readers that tell as much as each other weigh the same.

    Attributes
    ----------
    weights_ : (readers, fields) array
        Their sum over readers is 1.
    """

    base = property(lambda self: next((r.base for r in self.readers if r.base is not None), None))
    holds_words = property(lambda self: any(r.holds_words for r in self.readers))

    def __init__(self, readers: list, seed: int = 0, by_gain: bool = False) -> None:
        self.readers = readers
        self.seed = seed
        self.by_gain = by_gain

    def prepare(self, notes: Notes) -> list:
        """What each reader learns without labels; readers that learn the same share it."""
        made: list = []
        for reader in self.readers:
            same = (known for other, known in zip(self.readers, made, strict=False) if _learn_alike(other, reader))
            known = next(same, None)
            made.append(reader.prepare(notes) if known is None else known)
        return made

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> MeanReader:
        """Fit every reader on the same n notes and (n, sum of levels) indicators."""
        notes, self.levels_, self.fitted_ = Notes.of(texts), tuple(levels), []
        for reader, known in zip(map(clone, self.readers), prepared or self.prepare(notes), strict=True):
            if "seed" in reader.get_params():
                reader.set_params(seed=self.seed)
            self.fitted_.append(reader.fit(notes, labels, levels, groups, known))
        self.weights_ = np.full((len(self.fitted_), len(levels)), 1 / len(self.fitted_))
        if self.by_gain:
            self.weights_ = shares_of(np.stack([gains(r.log_proba(notes), labels, levels) for r in self.fitted_]))
        return self

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        notes = Notes.of(texts)
        weights = np.repeat(self.weights_, self.levels_, axis=1)
        heard = sum(w * r.log_proba(notes) for w, r in zip(weights, self.fitted_, strict=True))
        return normalised_log_p(heard, self.levels_)

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        readers, arrays = gathered([reader.state() for reader in self.fitted_])
        plain = {"kind": "mean", "settings": settings_of(self, "readers"), "levels": list(self.levels_)}
        return {**plain, "readers": readers}, {**arrays, "weights": self.weights_}

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> MeanReader:
        """The fitted reader whose :meth:`state` this is; all its readers embed with one base."""
        fitted = [restored_reader(SINGLE, base, r, part(arrays, k)) for k, r in enumerate(plain["readers"])]
        reader = cls(fitted, **plain["settings"])
        reader.levels_, reader.fitted_, reader.weights_ = tuple(plain["levels"]), fitted, arrays["weights"]
        return reader


def three_sources(base: Encoder) -> MeanReader:
    """The recommended reader of sentences: by their embedding, by the marks of the rules, by both."""
    seen = {"text": 48, "marks": 32, "both": 48}  # hidden units: three such networks cost what one of 64 does
    return MeanReader([SentenceReader(base, width, _STEPS, sees=sees) for sees, width in seen.items()], by_gain=True)


def gains(log_p: np.ndarray, labels: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(fields,) how much more likely a reader makes the annotations than their shares do, in the mean of logarithms.

    Parameters
    ----------
    log_p : (n, sum of levels) array
    labels : (n, sum of levels) indicators
    levels : tuple of int
    """
    share = np.log(labels.mean(0).clip(1e-12))
    gained = ((log_p - share) * labels).mean(0)
    return np.add.reduceat(gained, np.r_[0, np.cumsum(levels)[:-1]])


def shares_of(found: np.ndarray) -> np.ndarray:
    """(readers, fields) gains as shares of their sum; equal ones where no reader gains."""
    kept = np.maximum(found, 0.0)
    total = kept.sum(0)
    return np.where(total > 0, kept / np.where(total > 0, total, 1.0), 1 / len(found))


def _learn_alike(a, b) -> bool:
    """Whether two readers of sentences learn the same without labels."""
    if not (isinstance(a, SentenceReader) and isinstance(b, SentenceReader) and a.base.frozen and b.base.frozen):
        return False
    learned = [(r.components, r.numbers, digest(r.base.provenance)) for r in (a, b)]
    return learned[0] == learned[1]


READERS = {**SINGLE, "mean": MeanReader}
