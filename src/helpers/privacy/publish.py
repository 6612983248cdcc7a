"""The last look before a book is published: does any page share words, marks or identifiers with the notes?

Everything happens on this machine, and what is found is named by page, kind and position, never quoted.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.privacy.errors import DataError
from helpers.privacy.note_stream import stream_notes
from helpers.privacy.paths import DATA_ENDINGS
from helpers.privacy.shingles import RUN, KnownTexts, normalised_text

ID_COLUMNS = ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID")
CANARY_TOKEN = re.compile(r"CANARY[0-9a-f]{12}")
DEIDENTIFICATION_MARK = re.compile(
    r"\[\*\*[^\]*]*\w[^\]*]*\*\*\]|\[<strong>[^<]*\w[^<]*</strong>\]"
)  # Markdown makes the stars bold
HTML_TAG, COMMENT, SCRIPT = (
    re.compile(r"<[^>]*>"),
    re.compile(r"<!--|-->"),
    re.compile(r"(?is)<(script|style)\b.*?</\1>"),
)
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|.)", re.DOTALL)
HTML_TABLE, HTML_HEADER = re.compile(r"(?is)<table.*?</table>"), re.compile(r"(?is)<th\b.*?</th>")
CELL = re.compile(r">\s*\d{3,}\s*<")
PACKED = re.compile(r"[A-Za-z0-9+/]{300,}={0,2}")  # pictures in base64, which are unpacked elsewhere
CODE_ENDINGS, INDEX = (".js", ".css", ".map"), "searchindex.js"
OPAQUE = (".woff", ".woff2", ".ttf", ".otf", ".eot", ".ico")  # fonts and icons


@dataclass(frozen=True, order=True)
class Find:
    """Something that must not be published: the page, the kind, and where in the page's text it is."""

    page: str
    kind: str
    position: int

    def __str__(self) -> str:
        return f"{self.page}: {self.kind}, about character {self.position:,} of its text"


def check(
    book: str | Path,
    notes: str | Path,
    text_column: str = "text",
    id_columns: Iterable[str] = (),
    progress: bool = True,
) -> list[Find]:
    """Scan a built book against notes.

    Every file of the book is read: pages, notebooks, scripts, JSON, SVG, the texts inside PNG. Looked for are

    * a run of 64 characters (letters and digits, case and everything else ignored) that a note has too;
    * de-identification marks, ``[**Hospital 3**]``, also as bold words in brackets;
    * a number of three digits or more that follows the name of an identifier (``SUBJECT_ID``, ``HADM_ID``,
      ``ICUSTAY_ID`` and those given) at once, or stands in a table with such a column (a bare number proves nothing);
    * canaries of generated notes, and files with endings of data.

    Parameters
    ----------
    book : path
        Folder of the built pages; give the folder of the whole run to scan notebooks and logs too.
    notes : path
        A folder with NOTEEVENTS.csv, .csv.gz or .parquet, or such a table of your own.
    text_column : str
        Column with the notes, in any case.
    id_columns : iterable of str
        Names of further identifiers.
    progress : bool
        Show a bar over the notes.

    Returns
    -------
    list of Find, in order; empty if nothing was found.

    Raises
    ------
    helpers.privacy.errors.DataError
        The book or the notes cannot be read; nothing of them is shown.
    """
    book = Path(book).expanduser()
    files = sorted(p for p in book.rglob("*") if p.is_file())
    if not files:
        raise DataError(f"book = {str(book)!r}: no file is there; build the book first (make book).")
    places: dict[tuple, set[int]] = defaultdict(set)
    texts, named = [], _id_patterns([*ID_COLUMNS, *id_columns])
    for path in files:
        page = path.relative_to(book).as_posix()
        if page.lower().endswith(DATA_ENDINGS):
            places[page, "a file of data", 0].add(0)
        if path.suffix.lower() in OPAQUE:
            continue
        for i, view in enumerate(dict.fromkeys(views(path.name, path.read_bytes()))):
            for kind, position in _marks(view, named):
                places[page, kind, i].add(position)
            texts.append(((page, i), normalised_text(view)))
    known = KnownTexts(texts)
    for match in known.search(normalised_text(note) for note in stream_notes(notes, text_column, progress)):
        page, i = match.name
        places[page, f"{RUN} characters or more of a note", i].add(match.start)
    return _finds(places)


def _finds(places: dict[tuple, set[int]]) -> list[Find]:
    """Of the views of a page, which overlap, the one with the most finds of a kind."""
    most: dict[tuple, set[int]] = {}
    for (page, kind, _), positions in places.items():
        most[page, kind] = max(most.get((page, kind), set()), positions, key=len)
    return sorted(Find(page, kind, position) for (page, kind), positions in most.items() for position in positions)


