"""Pieces of a page as HTML: made once here, shown alike in a notebook and in the book, everything in them escaped."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Html:
    """Something to show at the end of a cell.

    Parameters
    ----------
    html : str
    text : str
        The same where no HTML is shown.
    metadata : dict
        Of the output; the book's assembly reads what stands there (``csv``: files by name).
    """

    html: str
    text: str = ""
    metadata: dict = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return {"text/html": self.html, "text/plain": self.text}, dict(self.metadata)


def attribute(value: object) -> str:
    """A value inside quotes."""
    return html.escape(str(value), quote=True)


def inline(sentence: object) -> str:
    """A sentence of this library as HTML: bold, slanted and code are understood, the rest is escaped."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink"]).renderInline(str(sentence))


def block(text: object) -> str:
    """Paragraphs and lists of this library as HTML; no markup of the text itself passes."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink"])
    return parser.render(str(text))


def words_of(sentence: object) -> str:
    """The words alone, for alternative texts."""
    return html.unescape(re.sub(r"<[^>]+>", "", inline(sentence)))
