"""From statements to sentences: how authors join, shorten and break what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from helpers.data.replica.authors import Author, Dice
from helpers.data.replica.text import capitalise, enumerate_phrases

Run = tuple[list[str], int]  # statements of one topic, and how many of them may become one sentence
PROPER = frozenset(
    "January February March April May June July August September October November December Monday Tuesday Wednesday "
    "Thursday Friday Saturday Sunday Celsius Fahrenheit Phalen Murphy Dix-Hallpike Achilles".split()
)


def enumerated(phrases: Iterable[str]) -> dict[str, str]:
    """Slots for a list of phrases."""
    phrases = list(phrases)
    both = {"and": enumerate_phrases(phrases, "and"), "or": enumerate_phrases(phrases, "or")}
    return {**both, "slash": "/".join(phrases), "and_cap": capitalise(both["and"])}


def bare(text: str) -> str:
    """A sentence of a bank as a statement: no full stop, no blanks around, no capital unless it is one of a name."""
    text = " ".join(text.split()).replace(" ,", ",").strip(" ,;").removesuffix(".").rstrip()
    first = text.split(" ")[0].rstrip(",:")
    return text[:1].lower() + text[1:] if first[1:].islower() and first not in PROPER else text


def compose(runs: list[Run], author: Author, dice: Dice, shorten: Callable[[str], str], join: float) -> str:
    """Sentences of runs of statements: neighbours of a run are joined, long forms shortened, lines broken."""
    sentences = [s for run, most in runs for s in _joined(list(map(shorten, run)), most, author.joints, dice, join)]
    finished = [finish(s, author.small) for s in sentences]
    if author.layout == "list":
        return "\n".join(f"- {s}" for s in finished)
    broken = (0.0, 0.35, 1.0)[int(dice.one_of({"0": 0.5, "1": 0.35, "2": 0.15}))]
    return "".join(s + ("\n" if dice.chance(broken) else " ") for s in finished).strip()


def _joined(run: list[str], most: int, joints: list[str], dice: Dice, join: float) -> list[str]:
    """At most ``most`` statements become one, and none that is two sentences already."""
    sentences, size = run[:1], 1
    for statement in run[1:]:
        if size < most and ". " not in sentences[-1] and dice.chance(join):
            sentences[-1], size = sentences[-1] + joints[dice.below(len(joints))] + statement, size + 1
        else:
            sentences, size = [*sentences, statement], 1
    return sentences


def finish(statement: str, small: bool) -> str:
    """A sentence with its capital and its stop."""
    text = statement if small else capitalise(statement)
    return text if text[-1:] in ".?!" else f"{text}."
