"""The form of policy.json: which names there are, and what each may hold."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, create_model, model_validator

from helpers.data.tables import check_encoding, check_separator
from helpers.encoders.supervised.mean_reader import READERS
from helpers.policy.card import FACTS, Section

Format = Literal[4]
FORMAT: Format = 4
Level = Annotated[str | bool | int | float, Field()]
Finite = Annotated[float, AfterValidator(lambda v: _only(v, math.isfinite(v), "must be a finite number"))]
Positive = Annotated[int, Field(ge=1)]


def _only(value, holds: bool, rule: str):
    if not holds:
        raise ValueError(rule)
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Column(_Strict):
    name: str = Field(min_length=1)
    kind: Literal["yes/no", "number", "category"]
    levels: list[Level]
    seen: list[Level]
    words: dict[str, Literal[0, 1]]
    fill: Finite | str | None
    marks: str | None

    @model_validator(mode="after")
    def _fits_its_kind(self):
        spelt = [str(level) for level in self.levels]
        _only(self, len(set(spelt)) == len(spelt), "levels: one is named twice")
        _only(self, all(level in self.levels for level in self.seen), "seen: holds what is not among the levels")
        _only(self, len(set(map(str, self.seen))) == len(self.seen), "seen: one is named twice")
        whole = {"yes/no": self.levels == [0, 1], "number": not self.levels, "category": len(self.levels) > 1}
        _only(self, whole[self.kind], f"levels: {len(self.levels)} given, which a {self.kind} column has not")
        _only(self, bool(self.seen) or self.kind == "number", "seen: is empty, so no record could be scored")
        _only(self, not self.words or set(self.words.values()) == {0, 1}, "words: must name 0 and 1")
        if self.kind == "number":
            _only(self, not isinstance(self.fill, str), "fill: must be a number")
        elif self.fill is not None:
            _only(self, self.kind == "category" and self.fill in self.seen, "fill: must be a level that was seen")
        return self


class _Table(_Strict):
    separator: str
    decimal: Literal[".", ","]
    thousands: Literal[".", ",", "'", " "] | None
    encoding: str
    empty: list[str]
    id: str | None
    text: str
    names: dict[str, str]

    @model_validator(mode="after")
    def _is_a_form(self):
        check_separator(self.separator)
        _only(self, self.thousands != self.decimal, "thousands: must differ from decimal")
        check_encoding(self.encoding)
        return self


class _Inputs(_Strict):
    id: str = Field(min_length=1)
    text: str | None
    columns: list[_Column]
    table: _Table | None

    @model_validator(mode="after")
    def _columns_fit_together(self):
        names = [self.id, *([self.text] if self.text else []), *(c.name for c in self.columns)]
        twice = sorted({name for name in names if names.count(name) > 1})
        _only(self, not twice, f"{twice} are named twice")
        by_name = {c.name: c for c in self.columns}
        marks = [c.marks for c in self.columns if c.marks is not None]
        for column in self.columns:
            if column.marks is not None:
                known = column.marks in by_name and column.kind == "yes/no" and marks.count(column.marks) == 1
                _only(self, known, f"columns: {column.name!r} marks {column.marks!r}, which is no other column")
                _only(self, by_name[column.marks].kind != "category", f"columns: {column.marks!r} has no fill to mark")
            if column.kind == "number" and column.fill is not None:
                _only(self, column.name in marks, f"columns: {column.name!r} has a fill, and no column marks it")
        if self.table is not None:
            wanted = {c.name for c in self.columns if c.marks is None}
            _only(self, wanted <= set(self.table.names), "table.names: lacks some of the columns")
        return self


class _Vectorizer(_Strict):
    """The settings that TfidfEncoder always uses; with others a word would weigh otherwise than in training."""

    lowercase: Literal[True]
    token_pattern: Literal[r"(?u)\b\w+\b"]
    ngram_range: list[int]
    sublinear_tf: Literal[True]
    norm: Literal["l2"]
    smooth_idf: Literal[True]
    use_idf: Literal[True]

    @model_validator(mode="after")
    def _is_ours(self):
        return _only(self, self.ngram_range == [1, 2], "ngram_range: must be [1, 2]")


class _Libraries(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    libraries: dict[str, str]


class _FrozenProvenance(_Libraries):
    precision: str = Field(pattern=r"^\w+ on \w+")


class _NoEncoder(_Strict):
    kind: Literal["none"]


class _TfidfSettings(_Strict):
    max_features: Positive
    min_df: Positive


class _Tfidf(_Strict):
    kind: Literal["tfidf"]
    settings: _TfidfSettings
    vectorizer: _Vectorizer
    terms: list[str] = Field(min_length=1)
    provenance: _Libraries

    @model_validator(mode="after")
    def _terms_differ(self):
        _only(self, len(set(self.terms)) == len(self.terms), "terms: one is named twice")
        _only(self, len(self.terms) <= self.settings.max_features, "terms: more than settings.max_features")
        return _only(self, all(term.strip() for term in self.terms), "terms: one is empty")


class _FrozenSettings(_Strict):
    name: str
    model: str = Field(min_length=1)
    revision: str | None
    prefix: str
    max_tokens: Positive | None
    token_budget: Positive | None


class _Frozen(_Strict):
    kind: Literal["frozen"]
    settings: _FrozenSettings
    provenance: _FrozenProvenance


class _Pooled(_Strict):
    kind: Literal["pooled"]
    how: Literal["mean", "max", "sections"]
    base: _FrozenSettings
    provenance: _FrozenProvenance


class _Readers(_Strict):
    """What ``Supervised.state`` gives; each reader's own values are under the seal."""

    name: str
    folds: Positive
    seed: int
    levels: list[Annotated[int, Field(ge=2)]] = Field(min_length=1)
    readers: list[dict[str, Any]] = Field(min_length=1)

    @model_validator(mode="after")
    def _are_known(self):
        kinds = [reader.get("kind") for reader in self.readers]
        return _only(self, all(kind in READERS for kind in kinds), f"readers: kind must be one of {list(READERS)}")


