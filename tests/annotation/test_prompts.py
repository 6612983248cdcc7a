"""The instruction for a local model, and good and bad answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.annotation.prompts import level_of, parse_answer, prompt_for

FIELDS = {"dysp": (0, 1), "fever": ("none", "low", "high")}


def test_the_prompt_names_fields_values_and_meaning():
    prompt = prompt_for(FIELDS, {"dysp": "shortness of breath"})
    assert '"dysp" (shortness of breath): one of 0, 1, "unknown"' in prompt
    assert '"fever": one of "none", "low", "high", "unknown"' in prompt
    assert prompt.endswith("Note:\n")
    example = prompt[prompt.index("{") : prompt.index("}") + 1]
    assert parse_answer(example, FIELDS).tolist() == [0, 0]
    with pytest.raises(ValueError, match="cough"):
        prompt_for(FIELDS, {"cough": "x"})


@pytest.mark.parametrize(
    ("answer", "levels"),
    [
        ('{"dysp": 1, "fever": "high"}', [1, 2]),
        ('{"fever": "Low", "dysp": "0"}', [0, 1]),
        ('{"dysp": "unknown", "fever": null}', [-1, -1]),
        ('{"dysp": true, "fever": ""}', [1, -1]),
        ('{"dysp": 1.0, "fever": "none"}', [1, 0]),
        ('Here it is:\n```json\n{"dysp": 0, "fever": "none"}\n```\nDone {really}.', [0, 0]),
        ('The set {a, b} first, then {"dysp": 0, "fever": "low"}', [0, 1]),
    ],
)
def test_good_answers(answer, levels):
    assert parse_answer(answer, FIELDS).tolist() == levels


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        ("", "no JSON object"),
        ("zebra says yes", "no JSON object"),
        ('{"dysp": 1, "fever": "hi', "no JSON object"),
        ('["dysp", 1]', "no JSON object"),
        ('{"dysp": 1}', "'fever' is missing"),
        ('{"dysp": 1, "fever": "zebra"}', "'fever' has a value"),
        ('{"dysp": 2, "fever": "low"}', "'dysp' has a value"),
        ('{"dysp": [1], "fever": "low"}', "'dysp' has a value"),
        ('{"dysp": {"zebra": 1}, "fever": "low"}', "'dysp' has a value"),
        ('{"dysp": NaN, "fever": "low"}', "'dysp' has a value"),
        ('{"dysp": 1, "dysp": 0, "fever": "low"}', "more than once"),
        ('{"dysp": 1, "fever": "low", "zebra": 1}', "1 fields that were not asked"),
        ("[" * 100_000 + "{" * 100_000, "no JSON object"),
        ('{"dysp":' * 100_000, "no JSON object"),
    ],
)
def test_bad_answers_are_refused_and_not_quoted(answer, part):
    with pytest.raises(ValueError, match=part) as error:
        parse_answer(answer, FIELDS)
    assert "zebra" not in str(error.value) and error.value.__context__ is None


@given(
    st.sampled_from([0, 1]), st.sampled_from(["none", "low", "high"]), st.text(st.characters(exclude_characters="{"))
)
def test_any_words_before_the_object_do_no_harm(dysp, fever, words):
    answer = words + json.dumps({"dysp": dysp, "fever": fever})
    assert parse_answer(answer, FIELDS).tolist() == [dysp, FIELDS["fever"].index(fever)]


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())))
def test_any_value_is_a_level_a_blank_or_refused(value):
    assert level_of(value, FIELDS["fever"]) in (None, -1, 0, 1, 2)


def test_a_level_named_unknown_is_a_level():
    assert level_of("Unknown", ("no", "unknown")) == 1


@pytest.mark.parametrize(
    ("value", "values", "level"),
    [
        ("None", ("None", "Mild"), 0),
        ("NA", ("None", "NA"), 1),
        ("null", ("null", "x"), 0),
        (None, ("None", "Mild"), -1),
        ("None", ("none", "low"), 0),
        ("None", ("no", "low"), None),
        ("v1.0", ("v1", "v2"), None),
        ("v1.0", ("v1", "v1.0"), 1),
        ("1.0", (0, 1), 1),
        (1.0, ("0.0", "1.0"), 1),
        ("1", ("0.0", "1.0"), 1),
        ("428", ("428.0", "401.9"), 0),
        ("A", ("a", "A"), 1),
        ("Ab", ("ab", "AB"), None),
        (True, ("false", "true"), 1),
        (True, (0, 1), 1),
        (0.5, ("0.5", "1.5"), 0),
        (float("inf"), (0, 1), None),
    ],
)
def test_what_a_word_is_among_the_values(value, values, level):
    assert level_of(value, values) == level
