"""Saved policies with a single field or array damaged, sums made again: a refusal that names it, or the same scores."""

import copy
import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from safetensors.numpy import save as save_tensors
from test_policy import FACTS, fitted, make_cohort
from test_tables_scored import SPEC, table, trained

from helpers import policy
from helpers.effects.learners import AACE
from helpers.effects.networks.heads import HeadRegressor
from helpers.encoders.registry import make_encoder

pytestmark = pytest.mark.slow

STRANGE = [None, True, -1, 1.5, "x", [], {}, ["x"], 10**30]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A saved policy of an own table, and its content: (folder, plain values, arrays, records, scores)."""
    folder = tmp_path_factory.mktemp("damage")
    found, cohort = trained(folder, SPEC, table(120))
    saved = policy.save_policy(found, folder / "policy")
    plain, arrays = json.loads((saved / "policy.json").read_text()), load_file(saved / "weights.safetensors")
    records = cohort.frame.head(20)
    return saved, plain, arrays, records, policy.load_policy(saved).score(records)


def put(folder, plain, arrays, text=None):
    """The policy with these values and with sums that fit."""
    (folder / "policy.json").write_text(json.dumps(plain) if text is None else text)
    (folder / "weights.safetensors").write_bytes(arrays if isinstance(arrays, bytes) else save_tensors(arrays))
    sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in policy.POLICY_FILES]
    (folder / policy.SUMS).write_text("".join(sums))


def refused_or_same(made, plain, arrays, text=None):
    """The words of the refusal, None if the scores are the same; anything else fails."""
    saved, good, good_arrays, records, expected = made
    try:
        put(saved, plain, arrays, text)
        try:
            scores = policy.load_policy(saved).score(records)
        except ValueError as error:
            assert type(error) is ValueError and str(saved) in str(error) or "encoder" in str(error), error
            return str(error)
        assert scores.equals(expected)
        return None
    finally:
        put(saved, good, good_arrays)


def places(value, at=()):
    """Every place of nested plain values, lists by their first and last entries."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for i in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from places(value[i], (*at, i))


def changed(plain, at, change):
    """A copy in which the entry at a place is changed: ``change(parent, key)``."""
    again = copy.deepcopy(plain)
    parent = again
    for key in at[:-1]:
        parent = parent[key]
    change(parent, at[-1])
    return again


@pytest.mark.slow
def test_every_field_of_another_type_or_missing(made):
    """The fields that decide nothing (a fact of the card) may be anything of their kind."""
    _, plain, arrays, *_ = made
    silent, seen = set(), 0
    for at in list(places(plain))[1:]:
        for strange in STRANGE:
            damaged = changed(plain, at, lambda parent, key, new=strange: parent.__setitem__(key, new))
            seen += 1
            if damaged != plain and refused_or_same(made, damaged, arrays) is None:
                silent.add(at[:2])
        lacking = changed(plain, at, lambda parent, key: parent.__delitem__(key))
        if refused_or_same(made, lacking, arrays) is None:
            silent.add(at[:2])
    # Of what made the encoder, None says as much as nothing; the card's facts decide nothing.
    assert {at for at in silent if at[0] != "card"} <= {("encoder", "provenance")} and seen > 500


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (("inputs", "columns", 0, "fill"), 99.0, "not saved together"),
        (("inputs", "columns", 3, "words", "ja"), 0, "words: must name 0 and 1"),
        (("lower_is_better",), True, "not saved together"),
        (("lower_is_better",), "false", "lower_is_better"),
        (("inputs", "columns", 0, "kind"), "category", "columns.0"),
        (("inputs", "columns", 0, "name"), "crp", "'crp'.* named twice"),
        (("encoder", "terms", 0), "am", "terms: one is named twice"),
        (("encoder", "vectorizer", "sublinear_tf"), False, "sublinear_tf"),
        (("encoder", "kind"), "none", "encoder"),
        (("inputs", "table", "separator"), "x", "separator"),
        (("kind",), "head", "model/hidden.w"),
        (("format",), True, "format True"),
    ],
)
def test_the_field_at_fault_is_named(made, at, new, said):
    import re

    _, plain, arrays, *_ = made
    found = refused_or_same(made, changed(plain, at, lambda parent, key: parent.__setitem__(key, new)), arrays)
    assert found and re.search(said, found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "holds a list"),
        ("3", "holds a int"),
        ("{", "no JSON text"),
        ("", "no JSON text"),
        ('{"format": 3, "format": 3}', "'format' is given twice"),
        ('{"format": NaN}', "NaN is no number"),
        ('{"format": 3}', "kind: Field required"),
        ('{"format": 2}', "kind: Field required"),
        ('{"format": 2.0}', "format 2.0"),
        ('{"format": 1}', "reads formats 2, 3, 4. Export it again"),
        ("[" * 100_000, "no JSON text"),
        ("{}", "format None"),
    ],
)
def test_what_is_no_policy_at_all(made, text, said):
    found = refused_or_same(made, None, made[2], text)
    assert said in found