class _Reader(_Strict):
    kind: Literal["reader"]
    base: _FrozenSettings | _TfidfSettings | None
    reader: _Readers
    provenance: _Libraries

    @model_validator(mode="after")
    def _base_has_a_precision(self):
        if isinstance(self.base, _FrozenSettings):
            _FrozenProvenance.model_validate(self.provenance.model_dump())
        return self


_Fact = str | bool | int | Finite | None
_Ends = Annotated[list[Finite | None], Field(min_length=2, max_length=2)]
_FACTS: dict[str, Any] = {name: (_Fact, ...) for name in FACTS}
_Facts: Any = create_model("_Facts", __base__=_Strict, **_FACTS)


class _Card(_Facts):
    trained_on: str
    package_version: str
    metrics: dict[str, Finite | None]
    intervals: dict[str, _Ends]
    statements: dict[Section, list[str]]
    not_for: list[str]


class _Watched(_Strict):
    """One quantity in counts: bounds of bins, or levels and all others."""

    name: str = Field(min_length=1)
    edges: list[Finite]
    levels: list[str]
    counts: list[Annotated[int, Field(ge=0)]]

    @model_validator(mode="after")
    def _bins_have_counts(self):
        _only(self, bool(self.edges) != bool(self.levels), "edges, levels: must be one of them")
        _only(self, self.edges == sorted(set(self.edges)), "edges: must rise")
        return _only(self, len(self.counts) == len(self.edges or self.levels) + 1, "counts: one a bin is needed")


class _Estimate(_Strict):
    value: Finite
    se: Annotated[Finite, Field(ge=0)]
    freedom: Annotated[Finite, Field(gt=0)]


class _Calibration(_Strict):
    gap: _Estimate
    slope: _Estimate | None


class _Reference(_Strict):
    patients: Positive
    features: list[_Watched]
    calibration: _Calibration | None
    share: Finite | None
    cost: Finite | None


class SavedPolicy(_Strict):
    """All of policy.json."""

    format: Format
    kind: Literal["linear", "head", "plug"]
    lower_is_better: bool
    inputs: _Inputs
    encoder: Annotated[_NoEncoder | _Tfidf | _Frozen | _Pooled | _Reader, Discriminator("kind")]
    card: _Card
    reference: _Reference | None
    seal: str

    @model_validator(mode="after")
    def _note_is_read_by_an_encoder(self):
        reads = self.encoder.kind != "none"
        return _only(self, reads == (self.inputs.text is not None), "inputs.text: given without an encoder, or missing")
