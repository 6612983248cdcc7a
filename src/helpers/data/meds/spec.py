"""What in a folder of MEDS plays which part: the file ``meds.yml``, checked on reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpers.config import load_yaml
from helpers.data.columns import MISSING_SUFFIX, RESERVED

TIME = "time"
TAKES = Literal["last", "count", "any", "age"]
KEPT_NAMES = (*RESERVED, "hour")
YES_NO_LEVELS = ("no", "yes")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Code(_Strict):
    """Codes by name, or by their beginning with ``*`` behind it, and what makes their numbers those of one unit."""

    code: str = Field(min_length=1)
    times: float = 1.0
    plus: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"code": value} if isinstance(value, str) else value

    @field_validator("code")
    @classmethod
    def _names_something(cls, code: str) -> str:
        if not code.strip("*/ "):
            raise ValueError("matches every code; write how the codes begin, as in LAB//220045//*")
        if "*" in code[:-1]:
            raise ValueError("* stands at the end only; name the codes one by one")
        return code

    @property
    def pattern(self) -> bool:
        """Whether it means all codes that begin so."""
        return self.code.endswith("*")

    def matches(self, code: str) -> bool:
        """Whether a code of the data is meant."""
        return code.startswith(self.code[:-1]) if self.pattern else code == self.code


class CodedPart(_Strict):
    """Anything that is told by codes."""

    codes: tuple[Code, ...] = Field(min_length=1, strict=False)


class Index(CodedPart):
    """The event that puts a patient into the cohort, the first of its kind; decisions are made some hours later."""

    hours_after: float = Field(0.0, ge=0, description="from the event to t0, when it is decided")


class TreatmentPart(CodedPart):
    """Given within the window: treated. Given before it: not in the cohort."""

    hours: float = Field(gt=0, description="length of the window from t0")
    washout_hours: float | None = Field(None, gt=0, description="how far back an earlier one counts; none: for ever")


class OutcomePart(CodedPart):
    """What happens after the window."""

    take: Literal["any", "count", "last"]
    hours: float = Field(gt=0, description="how long after the end of the window")
    until: tuple[Code, ...] = Field((), strict=False, description="the first of these after the window ends it earlier")
    better: Literal["lower", "higher"]


class Covariate(CodedPart):
    """What is known at the bedside at t0: the last number, a count, whether there was any, or the age in years."""

    take: TAKES
    hours: float | None = Field(None, gt=0, description="how far back before t0; none: for ever")
    unit: str = Field("", description="of the number, after `times` and `plus`")
    low: float | None = Field(None, description="a last number below it is taken for none")
    high: float | None = None
    static: bool = Field(False, description="rows without a time count, as those of sex do")

    @model_validator(mode="after")
    def _has_a_unit(self):
        if self.take == "last" and not self.unit:
            raise ValueError("take: last needs a unit, so that two units under one code are noticed")
        return self


class NotesPart(CodedPart):
    """Notes of one kind, and from when they count as written."""

    written: str = Field(description="`time`, or the column that tells when a note could be read")
    delay_hours: float = Field(0.0, ge=0, description="from then until it could be read, where only the first is known")
    hours: float | None = Field(None, gt=0, description="how far back before t0; none: for ever")


class Annotations(_Strict):
    """Confounders that an expert read off the notes: by codes of the data, or in a table beside ``meds.yml``."""

    file: str | None = Field(None, description=".csv with a row for each annotated patient")
    id: str = "subject_id"
    fields: dict[str, dict[str, tuple[Code, ...]] | tuple[str, ...]] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _codes_or_file(self):
        for name, levels in self.fields.items():
            if isinstance(levels, dict) == (self.file is not None):
                raise ValueError(f"{name}: with a file a list of levels, as in [no, yes]; without one, codes by level")
            if len(set(levels)) < max(2, len(levels)):
                raise ValueError(f"{name}: needs two or more different levels, the usual one first")
        return self


class MedsSpec(_Strict):
    """The parts that make a cohort."""

    title: str = "MEDS cohort"
    folder: str = Field(".", description="the MEDS folder, relative to this file")
    public: bool = Field(False, description="true: anyone may read these records (made-up or published ones)")
    stored: str | None = Field(None, description="column that tells when a row was stored; it counts from then")
    units: str | None = Field(None, description="column that tells the unit of a number, where shards have one")
    index: Index
    present: CodedPart | None = Field(None, description="who has one of these codes before the window ends is left out")
    least_age: float | None = Field(None, ge=0, description="years at t0, by MEDS_BIRTH")
    treatment: TreatmentPart
    outcome: OutcomePart
    covariates: dict[str, Covariate] = Field(min_length=1)
    notes: dict[str, NotesPart] = Field(min_length=1)
    annotations: Annotations

    @model_validator(mode="after")
    def _one_name_a_field(self):
        names = [*self.covariates, *self.annotations.fields]
        marks = {name + MISSING_SUFFIX for name, part in self.covariates.items() if part.take in ("last", "age")}
        used = sorted({n for n in names if n in KEPT_NAMES or n in marks or names.count(n) > 1})
        if used:
            raise ValueError(f"{used}: the study uses these names itself, or two fields have them; choose others")
        if unfit := [n for n in [*names, *self.notes] if not n.isidentifier()]:
            raise ValueError(f"{unfit}: names have letters, digits and _ alone, and begin with no digit")
        return self

    @model_validator(mode="after")
    def _nothing_of_afterwards(self):
        """A code of the outcome among covariates could tell the outcome; one of the treatment is always absent."""
        later = {code.code for code in (*self.outcome.codes, *self.treatment.codes)}
        both = sorted(n for n, part in self.covariates.items() if later & {code.code for code in part.codes})
        if both:
            raise ValueError(f"covariates {both}: have codes of the outcome or the treatment; leave them out")
        return self

    def parts(self) -> Iterator[tuple[str, tuple[Code, ...]]]:
        """Every part of the data by a name of its own, with its codes."""
        yield "index", self.index.codes
        yield "treatment", self.treatment.codes
        yield "outcome", self.outcome.codes
        yield from ((name, codes) for name, codes in (("until", self.outcome.until),) if codes)
        if self.present is not None:
            yield "gone", self.present.codes
        if self.least_age is not None:
            yield "birth", (Code(code="MEDS_BIRTH"),)
        yield from ((f"covariates.{name}", part.codes) for name, part in self.covariates.items())
        yield from ((f"notes.{name}", part.codes) for name, part in self.notes.items())
        for name, levels in self.annotations.fields.items():
            if isinstance(levels, dict):
                yield from ((f"annotations.{name}.{level}", codes) for level, codes in levels.items())

    def columns(self) -> list[str]:
        """Columns beside the standard's that the spec reads."""
        named = [self.stored, *(part.written for part in self.notes.values())]
        return sorted({name for name in named if name not in (None, TIME)})


def load_meds_spec(path: str | Path) -> MedsSpec:
    """Read and check a ``meds.yml``.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        The file breaks a rule; every fault is listed with its place.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. meds_spec is the path of a meds.yml; without it, the one in the folder meds_path."
        )
    try:
        return MedsSpec(**load_yaml(path))
    except ValidationError as error:
        lines = [f"  {_fault(e)}" for e in error.errors()]
        raise ValueError(f"{path} breaks the rules of a meds.yml:\n" + "\n".join(dict.fromkeys(lines))) from None


def _fault(error) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "file"
    if error["type"] == "extra_forbidden":
        return f"{place}: no such key here"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"
