"""Numbers and words as people write them into cells: what counts as which."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

import numpy as np
import pandas as pd

YES_NO = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}
LARGEST = 1e50  # fourth powers of it are still finite
THOUSANDS = {".": ".", ",": ",", "'": "['\u2019]", " ": "[ \u00a0\u2009\u202f]"}
LETTER = re.compile(r"[^\W\d_]")
ROUNDED = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,}"  # what a spreadsheet makes of a long row of digits
LARGEST_WHOLE = 2**53  # from here on floats skip whole numbers
WHOLE_FLOAT = re.compile(r"[+-]?[0-9]+\.0+")


def numbers(written: pd.Series, decimal: str = ".", thousands: str | None = None) -> pd.Series:
    """The numbers that strings spell, NaN for each that spells none.

    A number has ASCII digits, the decimal sign at most once, a sign in front and an exponent behind if wanted (-1.5e3).
    Everything else is none: a unit, percent or currency sign, brackets, a minus behind, ``inf``, and digits in groups
    (1.250 for 1250) unless ``thousands`` says what separates the groups.

    Parameters
    ----------
    written : Series of strings
        Outer blanks do not matter. Cells that are numbers already stay as they are.
    decimal : {".", ","}
    thousands : {".", ",", "'", " "} or None
        The sign between groups of three digits before the decimal sign; another than ``decimal``.

    Returns
    -------
    Series of float, same index
    """
    if pd.api.types.is_numeric_dtype(written):
        return pd.Series(written.to_numpy(float, na_value=np.nan), index=written.index, name=written.name)
    group = None if thousands is None else THOUSANDS.get(thousands)
    whole = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{re.escape(group) if group in ('.', ',') else group}[0-9]{{3}})+)"
    whole = "[0-9]+" if group is None else whole
    point = re.escape(decimal)
    pattern = re.compile(rf"([+-]?)({whole})?(?:{point}([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
    if pd.api.types.is_string_dtype(written):
        return each(written, lambda cell: _number(cell, pattern)).astype(float)
    return written.map(lambda cell: _number(cell, pattern)).astype(float)


def each(words: pd.Series, function) -> pd.Series:
    """A function of every word, computed once for words that are the same."""
    return words.map({word: function(word) for word in words.dropna().unique()})


def plain(word: str) -> str:
    """The word itself, but for a whole number written as 1.0, which is 1."""
    return word.partition(".")[0] if WHOLE_FLOAT.fullmatch(word) else word


def without_letters(words: pd.Series) -> bool:
    """Whether no word holds a letter: they are numbers, dates or signs alone."""
    return not words.str.contains(LETTER).any()


def spelt(word: str) -> str:
    """How one of two words is compared: without case and outer blanks; 1.0 is 1."""
    return plain(word.strip().lower())


def folded(word: str) -> str:
    """What two words share that people take for the same: case, blanks, forms of letters, unseen signs don't count."""
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", word) if unicodedata.category(sign) != "Cf")
    return plain(" ".join(seen.casefold().split()))


def _number(cell, pattern: re.Pattern) -> float:
    if isinstance(cell, bool | int | float | Decimal | np.number | np.bool_):
        return float(cell)
    found = pattern.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None or not (found[2] or found[3]):
        return np.nan
    whole = re.sub("[^0-9]", "", found[2] or "0")
    return float(f"{found[1]}{whole}.{found[3] or 0}e{found[4] or 0}")
