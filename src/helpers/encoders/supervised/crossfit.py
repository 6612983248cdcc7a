"""Representations learned from annotations: what a reader trained on the annotated notes finds in a note.

A reader gives, for every annotated confounder, log-probabilities of its levels. Its vectors of a note are log-odds
against the first level and the probabilities. On the notes it learned from a reader is too sure of itself, so the
vectors of annotated training notes come from readers that did not see them, nor any other note of the patient.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from helpers.data.canonical import in_order
from helpers.data.fields import one_hot
from helpers.data.folds import patient_folds
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.mean_reader import READERS
from helpers.encoders.supervised.regressions import normalised_log_p
from helpers.encoders.supervised.states import State, gathered, part, restored_reader

MOST = 8.0  # log-odds are cut here: beyond, a reader's certainty says more about its penalty than about the note


class Supervised(TransformerMixin, BaseEstimator):
    """Vectors of notes from readers fitted by cross-fitting.

    Parameters
    ----------
    reader : reader
        Prototype: ``prepare(notes)``, what it learns of all training notes without labels;
        ``fit(notes, labels, levels, groups, prepared)`` and ``log_proba(notes)``.
    name : str
        What the study calls it.
    folds : int
        Readers that are fitted, each without its fold of the annotated patients.
    seed : int
        Of the folds.

    Attributes
    ----------
    readers_ : list of readers
    training_vectors_ : (n, d) float32 array
        Vectors of the notes given to ``fit``: of annotated ones by the reader that did not see them, of the others by
        all readers together, as ``transform`` does it.
    """

    frozen = False
    supervised = True
    base = property(lambda self: self.reader.base, doc="The encoder its readers embed with; None: they embed nothing.")
    holds_words = property(lambda self: self.reader.holds_words, doc="Whether its state holds words of notes.")

    def __init__(self, reader, name: str = "supervised", folds: int = 3, seed: int = 0) -> None:
        self.reader = reader
        self.name = name
        self.folds = folds
        self.seed = seed

    def fit(
        self, texts: Iterable[str] | Notes, annotations=None, levels=None, annotated=None, groups=None
    ) -> Supervised:
        """Learn from the annotated notes.

        Parameters
        ----------
        texts : n notes
            Of training records.
        annotations : (n, q) array
            Indicators of each field's levels without the first, field after field. Rows outside ``annotated`` are not
            looked at.
        levels : tuple of int
            Number of levels of each field.
        annotated : (n,) bool array or None
            Records an expert annotated; None: all.
        groups : (n,) array or None
            Patient identifiers; None: every record is a patient.
        """
        notes = Notes.of(texts)
        if annotations is None or levels is None:
            raise ValueError(f"encoder {self.name!r} learns from annotations; pass annotations and levels to fit.")
        rows = np.arange(len(notes)) if annotated is None else np.flatnonzero(annotated)
        labels, self.levels_ = one_hot(np.asarray(annotations)[rows], tuple(levels)), tuple(levels)
        place = {text: k for k, text in enumerate(sorted(set(notes.texts)))}
        written = np.array([place[notes.texts[i]] for i in rows])
        order, patients, _ = in_order((written, labels), None if groups is None else np.asarray(groups)[rows])
        rows, labels = rows[order], labels[order]  # what is learned does not depend on where a record stands
        fold = patient_folds(patients, self.folds, self.seed)
        prepared = self.reader.prepare(notes)
        self.readers_ = [self._fitted(notes.take(rows[fold != k]), labels[fold != k], patients[fold != k], k, prepared)
                         for k in range(self.folds)]  # fmt: skip
        found = [reader.log_proba(notes) for reader in self.readers_]
        self.training_vectors_ = vectors_of(self._mean(found), self.levels_)
        for k, log_p in enumerate(found):
            held = rows[fold == k]  # never empty: every fold has patients
            self.training_vectors_[held] = vectors_of(log_p[held], self.levels_)
        return self

    def transform(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, 2 q) float32: log-odds and probabilities of the levels but each field's first, mean over readers."""
        return vectors_of(self.log_proba(texts), self.levels_)

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities, field after field: the readers' normalised geometric mean."""
        check_is_fitted(self, "readers_")
        notes = Notes.of(texts)
        if not len(notes):
            return np.empty((0, sum(self.levels_)))
        return self._mean([reader.log_proba(notes) for reader in self.readers_])

    def _mean(self, log_p: list[np.ndarray]) -> np.ndarray:
        return normalised_log_p(np.mean(log_p, axis=0), self.levels_)

    def _fitted(self, notes: Notes, labels: np.ndarray, patients: np.ndarray, k: int, prepared):
        reader = clone(self.reader)
        if "seed" in reader.get_params():
            reader.set_params(seed=int(np.random.SeedSequence([self.seed, k]).generate_state(1)[0]))
        return reader.fit(notes, labels, self.levels_, patients, prepared)

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes: the readers, not the vectors of training notes."""
        check_is_fitted(self, "readers_")
        readers, arrays = gathered([reader.state() for reader in self.readers_])
        plain = {"name": self.name, "folds": self.folds, "seed": self.seed, "levels": list(self.levels_)}
        return {**plain, "readers": readers}, arrays

    @classmethod
    def from_state(cls, base, plain: dict, arrays: dict[str, np.ndarray]) -> Supervised:
        """The encoder whose :meth:`state` this is; it gives the same vectors bit for bit.

        Parameters
        ----------
        base : Encoder or None
            As ``base`` of the one that was fitted.
        plain, arrays
            From :meth:`state`.

        Raises
        ------
        ValueError
            A reader is of a kind not known here.
        """
        readers = [restored_reader(READERS, base, r, part(arrays, k)) for k, r in enumerate(plain["readers"])]
        encoder = cls(readers[0], plain["name"], plain["folds"], plain["seed"])
        encoder.levels_, encoder.readers_ = tuple(plain["levels"]), readers
        return encoder

    @property
    def provenance(self) -> dict:
        """What determines the vectors beside the training notes and their annotations."""
        return {"name": self.name, "reader": repr(self.reader), "folds": self.folds, "seed": self.seed}


def vectors_of(log_p: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, 2 q) float32: log-odds against the first level, cut at ``MOST``, then probabilities."""
    parts = np.split(log_p, np.cumsum(levels)[:-1], axis=1)
    odds = np.hstack([p[:, 1:] - p[:, :1] for p in parts]).clip(-MOST, MOST)
    return np.hstack([odds, np.exp(np.hstack([p[:, 1:] for p in parts]))]).astype(np.float32)


def probabilities_in(vectors: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, sum of levels) probabilities of every level, field after field: what :func:`vectors_of` keeps of them.

    Raises
    ------
    ValueError
        If the vectors are not twice as wide as there are levels beside each field's first.
    """
    q = sum(levels) - len(levels)
    if vectors.ndim != 2 or vectors.shape[1] != 2 * q:
        raise ValueError(f"vectors {np.shape(vectors)}: levels {levels} need {2 * q} columns; give those of a reader.")
    parts = np.split(vectors[:, q:].astype(float), np.cumsum(np.array(levels) - 1)[:-1], axis=1)
    return np.hstack([np.hstack([1 - p.sum(1, keepdims=True), p]) for p in parts])
