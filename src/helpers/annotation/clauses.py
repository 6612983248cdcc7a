"""What a sentence says of each of its symptoms, clause by clause: cues, how far they reach, and what ends them."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.annotation.rules import Token

PLAIN, DENIED, UNSURE, CONDITIONAL = "present", "absent", "uncertain", "conditional"
STATES = {"denies": DENIED, "none": DENIED, "not": DENIED, "open": UNSURE, "strict": UNSURE, "conditional": CONDITIONAL}
OPENERS = ("about", "coming")
LIGHT = frozenset(
    "a an any some the of you we one that there this these those he she it they i her his to having being been more "
    "further other following new recent current significant real overt such known".split()
)


@dataclass
class Scope:
    """What is being said: the state of the next symptom, by which cue, and what the cue has met so far."""

    state: str = PLAIN
    cue: str = ""
    fresh: bool = True  # nothing of weight since the cue
    named: int = 0  # symptoms since the cue
    object: bool = False  # the last part of the list is a symptom
    single: bool = False  # for the next symptom only
    aside: bool = False  # between two commas right after the cue
    spent: bool = False  # a "not" that its verb has kept
    listed: bool = False  # a colon after the cue
    closed: bool = False  # an "or" before the last part


def states(tokens: list[Token]) -> list[str]:
    """The state of every token; those of symptoms count."""
    walk = _Walk(tokens)
    for i, token in enumerate(tokens):
        walk.out.append(walk.step(i, token))
    return walk.out


class _Walk:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.scope, self.outer, self.out = tokens, Scope(), [], []

    def step(self, i: int, token: Token) -> str:
        """Take in one token; its state."""
        scope = self.scope
        if token.kind in STATES:
            self._cue(i, token)
        elif token.is_finding:
            return self._item(token)
        elif token.kind in ("opening", "closing"):
            self._bracket(token)
        elif token.kind in ("affirming", "turning", "dash", "stop"):
            self.scope = Scope()
        elif token.kind == "sign":
            denies = not ("+" in token.text or "x" in token.text)
            self.scope = Scope(DENIED, "none", single=token.text == "-") if denies else Scope()
        elif token.kind == "anew" and self._starts(i) and not (scope.state == DENIED and scope.fresh and scope.cue):
            self.scope = Scope()
        elif token.kind == "having":
            self._having(scope)
        elif token.mark in ("finite", "opening") and scope.named and i and self.tokens[i - 1].kind == "joint":
            self.scope = Scope()  # "no fever and she coughs"
        elif scope.state != PLAIN:
            self._within(i, token, scope)
        elif token.kind == "comma":
            scope.spent = False
        elif token.kind == "joint" and scope.spent and self._next(i).is_item:
            self.scope = Scope(DENIED, "none")  # "does not smoke or cough"
        return self.scope.state

    def _next(self, i: int) -> Token:
        return self.tokens[i + 1] if i + 1 < len(self.tokens) else Token("end", "", 0, 0)

    def _starts(self, i: int) -> bool:
        """Whether a token begins a part of the sentence."""
        return i == 0 or self.tokens[i - 1].parts or self.tokens[i - 1].kind in ("turning", "dash", "stop", "colon")

    def _cue(self, i: int, token: Token) -> None:
        scope, state = self.scope, STATES[token.kind]
        if scope.state in (UNSURE, CONDITIONAL) and not scope.named and state == DENIED:
            return
        double = scope.state == DENIED and scope.fresh and scope.cue and not (scope.single or scope.listed)
        if state == DENIED and (double or (scope.spent and token.text.startswith(("without", "w/o", "w/out")))):
            self.scope = Scope()  # "not without", "does not deny", "cannot walk without"
        else:
            self.scope = Scope(state, token.kind)

    def _item(self, token: Token) -> str:
        scope = self.scope
        state = scope.state
        if scope.state != PLAIN:
            scope.fresh, scope.object, scope.named = False, True, scope.named + 1
            if scope.single:
                self.scope = Scope()
        elif scope.spent:
            self.scope = Scope()
        return state

    def _bracket(self, token: Token) -> None:
        if token.kind == "opening":
            self.outer.append(Scope(**vars(self.scope)))
        elif self.outer:
            self.scope = self.outer.pop()

    def _having(self, scope: Scope) -> None:
        """A verb of having affirms, unless "not", "denies" or "if" stands right before it."""
        passes = scope.fresh and bool(scope.cue) or (scope.state == CONDITIONAL and not scope.named)
        if scope.state == PLAIN or not passes:
            self.scope = Scope(spent=scope.spent and scope.state == PLAIN)
        elif scope.cue == "not":
            scope.cue = "none"

    def _within(self, i: int, token: Token, scope: Scope) -> None:
        """A token inside the reach of a cue."""
        if token.kind == "comma":
            self._comma(i, scope)
        elif token.kind == "joint":
            scope.object, scope.closed = scope.object or scope.fresh, token.text in ("or", "nor")
        elif token.kind == "colon":
            keeps = scope.fresh or (scope.cue == "denies" and not scope.named)
            self.scope, scope.listed, scope.fresh = scope if keeps else Scope(), True, True
        elif token.kind == "signs":
            scope.fresh, scope.object = scope.cue != "none" and scope.fresh, True
            scope.cue = "none" if scope.cue == "not" else scope.cue
        elif token.kind == "changes" and scope.state == DENIED and not scope.named:
            self.scope = Scope(spent=True)
        elif token.kind in OPENERS and scope.state == DENIED and not (scope.object or scope.fresh):
            self.scope = Scope()
        elif token.kind in ("word", "own", "passing", "anew", "past", "bland", "family", "patient", *OPENERS):
            self._word(token, scope)

    def _word(self, token: Token, scope: Scope) -> None:
        passing = token.kind in ("passing", "patient", "anew") or token.text in LIGHT or token.text.endswith("ly")
        if scope.cue == "not" and not passing:
            self.scope = Scope(spent=True)  # the verb keeps its "not"
        elif scope.cue == "strict" and not passing and (not scope.named or token.kind == "about"):
            self.scope = Scope()
        elif not passing:
            scope.fresh = False

    def _comma(self, i: int, scope: Scope) -> None:
        """Whether what follows a comma still belongs to the cue."""
        if scope.fresh and scope.cue and not scope.aside:
            scope.aside = scope.state != PLAIN and not self.tokens[i - 1].is_item
            return
        if scope.aside and not scope.named:
            scope.aside = False
            return
        part = self._part(i + 1)
        if self._next(i).kind == "joint" and len(part) == 0:
            return
        goes_on = self._goes_on(i, part, scope)
        if not goes_on:
            self.scope = Scope()
        known = any(t.is_item or t.kind == "signs" for t in part)
        scope.object = known or (scope.named > 0 and len(part) <= 5 and not _bland(part))

    def _goes_on(self, i: int, part: list[Token], scope: Scope) -> bool:
        kinds = {t.kind for t in part}
        if "own" in kinds or any(t.mark == "finite" for t in part) or (part and part[0].mark == "opening"):
            return False
        more = any(t.kind == "comma" for t in self.tokens[i + 1 :])
        if part and part[0].mark == "strong" and scope.named < 2 and not (more or self._ends_in_or(i)):
            return False
        if "lasts" in kinds and (scope.named < 2 or scope.closed):
            return False
        if scope.cue == "strict" or (scope.state == CONDITIONAL and not any(t.is_item for t in part)):
            return False
        if scope.object and scope.state == DENIED:
            return True
        if scope.state == DENIED:
            rest = self.tokens[i:]
            listed = self._ends_in_or(i) or (sum(t.kind == "comma" for t in rest) > 1 and scope.cue != "not")
            own = any(t.kind in ("lasts", "having", "turning", "stop") for t in rest)
            own = own or any(a.parts and b.kind == "anew" for a, b in zip(rest, rest[1:], strict=False))
            return listed and not own and not (_bland(self.tokens[:i]) and not self._ends_in_or(i))
        return any(t.is_item for t in part) and (self._ends_in_or(i) or (scope.named > 0 and scope.object))

    def _part(self, i: int) -> list[Token]:
        """The tokens from i up to what parts them from the next."""
        out = []
        for token in self.tokens[i:]:
            if token.parts or token.kind in ("stop", "turning", "dash"):
                break
            out.append(token)
        return out

    def _ends_in_or(self, i: int) -> bool:
        """Whether the list that goes on at i is closed by "or"."""
        for token in self.tokens[i + 1 :]:
            if token.text in ("or", "nor"):
                return True
            if token.kind in ("having", "turning", "stop", "dash", "own", "lasts", *STATES):
                return False
        return False


def _bland(tokens: list[Token]) -> bool:
    """Whether something is named that is no symptom: smoking, drugs, travel."""
    return any(t.kind == "bland" for t in tokens)
