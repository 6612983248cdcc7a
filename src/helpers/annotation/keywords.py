"""An annotator without training: keywords, and what the clause around them says of them.

After NegEx (W. W. Chapman et al., J. Biomed. Inform. 34, 2001) and ConText (H. Harkema et al., J. Biomed. Inform. 42,
2009); the word lists, ``keywords.yml``, and the rules are this project's own. A cue reaches as far as its clause and
its list, never a number of words. One affirmed keyword in a note makes a symptom present; keywords that are all denied,
or whose symptom is over, make it absent; others (another person or time, a condition, a doubt) say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.annotation.answers import find_answers
from helpers.annotation.clauses import states
from helpers.annotation.context import others, past
from helpers.annotation.rules import RULES, Rules, Token, prepared
from helpers.data.columns import FEVER_LEVELS
from helpers.data.fields import MISSING
from helpers.data.sentences import MARK, Part, split_parts
from helpers.data.temperatures import temperatures
from helpers.privacy.errors import DataError, no_data_in_errors

STATUSES = ("not stated", "uncertain", "absent", "present")
ANSWER = re.compile(
    r"(yes|no|none|nil|not at all|never|denied|denies|absent|present|negative|positive|unknown|unclear|y|n)"
    r"(?:[,.;:]\s*|\s+(?=.*\?$)|$)(.*)"
)
LEAD = re.compile(
    r"(?:(?:pertinent )?negatives?|den(?:ies|ied)|no|none|without|absent|negative for|yes|positives?)\W*:"
)
MARKER = re.compile(r"^(?:[*\u2022\u2013]|-(?=\s)|\d{1,2}[.)](?=\s|[a-z])|\(\d{1,2}\))\s*")
LIMIT = re.compile(
    r"(?:(above|over|>|\u2265|higher than|greater than|exceeding|more than)|<|below|under|less than)\s*$"
)
MIXED = re.compile(r"[,;]\s*[+-]\s")


@dataclass(frozen=True)
class Finding:
    """What one sentence says of one symptom: ``status`` present, absent, uncertain, conditional, past or other."""

    field: str
    status: str
    level: int  # of fever: 1, 2, or 3 for no degree; else 1


@dataclass(frozen=True)
class Clauses:
    """The tokens of a sentence, what answers them, what is said of each, whether of another person; the past."""

    tokens: list[Token]
    answered: dict[int, str]
    state: list[str]
    other: list[bool]
    past: set[int]


class KeywordAnnotator:
    """Reads five symptoms from notes: ``dysp, cough, pain, nasal`` (0 absent, 1 present), ``fever`` (0, 1 low, 2 high).

    Parameters
    ----------
    rules : path
        YAML file of the rules; its comments explain them.

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
        try:
            self._rules = Rules(rules)
            self._vague = FEVER_LEVELS.index(self._rules.vague)
        except (KeyError, TypeError, re.error) as error:
            raise ValueError(f"rules: {type(error).__name__} {error}; compare them with {RULES.name}.") from None
        self.fields = self._rules.fields
        self.levels = tuple(3 if name == "fever" else 2 for name in self.fields)

    @no_data_in_errors("keywords: reading notes")
    def read(self, texts: Iterable[str], names: tuple[str, ...] | None = None) -> np.ndarray:
        """Levels that the notes state.

        Parameters
        ----------
        texts : iterable of n str
        names : tuple of str or None
            Fields wanted, in order; None: all of ``fields``.

        Returns
        -------
        (n, F) int array, -1 where the rules find no statement or an uncertain one. As an annotator who takes silence
        for absence: ``np.maximum(codes, 0)``.

        Raises
        ------
        ValueError
            A field without rules.
        """
        names = self._checked(names)
        memory: dict[str, list[Finding]] = {}  # notes share many sentences
        rows = [[self._code(found, name) for name in names] for found in (self._note(t, memory) for t in texts)]
        return np.array(rows, dtype=int).reshape(-1, len(names))

    @no_data_in_errors("keywords: reading notes")
    def statuses(self, texts: Iterable[str], names: tuple[str, ...] | None = None) -> np.ndarray:
        """In words, with uncertainty apart from silence.

        Parameters
        ----------
        texts, names
            As for :meth:`read`.

        Returns
        -------
        (n, F) array of str: ``present``, ``absent``, ``uncertain`` (doubted, and neither affirmed nor denied
        elsewhere in the note) or ``not stated``.
        """
        names = self._checked(names)
        memory: dict[str, list[Finding]] = {}
        rows = [[self._status(found, name) for name in names] for found in (self._note(t, memory) for t in texts)]
        return np.array(rows, dtype=object).reshape(-1, len(names))

    @no_data_in_errors("keywords: reading sentences")
    def told(self, sentence: str) -> list[tuple[list[Finding], Clauses]]:
        """What a sentence says of the symptoms, read by itself: without the question or the list it stands in."""
        out = []
        for text in _sentences([Part(sentence)]):
            heat = temperatures(text)
            clauses = self._clauses(text, heat)
            out.append((self._found(text, heat, clauses), clauses))
        return out

    def _checked(self, names: tuple[str, ...] | None) -> tuple[str, ...]:
        names = self.fields if names is None else tuple(names)
        unknown = [name for name in names if name not in self.fields]
        if unknown:
            raise DataError(f"names: no rules for {unknown}; there are rules for {list(self.fields)}.")
        return names

    def _note(self, text: str, memory: dict[str, list[Finding]]) -> list[Finding]:
        out = []
        for sentence in _sentences(split_parts(text)):
            if sentence not in memory:
                memory[sentence] = self._findings(sentence)
            out += memory[sentence]
        return out

    def _findings(self, sentence: str) -> list[Finding]:
        heat = temperatures(sentence)
        if not heat and not self._rules.terms.search(sentence):
            return []
        return self._found(sentence, heat, self._clauses(sentence, heat))

    def _clauses(self, sentence: str, heat: list) -> Clauses:
        tokens = _with_temperatures(self._rules.tokens(sentence), heat)
        answered = find_answers(tokens)  # first: an answer that it finds is no cue any more
        return Clauses(tokens, answered, states(tokens), others(tokens), past(tokens))

    def _found(self, sentence: str, heat: list, clauses: Clauses) -> list[Finding]:
        tokens, answered, state = clauses.tokens, clauses.answered, clauses.state
        other, gone = clauses.other, clauses.past
        standing = bool(heat) and bool(self._rules.standing.search(sentence))
        _ended_today(tokens, state, answered)
        out = []
        for i, token in enumerate(tokens):
            if token.field or token.kind == "measured":
                status = _overcome(tokens, i) or answered.get(i, state[i])
                status = "conditional" if standing and token.kind == "measured" else status
                status = "other" if other[i] else "past" if i in gone else status
                out.append(self._finding(sentence, token, status))
        return out

    def _finding(self, sentence: str, token: Token, status: str) -> Finding:
        if token.kind == "measured":
            level = int(np.searchsorted(self._rules.limits, token.value, side="right"))
            limit = LIMIT.search(sentence[: token.start])
            if limit and not limit[1]:
                return Finding("measured", "uncertain", level)
            level = 0 if limit and status == "absent" else level  # "denies temperatures above 38"
            return Finding("measured", status, level)
        if token.inverse and status in ("present", "absent"):
            status = "absent" if status == "present" else "present"
        return Finding(token.field, status, self._degree(sentence, token) if token.field == "fever" else 1)

    def _degree(self, sentence: str, token: Token) -> int:
        """Degree of a fever by the words just before it; 3 for none."""
        near = " ".join([*sentence[: token.start].split()[-2:], token.text])
        if self._rules.degrees["low"].search(near):
            return 1
        if self._rules.degrees["high"].search(near):
            return 2
        return 3

    def _status(self, found: list[Finding], name: str) -> str:
        code = self._code(found, name)
        if code != MISSING:
            return STATUSES[3] if code else STATUSES[2]
        return STATUSES[1 if any(f.field == name and f.status == "uncertain" for f in found) else 0]

    def _code(self, found: list[Finding], name: str) -> int:
        """The highest level that is affirmed; 0: only denied, -1: not spoken of."""
        told = [f.level if f.status == "present" else 0 for f in found if f.field == name and f.status in STATUSES[2:]]
        stated = max(told, default=MISSING)
        return self._by_temperature(stated, found) if name == "fever" else stated

    def _by_temperature(self, stated: int, found: list[Finding]) -> int:
        """A fever of no degree (3) gets that of the temperature; a measured fever counts even if none is stated."""
        values = [f.level for f in found if f.field == "measured" and f.status in ("present", "absent")]
        measured = max(values, default=None)
        if stated == 3:
            return max(measured, 1) if measured is not None else self._vague
        return stated if measured is None else max(stated, measured)