def test_columns_or_levels_in_another_order(made):
    _, plain, arrays, *_ = made
    for at in (("inputs", "columns"), ("inputs", "columns", 5, "levels"), ("encoder", "terms")):
        turned = changed(plain, at, lambda parent, key: parent.__setitem__(key, parent[key][::-1]))
        assert "not saved together" in refused_or_same(made, turned, arrays)


ARRAYS = {
    "of length 1": lambda a: a[:1],
    "longer": lambda a: np.append(a, a[:1]),
    "empty": lambda a: a[:0],
    "a column": lambda a: a[:, None],
    "a number": lambda a: a[0].reshape(()),
    "single precision": lambda a: a.astype(np.float16),
    "whole numbers": lambda a: a.astype(np.int64),
    "not a number": lambda a: np.where(np.arange(len(a)) == 0, np.nan, a).astype(a.dtype),
    "infinite": lambda a: np.where(np.arange(len(a)) == 0, -np.inf, a).astype(a.dtype),
    "turned around": lambda a: -a,
    "one other number": lambda a: np.where(np.arange(len(a)) == 0, 7, a).astype(a.dtype),
    "complex": lambda a: a.astype(np.complex64),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("name", ["model/weight", "model/constant", "encoder/idf"])
def test_every_array(made, name, kind):
    _, plain, arrays, *_ = made
    try:
        spoilt = np.ascontiguousarray(ARRAYS[kind](arrays[name]))
        content = save_tensors(arrays | {name: spoilt})
    except Exception:
        pytest.skip("safetensors does not hold such an array")
    if (
        spoilt.shape == arrays[name].shape
        and np.array_equal(spoilt, arrays[name])
        and spoilt.dtype == arrays[name].dtype
    ):
        assert refused_or_same(made, plain, content) is None
    else:
        assert "weights.safetensors" in refused_or_same(made, plain, content)


def test_arrays_that_are_missing_or_too_many(made):
    _, plain, arrays, *_ = made
    for name in arrays:
        kept = {k: v for k, v in arrays.items() if k != name}
        assert "expected" in refused_or_same(made, plain, kept)
        assert "expected" in refused_or_same(made, plain, arrays | {f"{name}2": arrays[name]})
    content = save_tensors(arrays)
    for cut in (0, 7, 60, len(content) // 2, len(content) - 1):
        assert "cannot be read" in refused_or_same(made, plain, content[:cut])


def test_a_network_is_checked_as_well(tmp_path):
    cohort = make_cohort(200)
    encoder = make_encoder("tfidf").fit(cohort.texts)
    learner, _ = fitted(cohort, encoder, AACE(HeadRegressor(epochs=2)))
    saved = policy.save_policy(
        policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS)), tmp_path / "head"
    )
    plain, arrays = json.loads((saved / "policy.json").read_text()), load_file(saved / "weights.safetensors")
    made = (saved, plain, arrays, cohort.frame.head(9), policy.load_policy(saved).score(cohort.frame.head(9)))
    for name in (n for n in arrays if n.startswith("model/")):
        other = np.float32 if arrays[name].dtype == np.float64 else np.float64
        for kind in (lambda a: a[..., :1], lambda a: a.T, lambda a: a.astype(other), lambda a: a + a.dtype.type(1)):  # noqa: B023
            spoilt = np.ascontiguousarray(kind(arrays[name]))
            alike = (spoilt.dtype, spoilt.shape) == (arrays[name].dtype, arrays[name].shape)
            if not alike or not np.array_equal(spoilt, arrays[name]):
                assert "weights.safetensors" in refused_or_same(made, plain, arrays | {name: spoilt}), name
