"""The hands of the desk: authors with habits of their own, and who wrote which note."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from helpers.data.grammar import Grammar, read_bank
from helpers.data.replica.text import numbered_rules

ARTICLES = ("the", "a", "an")
Weights = Mapping[str, float]


class Dice:
    """Draws for one note, by the one function of ``random`` that stays the same in all versions of Python."""

    def __init__(self, seed: int) -> None:
        self.uniform = random.Random(seed).random

    def below(self, k: int) -> int:
        """A whole number from 0 to k - 1."""
        return int(self.uniform() * k)

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.uniform() < p

    def one_of(self, weights: Weights) -> str:
        """A key, by the weights."""
        left = self.uniform() * sum(weights.values())
        for name, weight in weights.items():
            left -= weight
            if left < 0:
                return name
        return list(weights)[-1]

    def shuffled(self, items: Iterable) -> list:
        """The items in random order."""
        return [item for _, _, item in sorted((self.uniform(), i, item) for i, item in enumerate(items))]


@dataclass(frozen=True, repr=False)
class Author:
    """Habits of one hand; what each means stands at the top of ``phrases/authors.yml``."""

    name: str
    bank: str
    headings: tuple[str, str, str]
    opening: Weights
    tell: Weights
    deny: Weights
    join: tuple[float, float, float]
    joints: list[str]
    also: Weights
    rules: dict[str, list[str]] = field(default_factory=dict)
    layout: str = "prose"
    short: float = 0.0
    small: bool = False

    @property
    def grammar(self) -> Grammar:
        """Rules of the bank, of the desk and of the author; the later ones take the place of the earlier."""
        return _grammar(self.name)

    def shortener(self, dice: Dice):
        """A function that shortens a statement as this author does throughout one note."""
        kept = {long: brief for long, brief in read_bank("shortened").items() if dice.chance(self.short)}
        kept = {long: brief for long, brief in kept.items() if long not in ARTICLES or self.short > 0.7}
        if not kept:
            return lambda text: text
        pattern = re.compile(rf"\b({'|'.join(kept)})\b ?")
        return lambda text: pattern.sub(lambda found: _brief(found, kept), text).strip()


def _brief(found: re.Match, kept: dict[str, str]) -> str:
    """A short form with the blank that stood behind the long one; what is left out takes its blank along."""
    short = kept[found[1]]
    return short + " " if short and found[0].endswith(" ") else short


@cache
def desk() -> dict[str, Author]:
    """All authors by name."""
    return {name: Author(name=name, **habits) for name, habits in read_bank("authors").items()}


@cache
def _grammar(name: str) -> Grammar:
    author = desk()[name]
    rules = {**read_bank(author.bank), **numbered_rules(author.bank, ("cc",))}
    return Grammar({**rules, **read_bank("around"), **read_bank("telling"), **author.rules})


def assign_authors(n: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """Who writes each of n notes, each author as often, and the seed of each note's dice."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2_000,)))
    names = np.array(list(desk()), dtype=object)
    return names[rng.integers(len(names), size=n)], rng.integers(2**62, size=n).tolist()
