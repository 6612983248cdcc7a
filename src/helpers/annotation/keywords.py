"""An annotator without training: keywords, and denials in a window around them.

In the style of NegEx (W. W. Chapman et al., J. Biomed. Inform. 34, 2001); the word lists, ``keywords.yml``, are this
project's own. One affirmed keyword in a note makes a symptom present; keywords that are all denied make it absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from helpers.data.fields import MISSING
from helpers.privacy.errors import only_own_words

RULES = Path(__file__).with_name("keywords.yml")
HEADER = re.compile(r"\*\*[^*\n]*\*\*")
LISTS = ("before", "after", "harmless", "stops", "others", "past")
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
TEMPERATURE = re.compile(r"(?<![\d.,/])(3[4-9]|4[0-2])[.,](\d)\d?(?![\d/]| ?(?:kg|%|cm|mm))")
FEVER_ANSWERS = ("none", "low", "high")


class KeywordAnnotator:
    """Reads five symptoms from notes: ``dysp, cough, pain, nasal`` (0 absent, 1 present), ``fever`` (0, 1 low, 2 high).

    Parameters
    ----------
    rules : path
        YAML file of the rules; its head explains them.

    Attributes
    ----------
    fields : tuple of str
        Names of the columns of ``read``.
    levels : tuple of int
        Number of levels of each.

    Raises
    ------
    FileNotFoundError, ValueError
        The file is missing or a rule in it is no regular expression.
    """

    def __init__(self, rules: str | Path = RULES) -> None:
        rules = yaml.safe_load(Path(rules).read_text(encoding="utf-8"))
        try:
            self.fields = tuple(rules["fields"])
            self.levels = tuple(3 if name == "fever" else 2 for name in self.fields)
            self._window = int(rules["window"])
            self._lists = {part: _any(rules[part]) for part in LISTS}
            self._terms = {name: {k: _any(v) for k, v in terms.items()} for name, terms in rules["fields"].items()}
            self._degrees = {k: _any(rules["fever"][k]) for k in ("low", "high")}
            self._vague = FEVER_ANSWERS.index(rules["fever"]["vague"])
            self._limits = tuple(map(float, rules["fever"]["limits"]))
        except (KeyError, TypeError, re.error) as error:
            raise ValueError(f"rules: {type(error).__name__} {error}; compare them with {RULES.name}.") from None

    @only_own_words("keywords: reading notes")
    def read(self, texts: Iterable[str], names: tuple[str, ...] | None = None) -> np.ndarray:
        """Levels that the notes state.

        Parameters
        ----------
        texts : iterable of n str
        names : tuple of str or None
            Fields wanted, in order; None: all of ``fields``.

        Returns
        -------
        (n, F) int array, -1 where the rules find no statement. As an annotator who takes silence for absence:
        ``np.maximum(codes, 0)``.

        Raises
        ------
        ValueError
            A field without rules.
        """
        names = self.fields if names is None else tuple(names)
        unknown = [name for name in names if name not in self.fields]
        if unknown:
            raise ValueError(f"names: no rules for {unknown}; there are rules for {list(self.fields)}.")
        memory: dict[str, tuple[int, ...]] = {}  # notes share many sentences
        rows = [self._note(text, names, memory) for text in texts]
        return np.array(rows, dtype=int).reshape(-1, len(names))

    def _note(self, text: str, names: tuple[str, ...], memory: dict[str, tuple[int, ...]]) -> list[int]:
        sentences = [self._prepared(s) for s in SENTENCE.split(HEADER.sub("\n", text)) if s.strip()]
        for s in sentences:
            if s not in memory:
                memory[s] = tuple(self._statement(s, name) for name in names)
        out = {name: max((memory[s][f] for s in sentences), default=MISSING) for f, name in enumerate(names)}
        if "fever" in out:
            out["fever"] = self._by_temperature(out["fever"], sentences)
        return list(out.values())

    def _prepared(self, sentence: str) -> str:
        """Lower case, plain apostrophes, one blank between words, no full stop."""
        return re.sub(r"\s+", " ", sentence.lower().replace("\u2019", "'")).strip().rstrip(".!?;")

    def _statement(self, sentence: str, name: str) -> int:
        """The highest level that a sentence affirms; 0: only denied, -1: not spoken of. Fever: 3 for no degree."""
        level = 0 if self._terms[name]["absent"].search(sentence) else MISSING
        for match in self._terms[name]["present"].finditer(sentence):
            if self._elsewhere(sentence, match):
                continue
            if self._denied(sentence, match):
                level = max(level, 0)
            else:
                level = max(level, self._degree(sentence, match) if name == "fever" else 1)
        return level

    def _elsewhere(self, sentence: str, match: re.Match) -> bool:
        """Whether the keyword is about another person or about the past."""
        return bool(self._lists["others"].search(sentence[: match.start()]) or self._lists["past"].search(sentence))

    def _denied(self, sentence: str, match: re.Match) -> bool:
        left, right = sentence[: match.start()], sentence[match.end() :]
        left = self._lists["harmless"].sub(lambda m: " x" * len(m[0].split()), left)
        left = self._lists["stops"].split(left)[-1]
        right = next(iter(self._lists["stops"].split(right)), "")
        left, right = " ".join(left.split()[-self._window :]), " ".join(right.split()[: self._window])
        return bool(self._lists["before"].search(left + " ") or self._lists["after"].search(" " + right))

    def _degree(self, sentence: str, match: re.Match) -> int:
        """Degree of an affirmed fever by the words just before it and by a temperature in its sentence."""
        near = " ".join(sentence[: match.start()].split()[-2:] + [match[0]])
        if self._degrees["low"].search(near):
            return 1
        if self._degrees["high"].search(near):
            return 2
        measured = self._measured(sentence)
        return 3 if measured is None else max(measured, 1)

    def _measured(self, text: str) -> int | None:
        values = [float(f"{a}.{b}") for a, b in TEMPERATURE.findall(text)]
        return int(np.searchsorted(self._limits, max(values), side="right")) if values else None

    def _by_temperature(self, stated: int, sentences: list[str]) -> int:
        """A fever of no degree (3) gets that of the temperature; a measured fever counts even if none is stated."""
        warm = [s for s in sentences if TEMPERATURE.search(s)]
        now = [s for s in warm if not any(self._lists[part].search(s) for part in ("others", "past"))]
        measured = self._measured(" ".join(now))
        if stated == 3:
            return max(measured, 1) if measured is not None else self._vague
        return stated if measured is None else max(stated, measured)


@cache
def _pattern(source: str) -> re.Pattern:
    return re.compile(source)


def _any(rules: list[str]) -> re.Pattern:
    """One pattern for a list; groups capture nothing; an edge is a word boundary where the rule begins with a word."""
    if not rules:
        return _pattern(r"(?!)")
    plain = [re.sub(r"(?<!\\)\((?!\?)", "(?:", rule) for rule in rules]
    return _pattern("|".join(rf"(?<!\w)(?:{p})(?!\w)" if p != "n't" else r"n't\b" for p in plain))
