"""Answers to exercises, judged against the solution, without giving it away."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exercises import NOTEBOOKS, Exercise, read

FEWEST_WORDS = 5  # of an answer in sentences
VERDICT = "application/vnd.who-to-treat.verdict+json"
PASSED, UNANSWERED, WRONG, UNJUDGED = "passed", "not answered", "wrong", "answered in words"


@dataclass(frozen=True)
class Verdict:
    """What the check says of an answer: a state and a sentence, which never gives the solution away."""

    id: str
    state: str
    said: str

    def _repr_mimebundle_(self, **_) -> dict:
        return {"text/plain": f"{self.id} {self.state}: {self.said}", VERDICT: vars(self)}


def solve(exercise: Exercise, names: Mapping[str, object]):
    """The value that the solution's code ends in, run on a copy of ``names``; None where it only asserts."""
    scope, body = dict(names), ast.parse(exercise.code).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), exercise.id, "exec"), scope)
    return None if last is None else eval(compile(ast.Expression(last.value), exercise.id, "eval"), scope)


def judge(exercise: Exercise, answer, expected=None) -> Verdict:
    """Compare an answer with the solution.

    Parameters
    ----------
    exercise : Exercise
    answer : object
        A number, a letter or sentences, as ``exercise.wants``; ``...`` or an empty text is no answer.
    expected : object
        What the solution gives; sentences are not compared.

    Returns
    -------
    Verdict
    """
    state, said = _judged(exercise, answer, expected)
    return Verdict(exercise.id, state, said if state != WRONG else f"{said} Hint: {exercise.hint}")


def _judged(exercise: Exercise, answer, expected) -> tuple[str, str]:
    if answer is ... or answer is None or (isinstance(answer, str) and not answer.strip()):
        return UNANSWERED, f"put your answer into {exercise.answer} and run this cell again."
    if exercise.wants == "words":
        return _sentences(answer)
    return _choice(exercise, answer, expected) if exercise.wants == "choice" else _number(exercise, answer, expected)


def _sentences(answer) -> tuple[str, str]:
    if not isinstance(answer, str):
        return WRONG, f"The answer must be text in quotes, not {_kind(answer)}."
    if len(answer.split()) < FEWEST_WORDS:
        return WRONG, f"Say it in a sentence: at least {FEWEST_WORDS} words."
    return UNJUDGED, "no program judges sentences; compare them with the solution in the book."


def _choice(exercise: Exercise, answer, expected) -> tuple[str, str]:
    letter = answer.strip().lower() if isinstance(answer, str) else answer
    if letter not in exercise.choices:
        letters = ", ".join(map(repr, exercise.choices))
        return WRONG, f"The answer must be one of {letters}; yours is {_kind(answer)}."
    return (PASSED, exercise.why[letter]) if letter == expected else (WRONG, exercise.why[letter])


def _number(exercise: Exercise, answer, expected) -> tuple[str, str]:
    try:
        value = float("nan") if isinstance(answer, str) else float(answer)
    except (TypeError, ValueError):
        return WRONG, f"The answer must be a number, not {_kind(answer)}."
    if not math.isfinite(value):
        return WRONG, f"The answer must be a number, not {_kind(answer)}."
    close = exercise.tolerance
    if abs(value - expected) <= close:
        return PASSED, f"within {close:g} of the solution." if close else "just so."
    if abs(value + expected) <= close:
        return WRONG, "The size is right, the sign is not."
    if abs(value / 100 - expected) <= close or abs(value * 100 - expected) <= close:
        return WRONG, "A percent sign is lost: 30 % is the share 0.3."
    return WRONG, f"{value:g} is not within {close:g} of the solution." if close else f"It is not {value:g}."


def _kind(answer) -> str:
    return repr(answer)[:40] if isinstance(answer, str | int | float) else f"a {type(answer).__name__}"


class Checker:
    """Checks answers in a notebook: runs the solution on what the notebook holds, and tells only the verdict.

    Parameters
    ----------
    chapter : str
        Name of the notebook in ``notebooks/``, without its ending.
    names : mapping
        ``globals()`` of the notebook.
    """

    def __init__(self, chapter: str, names: Mapping[str, object], folder: Path = NOTEBOOKS) -> None:
        self.exercises = {exercise.id: exercise for exercise in read(folder / f"{chapter}.ipynb")}
        self.names = names

    def __call__(self, number: str, answer=...) -> Verdict:
        """The verdict on an answer to exercise ``number``."""
        exercise = self.exercises[number]
        unanswered = judge(exercise, answer, math.nan)
        if exercise.wants == "words" or unanswered.state == UNANSWERED:
            return unanswered
        try:
            expected = solve(exercise, self.names)
        except NameError as error:
            return Verdict(number, UNANSWERED, f"run the cells above first: {error.name!r} is not there yet.")
        except Exception as error:  # noqa: BLE001  whatever an altered lesson leads to is told, not thrown
            changed = "the lesson above was changed so that the solution no longer runs"
            return Verdict(number, UNANSWERED, f"{changed} ({type(error).__name__}: {error}).")
        return judge(exercise, answer, expected)
