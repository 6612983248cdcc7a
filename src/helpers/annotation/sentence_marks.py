"""What the keyword rules say of a sentence, as numbers that a reader can learn from.

A mark is no annotation: it says that a sentence affirms, denies or leaves open a symptom in words that the rules know.
A sentence without a mark may speak of it in other words; how much of it is denied, doubted, past or of somebody else is
told of all its words, known or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

import numpy as np

from helpers.annotation.clauses import CONDITIONAL, DENIED, UNSURE
from helpers.annotation.keywords import Clauses, Finding, KeywordAnnotator

_WAYS = ("denied", "doubted", "of others", "past")
_KINDS = ("present", "absent", "open")  # open: doubted, conditional, of the past or of somebody else
_WORDS = (
    "word",
    "symptom",
    "complaints",
    "own",
    "passing",
    "bland",
    "changes",
    "signs",
)  # kinds of tokens that are said
DEGREES = 3  # of a fever that is affirmed: low, high, none told
SENTENCES_KEPT = 100_000  # whose marks a process remembers: folds, repetitions and budgets read the same ones


def mark_names() -> tuple[str, ...]:
    """Names of the columns of :func:`sentence_marks`."""
    stated = [f"{field} {kind}" for field in _annotator().fields for kind in _KINDS]
    return (*stated, "fever low", "fever high", "fever of no degree", *(f"words {way}" for way in _WAYS))


def sentence_marks(sentences: Iterable[str]) -> np.ndarray:
    """Marks of sentences.

    Parameters
    ----------
    sentences : iterable of u str

    Returns
    -------
    (u, 22) float32 array from 0 to 1, columns as in :func:`mark_names`. A measured temperature affirms a fever of its
    degree, or denies one.
    """
    rows = [_marks(sentence) for sentence in sentences]
    return np.array(rows, np.float32).reshape(len(rows), len(mark_names()))


@cache
def _annotator() -> KeywordAnnotator:
    return KeywordAnnotator()


@lru_cache(SENTENCES_KEPT)
def _marks(sentence: str) -> np.ndarray:
    fields, told = _annotator().fields, _annotator().told(sentence)
    out = np.zeros(len(fields) * len(_KINDS) + DEGREES, np.float32)
    for finding in (finding for findings, _ in told for finding in findings):
        field, status, degree = _stated(finding)
        if status is not None:
            out[len(_KINDS) * fields.index(field) + _KINDS.index(status)] = 1
            if field == "fever" and status == "present":
                out[degree - 1 - DEGREES] = 1
    return np.concatenate([out, _ways([clauses for _, clauses in told])])


def _ways(told: list[Clauses]) -> np.ndarray:
    """Shares of the words that are denied, doubted or conditional, of somebody else, and past."""
    rows = [
        (c.state[i] == DENIED, c.state[i] in (UNSURE, CONDITIONAL), c.other[i], i in c.past)
        for c in told
        for i, token in enumerate(c.tokens)
        if token.kind in _WORDS
    ]
    return np.array(rows, np.float32).mean(0) if rows else np.zeros(len(_WAYS), np.float32)


def _stated(finding: Finding) -> tuple[str, str | None, int]:
    """Field, one of ``_KINDS`` and degree; a temperature that was not taken states nothing."""
    stated = finding.status if finding.status in ("present", "absent") else "open"
    if finding.field != "measured":
        return finding.field, stated, finding.level
    if stated == "open":
        return "fever", None, 0
    return "fever", "present" if finding.level else "absent", finding.level
