"""Words and word pairs, weighted: the encoder without a neural network."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from helpers.encoders.base import NO_WORD, WHOLE, checked_texts, versions, wordless
from helpers.privacy.errors import no_data_in_errors


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
