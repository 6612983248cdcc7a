"""Which column of a user's table plays which part: the file ``own.yml``, checked on reading."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from helpers.config import load_yaml
from helpers.data.columns import MISSING_SUFFIX, RESERVED
from helpers.data.tables import check_encoding, check_separator
from helpers.data.written import YES_NO, spelt

# As typed: load_spec leaves every value its text, so that no, 1.0 and 2024-01-01 are words like others.
Word = Annotated[str, BeforeValidator(lambda value: str(value).lower() if isinstance(value, bool) else value)]
FieldKind = Literal["numeric", "binary", "categorical"]
OWN_ENDINGS = (".csv", ".csv.gz", ".parquet")
MENTION = "said_"  # columns of generated records that tell what a note mentions
MISSING_LEVEL = "missing"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class _TwoWords(_Strict):
    @model_validator(mode="after")
    def _both_or_neither(self):
        one, other = (getattr(self, name) for name in self._words())
        if (one is None) != (other is None):
            raise ValueError(f"give both {' and '.join(self._words())}, or neither")
        if one is not None and spelt(one) == spelt(other):
            raise ValueError(f"{' and '.join(self._words())} are the same")
        return self

    def _words(self) -> tuple[str, str]:
        return ("present", "absent")


class FieldSpec(_TwoWords):
    """A bedside column or an annotation; ``missing`` says what an empty value means."""

    type: FieldKind
    column: str | None = Field(None, description="its name in the table, where it should have another one here")
    levels: list[Word] | None = Field(None, min_length=2, description="categorical: its values, the usual one first")
    present: Word | None = Field(None, description="binary: how 1 is written in the table")
    absent: Word | None = Field(None, description="binary: how 0 is written in the table")
    missing: Literal["refuse", "mark"] = Field("refuse", description="mark: empty values get a level or column")

    @field_validator("levels")
    @classmethod
    def _levels_differ(cls, levels):
        levels = levels and [level.strip() for level in levels]
        if levels and len(set(levels)) < len(levels):
            raise ValueError("a level is named twice")
        if levels and "" in levels:
            raise ValueError("a level has no name")
        return levels

    @model_validator(mode="after")
    def _words_fit_the_type(self):
        if self.levels is not None and self.type != "categorical":
            raise ValueError(f"levels are for categorical columns; this one is {self.type}")
        if self.present is not None and self.type != "binary":
            raise ValueError(f"present and absent are for binary columns; this one is {self.type}")
        if self.missing == "mark" and MISSING_LEVEL in (self.levels or ()):
            raise ValueError(f"missing: mark adds a level {MISSING_LEVEL!r}, which levels has already; rename that one")
        return self

    @property
    def gets_mark(self) -> bool:
        """Whether empty values are told by a column of their own, ``<name>_missing``."""
        return self.type == "numeric" and self.missing == "mark"

    def words(self) -> tuple[str, ...]:
        """What the spec names as a value of this column."""
        return tuple(self.levels or ()) + tuple(word for word in (self.present, self.absent) if word is not None)


class Treatment(_TwoWords):
    """The treatment: one of two values in every record."""

    column: str
    treated: Word | None = None
    untreated: Word | None = None

    def _words(self) -> tuple[str, str]:
        return ("treated", "untreated")

    def words(self) -> tuple[str, ...]:
        """What the spec names as a value of this column."""
        return tuple(word for word in (self.treated, self.untreated) if word is not None)


class Outcome(_TwoWords):
    """The outcome and its good direction."""

    column: str
    type: Literal["continuous", "count", "binary"]
    better: Literal["lower", "higher"]
    present: Word | None = None
    absent: Word | None = None

    @model_validator(mode="after")
    def _words_fit_the_type(self):
        if self.present is not None and self.type != "binary":
            raise ValueError(f"present and absent are for a binary outcome; this one is {self.type}")
        return self

    def words(self) -> tuple[str, ...]:
        """What the spec names as a value of this column."""
        return tuple(word for word in (self.present, self.absent) if word is not None)


class OwnSpec(_Strict):
    """The roles of the columns of one table."""

    title: str = "own table"
    table: str = Field(min_length=1, description="the file, relative to own.yml: .csv, .csv.gz or .parquet")
    separator: str = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", "'", " "] | None = Field(None, description="sign between groups of three digits")
    encoding: str = "utf-8"
    empty: list[Word] = Field(
        ["", "NA", "NaN", "nan", "NULL", "null", "None"],
        description="what stands for no value, but for a word that is named as a value of its column",
    )
    public: bool = Field(False, description="true: anyone may read these records (made-up or published ones)")
    id: str = Field(description="patient")
    text: str = Field(description="the note")
    time: str | None = Field(None, description="when the record was written, as 2024-03-01 or 2024-03-01T12:00")
    tabular: dict[str, FieldSpec] = Field(default_factory=dict, description="what is known at the bedside")
    annotations: dict[str, FieldSpec] = Field(min_length=1, description="confounders an expert read off the note")
    treatment: Treatment
    outcome: Outcome

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, values: Any) -> Any:
        """``age: numeric`` for ``age: {type: numeric}`` and ``treatment: drug`` for ``{column: drug}``."""
        if not isinstance(values, dict):
            return values
        values = dict(values)
        for role in ("tabular", "annotations"):
            if isinstance(values.get(role), dict):
                values[role] = {k: {"type": v} if isinstance(v, str) else v for k, v in values[role].items()}
        if isinstance(values.get("treatment"), str):
            values["treatment"] = {"column": values["treatment"]}
        return values

    @field_validator("separator")
    @classmethod
    def _separates(cls, separator):
        check_separator(separator)
        return separator

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding):
        check_encoding(encoding)
        return encoding

    @model_validator(mode="after")
    def _signs_and_words_are_clear(self):
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        plain = [f for f in self.fields().values() if f.type == "binary" and f.present is None]
        plain += [self.treatment] if self.treatment.treated is None else []
        plain += [self.outcome] if self.outcome.type == "binary" and self.outcome.present is None else []
        both = sorted({word for word in self.empty if spelt(word) in YES_NO})
        if plain and both:
            raise ValueError(
                f"empty: {both} are values of binary columns whose two words are not named; name them, or leave these "
                f"out of empty"
            )
        return self

    @model_validator(mode="after")
    def _one_role_a_column(self):
        names = [*self.tabular, *self.annotations]
        marks = [name + MISSING_SUFFIX for name, field in self.fields().items() if field.missing == "mark"]
        used = {n for n in names if n in RESERVED or n.startswith(MENTION) or n in marks or names.count(n) > 1}
        if used:
            raise ValueError(
                f"{sorted(used)}: the study uses these names itself, or a field has them twice; choose another name "
                f"and give the table's as `column`"
            )
        if blank := [name for name in names if name != name.strip() or not name]:
            raise ValueError(f"{blank}: a name is not empty, and neither begins nor ends with a blank")
        columns = [column.strip() for column in self.columns()]
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            raise ValueError(f"column {twice} has several roles; a column has one, or the outcome could leak into phi")
        if not self.table.lower().endswith(OWN_ENDINGS):
            raise ValueError(f"table must end in one of {', '.join(OWN_ENDINGS)}")
        return self

    def fields(self) -> dict[str, FieldSpec]:
        """Name in the study -> field, bedside columns first."""
        return {**self.tabular, **self.annotations}

    def columns(self) -> list[str]:
        """Every named column of the table, in role order."""
        single = [self.id, self.text, self.treatment.column, self.outcome.column, self.time]
        return [c for c in single if c] + [field.column or name for name, field in self.fields().items()]

    def words(self) -> dict[str, tuple[str, ...]]:
        """Column of the table -> what the spec names as a value of it."""
        named = {self.treatment.column: self.treatment.words(), self.outcome.column: self.outcome.words()}
        return named | {field.column or name: field.words() for name, field in self.fields().items()}


def load_spec(path: str | Path) -> OwnSpec:
    """Read and check an ``own.yml``.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        The file breaks a rule; every fault is listed with its place, and unknown names with the closest valid one.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. own_spec is the path of an own.yml; `who-to-treat example-own --out FOLDER` writes "
            f"one to start from."
        )
    try:
        return OwnSpec(**load_yaml(path, as_written=True))
    except ValidationError as error:
        lines = [f"  {_fault(e)}" for e in error.errors()]
        raise ValueError(f"{path} breaks the rules of an own.yml:\n" + "\n".join(lines)) from None


def _fault(error: ErrorDetails) -> str:
    place = ".".join(map(str, error["loc"])) or "file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    known = list(_model_at(error["loc"][:-1]).model_fields)
    close = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
    return f"{place}: unknown" + (f", did you mean {close[0]!r}?" if close else f"; valid here are {known}")


def _model_at(place: tuple) -> type[BaseModel]:
    """The model whose keys stand at a place of the file."""
    models: dict[tuple, type[BaseModel]] = {(): OwnSpec, ("treatment",): Treatment, ("outcome",): Outcome}
    return models.get(tuple(place), FieldSpec)
