"""Elements to try in the page: everything they can show is worked out here, as text, and stands in the page.

Each is a set of controls and, for every position of them, rows of words with a bar each and a sentence. The script of
the book (``interactive.js``) shows the rows that fit; it works out no number of results. Without scripts a table of
the same words is shown. Positions are keys like ``"0.2"`` or ``"apart|on"``, one part a control.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from helpers.report.html import Html, attribute, inline, words_of
from helpers.report.showing import table
from helpers.report.style import INK


def element(kind: str, title: str, data: Mapping, without: str) -> Html:
    """An element of the page.

    Parameters
    ----------
    kind : str
        Which part of ``interactive.js`` makes it.
    title : str
        Its name, for eyes and screen readers.
    data : mapping
        For the script, as JSON.
    without : str
        HTML for pages without scripts.
    """
    content = json.dumps(data, ensure_ascii=False, allow_nan=False)
    for letter in "<>&\u2028\u2029":
        content = content.replace(letter, f"\\u{ord(letter):04x}")
    head = f'<section class="try" data-kind="{attribute(kind)}" aria-label="{attribute(words_of(title))}">'
    body = f'<p class="title">{inline(title)}</p><div class="stage"></div><noscript>{without}</noscript>'
    return Html(f'{head}{body}<script type="application/json">{content}</script></section>', words_of(title))


def slider(name: str, positions: Mapping[str, str], start: str | None = None) -> dict:
    """A control with positions in a row: key -> words."""
    return _control("slider", name, positions, start)


def choice(name: str, positions: Mapping[str, str], start: str | None = None) -> dict:
    """A control of which one position is chosen: key -> words."""
    return _control("choice", name, positions, start)


def switch(name: str, start: bool = True) -> dict:
    """A control that is on or off."""
    return _control("switch", name, {"on": "on", "off": "off"}, "on" if start else "off")


def _control(kind: str, name: str, positions: Mapping[str, str], start: str | None) -> dict:
    keys = list(positions)
    if not keys or (start is not None and start not in keys):
        raise ValueError(f"{name}: start = {start!r} must be one of its positions {keys}, and there must be one.")
    return {"kind": kind, "name": name, "positions": list(map(list, positions.items())), "start": start or keys[0]}


def row(name: str, text: str, size: float | None = None, colour: str = "") -> dict:
    """A line of a position: what it is about, what is said of it, and the length of its bar from 0 to 1."""
    bar = None if size is None or np.isnan(size) else round(float(np.clip(size, 0, 1)), 4)
    return {"name": name, "text": text, "size": bar, "colour": "currentColor" if colour == INK else colour}


def explorer(title: str, controls: Sequence[Mapping], found: Mapping[str, Mapping]) -> Html:
    """Controls and what is shown for each of their positions; see the module.

    Parameters
    ----------
    title : str
    controls : sequence
        Of :func:`slider`, :func:`choice` and :func:`switch`.
    found : mapping
        Key of a position -> ``{"rows": [row(...), ...], "said": sentence, "points": ...}``; ``points`` are drawn as a
        cloud: ``[[x, y, mark], ...]``.

    Raises
    ------
    ValueError
        A position has nothing to show.
    """
    keys = ["|".join(parts) for parts in product(*([key for key, _ in c["positions"]] for c in controls))]
    if missing := [key for key in keys if key not in found]:
        raise ValueError(f"{title}: nothing to show at {missing[0]!r} ({len(missing)} positions); give every one.")
    rendered = {key: {**found[key], "said": inline(found[key].get("said", ""))} for key in keys}
    data = {"controls": list(controls), "states": rendered}
    listed = [[key.replace("|", ", "), r["name"], r["text"]] for key in _few(keys) for r in found[key].get("rows", ())]
    without = table(pd.DataFrame(listed, columns=["at", "what", "result"])).html if listed else ""
    said = "".join(f"<p>{inline(found[key]['said'])}</p>" for key in _few(keys) if found[key].get("said"))
    return element("states", title, data, without + said)


def _few(keys: Sequence[str], most: int = 5) -> list[str]:
    """Some positions over the whole range, for pages without scripts."""
    places = np.linspace(0, len(keys) - 1, min(most, len(keys))).round().astype(int)
    return [keys[place] for place in places]
