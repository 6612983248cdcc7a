"""Readers that regress each confounder on words or on the vector of a note, and several readers as one."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.encoders.base import Encoder
from helpers.encoders.cache import encode


class WordReader(BaseEstimator):
    """Penalised regressions of each confounder on weighted words, pairs and triples.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty.
    max_features : int
        At most so many terms, the most frequent ones.
    """

    def __init__(self, C: float = 10.0, max_features: int = 5_000) -> None:
        self.C = C
        self.max_features = max_features

    def fit(self, texts: list[str], labels: np.ndarray, levels: tuple[int, ...], groups=None) -> WordReader:
        """Fit on n notes and (n, sum of levels) indicators."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vectorizer_ = TfidfVectorizer(
            token_pattern=r"(?u)\b\w+\b",
            ngram_range=(1, 3),
            sublinear_tf=True,
            min_df=min(5, max(1, len(texts) // 50)),
            max_features=self.max_features,
            dtype=np.float32,
        )
        X = self.vectorizer_.fit_transform(texts)
        self.models_ = regressions(X, labels, levels, self.C)
        return self

    def log_proba(self, texts: list[str]) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        X = self.vectorizer_.transform(texts)
        return np.hstack([model.log_proba(X) for model in self.models_])


class VectorReader(BaseEstimator):
    """Penalised regressions of each confounder on the vector of a note: a projection chosen by the annotations.

    Parameters
    ----------
    base : Encoder
        Frozen.
    C : float
        Inverse strength of the penalty on standardised vectors.
    """

    def __init__(self, base: Encoder, C: float = 0.01) -> None:
        self.base = base
        self.C = C

    def fit(self, texts: list[str], labels: np.ndarray, levels: tuple[int, ...], groups=None) -> VectorReader:
        """Fit on n notes and (n, sum of levels) indicators."""
        vectors = encode(texts, self.base, progress=False)
        self.mean_, self.scale_ = vectors.mean(0), vectors.std(0) + 1e-9
        self.models_ = regressions((vectors - self.mean_) / self.scale_, labels, levels, self.C)
        return self

    def log_proba(self, texts: list[str]) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        X = (encode(texts, self.base, progress=False) - self.mean_) / self.scale_
        return np.hstack([model.log_proba(X) for model in self.models_])


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

    def __init__(self, readers: list, seed: int = 0) -> None:
        self.readers = readers
        self.seed = seed

    def fit(self, texts: list[str], labels: np.ndarray, levels: tuple[int, ...], groups=None) -> MeanReader:
        """Fit every reader on the same n notes and (n, sum of levels) indicators."""
        self.levels_, self.fitted_ = levels, []
        for reader in map(clone, self.readers):
            if "seed" in reader.get_params():
                reader.set_params(seed=self.seed)
            self.fitted_.append(reader.fit(texts, labels, levels, groups))
        return self

    def log_proba(self, texts: list[str]) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        return normalised_log_p(np.mean([r.log_proba(texts) for r in self.fitted_], axis=0), self.levels_)


class _Regression:
    """Logistic regression of one field that also stands a level nobody has, and a single level."""

    def __init__(self, X, labels: np.ndarray, C: float) -> None:
        from sklearn.linear_model import LogisticRegression

        self.size, code = labels.shape[1], labels.argmax(1)
        self.seen, floor = np.unique(code), 1.0 / (len(code) + 1)
        self.rare = np.log(floor)
        if len(self.seen) > 1:
            self.model = LogisticRegression(C=C, max_iter=200, tol=1e-3).fit(X, code)

    def log_proba(self, X) -> np.ndarray:
        out = np.full((X.shape[0], self.size), self.rare)
        out[:, self.seen] = self.model.predict_log_proba(X) if len(self.seen) > 1 else 0.0
        return normalised_log_p(np.maximum(out, -50.0), (self.size,))


def regressions(X, labels: np.ndarray, levels: tuple[int, ...], C: float) -> list[_Regression]:
    """One regression a field."""
    return [_Regression(X, part, C) for part in np.split(labels, np.cumsum(levels)[:-1], axis=1)]


def normalised_log_p(log_p: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """Log-probabilities shifted so that each field's probabilities sum to 1."""
    parts = np.split(np.asarray(log_p, float), np.cumsum(levels)[:-1], axis=1)
    return np.hstack([p - np.logaddexp.reduce(p, axis=1, keepdims=True) for p in parts])
