"""What causes what in a generated process: the graph, and the formulas in words."""

from __future__ import annotations

import pandas as pd

from helpers.report.drawing import WIDTH, no_records, style
from helpers.report.style import FAMILIES, INK
from helpers.report.words import MINUS, named_word, number

_GROUPS = {  # of columns, as a reader names them
    "bedside\ncolumns": ("self_empl", "asthma", "smoking", "hay_fever", "winter", "COPD"),
    "symptoms": ("dysp", "cough", "pain", "nasal", "fever_low", "fever_high"),
    "practice's\nhabit": ("policy",),
    "illness that\nnobody names": ("inf", "pneu"),
}
_PLACES = {
    "bedside\ncolumns": (0, 2),
    "symptoms": (1.25, 1.1),
    "note": (2.6, 2),
    "practice's\nhabit": (0, 0),
    "illness that\nnobody names": (0, 1),
    "treatment": (2.0, 0),
    "outcome": (3.5, 1.1),
}
SEEN = ("bedside\ncolumns", "note")  # by every policy, at the bedside
ALWAYS = (("bedside\ncolumns", "symptoms"), ("symptoms", "note"), ("treatment", "outcome"))


def edges_of(weights: pd.DataFrame) -> list[tuple[str, str]]:
    """Arrows of the graph: those of every process, and those its formulas have.

    Parameters
    ----------
    weights : DataFrame
        Columns ``part, term``; the part named after treatment leads to it, all others to the outcome.
    """
    found = dict.fromkeys(ALWAYS)
    group_of = {column: group for group, columns in _GROUPS.items() for column in columns}
    for part, term in zip(weights["part"], weights["term"], strict=True):
        target = "treatment" if part.endswith("of treatment") and "odds" in part else "outcome"
        found |= {(group_of[column], target): None for column in term.split("*") if column}
    hidden = "illness that\nnobody names"
    if any(hidden == start for start, _ in found):
        found |= dict.fromkeys([(hidden, "symptoms"), (hidden, "note")])
    return list(found)


@no_records
def causes(weights: pd.DataFrame):
    """The graph of a process; what a policy sees at the bedside has a thick frame.

    Parameters
    ----------
    weights : DataFrame
        As :func:`edges_of` takes it.
    """
    import matplotlib.pyplot as plt

    edges = edges_of(weights)
    names = [name for name in _PLACES if any(name in edge for edge in edges)]
    with style():
        figure, ax = plt.subplots(figsize=(WIDTH, 2.6))
        ax.set(xlim=(-0.55, 3.95), ylim=(-0.45, 2.45))
        ax.set_axis_off()
        boxes = {name: _box(ax, name) for name in names}
        for start, end in edges:
            ends = {"patchA": boxes[start], "patchB": boxes[end], "shrinkA": 1, "shrinkB": 1}
            arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1, **ends}
            ax.annotate("", _PLACES[end], _PLACES[start], arrowprops=arrow)
    return figure


def _box(ax, name: str):
    seen = name in SEEN
    colour, width = (FAMILIES["no annotation"], 2.4) if seen else (INK, 0.9)
    frame = {"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": colour, "lw": width}
    text = ax.text(*_PLACES[name], name, ha="center", va="center", fontsize=9, bbox=frame)
    return text.get_bbox_patch()


def formulas(weights: pd.DataFrame) -> list[str]:
    """Each formula of a process as a line in words: the constant, single columns, products, the largest weights first.

    Parameters
    ----------
    weights : DataFrame
        Columns ``part, term, weight``.
    """
    lines = []
    for part, rows in weights.groupby("part", sort=False):
        columns = rows["term"].str.count(r"\*") + (rows["term"] != "")
        order = rows.assign(many=columns, size=-rows["weight"].abs())
        terms = [_term(row) for row in order.sort_values(["many", "size"], kind="stable").itertuples()]
        sums = " ".join(terms).removeprefix("+ ")
        lines.append(f"**{part}** = {MINUS + sums[2:] if sums.startswith(MINUS) else sums}")
    return lines


def _term(row) -> str:
    name = " and ".join(named_word(column) for column in row.term.split("*") if column)
    size = number(abs(row.weight), 2).rstrip("0").rstrip(".")
    sign = "+" if row.weight >= 0 else MINUS
    return f"{sign} {size}{f' ({name})' if name else ''}"
