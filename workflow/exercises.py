"""Exercises of a chapter: lesson, exercise and solution in one notebook, told apart by tags.

A markdown cell tagged ``exercise`` asks; its metadata ``exercise`` say how it is judged::

    {"id": "04.1", "kind": "read", "minutes": 3, "hint": "...", "tolerance": 0.02}

The cells tagged ``solution`` right after it answer: markdown says why, code ends in the value (or only asserts it).
``kind`` is ``read`` (from the page, no code), ``think`` or ``run`` (with code). With ``tolerance`` the answer is a
number, with ``choices`` (letter -> words; ``why``: letter -> what speaks for or against it) a letter, else a few
sentences, which no program judges. The solution's code is run where the answer is checked, on the parameters set there.
"""

from __future__ import annotations

import ast
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

NOTEBOOKS = Path("notebooks")
KINDS = {"read": "Read", "think": "Think", "run": "Run"}
ANSWERS = "WHO_TO_TREAT_ANSWERS"
IDS = re.compile(r"\d\d\.\d")


@dataclass(frozen=True)
class Exercise:
    """A question with its solution; see the module."""

    id: str
    kind: str
    question: str
    minutes: int
    hint: str
    tolerance: float | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    solution: tuple[dict, ...] = ()

    @property
    def answer(self) -> str:
        """The variable that holds the answer."""
        return f"answer_{self.id.replace('.', '_')}"

    @property
    def wants(self) -> str:
        """``number``, ``choice`` or ``words``."""
        return "choice" if self.choices else "words" if self.tolerance is None else "number"

    @property
    def code(self) -> str:
        """The solution's code; empty where it is in words only."""
        return "\n".join(source(c) for c in self.solution if c["cell_type"] == "code")

    @property
    def words(self) -> str:
        """The solution's explanation."""
        return "\n\n".join(source(c) for c in self.solution if c["cell_type"] == "markdown")


def source(cell: dict) -> str:
    """The text of a cell, however the file splits it."""
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    """The tags of a cell."""
    return cell["metadata"].get("tags", [])


def blocks(cells: list[dict]) -> list[tuple[dict, Exercise | None]]:
    """The cells in order, an exercise with its solution as one: its cell and the exercise, for other cells None.

    Raises
    ------
    ValueError
        An exercise is not as the module says; a solution follows no exercise; an id stands twice.
    """
    found: list[tuple[dict, list[dict] | None]] = []
    for cell in cells:
        if "solution" not in tags(cell):
            found.append((cell, [] if "exercise" in tags(cell) else None))
        elif not found or found[-1][1] is None:
            raise ValueError(f"cell {cell.get('id')}: tagged 'solution', but no exercise stands right before it.")
        else:
            found[-1][1].append(cell)
    read = [(cell, None if solution is None else exercise_of(cell, solution)) for cell, solution in found]
    ids = [exercise.id for _, exercise in read if exercise]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ValueError(f"exercises {twice}: each id may stand once.")
    return read


def exercise_of(cell: dict, solution: list[dict]) -> Exercise:
    """An exercise from its cell and the cells of its solution; refused with the rule it breaks."""
    given = dict(cell["metadata"].get("exercise", {}))
    name = f"exercise {given.get('id', cell.get('id'))}"
    known = {f.name for f in fields(Exercise)} - {"question", "solution"}
    for holds, rule in (
        (set(given) <= known, f"{sorted(set(given) - known)}: unknown; its metadata may hold {sorted(known)}"),
        (IDS.fullmatch(str(given.get("id"))), "its id must be the chapter's number and its own, as in '04.1'"),
        (given.get("kind") in KINDS, f"kind = {given.get('kind')!r}: must be one of {sorted(KINDS)}"),
        (given.get("hint"), "it needs a hint"),
        (given.get("minutes", 0) > 0, "it needs the minutes it takes"),
        (solution, "it needs a solution: a cell tagged 'solution' right after it"),
        (not ("tolerance" in given and "choices" in given), "either a tolerance or choices"),
        (given.get("tolerance", 0) >= 0, f"tolerance = {given.get('tolerance')!r}: must not be below 0"),
        (given.get("kind") == "think" or "tolerance" in given or "choices" in given, "its answer needs a tolerance"),
    ):
        if not holds:
            raise ValueError(f"{name}: {rule}.")
    exercise = Exercise(question=source(cell), solution=tuple(solution), **given)
    if exercise.wants != "words" and not exercise.code:
        raise ValueError(f"{name}: the solution of a {exercise.wants} needs a code cell that ends in it.")
    if unexplained := sorted(set(exercise.choices) ^ set(exercise.why)):
        raise ValueError(f"{name}: choices and why must name the same letters; {unexplained} stand in one of them.")
    return exercise


def read(notebook: str | Path) -> list[Exercise]:
    """The exercises of a notebook."""
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    return [exercise for _, exercise in blocks(cells) if exercise]


def answers_shown() -> bool:
    """Whether pages show the answers of self-checks too: ``make book ANSWERS=yes``, for teachers."""
    return os.environ.get(ANSWERS, "").lower() in ("yes", "true", "1")


def on_page(cell: dict, exercise: Exercise, answers: bool) -> dict:
    """One exercise as a markdown cell: the question, what it takes, hint and solution in folds."""
    asked = [exercise.question, *(f"- **{letter})** {words}" for letter, words in exercise.choices.items())]
    parts = ["\n\n".join(asked), fold("Hint", exercise.hint)]
    if exercise.kind != "read" or answers:
        parts.append(fold("Solution", solution_in_words(exercise)))
    title = f"Exercise {exercise.id[-1]}: {KINDS[exercise.kind].lower()} ({exercise.minutes} minutes)"
    body = "\n\n".join(parts)
    metadata = {"tags": ["exercise"]}
    text = f"::::{{admonition}} {title}\n:class: exercise exercise-{exercise.kind}\n\n{body}\n::::\n"
    return {**cell, "metadata": metadata, "source": text}


def fold(title: str, text: str) -> str:
    """Text behind a line to click."""
    return f":::{{dropdown}} {title}\n{text}\n:::"


def solution_in_words(exercise: Exercise) -> str:
    """Explanation, code, and what the code gave when the chapter was run."""
    parts = [exercise.words]
    if exercise.code:
        value, seconds = value_of(exercise), seconds_of(exercise)
        parts.append(f"```python\n{exercise.code}\n```")
        if value is not None:
            close = f" (within {exercise.tolerance:g} counts as right)" if exercise.tolerance else ""
            parts.append(f"With the parameters of this page: **{_rounded(value, exercise)}**{close}, in {seconds}.")
    return "\n\n".join(part for part in parts if part)


def value_of(exercise: Exercise) -> float | str | None:
    """What the solution's last code cell gave when the chapter was run; None if it was not run or gave nothing."""
    code = [cell for cell in exercise.solution if cell["cell_type"] == "code"]
    shown = [
        o["data"]["text/plain"] for cell in code[-1:] for o in cell["outputs"] if "text/plain" in o.get("data", {})
    ]
    return ast.literal_eval("".join(shown[-1])) if shown else None


def seconds_of(exercise: Exercise) -> str:
    """How long the solution's code took, as papermill measured it."""
    took = [cell["metadata"].get("papermill", {}).get("duration") or 0 for cell in exercise.solution]
    return "less than a second" if sum(took) < 1 else f"{sum(took):.0f} seconds"


def _rounded(value, exercise: Exercise) -> str:
    if isinstance(value, str):
        return value
    digits = max(0, 1 - math.floor(math.log10(exercise.tolerance))) if exercise.tolerance else 0
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
