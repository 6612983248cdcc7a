"""Marks of sentences are what the annotator finds in them, and shares of words."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.annotation.sentence_marks import mark_names, sentence_marks

NAMES = mark_names()


def stated(sentence: str) -> set[str]:
    row = sentence_marks([sentence])[0]
    return {name for name, value in zip(NAMES, row) if value == 1 and not name.startswith("words")}


@pytest.mark.parametrize(
    ("sentence", "marks"),
    [
        ("She coughs at night.", {"cough present"}),
        ("No cough, no runny nose.", {"cough absent", "nasal absent"}),
        ("Has a cough but denies chest pain.", {"cough present", "pain absent"}),
        ("Her son has a cough.", {"cough open"}),
        ("Return if short of breath.", {"dysp open"}),
        ("High fever since Monday.", {"fever present", "fever high"}),
        ("Low-grade fever.", {"fever present", "fever low"}),
        ("Feverish.", {"fever present", "fever of no degree"}),
        ("Temp 39.4 C.", {"fever present", "fever high"}),
        ("Temp 36.8 C.", {"fever absent"}),
        ("Call if temp above 38.5 C.", set()),
        ("Works as a teacher.", set()),
        ("", set()),
    ],
)
def test_a_sentence_is_marked_by_what_it_states(sentence, marks):
    assert stated(sentence) == marks


def test_shares_of_words_count_words_that_no_rule_knows():
    shares = {name: k for k, name in enumerate(NAMES) if name.startswith("words")}
    denied, plain, others = sentence_marks(
        ["Denies any wobbling or trembling.", "Wobbling and trembling.", "Son wobbles."]
    )
    assert denied[shares["words denied"]] > 0.6 and plain[shares["words denied"]] == 0
    assert others[shares["words of others"]] > 0.5 and plain[shares["words of others"]] == 0


def test_marks_of_a_sentence_depend_on_it_alone():
    some = ["No cough.", "Temp 39 C.", "Nothing else."]
    np.testing.assert_array_equal(sentence_marks(some)[::-1], sentence_marks(some[::-1]))
    assert sentence_marks([]).shape == (0, len(NAMES)) and sentence_marks(some).dtype == np.float32


def test_errors_show_no_text():
    with pytest.raises(Exception) as error:
        sentence_marks(["fine", 3])
    assert "fine" not in str(error.value)
