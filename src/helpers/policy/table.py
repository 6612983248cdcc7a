"""How the table of the training was written, so that it, and tables like it, can be scored as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from helpers.data.own.spec import MISSING_LEVEL, MISSING_SUFFIX, OwnSpec
from helpers.policy.columns import Column


@dataclass(frozen=True)
class WrittenTable:
    """The form of a table of records.

    Parameters
    ----------
    separator, decimal, encoding : str
        Of a text file.
    thousands : str or None
        What stands between groups of three digits.
    empty : tuple of str
        What stands for no value.
    id : str or None
        The column of the identifiers; None: the first one.
    text : str
        The column of the notes.
    names : dict
        Name of a bedside column in the study to its name in the table.
    """

    separator: str = ","
    decimal: str = "."
    thousands: str | None = None
    encoding: str = "utf-8"
    empty: tuple[str, ...] = ()
    id: str | None = "id"
    text: str = "text"
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: OwnSpec) -> WrittenTable:
        """As an ``own.yml`` describes it; an id named "" stands in the first column."""
        names = {name: (column.column or name).strip() for name, column in spec.tabular.items()}
        empty = tuple(word.strip() for word in spec.empty)
        signs = (spec.separator, spec.decimal, spec.thousands, spec.encoding)
        return cls(*signs, empty, spec.id.strip() or None, spec.text.strip(), names)

    def __str__(self) -> str:
        return f"separator {self.separator!r}, decimal sign {self.decimal!r}, {self.encoding}"

    def find(self, names: Sequence[str], wanted: dict[str, str], encoded: bool) -> dict[str, str]:
        """Where a table with these names of columns has the wanted ones.

        Parameters
        ----------
        names : the columns there are
        wanted : dict
            What the study calls them, by role: ``id``, ``text``, and ``column:<name>``.
        encoded : bool
            The study's names come first; else those of the training's table.

        Returns
        -------
        dict from role to name, of those found.
        """
        found = {}
        for role, ours in wanted.items():
            place = next((name for name in self.named(role, ours, names, encoded) if name in names), None)
            if place is not None:
                found[role] = place
        return found

    def named(self, role: str, ours: str, names: Sequence[str], encoded: bool) -> tuple[str | None, ...]:
        """What a role's column may be called, the first choice first."""
        theirs = self._theirs(role, names)
        return (ours, theirs) if encoded else (theirs, ours)

    def _theirs(self, role: str, names: Sequence[str]) -> str | None:
        if role == "id":
            return self.id if self.id is not None else next(iter(names), None)
        return self.text if role == "text" else self.names.get(role.removeprefix("column:"))


PLAIN_TABLE = WrittenTable()


def as_written(column: Column, spec: OwnSpec | None) -> Column:
    """The column of training records, with the words of their table and what a gap in it becomes."""
    if spec is None:
        return column
    if column.name not in spec.tabular:
        marked = [
            name for name, asked in spec.tabular.items() if asked.gets_mark and name + MISSING_SUFFIX == column.name
        ]
        return replace(column, marks=next(iter(marked), None))
    asked = spec.tabular[column.name]
    words = {} if asked.present is None or asked.absent is None else {asked.absent.strip(): 0, asked.present.strip(): 1}
    gaps = asked.missing == "mark" and column.kind == "category" and MISSING_LEVEL in column.seen
    return replace(column, words=words, fill=MISSING_LEVEL if gaps else None)
