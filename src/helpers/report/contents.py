"""The order of the chapters: that in which the contents of the book name them, and nothing else."""

from __future__ import annotations

from pathlib import Path

from helpers.config import load_yaml, project_root

NOTEBOOKS = "notebooks/"


def reading_order(contents: Path | None = None) -> list[str]:
    """The chapters by the names of their notebooks, as readers meet them, also those that a run leaves out.

    Parameters
    ----------
    contents : path or None
        A ``_toc.yml``; None: that of the project's book.
    """
    found = load_yaml(contents or project_root() / "book" / "_toc.yml")
    files = [entry["file"] for part in found.get("parts", []) for entry in part["chapters"]]
    return [file.removeprefix(NOTEBOOKS) for file in files if file.startswith(NOTEBOOKS)]


def shown_numbers(contents: Path | None = None) -> dict[str, int]:
    """Chapter -> its number as the book shows it: its place in the order of reading."""
    return {name: place for place, name in enumerate(reading_order(contents), 1)}
