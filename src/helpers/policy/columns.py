"""One bedside column of a policy: what its cells may say, as in the training, and which number each of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from helpers.data.own.decode import WORDS_NEEDED, as_levels
from helpers.data.written import LARGEST, YES_NO, numbers, plain, spelt

UNREADABLE = "\0"  # a cell that is neither text nor number, such as a list


class Form(Protocol):
    """How cells are written."""

    @property
    def decimal(self) -> str: ...
    @property
    def thousands(self) -> str | None: ...
    @property
    def empty(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Fault:
    """What is wrong in some rows of a column, and what to write instead.

    ``unseen``: sound in itself, but training records had none of it, so that nothing can be said of such a record; the
    others can be scored.
    """

    column: str
    what: str
    rows: np.ndarray
    remedy: str = ""
    unseen: bool = False

    def __str__(self) -> str:
        said = f"  {self.column}: {self.what} in {int(np.sum(self.rows))} of {len(self.rows)} rows"
        return f"{said}; {self.remedy}" if self.remedy else said


@dataclass(frozen=True)
class Column:
    """One tabular input.

    Parameters
    ----------
    name : str
    kind : {"yes/no", "number", "category"}
    levels : tuple
        Of a category, in the order of the design matrix; (0, 1) of yes/no; () of a number.
    seen : tuple
        Levels that training records took; records with others get no effect.
    words : dict
        How the training's table writes levels: word to the position of its level.
    fill : float, str or None
        What a gap counts as: a number (the median of the training) or a level; None: training records had no gap.
    marks : str or None
        This column is 1 where the column of this name has a gap.
    """

    name: str
    kind: str
    levels: tuple = ()
    seen: tuple = ()
    words: dict = field(default_factory=dict)
    fill: float | str | None = None
    marks: str | None = None

    @property
    def width(self) -> int:
        """Columns of the design matrix."""
        return len(self.levels) - 1 if self.kind == "category" else 1

    @property
    def answers(self) -> bool:
        """Whether it was asked as a yes/no question, perhaps with a level for no answer."""
        return self.kind == "yes/no" or tuple(map(str, self.levels[:2])) == ("no", "yes")

    def read(self, cells: pd.Series, form: Form, encoded: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """What n cells say.

        Parameters
        ----------
        cells : Series of n strings or values
        form : has ``decimal``, ``thousands`` and ``empty``, words for no value unless the column has such a level
        encoded : bool
            0 and 1 stand for no and yes even where the training's table uses them otherwise.

        Returns
        -------
        values : (n,) float array
            A number, or the position of a level; NaN where there is none.
        gap : (n,) bool array
            Where nothing is written, so that a fill may stand in.
        """
        words = cells.astype(object).where(cells.notna(), "").map(spelling)
        void = ((words == "") | words.isin(form.empty) | words.map(plain).isin(form.empty)).to_numpy(bool)
        typed = not pd.api.types.is_string_dtype(cells)
        counted = numbers(cells if typed else words, form.decimal, form.thousands).to_numpy(float)
        counted = np.where(np.abs(counted) > LARGEST, np.nan, counted)
        if self.kind == "number":
            return np.where(void, np.nan, counted), void
        if self.kind == "category":
            words = as_levels(words.mask(void & ~words.isin(self._spelt)), self._spelt).fillna("")
        known = {word: self._position(word, encoded) for word in words.unique()}
        values = words.map(known).to_numpy(float)
        if self.kind == "yes/no" and (encoded or not self._own_answers):  # 2 is a number, though none that was seen
            values = np.where(np.isnan(values) & ~void, counted, values)
        return values, void & np.isnan(values)

    @property
    def _spelt(self) -> list[str]:
        return [str(level) for level in self.levels] if self.kind == "category" else []

    @property
    def _own_answers(self) -> set[str]:
        """Words such as yes or 0 to which the training's table gives a meaning."""
        return {spelt(word) for word in self.words} & set(YES_NO)

    def _position(self, word: str, encoded: bool) -> float:
        """Position of the level that a word names, NaN if none; case matters only where levels differ in nothing else.

        An answer may be written as in the training's table, or as yes/no, true/false or 1/0 unless that table gives
        such a word another meaning.
        """
        if word in self._spelt:
            return self._spelt.index(word)
        levels = [_folded(level) for level in self._spelt]
        if levels.count(_folded(word)) == 1:
            return levels.index(_folded(word))
        words = {spelt(theirs): place for theirs, place in self.words.items()}
        if self.answers and encoded:
            words = YES_NO if self._own_answers else words | YES_NO
        elif self.answers and not self._own_answers:
            words = words | YES_NO
        return words.get(spelt(word), np.nan)

    def faults(self, label: str, values: np.ndarray, gap: np.ndarray, form: Form) -> list[Fault]:
        """Rows that cannot be scored, of values and gaps as :meth:`read` gives them."""
        wrong, gap = np.isnan(values) & ~gap, gap & (self.fill is None)
        gaps = Fault(label, "a gap, which training records had not", gap, unseen=True)
        if self.kind == "number":
            return [Fault(label, "no finite number", wrong, self._remedy(form)), gaps]
        known = [self.levels.index(level) for level in self.seen]
        strange = ~np.isnan(values) & ~np.isin(values, known)
        what = f"a value that training records had not (they had {list(self.seen)})"
        if self.kind == "category":  # an unknown word may well be a level that is new
            return [gaps, Fault(label, what, wrong | strange, unseen=True)]
        level = np.isin(values, self.levels)
        return [
            Fault(label, "neither yes nor no", wrong | strange & ~level, self._remedy(form)),
            gaps,
            Fault(label, what, strange & level, unseen=True),
        ]

    def _remedy(self, form: Form) -> str:
        if self.kind == "number":
            return f"write digits, one decimal sign ({form.decimal!r}) and nothing else"
        rule = " or ".join([*(["/".join(map(repr, self.words))] if self.words else []), "1/0, yes/no, true/false"])
        return f"write {rule}"


def column_of(series: pd.Series) -> Column:
    """The column of training records: its kind, levels, and those that are there."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        taken = set(series.dropna())
        levels = tuple(series.cat.categories.tolist())
        return Column(series.name, "category", levels, tuple(level for level in levels if level in taken))
    values = np.unique(series.to_numpy(float))
    if np.isin(values, [0, 1]).all():
        return Column(series.name, "yes/no", (0, 1), tuple(int(v) for v in values))
    return Column(series.name, "number")


def spelling(cell: object) -> str:
    """A cell as text without outer blanks."""
    return str(cell).strip() if isinstance(cell, WORDS_NEEDED) else UNREADABLE


def _folded(word: str) -> str:
    return " ".join(word.casefold().split())
