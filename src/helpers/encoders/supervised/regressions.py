"""Readers that regress each confounder on words or on the vector of a note."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.encoders.base import Encoder
from helpers.encoders.cache import encode
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.states import (
    State,
    base_state,
    contiguous,
    gathered,
    part,
    restored_base,
    settings_of,
)
from helpers.encoders.tfidf import restored_vectorizer, vectorizer_state
from helpers.privacy.errors import no_data_in_errors


class WordReader(BaseEstimator):
    """Penalised regressions of each confounder on weighted words, pairs and triples.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty.
    max_features : int
        At most so many terms, the most frequent ones.
    """

    base = None
    holds_words = True  # of the training notes: they go where its state goes

    def __init__(self, C: float = 10.0, max_features: int = 5_000) -> None:
        self.C = C
        self.max_features = max_features

    def prepare(self, notes: Notes) -> None:
        """Nothing is learned without labels."""

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> WordReader:
        """Fit on n notes and (n, sum of levels) indicators."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vectorizer_ = TfidfVectorizer(
            token_pattern=r"(?u)\b\w+\b",
            ngram_range=(1, 3),
            sublinear_tf=True,
            min_df=min(5, max(1, len(labels) // 50)),
            max_features=self.max_features,
            dtype=np.float32,
        )
        with no_data_in_errors("words: learning the words of notes"):
            X = self.vectorizer_.fit_transform(Notes.of(texts).texts)
        self.models_ = regressions(X, labels, levels, self.C)
        return self

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        with no_data_in_errors("words: counting the words of notes"):
            X = self.vectorizer_.transform(Notes.of(texts).texts)
        return np.hstack([model.log_proba(X) for model in self.models_])

    def state(self) -> State:
        """Plain values, the words among them, and arrays that :meth:`from_state` takes."""
        plain, arrays = vectorizer_state(self.vectorizer_)
        models, more = gathered([model.state() for model in self.models_])
        return {"kind": "words", "settings": settings_of(self), "models": models, **plain}, {**arrays, **more}

    @classmethod
    def from_state(cls, base: None, plain: dict, arrays: dict[str, np.ndarray]) -> WordReader:
        """The fitted reader whose :meth:`state` this is; it has no use for a base."""
        reader = cls(**plain["settings"])
        reader.vectorizer_, reader.models_ = restored_vectorizer(plain, arrays), restored_models(plain, arrays)
        return reader


class VectorReader(BaseEstimator):
    """Penalised regressions of each confounder on the vector of a note: a projection chosen by the annotations.

    Parameters
    ----------
    base : Encoder
        One that is not frozen is fitted on the training notes, their labels unseen.
    C : float
        Inverse strength of the penalty on standardised vectors.
    """

    holds_words = property(lambda self: not self.base.frozen, doc="Whether its state holds words of notes.")

    def __init__(self, base: Encoder, C: float = 0.01) -> None:
        self.base = base
        self.C = C

    def prepare(self, notes: Notes) -> Encoder:
        """The base, fitted on these notes if it is not frozen."""
        return self.base if self.base.frozen else clone(self.base).fit(notes.texts)

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> VectorReader:
        """Fit on n notes and (n, sum of levels) indicators; ``prepared``: the base from :meth:`prepare`."""
        notes = Notes.of(texts)
        self.base_ = self.prepare(notes) if prepared is None else prepared
        vectors = encode(notes.texts, self.base_, progress=False)
        self.mean_, self.scale_ = vectors.mean(0), vectors.std(0) + 1e-9
        self.models_ = regressions((vectors - self.mean_) / self.scale_, labels, levels, self.C)
        return self

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        X = (encode(Notes.of(texts).texts, self.base_, progress=False) - self.mean_) / self.scale_
        return np.hstack([model.log_proba(X) for model in self.models_])

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        models, arrays = gathered([model.state() for model in self.models_])
        base, more = base_state(self.base_)
        plain = {"kind": "vector", "settings": settings_of(self, "base"), "models": models, "base": base}
        return plain, contiguous({"mean": self.mean_, "scale": self.scale_, **arrays, **more})

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> VectorReader:
        """The fitted reader whose :meth:`state` this is."""
        reader = cls(base, **plain["settings"])
        reader.base_ = restored_base(base, plain["base"], arrays)
        reader.mean_, reader.scale_ = arrays["mean"], arrays["scale"]
        reader.models_ = restored_models(plain, arrays)
        return reader


class Regression:
    """Logistic regression of one field that also stands a level nobody has, and a single level.

    Parameters
    ----------
    size : int
        Levels of the field.
    records : int
        It was fitted on.
    seen : (s,) int array
        Levels that a training record has.
    coef : (s, d) array
        One row if there are two, none if there is one.
    intercept : array
    """

    def __init__(self, size: int, records: int, seen: np.ndarray, coef: np.ndarray, intercept: np.ndarray) -> None:
        self.size, self.records, self.seen, self.coef, self.intercept = size, records, seen, coef, intercept

    @classmethod
    def fitted(cls, X, labels: np.ndarray, C: float) -> Regression:
        """Fit on (n, d) features and (n, size) indicators."""
        from sklearn.linear_model import LogisticRegression

        size, code = labels.shape[1], labels.argmax(1)
        seen = np.unique(code)
        if len(seen) == 1:
            return cls(size, len(code), seen, np.empty((0, X.shape[1])), np.empty(0))
        model = LogisticRegression(C=C, max_iter=200, tol=1e-3).fit(X, code)
        return cls(size, len(code), seen, np.ascontiguousarray(model.coef_), model.intercept_)

    def log_proba(self, X) -> np.ndarray:
        """(n, size) log-probabilities."""
        out = np.full((X.shape[0], self.size), -np.log(self.records + 1))
        scores = np.asarray(X @ self.coef.T + self.intercept)
        scores = scores if len(self.seen) > 2 else np.hstack([np.zeros((len(out), 1)), scores])
        out[:, self.seen] = normalised_log_p(scores, (len(self.seen),))
        return normalised_log_p(np.maximum(out, -50.0), (self.size,))

    def state(self) -> State:
        """Plain values and arrays it can be made of again."""
        arrays = {"seen": self.seen, "coef": self.coef, "intercept": self.intercept}
        return {"size": self.size, "records": self.records}, contiguous(arrays)


def restored_models(plain: dict, arrays: dict[str, np.ndarray]) -> list[Regression]:
    """The regressions of a saved reader."""
    return [Regression(**model, **part(arrays, k)) for k, model in enumerate(plain["models"])]


def regressions(X, labels: np.ndarray, levels: tuple[int, ...], C: float) -> list[Regression]:
    """One regression a field."""
    return [Regression.fitted(X, field, C) for field in np.split(labels, np.cumsum(levels)[:-1], axis=1)]


def normalised_log_p(log_p: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """Log-probabilities shifted so that each field's probabilities sum to 1."""
    parts = np.split(np.asarray(log_p, float), np.cumsum(levels)[:-1], axis=1)
    return np.hstack([p - np.logaddexp.reduce(p, axis=1, keepdims=True) for p in parts])
