"""A small phrase grammar, expanded column-wise: one draw of alternatives for all rows at once.

A bank is a mapping from rule name to alternatives. In an alternative, ``{name}`` stands for a column given by the
caller or else for another rule, and ``(a|b|c)`` for one of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

import numpy as np

from helpers.config import parse_yaml

_GROUP = re.compile(r"\(([^()|]*\|[^()]*)\)")
_SLOT = re.compile(r"\{([^{}]+)\}")


@cache
def read_bank(name: str) -> dict:
    """Parsed YAML of the packaged phrase file ``phrases/<name>.yml`` (do not change it in place)."""
    source = resources.files("helpers.data") / "phrases" / f"{name}.yml"
    return parse_yaml(source.read_text(encoding="utf-8"), f"phrases/{name}.yml")


class Grammar:
    """Rules compiled to lists of alternatives; each alternative is literal pieces around slot names.

    Parameters
    ----------
    rules : dict of str to list of str
        See the module's description for the notation.
    """

    def __init__(self, rules: dict[str, list[str]]):
        self._rules: dict[str, list[list[str]]] = {}
        for name, alternatives in rules.items():
            self._rules[name] = [self._compile(text) for text in alternatives]

    def __contains__(self, name: str) -> bool:
        return name in self._rules

    def _compile(self, text: str) -> list[str]:
        """Split into literal, slot, literal, ..., literal; groups become rules of their own."""
        while found := _GROUP.search(text):
            name = f"#{len(self._rules)}"
            self._rules[name] = []  # reserves the name while the parts are compiled
            self._rules[name] = [self._compile(part) for part in found[1].split("|")]
            text = f"{text[: found.start()]}{{{name}}}{text[found.end() :]}"
        return _SLOT.split(text)

    def draw(self, rule: str, rows: np.ndarray, rng: np.random.Generator, columns: dict) -> np.ndarray:
        """One random expansion of `rule` for each of `rows`.

        Parameters
        ----------
        rule : str
            Name of a rule.
        rows : (m,) int array
            Positions in `columns` that the expansions belong to.
        rng : numpy.random.Generator
        columns : dict of str to (n,) array
            Values of slots that are not rules, for all n records.

        Returns
        -------
        (m,) object array of str.

        Raises
        ------
        ValueError
            `rule` is neither a rule nor a column.
        """
        if rule in columns:
            return columns[rule][rows]
        if rule not in self._rules:
            raise ValueError(_unknown(rule))
        alternatives = self._rules[rule]
        out = np.empty(len(rows), dtype=object)
        picks = rng.integers(len(alternatives), size=len(rows))
        order = np.argsort(picks, kind="stable")
        bounds = np.searchsorted(picks[order], np.arange(len(alternatives) + 1))
        for alternative, low, high in zip(alternatives, bounds[:-1], bounds[1:], strict=True):
            if high > low:
                where = order[low:high]
                out[where] = self._fill(alternative, rows[where], rng, columns)
        return out

    def _fill(self, pieces: list[str], rows: np.ndarray, rng: np.random.Generator, columns: dict) -> list[str] | str:
        """Literals with every slot expanded (one string if there is no slot)."""
        if len(pieces) == 1:
            return pieces[0]
        text = [pieces[0]] * len(rows)
        for slot, literal in zip(pieces[1::2], pieces[2::2], strict=True):
            filled = self.draw(slot, rows, rng, columns)
            text = [f"{before}{value}{literal}" for before, value in zip(text, filled, strict=True)]
        return text

    def expand(self, rule: str, below: Callable[[int], int], slots: Mapping[str, str]) -> str:
        """One random expansion for a single record.

        Parameters
        ----------
        rule : str
            Name of a rule or of a slot.
        below : callable
            ``below(k)`` draws a whole number from 0 to k - 1.
        slots : mapping of str to str
            Values of slots that are not rules.

        Raises
        ------
        ValueError
            As :meth:`draw`.
        """
        if rule in slots:
            return slots[rule]
        if rule not in self._rules:
            raise ValueError(_unknown(rule))
        alternatives = self._rules[rule]
        first, *rest = alternatives[below(len(alternatives))]
        pieces = zip(rest[::2], rest[1::2], strict=True)
        return first + "".join(self.expand(slot, below, slots) + literal for slot, literal in pieces)

    def draw_by(self, rules: np.ndarray, rng: np.random.Generator, columns: dict) -> np.ndarray:
        """As :meth:`draw` for all rows, each with a rule of its own; an empty rule name gives ``""``."""
        out = np.full(len(rules), "", dtype=object)
        names = np.asarray(rules, dtype=object)
        for name in sorted(set(names)):
            if name:
                rows = np.flatnonzero(names == name)
                out[rows] = self.draw(name, rows, rng, columns)
        return out


def _unknown(rule: str) -> str:
    return f"phrase bank: no rule and no column is called {rule!r}; add it to the bank"
