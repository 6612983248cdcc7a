"""The form of policy.json and of the arrays beside it: each name, type and shape is checked before any is used."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from helpers.data.tables import check_encoding, check_separator
from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.heads import HeadRegressor
from helpers.policy.card import FACTS, Section

Format = Literal[2]
FORMAT: Format = 2
Level = Annotated[str | bool | int | float, Field()]
Finite = Annotated[float, AfterValidator(lambda v: _only(v, math.isfinite(v), "must be a finite number"))]


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
    max_features: int = Field(ge=1)
    min_df: int = Field(ge=1)


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
    max_tokens: int | None = Field(ge=1)
    token_budget: int | None = Field(ge=1)


class _Frozen(_Strict):
    kind: Literal["frozen"]
    settings: _FrozenSettings
    provenance: _FrozenProvenance


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


class _Policy(_Strict):
    format: Format
    kind: Literal["linear", "head"]
    lower_is_better: bool
    inputs: _Inputs
    encoder: Annotated[_NoEncoder | _Tfidf | _Frozen, Discriminator("kind")]
    card: _Card
    seal: str

    @model_validator(mode="after")
    def _note_is_read_by_an_encoder(self):
        reads = self.encoder.kind != "none"
        return _only(self, reads == (self.inputs.text is not None), "inputs.text: given without an encoder, or missing")


def read_plain(content: bytes, folder: object) -> dict:
    """The plain values of a policy.json, each of the right name and type.

    Raises
    ------
    ValueError
        Names the field at fault and the rule.
    """
    try:
        plain = json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = str(error) if type(error) is ValueError else "it is no JSON text"
        raise _damaged(folder, "policy.json", said) from None
    if not isinstance(plain, dict):
        raise _damaged(folder, "policy.json", f"it holds a {type(plain).__name__}, not names and values")
    if plain.get("format") != FORMAT or isinstance(plain.get("format"), bool):
        raise ValueError(
            f"{folder}: format {plain.get('format')!r}; this version reads format {FORMAT}. Export it again."
        )
    try:
        _Policy.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "policy.json"
        raise _damaged(folder, f"policy.json: {place}", first["msg"].removeprefix("Value error, ")) from None
    return plain


def check_arrays(plain: dict, arrays: Mapping[str, np.ndarray], folder: object) -> None:
    """Refuse arrays that are not those of the plain values: by name, type, shape, and number by number finite.

    Raises
    ------
    ValueError
        Names the array at fault and the rule.
    """
    expected = _expected(plain, arrays)
    if set(arrays) != set(expected):
        said = f"holds {sorted(arrays)}; expected {sorted(expected)}"
        raise _damaged(folder, "weights.safetensors", said)
    for name, (dtype, shape) in expected.items():
        found = arrays[name]
        if found.dtype != dtype or found.shape != shape:
            said = f"{found.dtype} of shape {found.shape}; expected {np.dtype(dtype)} of shape {shape}"
            raise _damaged(folder, f"weights.safetensors: {name}", said)
        if not np.isfinite(found).all():
            raise _damaged(folder, f"weights.safetensors: {name}", "holds numbers that are not finite")
    if "encoder/idf" in arrays and arrays["encoder/idf"].min() < 1 - 1e-6:
        raise _damaged(folder, "weights.safetensors: encoder/idf", "holds weights below 1, which no word has")


def check_seal(plain: dict, arrays: Mapping[str, np.ndarray], folder: object) -> None:
    """Refuse fields and arrays that were not saved together.

    Raises
    ------
    ValueError
        One of them was changed, even if the check sums were made again.
    """
    if plain["seal"] != seal(plain, arrays):
        raise _damaged(folder, "policy.json and weights.safetensors", "they were not saved together as they are")


def seal(plain: Mapping, arrays: Mapping[str, np.ndarray]) -> str:
    """A digest of everything that decides on a score, but for what :func:`check_provenance` compares."""
    encoder = {k: v for k, v in plain["encoder"].items() if k != "provenance"}
    parts = {k: plain[k] for k in ("kind", "lower_is_better", "inputs")} | {"encoder": encoder}
    found = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for name in sorted(arrays):
        found.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode() + arrays[name].tobytes())
    return found.hexdigest()


def _expected(plain: dict, arrays: Mapping[str, np.ndarray]) -> dict[str, tuple]:
    """Type and shape of every array; the width of a frozen encoder's vectors is the one the weights have."""
    columns = plain["inputs"]["columns"]
    width = sum(len(c["levels"]) - 1 if c["kind"] == "category" else 1 for c in columns)
    encoder, first = plain["encoder"], "model/weight" if plain["kind"] == "linear" else "model/hidden.w"
    terms = len(encoder.get("terms", ()))
    expected: dict[str, tuple] = {"encoder/idf": (np.float32, (terms,))} if terms else {}
    d = width + terms
    if encoder["kind"] == "frozen":
        d = max(arrays[first].shape[0] if first in arrays and arrays[first].ndim else 0, width + 1)
    if plain["kind"] == "linear":
        return expected | {"model/weight": (np.float64, (d,)), "model/constant": (np.float64, (1,))}
    expected["model/scale"] = (np.float64, (2,))
    for name, inputs, units in NETWORKS[HeadRegressor.network].layers(d):
        expected |= {f"model/{name}.w": (np.float32, (inputs, units)), f"model/{name}.b": (np.float32, (1, units))}
    return expected


def _damaged(folder: object, place: str, said: str) -> ValueError:
    return ValueError(f"{folder}: {place}: {said}. The policy is damaged; fetch or export it again.")


def _once(pairs: list[tuple[str, Any]]) -> dict:
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is given twice")
    return dict(pairs)


def _no_number(word: str):
    raise ValueError(f"{word} is no number")
