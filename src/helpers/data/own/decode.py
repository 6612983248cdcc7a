"""Columns of a user's table, from what is written to what is meant; faults are collected, not raised."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers.data.own.spec import MISSING_LEVEL, FieldSpec, Outcome, OwnSpec
from helpers.data.written import (
    LARGEST,
    LARGEST_WHOLE,
    ROUNDED,
    WHOLE_FLOAT,
    YES_NO,
    each,
    folded,
    numbers,
    plain,
    spelt,
    without_letters,
)

MOST_LEVELS = 30
WORDS_NEEDED = (str, bool, int, float, np.bool_, np.number)
NUMBERS = (*WORDS_NEEDED, Decimal)
TIMES = (str, int, np.integer, datetime.date)
EMPTY = "`empty` in the spec lists the words for no value"
WHOLE_NUMBER = re.compile("[0-9]+")
ZONE = r"[0-9:.] ?(?:Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)$"
LEAST_SPREAD = 0.01  # standard deviation of an outcome whose effects three decimals can show
UNCLEAR = ("NA", "None")  # words for no value that are names as well


class Decoder:
    """Reads columns of a raw table by their role; ``faults`` and ``doubts`` list what is wrong or odd, without values.

    A cell has no value if it is blank or one of the spec's ``empty`` words, but for a word that the spec names as a
    value of that column.

    Parameters
    ----------
    spec : OwnSpec
    raw : DataFrame
        Strings (CSV) or typed columns (Parquet), under the table's own names.
    """

    def __init__(self, spec: OwnSpec, raw: pd.DataFrame) -> None:
        self.spec = spec
        self.faults: list[str] = []
        self.doubts: list[str] = []
        self.raw = raw.reset_index(drop=True)
        self.words = {c: self._strings(c).str.strip() for c in self.raw}
        self.void = {c: self._void(c) for c in self.raw}
        if len(raw) == 0:
            self.faults.append("the table has no rows")

    def identifier(self, column: str) -> pd.Series:
        """Patient identifiers, as strings."""
        self._refuse_unlike(column, "id", WORDS_NEEDED)
        remedy = f"every record belongs to a patient; fill it in. {EMPTY}"
        self._refuse(column, "id", self.void[column], "are empty", remedy)
        found, floats = self.words[column], pd.api.types.is_float_dtype(self.raw[column])
        rounded = self.raw[column].abs() >= LARGEST_WHOLE if floats else found.str.fullmatch(ROUNDED)
        remedy = "patients became one; write identifiers as text, every digit of them"
        self._refuse(column, "id", rounded, "are numbers whose last digits were rounded off", remedy)
        if floats:
            found = each(found, plain)
        self._refuse_alike(column, "id", found, "write that of a patient in one way")
        return found.astype("str")

    def note(self, column: str) -> pd.Series:
        """The notes, as strings."""
        void = self.void[column]
        remedy = f"leave these records out, or say 'no note' in them. {EMPTY}"
        self._refuse(column, "text", void, "have no note", remedy)
        given = self.words[column][~void]
        if len(given) and without_letters(given):
            self.faults.append(f"column {column!r} (text): holds numbers alone; name the column of the notes")
        else:
            self._refuse_unlike(column, "text", (str,))
            if len(given) > 1 and each(given, folded).nunique() == 1:
                self.doubts.append(f"column {column!r} (text): all {len(given):,} notes are the same, and tell nothing")
        return self._strings(column)

    def time(self, column: str) -> pd.Series:
        """When each record was written."""
        self._refuse_unlike(column, "time", TIMES)
        remedy = "write them as 2024-03-01 or 2024-03-01T12:00"
        if pd.api.types.is_datetime64_any_dtype(self.raw[column]):
            found = self.raw[column]
        else:
            zoned = self.words[column].str.contains(ZONE) & self.words[column].str.contains("[Tt ]")
            if zoned.any() and not zoned[~self.void[column]].all():
                self._refuse(column, "time", zoned, "have a time zone and others none", "write all in one way")
                return pd.Series(pd.NaT, index=zoned.index)
            found = pd.to_datetime(self.words[column], format="ISO8601", errors="coerce", utc=bool(zoned.any()))
        self._refuse(column, "time", found.isna(), "are no times", remedy)
        return found

    def outcome(self, outcome: Outcome) -> pd.Series:
        """The outcome as the user has it, as numbers."""
        column, before = outcome.column, len(self.faults)
        remedy = f"leave out records whose outcome is not known. {EMPTY}"
        self._refuse(column, "outcome", self.void[column], "are empty", remedy)
        if outcome.type == "binary":
            asked = ~self.void[column]
            found = self.binary(column, "outcome", outcome.words(), asked).astype(float)
        else:
            found = self._numbers(column, "outcome")
        if outcome.type == "count":
            wrong = found.notna() & ((found < 0) | (found != found.round()))
            remedy = "counts are 0, 1, 2, ...; or write type: continuous"
            self._refuse(column, "outcome", wrong, "are no counts", remedy)
        if len(self.faults) == before:
            self._refuse_constant(column, "outcome", found, "no treatment changed it, and nothing can be learned")
            if outcome.type == "continuous" and 0 < found.std() < LEAST_SPREAD:
                self.doubts.append(
                    f"column {column!r} (outcome): its standard deviation is below {LEAST_SPREAD:g}, and pages show "
                    f"three decimals; give it in a smaller unit, as nmol/l for mol/l"
                )
        return found

    def annotated(self, fields: Mapping[str, FieldSpec]) -> np.ndarray:
        """(n,) bool: records with an annotation in at least one field."""
        empty = np.column_stack([self.void[field.column or name] for name, field in fields.items()])
        return np.logical_not(empty.all(axis=1))

    def field(self, column: str, role: str, field: FieldSpec, rows: np.ndarray) -> pd.Series:
        """A bedside column or annotation; outside ``rows`` nobody annotated, and nothing is asked."""
        empty, before = self.void[column] & rows, len(self.faults)
        if field.missing == "refuse":
            remedy = "fill them in, or write `missing: mark` to give them a level or column of their own"
            self._refuse(column, role, empty, "are empty", remedy)
        elif rows.any() and empty[rows].all():
            self.faults.append(f"column {column!r} ({role}): holds no value at all; leave it out of the spec")
        found = self._decoded(column, role, field, empty)
        if role == "annotation" and len(self.faults) == before:
            self._refuse_constant(column, role, found[rows], "nothing differs by it; leave it out of the spec")
        return found

    def binary(self, column: str, role: str, words: tuple[str, ...], asked=None) -> pd.Series:
        """0 and 1, from the two given words or from yes/no, true/false, 1/0; NaN where not asked."""
        self._refuse_unlike(column, role, WORDS_NEEDED)
        known = {spelt(word): 1 - i for i, word in enumerate(words)} or YES_NO
        codes = each(self.words[column], lambda word: known.get(spelt(word), np.nan)).astype(float)
        asked = np.ones(len(codes), bool) if asked is None else np.asarray(asked)
        keys = ("treated", "untreated") if role == "treatment" else ("present", "absent")
        said = f"{words[0]!r} or {words[1]!r}" if words else "yes/no, true/false or 1/0"
        remedy = f"name the two words by `{keys[0]}` and `{keys[1]}`, or correct them"
        self._refuse(column, role, codes.isna() & asked, f"are not {said}", remedy)
        return codes

    def _decoded(self, column: str, role: str, field: FieldSpec, empty: pd.Series) -> pd.Series:
        if field.type == "numeric":
            return self._numbers(column, role)
        if field.type == "categorical":
            return self._categories(column, role, field, empty)
        codes = self.binary(column, role, field.words(), asked=~self.void[column]).mask(self.void[column])
        return self._three_valued(codes, empty) if field.missing == "mark" and empty.any() else codes

    def _numbers(self, column: str, role: str) -> pd.Series:
        typed = not pd.api.types.is_string_dtype(self.raw[column])
        written, void = self.raw[column] if typed else self.words[column], self.void[column]
        found = numbers(written, self.spec.decimal, self.spec.thousands).mask(void)
        remedy = (
            f"digits, one decimal sign (now {self.spec.decimal!r}), no unit; digits in groups, as in 1.250 for 1250, "
            f"need `thousands` in the spec"
        )
        self._refuse_unlike(column, role, NUMBERS)
        self._refuse(column, role, found.isna() & ~void, "are no numbers", remedy)
        self._refuse(
            column, role, found.abs() > LARGEST, f"are beyond {LARGEST:g}", "no measured number is; correct them"
        )
        return found

    def _categories(self, column: str, role: str, field: FieldSpec, empty: pd.Series) -> pd.Series:
        self._refuse_unlike(column, role, WORDS_NEEDED)
        written = self.words[column].mask(self.void[column])
        levels = field.levels or self._found_levels(column, role, field, written)
        written = as_levels(written, levels)
        strangers = ~written.isin(levels) & ~self.void[column]
        remedy = "correct them, or add the level"
        self._refuse(column, role, strangers, f"are not among the {len(levels)} levels of the spec", remedy)
        if not 2 <= len(levels) <= MOST_LEVELS:
            self.faults.append(
                f"column {column!r} ({role}): {len(levels)} different values; a categorical one has 2 to {MOST_LEVELS}"
            )
        if field.missing == "mark" and empty.any() and MISSING_LEVEL not in levels:
            levels, written = [*levels, MISSING_LEVEL], written.mask(empty, MISSING_LEVEL)
        return pd.Series(pd.Categorical(written.mask(strangers), levels))

    def _found_levels(self, column: str, role: str, field: FieldSpec, written: pd.Series) -> list[str]:
        """The different values of a column whose levels the spec leaves open, if it is clear which are different."""
        remedy = "name `levels` in the spec, or write them in one way"
        self._refuse_alike(column, role, written.dropna(), remedy)
        if field.missing == "mark":
            self._refuse(
                column, role, written == MISSING_LEVEL, f"read {MISSING_LEVEL!r}, as `missing: mark` does", remedy
            )
        if "empty" not in self.spec.model_fields_set:
            remedy = "name `levels` if that is one, else write `empty` into the spec, as in empty: [NA, None]"
            self._refuse(column, role, self.words[column].isin(UNCLEAR), f"read {' or '.join(UNCLEAR)}", remedy)
        found = sorted(written.dropna().unique())
        return [plain(level) for level in found] if _all_written(found, WHOLE_FLOAT) else found

    def _three_valued(self, codes: pd.Series, empty: pd.Series) -> pd.Series:
        words = codes.map({0.0: "no", 1.0: "yes"}).mask(empty, MISSING_LEVEL)
        return pd.Series(pd.Categorical(words, ["no", "yes", MISSING_LEVEL]))

    def _strings(self, column: str) -> pd.Series:
        if isinstance(self.raw[column].dtype, pd.StringDtype):
            return self.raw[column].fillna("").astype("str")
        return self.raw[column].astype(object).where(self.raw[column].notna(), "").map(str).astype("str")

    def _void(self, column: str) -> pd.Series:
        words, empty = self.words[column], {word.strip() for word in self.spec.empty}
        meant = each(words, spelt).isin([spelt(word) for word in self.spec.words().get(column, ())])
        return (words == "") | ((words.isin(empty) | each(words, plain).isin(empty)) & ~meant)

    def _refuse(self, column: str, role: str, wrong: pd.Series, rule: str, remedy: str) -> None:
        if count := int(wrong.sum()):
            of = f"{count:,} of {len(wrong):,} values"
            self.faults.append(f"column {column!r} ({role}): {of} {rule}; {remedy}")

    def _refuse_unlike(self, column: str, role: str, kinds: tuple) -> None:
        """Cells of a Parquet file that are no text or number: lists, bytes, records, times where words are due."""
        if not pd.api.types.is_string_dtype(self.raw[column]):
            cells = self.raw[column].astype(object)
            wrong = cells.notna() & ~cells.map(lambda cell: isinstance(cell, kinds))
            self._refuse(column, role, wrong, "are of another type (lists, bytes, times, ...)", "write them as text")

    def _refuse_alike(self, column: str, role: str, words: pd.Series, remedy: str) -> None:
        """Words that differ, but only by case, blanks or as 1 and 1.0 do."""
        different = words.drop_duplicates()
        keys = different.map(folded)
        rule = "differ from others by case, blanks or .0 alone"
        self._refuse(column, role, words.isin(different[keys.duplicated(keep=False)]), rule, remedy)

    def _refuse_constant(self, column: str, role: str, found: pd.Series, why: str) -> None:
        if len(found) > 1 and found.nunique() == 1:
            self.faults.append(f"column {column!r} ({role}): the same in all {len(found):,} records; {why}")


def _all_written(words, pattern: re.Pattern) -> bool:
    return all(pattern.fullmatch(word) for word in words)


def as_levels(written: pd.Series, levels: list[str]) -> pd.Series:
    """The words as the levels spell them, where one of the two holds nothing but whole numbers written as 1.0."""
    found = written.dropna().unique()
    alike = _all_written(found, WHOLE_FLOAT) or (
        _all_written(found, WHOLE_NUMBER) and _all_written(levels, WHOLE_FLOAT)
    )
    named = {plain(level): level for level in levels}
    if not alike or len(named) < len(levels):
        return written
    return each(written, lambda word: named.get(plain(word), word))
