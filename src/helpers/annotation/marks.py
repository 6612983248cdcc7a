"""Where in a note a confounder is spoken of: sentences that rules, or a model of the pilot, point at."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from helpers.annotation.keywords import KeywordAnnotator
from helpers.data.fields import MISSING
from helpers.data.sentences import split_sentences

LEAST_READ = 40  # annotated notes from which words of a field can be learned
Mark = tuple[str, int, int]


def places(text: str) -> list[tuple[str, int, int]]:
    """The sentences of a note, each with its place in it: (sentence, start, end)."""
    found, at = [], 0
    for sentence in split_sentences(text):
        pattern = r"\s+".join(map(re.escape, sentence.split()))
        match = re.compile(pattern).search(text, at) if pattern else None
        if match:
            found.append((sentence, *match.span()))
            at = match.end()
    return found


def marks_of(
    texts: Sequence[str], names: Sequence[str], pilot: tuple[Sequence[str], np.ndarray] | None = None
) -> tuple[list[list[Mark]], str]:
    """Sentences that speak of each field, and what found them.

    Parameters
    ----------
    texts : sequence of n notes
    names : sequence of F str
    pilot : (notes, (m, F) codes) or None
        Annotated notes, from which words are learned for fields that no rule knows.

    Returns
    -------
    list of n lists of (field, start, end), and ``rules``, ``pilot``, ``rules and pilot`` or ``nothing``.
    """
    rules = KeywordAnnotator()
    ruled = tuple(name for name in names if name in rules.fields)
    split = [places(text) for text in texts]
    sentences = list(dict.fromkeys(s for found in split for s, _, _ in found))
    told: dict[str, list[str]] = {sentence: [] for sentence in sentences}
    if ruled and sentences:
        for sentence, codes in zip(sentences, rules.read(sentences, ruled), strict=True):
            told[sentence] += [name for name, code in zip(ruled, codes, strict=True) if code != MISSING]
    learned = _by_pilot(sentences, [n for n in names if n not in ruled], list(names), pilot, told)
    marks = [[(name, start, end) for s, start, end in found for name in told[s]] for found in split]
    by = [word for word, used in (("rules", bool(ruled)), ("pilot", learned)) if used]
    return marks, " and ".join(by) or "nothing"


def _by_pilot(sentences, left, names, pilot, told) -> bool:
    """Add sentences whose words move the pilot's model of a field most; False where it cannot learn one."""
    if pilot is None or len(pilot[0]) < LEAST_READ or not sentences or not left:
        return False
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts, codes = pilot
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=5_000, binary=True).fit(texts)
    X, S, learned = words.transform(texts), words.transform(sentences), False
    for name in left:
        present = codes[:, names.index(name)] > 0
        if present.all() or not present.any():
            continue
        learned = True
        weight = LogisticRegression(C=10.0, max_iter=300).fit(X, present).coef_[0]
        moved = np.abs(S @ weight)
        for i in np.flatnonzero(moved > max(1.0, np.quantile(moved, 0.98) / 2)):
            told[sentences[i]].append(name)
    return learned
