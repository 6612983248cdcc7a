"""What a chapter shows: a finding, a figure with its caption and data, a small table, something behind a fold."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.files import replacing
from helpers.config import Config
from helpers.privacy.escaping import without_formulas
from helpers.report.drawing import no_records
from helpers.report.html import Html, attribute, block, inline, words_of
from helpers.report.svg import drawn
from helpers.report.words import DASH, MINUS, cell, is_share, named_word, number

_ENDS = ("_low", "_high")


def finding(sentence: str) -> Html:
    """The finding of a chapter, one sentence made from its numbers, in a box."""
    return Html(f'<div class="finding"><p>{inline(sentence)}</p></div>', words_of(sentence))


@no_records
def show(
    figure, caption: str, data: pd.DataFrame | None = None, name: str | None = None, finding: str | None = None
) -> Html:
    """A figure with its caption, which is also its alternative text.

    Parameters
    ----------
    figure : matplotlib Figure
        Drawn twice, for a page and for a phone, which changes it: save it before, if you must.
    caption : str
        One sentence, made from the numbers.
    data : DataFrame or None
        The tidy table behind it; the book keeps it as CSV and links to it. Of records that are not public, pass it
        through :func:`shown` before.
    name : str or None
        Of that file, as in ``12_curves``; None: from the caption.
    finding : str or None
        What the page says just above the figure, in its box: who cannot see the figure is told it again.

    Raises
    ------
    ValueError
        A figure without a caption.
    """
    if not caption.strip():
        raise ValueError("show: caption is empty; say in a sentence what the figure shows.")
    said = words_of(f"{caption} {finding}" if finding else caption)
    wide, small = drawn(figure, said)
    content = f'<div class="wide">{wide}</div><div class="small" style="display:none">{small}</div>'
    file, metadata = _file_name(name or words_of(caption)), {}
    if data is not None:
        tidy = without_formulas(data if isinstance(data.index, pd.RangeIndex) else data.reset_index())
        metadata = {"csv": {file: tidy.to_csv(index=False)}}
    link = f'<span class="data" data-file="{file}"></span>' if metadata else ""
    legend = f'<figcaption><span class="number"></span>{inline(caption)}{link}</figcaption>'
    return Html(f'<figure class="drawn">{content}{legend}</figure>', said, metadata)


def keep_figure(config: Config, name: str, shown: Html) -> Path:
    """Keep what :func:`show` made for a page of prose, as ``<results>/<name>.html``.

    A page takes it in with ``{raw} html`` and ``:file: _figures/<name>.html``.
    """
    path = config.results_dir / f"{name}.html"
    with replacing(path) as temporary:
        temporary.write_text(shown.html, encoding="utf-8")
    return path


def _file_name(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:60] or "data"


@no_records
def table(frame: pd.DataFrame, caption: str | None = None, digits: int = 2, shares: Collection[str] = ()) -> Html:
    """A small table to read: names in words, numbers to the right, an interval in the cell of its value.

    What is called a share, by the head of its column or of its row, is written in whole percent.

    Parameters
    ----------
    frame : DataFrame
        Columns ``x_low, x_high`` beside ``x`` (or ``low, high`` beside ``value``) become its interval. An index that is
        no plain count heads the rows. Cells may be text; what is missing becomes a dash.
    caption : str or None
    digits : int
        Decimals of numbers that are not whole.
    shares : collection of str
        Further columns that hold shares, under another name.
    """
    rows = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index(names=_index_names(frame))
    heads = 0 if rows is frame else frame.index.nlevels
    shown = _intervals_joined(rows, digits, shares)
    right = [_is_number(column) for _, column in shown.items()]
    titles = "".join(
        f'<th scope="col"{_side(r)}>{inline(named_word(c))}</th>' for c, r in zip(shown, right, strict=True)
    )
    body = "".join(f"<tr>{_row(row, heads, right)}</tr>" for row in shown.itertuples(index=False, name=None))
    label = attribute(words_of(caption)) if caption else "table"
    top = f"<caption><span>{inline(caption)}</span></caption>" if caption else ""
    content = f'<table class="results">{top}<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'
    region = f'<div class="scrolls" role="region" tabindex="0" aria-label="{label}">{content}</div>'
    return Html(region, shown.rename(columns=named_word).to_string(index=False))


def _index_names(frame: pd.DataFrame) -> list[str]:
    return ["" if name is None else str(name) for name in frame.index.names]


def _intervals_joined(frame: pd.DataFrame, digits: int, shares: Collection[str]) -> pd.DataFrame:
    """Every cell as text, and ends of intervals in the cell of their value."""
    ends = {"value": ("low", "high")} if {"value", "low", "high"} <= set(frame) else {}
    ends |= {c: pair for c in frame if set(pair := tuple(f"{c}{end}" for end in _ENDS)) <= set(frame)}
    taken = {end for pair in ends.values() for end in pair}
    of_rows = [isinstance(head, str) and is_share(head) for head in frame.iloc[:, 0]]
    shown = {}
    for column in (c for c in frame if c not in taken):
        whole = is_share(column) or column in shares
        written = [{"digits": 0, "percent": True} if whole or row else {"digits": digits} for row in of_rows]
        if column in ends:
            rows = zip(frame[column], *(frame[end] for end in ends[column]), strict=True)
            shown[column] = [cell(*row, **how) for row, how in zip(rows, written, strict=True)]
        else:
            shown[column] = [_said(value, **how) for value, how in zip(frame[column], written, strict=True)]
    return pd.DataFrame(shown, index=range(len(frame)), dtype=object)


def _said(value, digits: int, percent: bool = False) -> str:
    """One cell as readers see it."""
    if isinstance(value, str):
        return re.sub(r"(?<![\w.])-(?=\.?\d)", MINUS, value) if value.strip() not in ("", "-") else DASH
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or pd.isna(value):
        return DASH
    if isinstance(value, int | np.integer):
        return number(value, 0)
    return number(value, digits, percent=percent) if isinstance(value, float | np.floating) else str(value)


def _is_number(cells: pd.Series) -> bool:
    """Whether a column is one of numbers: it stands to the right, digit under digit."""
    said = [str(c) for c in cells if str(c) not in (DASH, "")]
    return bool(said) and all(re.match(rf"[+{MINUS}]?[.\d][\d,.]*%?(?:\W|$)", c) for c in said)


def _side(right: bool) -> str:
    return ' class="n"' if right else ""


def _row(row: tuple[str, ...], heads: int, right: list[bool]) -> str:
    cells = []
    for place, (text, side) in enumerate(zip(row, right, strict=True)):
        kind, scope = ("th", ' scope="row"') if place < heads else ("td", "")
        cells.append(f"<{kind}{scope}{_side(side)}>{inline(named_word(text) if place < heads else text)}</{kind}>")
    return "".join(cells)


def fold(title: str, *things) -> Html:
    """Anything behind a fold: what this module makes (figures by :func:`show`), tables, sentences, lists (Markdown)."""
    inside = "".join(_folded(thing) for thing in things)
    files = {file: text for thing in things for file, text in getattr(thing, "metadata", {}).get("csv", {}).items()}
    content = f'<details class="fold"><summary>{inline(title)}</summary>{inside}</details>'
    return Html(content, words_of(title), {"csv": files} if files else {})


def _folded(thing) -> str:
    if isinstance(thing, pd.DataFrame):
        return table(thing).html
    if isinstance(thing, str):
        return block(thing)
    if type(thing).__name__ == "Markdown":
        return block(thing.data)
    if shown := getattr(thing, "_repr_html_", lambda: None)():
        return shown
    kind = type(thing).__name__
    raise ValueError(f"fold: a {kind} cannot be shown; give text, a table, what report.show made, or HTML.")
