"""Answers that stand behind a symptom: "fever: no", "cough and fever are denied", "the cough has stopped"."""

from __future__ import annotations

import re

from helpers.annotation.rules import Token

PRESENT, ABSENT, UNSURE_ANSWER, CONDITIONAL_ANSWER = "present", "absent", "uncertain", "conditional"
NO = frozenset("no none nil n neg negative absent denied denies never zero 0 false - (-) -ve [] anymore".split())
NO |= {"[ ]", "no longer", "no more"}
YES = frozenset("yes y pos positive present + ++ +++ (+) +ve [x] reported noted true confirmed".split())
UNKNOWN_ANSWER = frozenset("unknown ? unclear n/a na unsure uncertain possible possibly maybe questionable".split())
SHORT = frozenset("yes y + ++ (+) +ve [x]".split())  # answers that need no colon
PHRASES = {"ended": ABSENT, "absent": ABSENT, "lasting": PRESENT, "back": PRESENT, "doubted": UNSURE_ANSWER}
AHEAD = {"absent": "none", "doubted": "strict"}  # what a phrase with no symptom before it says of those after it
LIMITS = ("except", "apart from", "other than", "save for", "except for")
CLOSING = ("stop", "opening", "closing", "turning", "dash", "lasts", "anew", "past", "question")
WHEN_NEEDED = re.compile(r"prn|as |if needed|when |on demand")
BEFORE_ANSWERS = ("colon", "dash", "question", "opening")
COPULAS = frozenset("is are was were has have been be being both all also present there".split())


def find_answers(tokens: list[Token]) -> dict[int, str]:
    """States that answers give to the symptoms before them, by the position of the symptom.

    Tokens that are such an answer become of kind ``answer``, so that they don't deny what follows.
    """
    links = linked(tokens)
    out: dict[int, str] = {}
    for i, token in enumerate(tokens):
        state, colon = _answer(tokens, i)
        if state:
            at = _item_before(tokens, i, token.kind in ("back", "lasting"))
            if at is not None:
                token.kind = "answer"
                joined = any(t.kind == "joint" for t in tokens[at:i])  # "..., fever and swollen glands are denied"
                out |= {k: state for k in group(tokens, links, at, colon, joined) if k == at or k not in out}
            elif token.kind in AHEAD and "free" not in token.text:
                token.kind = _ahead(tokens, i)
    return out


def _answer(tokens: list[Token], i: int) -> tuple[str, bool]:
    """The state that a token gives as an answer ("" for none), and whether a colon leads to it."""
    token, before = tokens[i], i - 1
    while before >= 0 and (tokens[before].kind in BEFORE_ANSWERS or tokens[before].text in COPULAS):
        before -= 1
    marked = any(t.kind in BEFORE_ANSWERS for t in tokens[before + 1 : i])
    near = before >= 0 and tokens[before].is_item
    if token.kind == "sign":
        return (_signed(tokens, i, marked) if near else ""), False
    if token.kind in PHRASES and not (near and token.text in NO and _closes(tokens, i)):
        return _phrased(tokens, i, before), marked
    if near and (_closes(tokens, i) or (marked and tokens[i + 1].kind == "about")):
        return _worded(token, marked), marked
    if token.kind == "turning" and token.text in LIMITS and i + 1 < len(tokens):
        return (PRESENT if tokens[i + 1].kind in ("about", "turning") else ""), False  # "except at night"
    if token.kind == "conditional" and _closes(tokens, i) and WHEN_NEEDED.match(token.text):
        return CONDITIONAL_ANSWER, False
    asks = token.kind == "question" and i == len(tokens) - 1 and any(t.is_item for t in tokens)
    return (UNSURE_ANSWER if asks else ""), False


def _signed(tokens: list[Token], i: int, marked: bool) -> str:
    """A sign behind a symptom, unless it belongs to the next one."""
    prefixed = _prefixed(tokens)
    ahead = prefixed and i + 1 < len(tokens) and tokens[i + 1].is_item
    if _glued(tokens, i) or ahead or not (marked or _closes(tokens, i) or not prefixed):
        return ""
    return PRESENT if "+" in tokens[i].text or "x" in tokens[i].text else ABSENT


def _worded(token: Token, marked: bool) -> str:
    """A short answer directly behind a symptom, with a colon or its like (``marked``) or without."""
    if token.text in NO:
        return ABSENT
    if token.text in YES and (marked or token.text in SHORT):
        return PRESENT
    if token.kind == "question" or (marked and token.text in UNKNOWN_ANSWER):
        return UNSURE_ANSWER
    return CONDITIONAL_ANSWER if token.kind == "conditional" and WHEN_NEEDED.match(token.text) else ""


def _phrased(tokens: list[Token], i: int, before: int) -> str:
    """A phrase behind a symptom; one that speaks of what follows becomes a cue."""
    if "free" in tokens[i].text and _kept(tokens, before):
        return PRESENT
    if tokens[i].text.startswith("until") and any(t.kind == "none" for t in tokens[max(0, before - 1) : before]):
        return PRESENT  # "no fever until yesterday"
    if tokens[i].kind in AHEAD and _leads(tokens, i):
        tokens[i].kind = _ahead(tokens, i)
        return ""
    return PHRASES[tokens[i].kind]


