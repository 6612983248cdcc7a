"""Words and word pairs, weighted: the encoder without a neural network."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from helpers.encoders.base import NO_WORD, WHOLE, checked_texts, versions, wordless
from helpers.privacy.errors import no_data_in_errors

_SETTINGS = ("lowercase", "token_pattern", "ngram_range", "sublinear_tf", "norm", "smooth_idf", "use_idf")


class TfidfEncoder(TransformerMixin, BaseEstimator):
    """TF-IDF of single words and pairs, learned on the notes given to ``fit``.

    No stop words are removed, one-letter words count, so that "no", "not", "denies" and pairs such as
    "no fever" or "w o" stay. Term counts enter as 1 + log(count).

    Parameters
    ----------
    max_features : int
        At most so many terms, the most frequent ones.
    min_df : int
        A term must occur in so many training notes; with fewer notes than ten times this, in one.

    Attributes
    ----------
    vectorizer_ : TfidfVectorizer
        The vocabulary and weights of the training notes.
    """

    name = "tfidf"
    frozen = False
    holds_words = True

    def __init__(self, max_features: int = 1_000, min_df: int = 5) -> None:
        self.max_features = max_features
        self.min_df = min_df

    def fit(self, texts: Iterable[str], y=None) -> TfidfEncoder:
        """Learn vocabulary and weights from n training notes.

        Raises
        ------
        ValueError
            If no note is given, or no term is left.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        notes = checked_texts(texts)
        if not notes:
            raise ValueError("texts: no notes; tfidf needs training notes to learn its vocabulary from.")
        vectorizer = TfidfVectorizer(
            lowercase=True,
            token_pattern=r"(?u)\b\w+\b",
            ngram_range=(1, 2),
            sublinear_tf=True,
            norm="l2",
            min_df=self.min_df if len(notes) >= 10 * self.min_df else 1,
            max_features=self.max_features,
            dtype=np.float32,
        )
        with no_data_in_errors("tfidf: learning the words of notes"):
            self.vectorizer_ = vectorizer.fit(notes)
        return self

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """(n, d) float32 vectors of unit length; zero for a note without any known term."""
        check_is_fitted(self, "vectorizer_")
        notes = checked_texts(texts)
        with no_data_in_errors("tfidf: counting the words of notes"):
            return self.vectorizer_.transform(notes).toarray().astype(np.float32, copy=False)

    def reading(self, texts: Iterable[str]) -> list[str]:
        """How much of each note is read: ``whole`` or ``no known word`` (none of the vocabulary, or no letter)."""
        check_is_fitted(self, "vectorizer_")
        notes = checked_texts(texts)
        with no_data_in_errors("tfidf: counting the words of notes"):
            known = self.vectorizer_.transform(notes).getnnz(axis=1)
        return [NO_WORD if not k or wordless(n) else WHOLE for n, k in zip(notes, known, strict=True)]

    def state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """What :meth:`from_state` takes: plain values, the words among them, and arrays."""
        check_is_fitted(self, "vectorizer_")
        plain, arrays = vectorizer_state(self.vectorizer_)
        return {"settings": self.get_params(), **plain}, arrays

    @classmethod
    def from_state(cls, plain: dict, arrays: dict[str, np.ndarray]) -> TfidfEncoder:
        """The fitted encoder whose :meth:`state` this is."""
        encoder = cls(**plain["settings"])
        encoder.vectorizer_ = restored_vectorizer(plain, arrays)
        return encoder

    @property
    def provenance(self) -> dict:
        """What determines the vectors beside the training notes."""
        return {
            "name": self.name,
            "model": "tfidf",
            "revision": None,
            "pooling": "sum of terms",
            "prefix": "",
            "max_tokens": None,
            "precision": "fp32",
            "max_features": self.max_features,
            "min_df": self.min_df,
            "libraries": versions("scikit-learn", "numpy"),
        }


def vectorizer_state(vectorizer) -> tuple[dict, dict[str, np.ndarray]]:
    """Settings and terms of a fitted ``TfidfVectorizer`` as plain values, and their weights."""
    settings = {k: v for k, v in vectorizer.get_params().items() if k in _SETTINGS}
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    plain = {"vectorizer": settings | {"ngram_range": list(settings["ngram_range"])}, "terms": terms}
    return plain, {"idf": np.ascontiguousarray(vectorizer.idf_)}


def restored_vectorizer(plain: dict, arrays: dict[str, np.ndarray]):
    """The ``TfidfVectorizer`` of a :func:`vectorizer_state`.

    Raises
    ------
    ValueError
        A setting is not known here.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    unknown = sorted(set(plain["vectorizer"]) - set(_SETTINGS))
    if unknown:
        raise ValueError(f"settings {unknown} of words are not known here: what was saved is of a newer version.")
    settings = plain["vectorizer"] | {"ngram_range": tuple(plain["vectorizer"]["ngram_range"])}
    vocabulary = {term: i for i, term in enumerate(plain["terms"])}
    vectorizer = TfidfVectorizer(**settings, vocabulary=vocabulary, dtype=np.float32)
    vectorizer.idf_ = arrays["idf"]
    return vectorizer
