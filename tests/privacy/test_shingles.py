import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.privacy import shingles
from helpers.privacy.shingles import BLOCK, RUN, KnownTexts, normalised_text


def longest_shared(a: bytes, b: bytes) -> int:
    """Length of the longest common run, cell by cell."""
    best, row = 0, [0] * (len(b) + 1)
    for x in a:
        row = [0] + [row[j] + 1 if x == y else 0 for j, y in enumerate(b)]
        best = max(best, *row)
    return best


def test_letters_and_digits_count_and_nothing_else():
    assert normalised_text("Pt. c/o SOB;\nT 38.4\u00b0 [**") == b"ptcosobt384" == normalised_text(b"ptco sob t384")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 150), st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_it_finds_a_run_exactly_when_there_is_one_of_64(seed, length, lead, tail, offset):
    rng = np.random.default_rng(seed)

    def some(n):
        return bytes(rng.choice(list(b"ab01"), n).tolist())

    shared = some(length)
    book, note = some(lead) + shared + some(tail), some(offset) + shared + some(lead)
    found = list(KnownTexts([("page", book), ("other", b"z" * 200)]).search([note]))
    assert bool(found) == (longest_shared(book, note) >= RUN)
    for match in found:
        assert match.name == "page" and match.length >= RUN
        assert book[match.start : match.start + RUN] in note


def test_runs_do_not_cross_from_one_text_into_the_next():
    left, right = b"a1b2" * 10, b"c3d4" * 10
    known = KnownTexts([("one", b"x" * 70 + left), ("two", right + b"y" * 70)])
    assert list(known.search([left + right])) == []
    assert list(KnownTexts([]).search([left * 3])) == []
    assert list(KnownTexts([("short", b"abc")]).search([left * 3])) == []


@pytest.mark.parametrize("batch", [1, 1_000])
def test_batches_do_not_matter(monkeypatch, batch):
    rng = np.random.default_rng(0)
    notes = [bytes(rng.choice(list(b"abcdefgh"), 150).tolist()) for _ in range(40)]
    book = notes[7][20:110] + notes[31][:RUN]
    monkeypatch.setattr(shingles, "BATCH", batch)
    found = {m.start for m in KnownTexts([("book", book)]).search(notes)}
    assert found == {0, 90}
    assert RUN == 2 * BLOCK