def _sentences(parts: list[Part]) -> list[str]:
    """Prepared sentences: marks are words, an answer joins its question, items of a list get the list's denial."""
    out, lead = [], ""
    for part in parts:
        text = prepared(MARK.sub("unnamed", part.text) if "[**" in part.text else part.text)
        if not text[:1].isalpha() and not MIXED.search(text):
            text = MARKER.sub("", text)
        if text.endswith(":") and LEAD.fullmatch(text):
            lead = text
            continue
        lead = lead if part.item else ""
        answer = ANSWER.fullmatch(text) if out and out[-1][-1] == "?" else None
        if answer:
            out[-1] += " " + answer[1]
            text = answer[2]
        if text:
            out.append(f"{lead} {text}" if lead else text)
    return out


def _with_temperatures(tokens: list[Token], heat: list) -> list[Token]:
    """The tokens, those of measured temperatures turned into one each."""
    out = []
    for token in tokens:
        inside = next((t for t in heat if t.start <= token.start < t.end), None)
        if inside is None:
            out.append(token)
        elif not out or out[-1].kind != "measured" or out[-1].start != inside.start:
            out.append(Token("measured", token.text, inside.start, inside.end, value=inside.celsius))
    return out


def _ended_today(tokens: list[Token], state: list[str], answered: dict[int, str]) -> None:
    """What is absent "today" or "now" was there before: the earlier statement of the sentence gives way."""
    said = [answered.get(i, state[i]) for i in range(len(tokens))]
    for i, token in enumerate(tokens):
        if token.field and (said[i] == "absent") != token.inverse and said[i] in ("absent", "present"):
            start = max((k for k in range(i) if tokens[k].kind in ("comma", "joint", "turning", "stop")), default=0)
            if any(t.text in ("now", "today", "currently") for t in tokens[start:i]):
                same = [k for k in range(start) if tokens[k].field == token.field and not tokens[k].inverse]
                answered.update(dict.fromkeys(same, "absent"))


def _overcome(tokens: list[Token], i: int) -> str:
    """``absent`` after "recovered from" and its like, ``present`` where that is denied, else ""."""
    at = next((k for k in range(max(0, i - 3), i) if tokens[k].kind == "overcome"), None)
    if at is None:
        return ""
    denied = any(t.kind in ("none", "not") for t in tokens[max(0, at - 2) : at])
    return "present" if denied else "absent"
