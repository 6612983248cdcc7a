"""Figures as SVG inside the page: in the colours of its letters, without a ground, with identifiers of their own."""

from __future__ import annotations

import io
import re

from helpers.artifacts.digests import digest
from helpers.report.drawing import narrow, style
from helpers.report.html import attribute
from helpers.report.style import INK

_FONT = re.compile(r"font: ((?:[\w.]+ )*?)([\d.]+)px [^;\"]*")
_LONG = re.compile(r"(-?\d+\.\d\d)\d+")


def drawn(figure, alt: str) -> tuple[str, str]:
    """A figure twice, for a page and for a phone; the second changes the figure.

    Returns
    -------
    wide, small : str
        ``<svg>`` elements; their text is text, so that it can be found and read aloud.
    """
    with style():
        wide = _element(_written(figure), alt)
        narrow(figure)
        return wide, _element(_written(figure), alt)


def _written(figure) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _element(text: str, alt: str) -> str:
    """The ``<svg>`` of a file of matplotlib: half the size, and safe beside others on one page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = _FONT.sub(lambda m: f"font: {m[1]}{m[2]}px var(--pst-font-family-base, sans-serif)", text)
    text = re.sub(r' (?:d|x|y|points)="[^"]*"', lambda m: _LONG.sub(r"\1", m[0]), text)
    text = text.replace(INK, "currentColor").replace(INK.lower(), "currentColor")
    text = re.sub(r"\n\s*", "\n", text)
    own = f"w{digest(text)[:7]}"
    text = re.sub(r'\bid="', f'id="{own}', text)
    text = re.sub(r'url\(#|href="#', lambda m: m[0] + own, text)
    width, height = (float(size) for size in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups())
    head = f'<svg viewBox="0 0 {width:g} {height:g}" width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}"'
    head += f' role="img" aria-label="{attribute(alt)}" style="max-width:100%;height:auto"'
    head += ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    return re.sub(r"^<svg[^>]*>", head, text).strip()
