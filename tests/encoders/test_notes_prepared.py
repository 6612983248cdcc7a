"""Notes that several look at: what is shared is what each would find alone."""

from __future__ import annotations

import numpy as np
import pytest
from small import Hashed, records

from helpers.artifacts.store import Store
from helpers.encoders import notes
from helpers.encoders.notes import Notes
from helpers.encoders.tfidf import TfidfEncoder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))


@pytest.mark.parametrize("base", [Hashed(), TfidfEncoder()])
def test_a_part_is_what_it_would_be_alone(base):
    texts = [*records(60)[0], "", "T 39.5 C. Zinc 5.5."]
    base.fit(texts)
    rows = np.array([61, 3, 60, 17, 3, 40])
    shared, alone = Notes(texts).take(np.arange(62)[::-1]).take(61 - rows), Notes([texts[i] for i in rows])
    assert list(shared) == list(alone) and shared.bags.unique == alone.bags.unique and len(shared) == 6
    np.testing.assert_array_equal(shared.bags.sentence, alone.bags.sentence)
    np.testing.assert_array_equal(shared.bags.note, alone.bags.note)
    np.testing.assert_array_equal(shared.measured, alone.measured)
    np.testing.assert_array_equal(shared.vectors(base), alone.vectors(base))


def test_a_frozen_encoder_is_asked_once():
    class Counting(Hashed):
        asked = 0

        def transform(self, texts):
            Counting.asked += len(texts)
            return super().transform(texts)

    notes, base = Notes(records(60)[0]), Counting()
    for part in (notes, notes.take(np.arange(30)), notes.take(np.arange(30)).take(np.arange(5))):
        part.vectors(base)
    assert Counting.asked == len(notes.bags.unique)


def test_notes_show_no_text():
    assert repr(Notes(["Coughs at night."])) == "Notes(n=1)"


def test_marks_of_sentences_are_kept_as_numbers_and_found_again(tmp_path, monkeypatch):
    texts = ["Coughs at night. No fever.", "No fever. Sleeps well."]
    plain, kept = Notes(texts).marks, Notes(texts, Store(tmp_path))
    np.testing.assert_array_equal(kept.marks, plain)
    np.testing.assert_array_equal(kept.take(np.array([1])).marks, plain[[1, 2]])
    assert not any(b"night" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    monkeypatch.setattr(notes._Rules, "transform", lambda *_: 1 / 0)
    np.testing.assert_array_equal(Notes(texts, Store(tmp_path)).marks, plain)
    assert Notes([], Store(tmp_path)).bags.unique == []
