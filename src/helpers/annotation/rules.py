"""The word lists of the keyword annotator, compiled: a sentence becomes tokens, each of one kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.config import parse_yaml

RULES = Path(__file__).with_name("keywords.yml")
CUES = (
    "bystanders affirming lasting doubted overcome ended absent conditional back open strict coming family denies none "
    "not past telling having turning anew lasts maybe_family patient passing changes signs complaints bland own about"
).split()
SIGNS = (  # before a word, behind one, or alone
    r"\(\+\)",
    r"\(-\)",
    r"\[[x+]\]",
    r"\[-\]",
    r"\[ ?\]",
    r"(?<!\w)[+-]ve(?!\w)",
    r"(?<=[a-z])(?:\++|-)(?=[\s,;.)]|$)",
    r"(?<![\w)])[+-](?=[a-z])",
    r"(?<=[\s,;/:=])[+-](?=[\s,;.)]|$)",
    r"^[+-](?=\s)",
)
PLAIN_TOKEN = {
    "sign": "|".join(SIGNS),
    "dash": r"(?<![,;/])\s[\u2013\u2014-](?=\s)|\u2013|\u2014",
    "joint": r"(?:and|or|&|as well as|nor)(?!\w)",
    "comma": r",",
    "slash": r"/",
    "colon": r"[:=]",
    "opening": r"[(\[]",
    "closing": r"[)\]]",
    "question": r"\?",
    "stop": r"[;!]",
    "word": r"\w+(?:['-]\w+)*",
}
LEADER = re.compile(
    r"(?<=\w)\s*(?:\.{2,}|\t+| {3,}|_{2,})\s*(?=(?:yes|no|none|nil|neg\w*|pos\w*|y|n)\b)", re.IGNORECASE
)
SYMBOLS = str.maketrans(
    {"\u2019": "'", "\u2212": "-", "\u2192": ":", "\u2713": "(+)", "\u2714": "(+)", "\u2717": "(-)", "\u2718": "(-)"}
    | {"\u2610": "[ ]", "\u2611": "[x]", "\u2612": "[x]"}
)
CONTRACTIONS = (
    (re.compile(r"\bca(?:n't|nt|nnot)\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwo(?:n't|nt)\b"), "will not"),
    (re.compile(r"\b(do|does|did|is|was|are|were|has|have|had|could|would|should|must|need)n'?t\b"), r"\1 not"),
    (re.compile(r"\bain'?t\b"), "is not"),
)


@dataclass
class Token:
    """A piece of a sentence.

    Attributes
    ----------
    kind : str
        ``symptom``, a cue of ``keywords.yml`` or punctuation.
    text : str
    start, end : int
        Where it stands in the sentence.
    field : str
        Of a symptom that is read; "" for other complaints and other tokens.
    inverse : bool
        Words that state the absence of the field ("afebrile").
    mark : str
        ``strong``, ``finite`` or ``opening``: a word that can begin a part of its own; else "".
    value : float or None
        Degrees Celsius of a measured temperature, whose kind is ``measured``.
    """

    kind: str
    text: str
    start: int
    end: int
    field: str = ""
    inverse: bool = False
    mark: str = ""
    value: float | None = None

    @property
    def is_item(self) -> bool:
        """Whether it can stand in a list of symptoms."""
        return self.kind in ("symptom", "complaints")

    @property
    def is_finding(self) -> bool:
        """Whether it is an item or a measured temperature."""
        return self.is_item or self.kind == "measured"

    @property
    def parts(self) -> bool:
        """Whether it parts the items of a list."""
        return self.kind in ("comma", "slash", "joint")


class Rules:
    """The compiled rules; ``KeyError``, ``TypeError`` or ``re.error`` for a file that is none."""

    def __init__(self, path: str | Path) -> None:
        rules = _whole(Path(path).read_text(encoding="utf-8"), str(path))
        self.fields = tuple(rules["fields"])
        self.degrees = {k: _any(rules["fever"][k]) for k in ("low", "high")}
        self.vague = str(rules["fever"]["vague"])
        self._marks = {mark: _any(words) for mark, words in rules["marks"].items()}
        self.standing = _any(rules["standing"])
        self.limits = tuple(map(float, rules["fever"]["limits"]))
        terms = [(i, k, rules["fields"][name][k]) for i, name in enumerate(self.fields) for k in ("present", "absent")]
        groups = [(f"{'fg'[k == 'absent']}{i}", _words(words)) for i, k, words in terms if words]
        groups += [(kind, _words(rules["cues"][kind])) for kind in CUES]
        self.terms = re.compile("|".join(source for name, source in groups if _is_term(name)))
        self._lexer = re.compile("|".join(f"(?P<{name}>{source})" for name, source in (*groups, *PLAIN_TOKEN.items())))

    def tokens(self, sentence: str) -> list[Token]:
        """The tokens of a prepared sentence."""
        out = []
        for match in self._lexer.finditer(sentence):
            kind, where = match.lastgroup, (match[0], match.start(), match.end())
            if _is_term(kind):
                out.append(Token("symptom", *where, self.fields[int(kind[1:])], kind[0] == "g"))
            else:
                out.append(Token(kind, *where))
        for token in out:
            token.mark = next((mark for mark, words in self._marks.items() if words.fullmatch(token.text)), "")
        return _asked(_joined_by_plus(_answered_by_dash(out)))


def _whole(text: str, where: str) -> dict:
    """The rules of a YAML text with its pieces put in."""
    for name, piece in parse_yaml(text, where)["pieces"].items():
        text = text.replace(f"~{name}~", piece)
    return parse_yaml(text, where)


def _is_term(name: str) -> bool:
    """Whether a group is of words that affirm (f) or exclude (g) a field."""
    return name[0] in "fg" and name[1:].isdigit()


def _answered_by_dash(tokens: list[Token]) -> list[Token]:
    """A dash behind "symptom:" is a minus where the next symptom or nothing follows: "fever: + cough: - pain: -"."""
    for k in range(2, len(tokens)):
        asked = tokens[k - 2].kind == "symptom" and tokens[k - 1].kind == "colon" and tokens[k].kind == "dash"
        if asked and (k + 1 == len(tokens) or tokens[k + 1].kind == "symptom"):
            tokens[k].kind, tokens[k].text = "sign", "-"
    return tokens


def _joined_by_plus(tokens: list[Token]) -> list[Token]:
    """A "+" between two items joins them, unless the sentence marks others by "-"."""
    if not any(t.kind == "sign" and "-" in t.text for t in tokens):
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
            apart = token.text == "+" and token.end < after.start
            if apart and before.is_item and (after.is_item or after.kind in ("word", "none", "denies")):
                token.kind = "joint"
    if tokens and tokens[0].kind == "sign" and tokens[0].text in "+-":
        for token, after in zip(tokens, tokens[1:], strict=False):
            if token.kind == "dash" and after.is_item:
                token.kind, token.text = "sign", "-"  # "+ cough - fever"
    return tokens


def _asked(tokens: list[Token]) -> list[Token]:
    """A question mark before a symptom doubts it."""
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        if token.kind == "question" and after.is_item and (before is None or before.parts or before.kind == "colon"):
            token.kind = "strict"
    return tokens


def prepared(sentence: str) -> str:
    """Lower case, plain apostrophes, contractions written out, one blank between words, no full stop at the end."""
    if ".." in sentence or "\t" in sentence or "   " in sentence or "__" in sentence:
        sentence = LEADER.sub(": ", sentence)
    text = " ".join(sentence.translate(SYMBOLS).lower().split()).rstrip(".!;")
    if "n't" in text or "nt" in text or "cannot" in text:
        for pattern, words in CONTRACTIONS:
            text = pattern.sub(words, text)
    return text


@cache
def _pattern(source: str) -> re.Pattern:
    return re.compile(source)


def _any(rules: list[str]) -> re.Pattern:
    """One pattern for a list."""
    return _pattern(_words(rules) if rules else r"(?!)")


def _words(rules: list[str]) -> str:
    """The source of one pattern for a list; groups capture nothing; an edge is a word boundary where it is a word."""
    plain = [re.sub(r"(?<!\\)\((?!\?)", "(?:", rule) for rule in rules]
    return rf"(?<!\w)(?:{'|'.join(plain)})(?!\w)" if all(p[0] != "-" for p in plain) else _edged(plain)


def _edged(plain: list[str]) -> str:
    """As ``_words``, for lists with a rule that begins inside a word ("-free")."""
    edges = ["" if p[0] == "-" else r"(?<!\w)" for p in plain]
    return "(?:" + "|".join(rf"{edge}(?:{p})(?!\w)" for edge, p in zip(edges, plain, strict=True)) + ")"
