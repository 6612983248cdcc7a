"""Whose symptom, and of which time: family and contacts against the patient, the past against today."""

from __future__ import annotations

import re

from helpers.annotation.answers import group, linked
from helpers.annotation.rules import Token

TELLS = re.compile(
    r"(?:den(?:y|ies|ied)|reports?|reported|states?|stated|notes?|noted|notic\w+|mention(?:s|ed)?|describ\w+|"
    r"confirms?|confirmed|found|acknowledges)(?!\w)"
)
OWNED = frozenset(
    "her his their my its another other an a one some youngest eldest oldest older younger second third sick small "
    "little old".split()
)
FAMILY = ("family", "maybe_family")
CHILDREN = frozenset("son daughter child baby kid toddler infant".split())
PARENTS = frozenset("mother father mom mum dad parent parents".split())
CARRIERS = frozenset("contact contacts exposure exposed caught infected infection got it".split())
STARTS = re.compile(r"(?:began|begun|begins|start\w*|onset|since|appeared|lasting|present|first)(?!\w)")
LASTING = re.compile(r"\b(?:over|during|for|in|within|throughout) the$")
COMES = re.compile(r"(?:presents?|presenting|presented|comes|came|consults|attends|attended|p/w)(?!\w)")


def others(tokens: list[Token]) -> list[bool]:
    """Whether each token is in what is said of another person."""
    out, other, since, relative, apposed = [False] * len(tokens), False, False, False, False
    for i, token in enumerate(tokens):
        if token.kind in FAMILY:
            role = _role(tokens, i)
            if role == "behind":
                _mark_before(tokens, i, out)
            elif not role and token.kind == "maybe_family" and tokens[i - 1].text == "and":
                other = False
            elif role == "subject":
                other, since, relative = True, False, any(t.text == "whom" for t in tokens[i + 1 : i + 3])
            apposed = i + 1 < len(tokens) and tokens[i + 1].kind == "comma"
        elif apposed and token.kind == "comma" and not since and tokens[i - 1].kind not in FAMILY:
            apposed = False  # the second comma of "her son, who lives with her, has"
        elif other and not (relative and token.kind == "patient") and _returns(tokens, i, since):
            other = False
        relative = relative and not token.parts
        since = since or token.is_item
        out[i] = other
    return out


def _role(tokens: list[Token], i: int) -> str:
    """``subject``: has what follows. ``behind``: has what stands before. "": tells, comes along or is the patient."""
    token, before, after = tokens[i], tokens[max(0, i - 5) : i], tokens[i + 1 : i + 6]
    words = [t.text for t in before]
    if any(tokens[k].kind == "patient" and tokens[k + 1].kind == "joint" for k in (i - 3, i - 2) if k >= 0):
        return ""  # "she and her husband have a cough"
    if "who" in [t.text for t in after[:2]] or (after and after[0].text in ("whom", "whose")):
        return "" if _tells(after[1:]) else "subject"
    if token.kind == "maybe_family" and not _is_other(words, after):
        return ""
    if _tells(after) or (token.text in CHILDREN and _told_by_parent(tokens[:i])):
        return ""
    if token.text.startswith(("sick", "ill", "close", "family h", "fh")) or CARRIERS & set(words[-4:]):
        return "subject"
    if words[-1:] in (["a"], ["an"]) and after and after[0].text in ("with", "w") and _item_in(after):
        return "subject"
    nearest = next((t for t in reversed(before) if t.kind in ("coming", "about", "comma", "symptom", "having")), None)
    if nearest is not None and nearest.text in ("in", "of", "among", "amongst") and _item_in(tokens[:i]):
        return "behind"
    companion = nearest is not None and (nearest.kind == "coming" or nearest.text in ("with", "by"))
    return "" if companion else "subject"


def _is_other(words: list[str], after: list[Token]) -> bool:
    """Whether a child, a baby or a teacher is not the patient: "her child", "a child at home", not "as a teacher"."""
    if [t.text for t in after[:2]] in (["at", "home"], ["at", "school"]):
        return True
    return "as" not in words[-2:] and any(w in OWNED or w.endswith("'s") for w in words[-2:])


