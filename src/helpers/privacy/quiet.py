"""Frames that do not show their records."""

from __future__ import annotations

import html

import pandas as pd


class Quiet(pd.DataFrame):
    """A frame of records that people must not see by accident: it shows its shape and columns, its parts likewise.

    What may be shown is an aggregate: see :func:`helpers.report.results.shown`.
    """

    @property
    def _constructor(self):
        return Quiet

    @property
    def _constructor_sliced(self):
        return QuietSeries

    def __repr__(self) -> str:
        return f"Quiet frame: {len(self)} rows, columns {[str(c)[:60] for c in self.columns]}; values are not shown"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>"

    def to_string(self, *_, **__) -> str:
        """The same words: a log or page gets no value."""
        return repr(self)

    to_html = to_markdown = to_latex = to_string

    @property
    def style(self):
        """Refused: a styled table shows every value."""
        raise ValueError("a Quiet frame has no style, since that shows its values; style an aggregate of it.")

    def value_counts(self, *args, **kwargs) -> QuietSeries:
        """Counts, under the same cover: their labels are values of records."""
        return QuietSeries(super().value_counts(*args, **kwargs))

    def describe(self, *args, **kwargs) -> Quiet:
        """Summaries, under the same cover: the most frequent value of a column of notes is a note."""
        return Quiet(super().describe(*args, **kwargs))


class QuietSeries(pd.Series):
    """A column of a :class:`Quiet` frame."""

    @property
    def _constructor(self):
        return QuietSeries

    @property
    def _constructor_expanddim(self):
        return Quiet

    def __repr__(self) -> str:
        return f"Quiet column: {len(self)} rows of {self.dtype}; values are not shown"

    def to_string(self, *_, **__) -> str:
        """The same words."""
        return repr(self)

    to_markdown = to_latex = to_string

    def value_counts(self, *args, **kwargs) -> QuietSeries:
        """Counts, under the same cover: their labels are values of records."""
        return QuietSeries(super().value_counts(*args, **kwargs))

    def describe(self, *args, **kwargs) -> QuietSeries:
        """Summaries, under the same cover."""
        return QuietSeries(super().describe(*args, **kwargs))
