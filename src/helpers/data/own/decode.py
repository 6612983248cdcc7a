"""Columns of a user's table, from what is written to what is meant; faults are collected, not raised."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.data.own.spec import FieldSpec, Outcome, OwnSpec, Word, spelt
from helpers.data.simsum import YES_NO

MOST_LEVELS = 30


class Decoder:
    """Reads columns of a raw table by their role; ``faults`` lists what is wrong, by column and count.

    Parameters
    ----------
    spec : OwnSpec
    raw : DataFrame
        Strings (CSV) or typed columns (Parquet), under the table's own names.
    """

    def __init__(self, spec: OwnSpec, raw: pd.DataFrame) -> None:
        self.spec, self.faults = spec, []
        self.raw = raw.reset_index(drop=True)
        self.void = {c: self._void(self.raw[c]) for c in self.raw}
        if len(raw) == 0:
            self.faults.append("the table has no rows")

    def identifier(self, column: str) -> pd.Series:
        """Patient identifiers, as strings."""
        self._refuse(column, "id", self.void[column], "are empty", "every record belongs to a patient; fill it in")
        return self._strings(column).astype("str")

    def note(self, column: str) -> pd.Series:
        """The notes, as strings."""
        rule = "have no note"
        self._refuse(column, "text", self.void[column], rule, "leave these records out, or say 'no note' in them")
        return self._strings(column, strip=False).astype("str")

    def time(self, column: str) -> pd.Series:
        """When each record was written."""
        if pd.api.types.is_datetime64_any_dtype(self.raw[column]):
            found = self.raw[column]
        else:
            found = pd.to_datetime(self._strings(column), format="ISO8601", errors="coerce")
        self._refuse(column, "time", found.isna(), "are no times", "write them as 2024-03-01 or 2024-03-01T12:00")
        return found

    def outcome(self, outcome: Outcome) -> pd.Series:
        """The outcome as the user has it, as numbers."""
        if outcome.type == "binary":
            return self.binary(outcome.column, "outcome", outcome.present, outcome.absent).astype(float)
        found = self._numbers(outcome.column, "outcome")
        empty = self.void[outcome.column]
        self._refuse(outcome.column, "outcome", empty, "are empty", "leave out records whose outcome is not known")
        if outcome.type == "count":
            wrong = found.notna() & ((found < 0) | (found != found.round()))
            remedy = "counts are 0, 1, 2, ...; or write type: continuous"
            self._refuse(outcome.column, "outcome", wrong, "are no counts", remedy)
        return found

    def annotated(self, fields: Mapping[str, FieldSpec]) -> np.ndarray:
        """(n,) bool: records with an annotation in at least one field."""
        empty = np.column_stack([self.void[field.column or name] for name, field in fields.items()])
        return ~empty.all(axis=1)

    def field(self, column: str, role: str, field: FieldSpec, rows: np.ndarray) -> pd.Series:
        """A bedside column or annotation; outside ``rows`` nobody annotated, and nothing is asked."""
        empty = self.void[column] & rows
        if field.missing == "refuse":
            remedy = "fill them in, or write `missing: mark` to give them a level or column of their own"
            self._refuse(column, role, empty, "are empty", remedy)
        if field.type == "numeric":
            return self._numbers(column, role)
        if field.type == "categorical":
            return self._categories(column, role, field, empty)
        codes = self.binary(column, role, field.present, field.absent, asked=~self.void[column])
        return self._three_valued(codes, empty) if field.missing == "mark" and empty.any() else codes

    def binary(self, column: str, role: str, one: Word | None, zero: Word | None, asked=None) -> pd.Series:
        """0 and 1, from the two given words or from yes/no, true/false, 1/0; NaN where not asked."""
        words = YES_NO if one is None else {spelt(one): 1, spelt(zero): 0}
        codes = self._strings(column).map(lambda value: words.get(spelt(value), np.nan)).astype(float)
        asked = np.ones(len(codes), bool) if asked is None else np.asarray(asked)
        keys = ("treated", "untreated") if role == "treatment" else ("present", "absent")
        said = "yes/no, true/false or 1/0" if one is None else f"{one!r} or {zero!r}"
        remedy = f"name the two words by `{keys[0]}` and `{keys[1]}`, or correct them"
        self._refuse(column, role, codes.isna() & asked, f"are not {said}", remedy)
        return codes

    def _numbers(self, column: str, role: str) -> pd.Series:
        written = self.raw[column]
        if not pd.api.types.is_numeric_dtype(written):
            written = self._strings(column)
            written = written.str.replace(",", ".") if self.spec.decimal == "," else written
        found = pd.to_numeric(written.mask(self.void[column]), errors="coerce").astype(float)
        wrong = (found.isna() & ~self.void[column]) | np.isinf(found)
        self._refuse(column, role, wrong, "are no numbers", f"check the decimal sign (now {self.spec.decimal!r})")
        return found

    def _categories(self, column: str, role: str, field: FieldSpec, empty: pd.Series) -> pd.Series:
        written = self._strings(column).str.removesuffix(".0").mask(self.void[column])
        levels = field.levels or sorted(written.dropna().unique())
        strangers = ~written.isin(levels) & ~self.void[column]
        remedy = "correct them, or add the level"
        self._refuse(column, role, strangers, f"are not among the {len(levels)} levels of the spec", remedy)
        if not 2 <= len(levels) <= MOST_LEVELS:
            self.faults.append(
                f"column {column!r} ({role}): {len(levels)} different values; a categorical one has 2 to {MOST_LEVELS}"
            )
        if field.missing == "mark" and empty.any():
            levels, written = [*levels, "missing"], written.mask(empty, "missing")
        return pd.Series(pd.Categorical(written.mask(strangers), levels))

    def _three_valued(self, codes: pd.Series, empty: pd.Series) -> pd.Series:
        words = codes.map({0.0: "no", 1.0: "yes"}).mask(empty, "missing")
        return pd.Series(pd.Categorical(words, ["no", "yes", "missing"]))

    def _strings(self, column: str, strip: bool = True) -> pd.Series:
        found = self.raw[column].astype(object).where(self.raw[column].notna(), "").map(str)
        return found.str.strip() if strip else found

    def _void(self, written: pd.Series) -> pd.Series:
        words = set(self.spec.empty)
        return written.isna() | written.astype(object).map(lambda v: isinstance(v, str) and v.strip() in words)

    def _refuse(self, column: str, role: str, wrong: pd.Series, rule: str, remedy: str) -> None:
        if count := int(wrong.sum()):
            of = f"{count:,} of {len(wrong):,} values"
            self.faults.append(f"column {column!r} ({role}): {of} {rule}; {remedy}")
