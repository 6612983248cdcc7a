"""Where the sentences and the sections of a clinical note end.

De-identification marks ``[**...**]`` are words, also when a line breaks inside one. A heading stands alone on its line:
``**History**``, or a short title with a colon, ``REVIEW OF SYSTEMS:``. A line end in running text is a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(r"\[\*\*.*?\*\*\]", re.DOTALL)
_STARRED = re.compile(r"\*\*[^*\n]+\*\*")
_STARRED_FIRST = re.compile(r"(\*\*[^*\n]+(?::\*\*|\*\*:))\s*(\S.*)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_TITLE = re.compile(r"(?:[A-Z][\w/&'-]*|\d+)(?:[ ,]+[\w/&'()-]+){0,5} ?:")
_CUE = re.compile(r"(?i)\b(?:den(?:y|ies|ied)|no|neg\w*|pos\w*|without|yes|absent|w/o)\b|^present\b")
_ITEM = re.compile(r"(?:[-*\u2022\u2013]|\d{1,2}[.)]|\(\d{1,2}\))(?:\s+(?=\S)|(?=[A-Z]))|[+]\s*(?=\w)")
_ANSWERED = re.compile(r"[A-Za-z][\w /-]{0,40}(?::|\s=\s)")
_WAITS = re.compile(  # such an end of a line waits for the next
    r"(?i)(?:,|/|\(|\[|&|-|(?<!\w)(?:and|or|nor|of|the|a|an|with|without|w/|w/o|for|to|in|on|at|by|from|"
    r"(?<![:=?-] )(?<!:)no|not|any|her|his|their|is|are|was|were|has|have|had|denies|denied|reports|"
    r"dr\.?|mr\.?|mrs\.?|ms\.?))$"
)
_STOP = re.compile(r"([.!?;])[\"')\]]*(\s+)")
_TITLES = re.compile(r"(?i)(?<![\w.])(?:dr|drs|mr|mrs|ms|prof|st|e\.g|i\.e|eg|ie|vs|cf|fig|approx|ca|incl|esp)$")
_SHORTENED = re.compile(
    r"(?i)(?<![\w.])(?:w|c|pts?|hx|fhx|pmhx?|sx|dx|rx|tx|fx|abd|neg|pos|temp|resp|yrs?|mos?|wks?|hrs?|mins?|nos|max|min|"
    r"lab|labs|med|meds|hosp|dept|bilat|assoc|adm|wt|ht|lt|rt|prev|prob|poss|occ|freq|exam|ext|cont|diff|"
    r"(?:[a-z]\.)+[a-z]|etc)$"
)
_NUMBERED = re.compile(r"(?i)(?<![\w.])(?:temp|resp|max|min|wt|ht|nos?|approx|ca)$")
_INITIAL = re.compile(r"(?:Dr|Mr|Mrs|Ms|Prof)\.? [A-Z]$")
_DECIMAL = re.compile(r"\d+[.]\d")
FULL_LINE, SHORT_LINE = 60, 40  # characters: so long a line was wrapped; so short a one in small letters was meant


@dataclass(frozen=True, repr=False)
class Part:
    """A sentence of a note, or a heading; its ``repr`` shows none of its text."""

    text: str
    heading: bool = False
    item: bool = False  # of a list


def split_parts(note: str) -> list[Part]:
    """Headings and sentences of a note, in order; inside a sentence every line end is one blank."""
    hidden, marks = _hide(note)
    parts = [Part(_shown(p.text, marks), p.heading, p.item) for block in _blocks(hidden) for p in block]
    return [p for p in parts if p.text]


def split_sentences(note: str) -> list[str]:
    """Its sentences, list items and parts between semicolons, in order; headings are left out."""
    return [part.text for part in split_parts(note) if not part.heading]


def split_sections(note: str) -> tuple[str, str]:
    """What stands before and from the second heading on; a note with fewer is all in the first."""
    hidden, marks = _hide(note)
    starts = [at for at, line in _lines(hidden) if _headed(line.strip())[0]]
    at = starts[1] if len(starts) > 1 else len(hidden)
    return _restored(hidden[:at], marks).strip(), _restored(hidden[at:], marks).strip()


def _hide(note: str) -> tuple[str, list[str]]:
    """The note with one private character for each mark, and the marks."""
    marks = MARK.findall(note)
    return MARK.sub("\ue000", note.replace("\ue000", " ")) if marks else note, marks


def _restored(text: str, marks: list[str]) -> str:
    """The text with its marks again; they are taken off the list in order."""
    return re.sub("\ue000", lambda _: marks.pop(0), text) if marks else text


def _shown(text: str, marks: list[str]) -> str:
    return re.sub(r"[^\S\n]*\n\s*", " ", _restored(text, marks).strip())


def _lines(text: str) -> list[tuple[int, str]]:
    """Where each line starts, and the line."""
    out, at = [], 0
    for line in text.split("\n"):
        out.append((at, line))
        at += len(line) + 1
    return out


def _headed(line: str) -> tuple[str, str]:
    """The heading of a line, "" for none, and the rest; stars in running text are dropped."""
    first = _STARRED_FIRST.fullmatch(line)
    if first:
        return first[1], first[2]
    if _STARRED.fullmatch(line) or (line.endswith(":") and _TITLE.fullmatch(line) and not _CUE.search(line)):
        return line, ""
    return "", _BOLD.sub(r"\1", line)


def _blocks(text: str) -> Iterator[list[Part]]:
    """Lists of parts: a heading each, and the sentences of lines that belong together."""
    block: list[str] = []
    item = False
    for line in [*map(str.strip, text.split("\n")), ""]:
        heading, line = _headed(line)
        marker = _ITEM.match(line)
        if block and (heading or not line or marker or not _goes_on(block, line)):
            yield [Part(s, item=item) for s in _sentences("\n".join(block))]
            block = []
        if heading:
            yield [Part(heading, heading=True)]
        if line:
            item = item if block else bool(marker)
            block.append(line)


def _goes_on(block: list[str], line: str) -> bool:
    """Whether a line goes on with the sentence of the lines before it."""
    last = block[-1]
    if _ANSWERED.match(line) and last[-1] != ",":
        return False
    if _WAITS.search(last):
        return True
    if re.search(r"[.!?;:][\"')]*$", last):
        return False
    if "," in last and last[-1].isalpha() and _DECIMAL.match(line):
        return True  # "WBC 12.3, Hgb" and "11.2, Plt 200"
    if line[0].islower() or line[0] in "\ue000(":
        return not (block[0][0].islower() and len(last) < SHORT_LINE)
    return len(last) >= FULL_LINE


def _sentences(text: str) -> list[str]:
    out, start = [], 0
    for stop in _STOP.finditer(text):
        if text[start : stop.start()].strip() and not _abbreviated(text, start, stop):
            out.append(text[start : stop.end(2)].strip())
            start = stop.end()
    return [s for s in (*out, text[start:].strip()) if s]


def _abbreviated(text: str, start: int, stop: re.Match) -> bool:
    """Whether the full stop belongs to the word before it or to the number of a list."""
    if stop[1] != ".":
        return False
    before, after = text[max(start, stop.start() - 12) : stop.start()], text[stop.end() : stop.end() + 1]
    if re.fullmatch(r"\s*\d{1,2}", text[start : stop.start()]) or _TITLES.search(before) or _INITIAL.search(before):
        return True
    if after.isdigit():
        return bool(_NUMBERED.search(before))
    return after.islower() and bool(_SHORTENED.search(before))