def _told_by_parent(tokens: list[Token]) -> bool:
    """Whether a parent tells of the child: the child is the patient."""
    return any(t.text in PARENTS and _tells(tokens[k + 1 :]) for k, t in enumerate(tokens))


def _item_in(tokens: list[Token]) -> bool:
    return any(t.is_finding for t in tokens)


def _tells(after: list[Token]) -> bool:
    """Whether the person is the one who tells of the symptom."""
    for token in after:
        if token.kind == "telling" or TELLS.match(token.text):
            return True
        if token.is_item or token.parts or token.kind in ("having", "stop"):
            return False
    return False


def _mark_before(tokens: list[Token], i: int, out: list[bool]) -> None:
    links = linked(tokens)
    at = next((k for k in range(i - 1, -1, -1) if tokens[k].is_finding), None)
    if at is not None:
        for k in group(tokens, links, at):
            out[k] = True


def _returns(tokens: list[Token], i: int, since: bool) -> bool:
    """Whether the sentence comes back to the patient."""
    token, follows = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else None
    person = follows is not None and follows.kind in FAMILY
    if token.kind == "stop" or (token.kind == "patient" and not person):
        return True
    if token.text in ("her", "them") and follows is not None and not person and not follows.is_item:
        return follows.kind in ("about", "passing", "word")
    if token.kind == "having" and COMES.match(token.text):
        return True
    if token.kind == "anew" and i and (tokens[i - 1].parts or tokens[i - 1].kind == "turning"):
        return token.text in ("now", "today", "currently", "since then", "this morning", "presently", "at present")
    if token.kind == "comma" and not since and follows is not None:
        before = tokens[i - 1]
        apposed = before.kind in FAMILY and not follows.is_item and not before.text.endswith(("contacts", "'s"))
        return not (apposed or follows.text in ("who", "whom", "which", "aged"))
    return False


def past(tokens: list[Token]) -> set[int]:
    """Positions of symptoms that belong to another time."""
    links, out = linked(tokens), set()
    for i, token in enumerate(tokens):
        if token.kind == "past":
            start, end = _span(tokens, i)
            before = [k for k in range(start, i) if tokens[k].is_finding]
            if LASTING.search(" ".join(t.text for t in tokens[max(0, i - 2) : i])):
                continue  # "over the last month"
            if before and any(STARTS.match(t.text) for t in tokens[before[-1] + 1 : i]):
                continue  # "began two months ago"
            if before:
                out |= set(group(tokens, links, before[-1]))
                if i + 1 < len(tokens) and tokens[i + 1].text in ("with", "w"):
                    out |= _onward(tokens, links, i, end)
            else:
                out |= _onward(tokens, links, i, end)
    return out


def _span(tokens: list[Token], i: int) -> tuple[int, int]:
    """The part of the sentence, between commas and turns, in which token i stands."""
    edges = [k for k, t in enumerate(tokens) if t.kind in ("comma", "turning", "stop", "dash") or _today(tokens, k)]
    start = max((k for k in edges if k < i), default=-1) + 1
    after = [k for k in edges if k > i]
    if start == 0 and i == 0 and after and after[0] == 1 and tokens[1].kind == "comma":
        after = after[1:]  # "Last spring, she had ..."
    return start, min(after, default=len(tokens))


def _today(tokens: list[Token], k: int) -> bool:
    return tokens[k].kind == "anew" and tokens[k].text in ("now", "today", "currently", "again", "this morning")


def _onward(tokens: list[Token], links: list, i: int, end: int) -> set[int]:
    """Symptoms after i in its part of the sentence, and the list that goes on from them."""
    out = {k for k in range(i, end) if tokens[k].is_finding}
    for k in range(end, len(tokens)):
        if links[k] and links[k][0] in out:
            out.add(k)
    return out
