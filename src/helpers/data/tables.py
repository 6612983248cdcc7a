"""Text tables read strictly: every cell a string as it was written, every row as long as the head."""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pandas as pd

from helpers.privacy.errors import DataError, no_data_in_errors

SEPARATORS = ",;\t|"
TITLE_LINES = 20  # lines above the head in which one that is not the first is looked for
READ_BLOCK = 1 << 20


def read_strings(
    path: str | Path, separator: str = ",", encoding: str = "utf-8", columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read a .csv or .csv.gz file, every cell as a string.

    Parameters
    ----------
    path : path
        Its first line names the columns; outer blanks of the names do not matter.
    separator : str
        One character.
    encoding : str
        A byte order mark of UTF-8 is no part of the text.
    columns : sequence of str or None
        The columns wanted, each of which must be there once; None: all, as they stand.

    Returns
    -------
    DataFrame
        Of dtype str; an empty cell is "". Lines that are wholly empty are left out. Where every row ends in one
        separator too many, it is dropped.

    Raises
    ------
    DataError
        The file is empty, damaged or not in this encoding, a wanted column is missing, quotes do not match, or rows
        have more or fewer fields than the head. The message gives counts and lines, never a value.
    """
    path = Path(path)
    with no_data_in_errors(f"{path}: reading"), long_fields():
        rows = _rows(path, separator, encoding)
        names = _head(path, rows, separator, columns)
        wanted = names if columns is None else [column.strip() for column in columns]
        kept = [i for i, name in enumerate(names) if name in wanted]
        cells = _cells(path, names, kept, rows)
    frame = pd.DataFrame(dict(enumerate(cells)), dtype="str").set_axis([names[i] for i in kept], axis=1)
    return frame if columns is None else frame[wanted].set_axis(list(columns), axis=1)


def read_names(
    path: str | Path, separator: str = ",", encoding: str = "utf-8", columns: Sequence[str] | None = None
) -> list[str]:
    """The names of the columns alone, checked as :func:`read_strings` does."""
    with no_data_in_errors(f"{path}: reading"), long_fields():
        return _head(Path(path), _rows(Path(path), separator, encoding), separator, columns)


def _head(path: Path, rows: Iterator, separator: str, columns: Sequence[str] | None) -> list[str]:
    _, head = next(rows, (0, None))
    if head is None:
        raise DataError(f"{path}: the file is empty; write the table again.")
    names = [name.strip() for name in head]
    if columns is not None:
        wanted = [column.strip() for column in columns]
        check_names(path, names, wanted, _title_or_separator(names, wanted, separator, rows))
    return names


def check_names(path: Path, names: Sequence[str], columns: Sequence[str], hint: str = "") -> None:
    """Refuse a table that has not each of the wanted columns once.

    Raises
    ------
    DataError
        Lists every such column with the closest name there is, then the hint.
    """
    faults = []
    for column in columns:
        if (count := list(names).count(column)) > 1:
            faults.append(f"{column!r} occurs {count} times")
        elif not count:
            close = difflib.get_close_matches(column, names, 1)
            faults.append(f"{column!r} is missing" + (f" (did you mean {close[0]!r}?)" if close else ""))
    if faults:
        raise DataError(f"{path}: columns: {'; '.join(faults)}.{hint}")


def open_text(path: Path, encoding: str):
    """The file as text with its line ends as they are, unpacked if its name ends in .gz."""
    known = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return opened(path, "rt", encoding=known, newline="")


def _rows(path: Path, separator: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """(line at which it ends, fields) of each row that is not wholly empty."""
    check_separator(separator)
    _check_encoding(path, encoding)
    with open_text(path, encoding) as file:
        reader = csv.reader(_lines(path, file), delimiter=separator, strict=True)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
            return
        except csv.Error:  # the original messages may quote the file
            fault = (
                f"line {reader.line_num}: quotes do not match; a field that begins with a double quote ends with one, "
                f"and quotes inside it are doubled."
            )
        except UnicodeError:
            fault = (
                f"the file is not {encoding.upper()}; name its encoding, as in cp1252 or utf-16, or save it as UTF-8."
            )
    raise DataError(f"{path}: {fault}")


def _lines(path: Path, file) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise DataError(f"{path}: line {number}: holds a NUL; the file is damaged, or its encoding is utf-16.")
        yield line


def _cells(path: Path, names: list[str], kept: list[int], rows: Iterator[tuple[int, list[str]]]) -> list[list[str]]:
    """The kept columns, if all rows are as long as the head."""
    cells: list[list[str]] = [[] for _ in kept]
    shapes: Counter[tuple[int, bool]] = Counter()
    first: dict[int, int] = {}
    for line, row in rows:
        shape = (len(row) - len(names), not row[-1].strip())
        shapes[shape] += 1
        if shape[0]:
            first.setdefault(shape[0], line)
        row += [""] * -shape[0]
        for column, i in zip(cells, kept, strict=True):
            column.append(row[i])
    one_more = set(shapes) == {(1, True)}
    one_less = not names[-1] and {extra for extra, _ in shapes} == {-1}
    if first and not one_more and not one_less:
        raise DataError(f"{path}: {_ragged(shapes, first, len(names))}")
    return cells


def _ragged(shapes: Counter, first: dict[int, int], width: int) -> str:
    n, said = sum(shapes.values()), []
    for word, sign in (("more", 1), ("fewer", -1)):
        if lines := [line for extra, line in first.items() if extra * sign > 0]:
            count = sum(c for (extra, _), c in shapes.items() if extra * sign > 0)
            said.append(f"{count:,} of {n:,} rows have {word} fields (the first ends in line {min(lines)})")
    return (
        f"{' and '.join(said)} than the {width} names of the head. Quote what holds a separator, name every column, "
        f"and check that the file is whole."
    )


def _title_or_separator(names: list[str], columns: Sequence[str], separator: str, rows) -> str:
    """What to do about a first line that is no head; empty if it is one."""
    wanted = set(columns)
    if wanted <= set(names):
        return ""
    for line, row in islice(rows, TITLE_LINES):
        if len(wanted & {cell.strip() for cell in row}) > max(len(wanted) / 2, len(wanted & set(names))):
            return f" The names stand in line {line}: remove what is above them."
    if len(names) > 1:
        return ""
    other = max(SEPARATORS, key=names[0].count)
    found = f" It holds {names[0].count(other)} times {other!r}." if names[0].count(other) else ""
    return f" The header has one field: is separator {separator!r} right?{found}"


def check_encoding(encoding: str) -> codecs.CodecInfo:
    """The codec of a name of an encoding of text.

    Raises
    ------
    DataError
        There is none.
    """
    try:
        "".encode(encoding)
        return codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise DataError(f"encoding = {encoding!r}: there is none of this name; as in utf-8, cp1252, utf-16.") from None


def check_separator(separator: str) -> None:
    """Refuse what cannot stand between two fields.

    Raises
    ------
    DataError
        It is not one character, or one that values are written with.
    """
    if len(separator) != 1 or separator.isalnum() or separator in "\"'\n\r\0.-+":
        raise DataError(f'separator = {separator!r}: must be one character such as , ; | or a tab ("\\t" in YAML).')


def _check_encoding(path: Path, encoding: str) -> None:
    """Refuse an encoding that would garble a file of UTF-8 without a word."""
    codec = check_encoding(encoding)
    if not codec.name.startswith("utf") and codec.name != "ascii" and _is_utf8(path):
        raise DataError(f"{path}: encoding is {encoding!r}, but the file is UTF-8; write encoding utf-8.")


def _is_utf8(path: Path) -> bool:
    """Whether it holds letters outside ASCII, all of them as UTF-8."""
    decoder, foreign = codecs.getincrementaldecoder("utf-8")(), False
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            while chunk := file.read(READ_BLOCK):
                foreign = foreign or not chunk.isascii()
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return foreign


@contextmanager
def long_fields() -> Iterator[None]:
    """A note may be longer than the 131,072 characters that the csv module allows a field."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