def _ahead(tokens: list[Token], i: int) -> str:
    """The cue that a phrase with no symptom before it is for those after it."""
    kind, follows = AHEAD[tokens[i].kind], tokens[i + 1 : i + 2]
    return "open" if kind == "strict" and follows and follows[0].kind in ("about", "conditional") else kind


def _kept(tokens: list[Token], at: int) -> bool:
    """Whether "not" stands before the symptom at ``at``: "not yet fever-free"."""
    before = [t for t in tokens[max(0, at - 3) : at] if t.kind != "passing"]
    return bool(before) and before[-1].kind in ("not", "lasting")


def _leads(tokens: list[Token], i: int) -> bool:
    """Whether a phrase speaks of what follows it: "she denied a cough", not "a cough is denied"."""
    for token in tokens[i + 1 :]:
        if token.is_item:
            return True
        if token.parts or token.kind not in ("word", "passing", "signs", "changes"):
            return False
    return False


def _closes(tokens: list[Token], i: int) -> bool:
    """Whether nothing that a "no" could deny follows: the end, a comma, or the next item with its own answer."""
    if i + 1 >= len(tokens):
        return True
    follows = tokens[i + 1]
    if follows.parts or follows.kind in CLOSING:
        return True
    rest = tokens[i + 1 :]
    end = next((k for k, t in enumerate(rest) if t.kind not in ("word", "symptom", "complaints", "passing")), len(rest))
    return follows.kind != "colon" and 0 < end < len(rest) and rest[end].kind in ("colon", "sign")


def _glued(tokens: list[Token], i: int) -> bool:
    """Whether a sign stands directly before a word."""
    follows = tokens[i + 1] if i + 1 < len(tokens) else None
    touches = follows is not None and follows.text[0].isalpha() and tokens[i].end == follows.start
    return touches


def _prefixed(tokens: list[Token]) -> bool:
    """Whether the signs of a sentence stand before their symptoms: one does with nothing before it."""
    for k, t in enumerate(tokens):
        if t.kind == "sign":
            at = k - 2 if k > 1 and tokens[k - 1].kind == "colon" and tokens[k - 2].kind == "symptom" else k - 1
            return k == 0 or not tokens[at].is_item
    return False


def _item_before(tokens: list[Token], i: int, far: bool) -> int | None:
    """The symptom that an answer at i speaks of; ``far``: also before "but"."""
    commas, far = 0, far or (tokens[i].kind in PHRASES and _without_subject(tokens, i))
    for k in range(i - 1, -1, -1):
        token = tokens[k]
        if token.is_item:
            return k if commas in (0, 2) or far or (commas == 1 and tokens[i - 1].kind == "comma") else None
        if token.kind == "stop" or (token.kind == "turning" and not (far or token.text in ("which", "who"))):
            return None
        commas += token.kind == "comma" and tokens[k + 1].kind != "joint"
    return None


def _without_subject(tokens: list[Token], i: int) -> bool:
    """Whether a phrase has no subject of its own: "had a fever, but it has resolved"."""
    for token in reversed(tokens[:i]):
        if token.kind in ("turning", "comma") or token.text in ("and", "that", "which"):
            return True
        if token.text not in ("it", "this", "they", "then", "since", "has", "have", "now", "these", "soon"):
            return False
    return False


def _link(tokens: list[Token], i: int) -> tuple[int, str] | None:
    """The symptom before symptom i in the same list, and what parts them."""
    if not tokens[i].is_finding:
        return None
    mark, words = "", 0
    for k in range(i - 1, -1, -1):
        token = tokens[k]
        if token.is_finding:
            return (k, mark) if mark or {"complaints", "measured"} & {token.kind, tokens[i].kind} else None
        if token.parts or token.text == "nor":
            mark, words = token.text if token.kind != "comma" or not mark else mark, 0
        elif token.kind in ("word", "passing", "signs", "patient", "about", "bland") and words < 5:
            words += 1
        else:
            return None
    return None


def group(tokens: list[Token], links: list, at: int, whole: bool = False, joined: bool = False) -> list[int]:
    """Positions of the symptoms of the list that ends at a symptom.

    A list with "and" or "or" goes back over its commas; one of commas only does so where a colon asks of it
    (``whole``) and it begins the sentence.
    """
    out, marks, k = [at], [], at
    while links[k] and not links[k][1]:
        k = links[k][0]
        out.append(k)
    one = list(out)
    while links[k]:
        k, mark = links[k]
        out.append(k)
        marks.append(mark)
    first = 0 if joined else next((n for n, mark in enumerate(filter(None, marks)) if mark != ","), None)
    if first is None:
        bare = whole and not any(t.kind not in ("symptom", "complaints", "comma", "word") for t in tokens[: at + 1])
        return out if bare else one
    return out if first == 0 else one


def linked(tokens: list[Token]) -> list:
    """The links of all tokens, for :func:`group`."""
    return [_link(tokens, i) for i in range(len(tokens))]
