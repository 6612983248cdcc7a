"""Sentences, sections and their pooling, against a computation by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Hashed

from helpers.data.sentences import split_sections, split_sentences
from helpers.encoders.registry import make_encoder
from helpers.encoders.sentences import SectionEncoder, SentencePooling, bags_of, pool

NOTE = "**History**\nCough for 3 days; no fever. T 38.5 at home!\n\n**Physical Examination**\nLungs clear\nBP 120/80."


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))


def test_split_by_hand():
    assert split_sentences(NOTE) == [
        "Cough for 3 days;", "no fever.", "T 38.5 at home!", "Lungs clear", "BP 120/80."
    ]  # fmt: skip
    assert split_sentences("") == split_sentences(" \n ") == []
    history, exam = split_sections(NOTE)
    assert history.startswith("**History**") and exam.startswith("**Physical") and "fever" not in exam
    assert split_sections("one line") == ("one line", "")


@given(st.lists(st.text("ab .\n", max_size=20), max_size=6))
def test_bags_give_back_the_sentences(texts):
    bags = bags_of(texts)
    assert len(set(bags.unique)) == len(bags.unique)
    for i, text in enumerate(texts):
        assert [bags.unique[j] for j in bags.sentence[bags.note == i]] == split_sentences(text)
    rows = np.arange(len(texts))[::-1]
    turned = bags.take(rows)
    for k, i in enumerate(rows):
        assert list(turned.sentence[turned.note == k]) == list(bags.sentence[bags.note == i])


def test_bags_show_no_text():
    assert "Cough" not in repr(bags_of([NOTE]))


@pytest.mark.parametrize("how", ["max", "mean"])
def test_pooling_by_hand(how):
    texts, base = [NOTE, "", "Lungs clear"], Hashed()
    found = SentencePooling(base, how).transform(texts)
    for row, text in zip(found, texts, strict=True):
        vectors = base.transform(split_sentences(text))
        if len(vectors):
            pooled = vectors.max(0) if how == "max" else vectors.mean(0)
            np.testing.assert_allclose(row, pooled / np.linalg.norm(pooled), atol=1e-6)
        else:
            assert not row.any()
    assert pool(np.zeros((0, 4), np.float32), bags_of(["", ""]), how).shape == (2, 4)


def test_sections_by_hand():
    base = Hashed()
    found = SectionEncoder(base).transform([NOTE])
    np.testing.assert_allclose(found[0], np.hstack(base.transform(list(split_sections(NOTE)))), atol=1e-6)


def test_provenance_tells_poolings_apart():
    said = [make_encoder(f"minilm:{how}").provenance for how in ("max", "mean", "sections")]
    assert len({str(p) for p in said}) == 3
    with pytest.raises(ValueError, match="pooling"):
        SentencePooling(Hashed(), "median").transform([NOTE])
    with pytest.raises(ValueError, match="sections"):
        make_encoder("minilm:unknown")
