"""What a lesson needs of an executed chapter: title, finding, figure, goals, exercises, take-away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exercises import Exercise, blocks, source, tags

from helpers.report import shown_numbers

GOALS, TAKE_AWAY = "You will be able to", "Take-away"
SMALL = re.compile(r'<div class="small".*?</div>(?=<figcaption>)', re.DOTALL)
ROLES = re.compile(r"\{(?P<role>\w+)\}`(?P<text>[^`]*)`")


@dataclass(frozen=True)
class Lesson:
    """A chapter in short; parts it lacks are empty."""

    chapter: str
    number: int
    title: str
    minutes: int
    finding: str
    figure: str
    goals: str
    take_away: str
    exercises: tuple[Exercise, ...]


def lessons(run: Path, contents: Path | None = None) -> list[Lesson]:
    """The lessons of the chapters of a run, in the order of the book; chapters that stepped aside are left out.

    Raises
    ------
    ValueError
        The run has no executed chapter with a finding.
    """
    found = {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (run / "notebooks").glob("[0-9]*.ipynb")
    }
    numbers = shown_numbers(contents)
    order = [name for name in numbers if name in found]
    order += sorted(set(found) - set(order))
    made = [lesson_of(name, found[name], numbers.get(name, int(name[:2]))) for name in order]
    if not (shown := [lesson for lesson in made if lesson.finding]):
        raise ValueError(f"{run}: no executed chapter shows a finding; run it first: make book PROFILE={run.name}")
    return shown


def lesson_of(name: str, page: dict, number: int) -> Lesson:
    """One executed chapter in short."""
    cells, shown = page["cells"], list(pieces(page["cells"]))
    return Lesson(
        chapter=name,
        number=number,
        title=re.match(r"#\s*(.*)", source(cells[0]))[1],
        minutes=page["metadata"].get("chapter", {}).get("reads", 0),
        finding=next((h for h in shown if 'class="finding"' in h), ""),
        figure=SMALL.sub("", next((h for h in shown if '<figure class="drawn"' in h), "")),
        goals=below(cells, GOALS),
        take_away=below(cells, TAKE_AWAY),
        exercises=tuple(exercise for _, exercise in blocks(cells) if exercise),
    )


def pieces(cells: list[dict]) -> Iterator[str]:
    """The HTML outputs of the cells, in order."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                yield "".join(output["data"]["text/html"])


def below(cells: list[dict], heading: str) -> str:
    """The first list or paragraph below a heading, as Markdown: what the cell says, or what the next one printed."""
    for place, cell in enumerate(cells):
        text = source(cell)
        if cell["cell_type"] != "markdown" or f"## {heading}" not in text or "exercise" in tags(cell):
            continue
        rest = text.split(f"## {heading}", 1)[1].split("\n## ")[0].strip()
        outputs = cells[place + 1].get("outputs", []) if place + 1 < len(cells) else []
        printed = [o["data"]["text/markdown"] for o in outputs if "text/markdown" in o.get("data", {})]
        return plain(rest or "".join("".join(p) for p in printed))
    return ""


def plain(text: str) -> str:
    """Markdown without what only the book understands: references to chapters and terms become words."""

    def words(found: re.Match) -> str:
        inner = re.sub(r"\s*<[^>]*>$", "", found["text"])
        chapter = re.fullmatch(r"(?:[./\w]*/)?(\d\d)_(\w+)", inner)
        if found["role"] == "doc" and chapter:
            number = shown_numbers().get(inner.rsplit("/", 1)[-1], int(chapter[1]))
            return f"chapter {number} ({chapter[2].replace('_', ' ')})"
        return f"({inner})" if found["role"] == "cite" else inner

    return ROLES.sub(words, text)
