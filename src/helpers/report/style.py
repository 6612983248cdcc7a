"""One look a strategy, in every figure of the book: the family decides the colour, the member its marker and line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

INK = "#010203"  # text, axes and the black family: SVG turns it into the colour of the page's letters
GREY = "#7F7F7F"


@dataclass(frozen=True)
class Look:
    """How a series is drawn.

    Parameters
    ----------
    colour : str
        Hexadecimal; three to one or better against a white and against a nearly black page.
    marker : str
        Of matplotlib.
    line : str or tuple
        Line style of matplotlib.
    """

    colour: str
    marker: str
    line: str | tuple = "-"


# Told apart by colour-blind readers, in light and in dark; what a policy has seen decides.
FAMILIES = {
    "random": GREY,
    "risk": "#D55E00",
    "no annotation": "#2A78C2",
    "AACE as published": "#009E73",
    "AACE, smoothed": "#3A9BD9",
    "other annotated": "#A8642A",
    "learned order": "#B565A7",
    "imputed": INK,
    "ceiling": GREY,
}
DASHED, DOTTED, DASHDOT = (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))
MEMBERS: dict[str, dict[str, tuple]] = {
    "random": {"random": (".", DOTTED)},
    "risk": {"risk": ("s", "-")},
    "no annotation": {
        "dr": ("o", "-"),
        "tabular": ("v", DASHED),
        "tarnet": ("<", DASHDOT),
        "dragonnet": (">", DOTTED),
        "dr_heads": ("h", DASHED),
        "t": ("^", DASHDOT),
        "t_heads": ("8", DOTTED),
        "r": ("p", DASHED),
        "forest": ("X", DASHDOT),
    },
    "AACE as published": {"aace": ("D", "-"), "aace_raw": ("d", DOTTED)},
    "AACE, smoothed": {"aace_smooth": ("^", "-"), "aace_ridge": ("v", DASHED)},
    "other annotated": {
        "econml_dr": ("H", DOTTED),
        "aace_boost": ("v", DASHED),
        "two_phase": ("<", DASHDOT),
        "anchored": (">", "-"),
    },
    "learned order": {"rank": ("P", "-"), "rank_linear": ("X", DASHED)},
    "imputed": {"plug": ("*", "-"), "em": ("P", DASHED), "em_regress": ("X", DASHDOT)},
    "ceiling": {"oracle": ("d", "-"), "oracle_x": ("D", DASHED), "said": ("s", DASHDOT)},
}
FAMILY_OF = {name: family for family, members in MEMBERS.items() for name in members}
# What is no strategy: none of the colours above, so that a colour means one thing.
OTHERS = ("#8A63B8", "#2A8C8C", "#C0507A", "#7A7F2A", "#5F7FA8")
MARKERS = "osD^vPX"


def look_of(name: str, others: Collection[str] = ()) -> Look:
    """How a strategy looks; what is none looks by its place among ``others``.

    Parameters
    ----------
    name : str
        A key of the strategies, alone or as ``name@features``: what it sees changes the line, not the colour.
    others : collection of str
        All names of the figure, in their order.
    """
    base, _, features = str(name).partition("@")
    if base in FAMILY_OF:
        marker, line = MEMBERS[FAMILY_OF[base]][base]
        dash = {"": line, "text": DASHED, "phi": DASHED, "tabular": DOTTED}.get(features, line)
        return Look(FAMILIES[FAMILY_OF[base]], marker, dash)
    rest = [other for other in others if str(other).partition("@")[0] not in FAMILY_OF]
    place = rest.index(name) if name in rest else 0
    return Look(OTHERS[place % len(OTHERS)], MARKERS[place % len(MARKERS)], "-" if place < len(OTHERS) else DASHED)
