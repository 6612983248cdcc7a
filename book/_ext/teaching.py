"""The teachers' page: what every chapter of this book takes, from the notebooks' own metadata, as a table."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

from helpers.report import reading_order

MARK = "<!-- chapters of a lesson -->"


def setup(app) -> dict:
    """Fill the mark before the page is parsed."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put the table in the place of the mark."""
    if MARK in source[0]:
        notebooks = Path(importlib.util.find_spec("helpers").origin).parents[2] / "notebooks"
        shown = {path.stem for path in (Path(app.srcdir) / "notebooks").glob("*.ipynb")}
        source[0] = source[0].replace(MARK, table(notebooks, [name for name in reading_order() if name in shown]))


def table(notebooks: Path, shown: list[str]) -> str:
    """A row a chapter that the book shows, in this order: minutes, chapters before, exercises, for whom."""
    lines = ["| chapter | to read | after | exercises | for |", "|---|---|---|---|---|"]
    names = {name[:2]: name for name in shown}
    for name in names.values():
        page = json.loads((notebooks / f"{name}.ipynb").read_text(encoding="utf-8"))
        about = page["metadata"].get("chapter", {})
        reads = f"{about['reads']} minutes" if about else ""
        before = ", ".join(f"{{doc}}`../notebooks/{c}`" for n, c in names.items() if n in about.get("after", []))
        lines.append(f"| {{doc}}`../notebooks/{name}` | {reads} | {before} | {asked(page)} | {whom(about)} |")
    return "\n".join(lines)


def asked(page: dict) -> str:
    """The kinds of the exercises and how long they take together."""
    found = [cell["metadata"]["exercise"] for cell in page["cells"] if "exercise" in cell["metadata"]]
    kinds = ", ".join(exercise["kind"] for exercise in found)
    return f"{kinds}: {sum(exercise['minutes'] for exercise in found)} minutes" if found else ""


def whom(about: dict) -> str:
    """The audience in words."""
    return re.sub(r"(\w+)", r"\1s", ", ".join(about.get("audience", [])))