def summary(finds: list[Find]) -> list[str]:
    """A line a page and kind: the first position, and how many there are."""
    first = {}
    for find in finds:
        first.setdefault((find.page, find.kind), find)
    count = Counter((f.page, f.kind) for f in finds)
    return [f"{find} ({count[key]} in all)" if count[key] > 1 else str(find) for key, find in first.items()]


def views(name: str, content: bytes) -> Iterator[str]:
    """The texts of a file: as it stands, without tags, with escapes undone, and those of what is packed into it."""
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png_texts(content)
        return
    if content[:2] == b"\x1f\x8b" or name.endswith(".inv"):
        content = _unpacked(content)
    text = PACKED.sub(" ", content.decode("utf-8", "replace"))
    if name.endswith(CODE_ENDINGS):  # its texts are quoted; much of a book's bulk is code of others
        yield ESCAPE.sub(_unescaped, text)
        yield from _json_strings(content) if name.endswith(INDEX) else ()
        return
    yield text
    plain = html.unescape(COMMENT.sub(" ", text))
    yield ESCAPE.sub(_unescaped, plain)
    yield html.unescape(HTML_TAG.sub("", COMMENT.sub(" ", SCRIPT.sub(" ", text))))
    if name.endswith((".json", ".ipynb")):
        yield from _json_strings(content)


def _unescaped(found: re.Match) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else " "


def _unpacked(content: bytes) -> bytes:
    try:
        if content[:2] == b"\x1f\x8b":
            return gzip.decompress(content)
        head, _, packed = content.partition(b"zlib.\n")
        return head + zlib.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return content


def _json_strings(content: bytes) -> Iterator[str]:
    """All strings of a JSON document (also in a call, as in a search index), with tables and pictures unpacked."""
    inner = re.search(rb"[\[{].*[\]}]", content, re.DOTALL)
    try:
        document = json.loads(inner[0]) if inner else None
    except (ValueError, RecursionError):
        return
    strings = list(_leaves(document))
    yield "\n".join(strings)
    for value in strings:
        if "<" in value:
            yield html.unescape(HTML_TAG.sub("", COMMENT.sub(" ", value)))
        if value.startswith("iVBORw0KGgo"):
            try:
                yield from _png_texts(base64.b64decode(value))
            except binascii.Error:
                continue


def _leaves(document) -> Iterator[str]:
    """Strings of nested lists and mappings; a list of strings only, as notebooks keep lines, as one."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            # A pair as one string, so that an identifier stays beside its number.
            yield f"{key}: {value}" if isinstance(value, int | float) else str(key)
            yield from _leaves(value)
    elif isinstance(document, list) and document and all(isinstance(v, str) for v in document):
        yield "".join(document)
    elif isinstance(document, list):
        for value in document:
            yield from _leaves(value)


def _png_texts(content: bytes) -> Iterator[str]:
    """What a PNG says in its text chunks."""
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        chunk = content[at + 8 : at + 8 + size]
        at += 12 + size
        if kind == b"zTXt":
            key, _, packed = chunk.partition(b"\0")
            try:
                chunk = key + b" " + zlib.decompress(packed[1:])
            except zlib.error:
                continue
        if kind in (b"tEXt", b"iTXt", b"zTXt"):
            yield chunk.decode("utf-8", "replace").replace("\0", " ")


def _id_patterns(columns: list[str]) -> tuple[re.Pattern, re.Pattern]:
    """A name with its number at once behind it; and the name alone, for the head of a table."""
    names = "|".join(re.escape(c) for c in dict.fromkeys(columns))
    return re.compile(rf"(?i)(?<!\w)(?:{names})(?!\w)\W{{0,40}}?\d{{3,}}"), re.compile(rf"(?i)(?<!\w)(?:{names})(?!\w)")


def _marks(view: str, named: tuple[re.Pattern, re.Pattern]) -> Iterator[tuple[str, int]]:
    kinds = {
        "a canary of generated notes": CANARY_TOKEN,
        "a de-identification mark": DEIDENTIFICATION_MARK,
        "an identifier": named[0],
    }
    for kind, pattern in kinds.items():
        for found in pattern.finditer(view):
            yield kind, found.start()
    for table in HTML_TABLE.finditer(view):
        if any(named[1].search(h) for h in HTML_HEADER.findall(table[0])) and CELL.search(table[0]):
            yield "an identifier", table.start()
