"""Names and cells that users wrote, made harmless where they are shown: Markdown, HTML, spreadsheets.

A level or a column's name may hold anything. On a page it must not become markup, in a spreadsheet not a formula.
"""

from __future__ import annotations

import html
import re

import pandas as pd

# What Markdown, its dialects (tables, math, roles) or HTML act on, wherever it stands in a line.
_MARKUP = re.compile(r"[&<>\"\\`*\[\]{}|~$#^]")
# An underscore inside a word is one; a list or a heading begins at the start of a line only.
_EDGES = re.compile(r"(?<![^\W_])_|_(?![^\W_])|^[-+=:](?=\s|[-+=:]|$)|(?<=^\d)[.)](?=\s)|(?<=^\d\d)[.)](?=\s)")
_FORMULA = re.compile(r"\s*'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


def escaped(label: object) -> str:
    """A label as a line of Markdown or HTML shows it, letter by letter.

    Parameters
    ----------
    label : object
        Its ``str`` is shown. Line ends and other control characters become blanks.

    Returns
    -------
    str
        With character references (``&#42;``) for what Markdown or HTML would act on; escape a label once only.
    """
    line = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", str(label)).strip()
    marks = {m.start() for pattern in (_MARKUP, _EDGES) for m in pattern.finditer(line)}
    return "".join(
        html.escape(x, quote=True) if x in '&<>"' else f"&#{ord(x)};" if i in marks else x for i, x in enumerate(line)
    )


def plain_line(label: object) -> str:
    """A label inside a block of code, where nothing but a line end and a fence could end the block."""
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", str(label)).replace("`", "'").strip()


def is_formula(cell: object) -> bool:
    """Whether a spreadsheet might compute this cell: text, not a number, that begins with ``= + - @``, a tab or so."""
    return isinstance(cell, str) and bool(_FORMULA.match(cell)) and not _NUMBER.fullmatch(cell.strip())


def neutralised(cell):
    """The cell, with an apostrophe in front if a spreadsheet might compute it; :func:`restored` takes it off again."""
    return f"'{cell}" if is_formula(cell) else cell


def restored(cell):
    """The cell that :func:`neutralised` was given."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and is_formula(cell[1:]) else cell


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table to be written as CSV: its texts and column names :func:`neutralised`, its numbers as they are."""
    shown = table.copy()
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_datetime64_any_dtype(dtype):
            shown.isetitem(i, table.iloc[:, i].astype(object).map(neutralised))
    return shown.rename(columns=neutralised)
