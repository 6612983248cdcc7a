"""Which column of a user's table plays which part: the file ``own.yml``, checked on reading."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpers.config import load_yaml

Word = str | bool | int | float
FieldKind = Literal["numeric", "binary", "categorical"]
OWN_ENDINGS = (".csv", ".csv.gz", ".parquet")
RESERVED = ("id", "text", "T", "Y", "time", "annotated", "mu0", "mu1", "e")


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
    levels: list[str] | None = Field(None, min_length=2, description="categorical: its values, the usual one first")
    present: Word | None = Field(None, description="binary: how 1 is written in the table")
    absent: Word | None = Field(None, description="binary: how 0 is written in the table")
    missing: Literal["refuse", "mark"] = Field("refuse", description="mark: empty values get a level or column")

    @field_validator("levels")
    @classmethod
    def _levels_differ(cls, levels):
        if levels is not None and len(set(levels)) < len(levels):
            raise ValueError("a level is named twice")
        return levels

    @model_validator(mode="after")
    def _words_fit_the_type(self):
        if self.levels is not None and self.type != "categorical":
            raise ValueError(f"levels are for categorical columns; this one is {self.type}")
        if self.present is not None and self.type != "binary":
            raise ValueError(f"present and absent are for binary columns; this one is {self.type}")
        return self


class Treatment(_TwoWords):
    """The treatment: one of two values in every record."""

    column: str
    treated: Word | None = None
    untreated: Word | None = None

    def _words(self) -> tuple[str, str]:
        return ("treated", "untreated")


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


class OwnSpec(_Strict):
    """The roles of the columns of one table."""

    title: str = "own table"
    table: str = Field(min_length=1, description="the file, relative to own.yml: .csv, .csv.gz or .parquet")
    separator: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    empty: list[str] = Field(["", "NA", "NaN", "nan", "NULL", "null", "None"], description="what stands for no value")
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

    @model_validator(mode="after")
    def _one_role_a_column(self):
        names = [*self.tabular, *self.annotations]
        taken = sorted({n for n in names if n in RESERVED or names.count(n) > 1})
        if taken:
            raise ValueError(
                f"{taken}: the study uses these names itself, or a field has them twice; choose another name and give "
                f"the table's as `column`"
            )
        columns = self.columns()
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


def spelt(value: Word) -> str:
    """How a value is compared: without case, outer blanks and a trailing .0."""
    return str(value).strip().lower().removesuffix(".0")


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
        return OwnSpec(**load_yaml(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}" if mark else ""
        raise ValueError(f"{path}: not valid YAML{where}; check the indentation and the colons.") from None
    except ValidationError as error:
        lines = [f"  {_fault(e)}" for e in error.errors()]
        raise ValueError(f"{path} breaks the rules of an own.yml:\n" + "\n".join(lines)) from None


def _fault(error: dict) -> str:
    place = ".".join(map(str, error["loc"])) or "file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    known = list(_model_at(error["loc"][:-1]).model_fields)
    close = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
    return f"{place}: unknown" + (f", did you mean {close[0]!r}?" if close else f"; valid here are {known}")


def _model_at(place: tuple) -> type[BaseModel]:
    """The model whose keys stand at a place of the file."""
    models = {(): OwnSpec, ("treatment",): Treatment, ("outcome",): Outcome}
    return models.get(tuple(place), FieldSpec)
