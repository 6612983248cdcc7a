"""From an executed chapter to its page: number and line of the head, figures with numbers and data, how it was made."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import exercises
import making

from helpers.report import self_check
from helpers.study import STRATEGIES

PARAMETER_TAGS = {"parameters", "injected-parameters"}
FIGURE = re.compile(r'<figure class="drawn">(?P<inside>.*?)<span class="number"></span>', re.DOTALL)
DATA = re.compile(r'<span class="data" data-file="(?P<file>[a-z0-9_]+)"></span>')
ROW_NAME = re.compile(r"(?P<head><th(?: [^>]*)?>)(?P<label>[^<>]+)</th>")
LABELS = {strategy.label: name for name, strategy in STRATEGIES.items()}
TITLE = re.compile(r"\A# (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where a chapter stands in the book.

    Parameters
    ----------
    name : str
        Of its notebook.
    number : int or None
        As readers see it: its place in the order of reading. None: the contents do not name it.
    numbers : mapping of str to int
        Of all chapters.
    """

    name: str
    number: int | None
    numbers: Mapping[str, int]


def place_of(name: str, order: list[str]) -> Place:
    """The place of a chapter in the order of reading."""
    numbers = {chapter: count for count, chapter in enumerate(order, 1)}
    return Place(name, numbers.get(name), numbers)


def finished(page: dict, place: Place, files: Path, repository: Mapping[str, str], profile: str) -> dict:
    """The page of an executed chapter; the data behind its figures and the bare notebook are written below ``files``.

    Parameters
    ----------
    page : dict
        An executed notebook, which is changed.
    place : Place
    files : path
        A folder whose contents lie at the top of the built book.
    repository : mapping
        ``url`` and ``branch``; without an address no button leads there.
    profile : str
        Name of the run.
    """
    values = making.parameters_of(page)
    write(files / "download" / f"{place.name}.ipynb", json.dumps(bare(page), indent=1) + "\n")
    box = html_cell(making.box(page, values, place.name, repository, profile))
    page["cells"] = with_exercises([c for c in page["cells"] if not PARAMETER_TAGS & tags(c)]) + [box]
    number_figures(page, place, files, public=making.is_public(values))
    head(page, place)
    return page


def tags(cell: dict) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", []))


def with_exercises(cells: list[dict]) -> list[dict]:
    """The cells with every exercise and its solution as one, and below it a check of the reader's own answer."""
    shown: list[dict] = []
    for cell, exercise in exercises.blocks(cells):
        if exercise is None:
            shown.append(cell)
            continue
        shown.append(exercises.on_page(cell, exercise, exercises.answers_shown()))
        answer = exercises.value_of(exercise) if exercise.wants != "words" else None
        if answer is not None:
            kind = {"choices": dict.fromkeys(exercise.choices, ""), "why": exercise.why} if exercise.choices else {}
            shown.append(html_cell(self_check(exercise.id, answer, exercise.tolerance, **kind).html))
    return shown


def html_cell(text: str) -> dict:
    """A cell of Markdown that holds one block of HTML: no empty line may stand in it."""
    return {"cell_type": "markdown", "metadata": {}, "source": re.sub(r"\n\s*\n", "\n", text)}


def bare(page: dict) -> dict:
    """The notebook without outputs and without the parameters of this run: what a reader downloads."""
    cells = [dict(c) for c in page["cells"] if "injected-parameters" not in tags(c)]
    for cell in cells:
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k == "tags"}
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    kept = {k: v for k, v in page["metadata"].items() if k in ("kernelspec", "language_info", "needs", "chapter")}
    return {**page, "cells": cells, "metadata": kept}


def head(page: dict, place: Place) -> None:
    """Put the number before the title, and under it for whom the chapter is, what it needs and how long it takes."""
    first = page["cells"][0]
    text = "".join(first["source"])
    about = line(page["metadata"], place)
    number = f"{place.number}. " if place.number else ""
    lead = f'\n\n<p class="about-chapter">{about}</p>' if about else ""
    first["source"] = TITLE.sub(lambda m: f"# {number}{m[1]}{lead}", text, count=1)


def line(metadata: Mapping, place: Place) -> str:
    """Minutes to read and to run, chapters needed before, audience: from the notebook's metadata ``chapter``."""
    chapter, seconds = metadata.get("chapter", {}), making.seconds(metadata)
    parts = [f"{chapter['reads']} minutes to read"] if "reads" in chapter else []
    parts += [f"{making.in_minutes(seconds)} to run here"] if seconds and chapter else []
    before = [str(shown) for name, shown in place.numbers.items() if name[:2] in map(str, chapter.get("after", []))]
    parts += [f"after chapter{'s' * (len(before) > 1)} {listed(before)}"] if before else []
    parts += [f"for {listed([f'{who}s' for who in chapter['audience']])}"] if chapter.get("audience") else []
    return html.escape(" · ".join(parts))


def listed(words: list[str]) -> str:
    """The words with commas, and "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def number_figures(page: dict, place: Place, files: Path, public: bool) -> None:
    """Give every figure its number and a link to the data behind it, unless the records are not public."""
    counted = 0

    def numbered(found: re.Match) -> str:
        nonlocal counted
        counted += 1
        name = f"{place.number}.{counted}" if place.number else f"{counted}"
        number = f'<span class="number">Figure {name}. </span>'
        return f'<figure class="drawn" id="figure-{name.replace(".", "-")}">{found["inside"]}{number}'

    for output in (o for cell in page["cells"] for o in cell.get("outputs", [])):
        tables = output.get("metadata", {}).pop("csv", {})
        if "text/html" not in output.get("data", {}):
            continue
        text = linked(FIGURE.sub(numbered, "".join(output["data"]["text/html"])))
        output["data"]["text/html"] = DATA.sub(link if public else "", text)
        for name, content in tables.items() if public else ():
            write(files / "data" / f"{name}.csv", content)


def linked(text: str) -> str:
    """HTML of a table with the names of strategies leading to what they mean."""

    def led(found: re.Match) -> str:
        label = html.unescape(found["label"])
        label = re.sub(r" \(\d+ repetitions\)$", "", label)
        key = LABELS.get(label) or LABELS.get(label.rpartition(", ")[0])  # the same learner on other features
        return (
            f'{found["head"]}<a href="../strategies.html#strategy-{key}">{found["label"]}</a></th>' if key else found[0]
        )

    return ROW_NAME.sub(led, text)


def link(found: re.Match) -> str:
    """A link to the data behind a figure; chapters lie one folder below the top."""
    return f' <a class="data" href="../data/{found["file"]}.csv" download>Data (CSV)</a>'


def write(path: Path, text: str) -> None:
    """Write a file, its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
