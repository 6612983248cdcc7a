"""A classifier trained on a few expert annotations, as an annotator of the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from helpers import data
from helpers.annotation import designs
from helpers.data.cohort import Cohort


@dataclass(frozen=True)
class TrainedAnnotator:
    """Learns each field from the words of a few notes that an expert annotated, and writes down the others.

    Used like :class:`helpers.annotation.annotators.Annotator`: by ``write`` and ``noise``.

    Parameters
    ----------
    share : float
        Share of the records whose annotations it learns from; it repeats these as they are.
    C : float
        Inverse penalty of the logistic regressions on TF-IDF of words and word pairs.
    version : int
        Part of the name under which results are kept: raise it when what is written changes.
    """

    share: float = 0.05
    C: float = 10.0
    version: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share = {self.share}: the share of expert annotations must lie in (0, 1].")

    @property
    def noise(self) -> float:
        """No flip rate: its errors follow from the note."""
        return np.nan

    def errors(self, levels: tuple[int, ...]) -> list[np.ndarray]:
        """Unknown beforehand; a panel can estimate them."""
        raise ValueError(
            "errors of a classifier follow from the note and have no known matrices; let a panel see some."
        )

    def write(self, cohort: Cohort, seed: int) -> np.ndarray:
        """(n, F) levels that it writes for the records of a cohort; the records it learns from are drawn by seed."""
        truth, _ = data.codes(cohort)
        known = designs.choose(np.arange(len(truth)), self.share, seed)
        texts = np.asarray(cohort.texts, dtype=object)
        vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=5_000).fit_transform(texts)
        out = truth.copy()
        for f in range(truth.shape[1]):
            out[~known, f] = self._read(vectors, truth[:, f], known)
        return out

    def _read(self, vectors, truth: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Levels of one field for the records nobody annotated."""
        learned = known & (truth >= 0)
        if len(np.unique(truth[learned])) < 2:
            return np.full((~known).sum(), truth[learned][0] if learned.any() else data.MISSING)
        model = LogisticRegression(C=self.C, max_iter=300)
        return model.fit(vectors[learned], truth[learned]).predict(vectors[~known])
