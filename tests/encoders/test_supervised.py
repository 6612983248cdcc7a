"""Readers: what they learn, and that nothing but budgeted annotations of training records reaches them."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from small import LEVELS, Hashed, records

from helpers.data.fields import one_hot
from helpers.data.folds import patient_folds
from helpers.encoders.registry import without_annotations
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.mean_reader import MeanReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader, normalised_log_p
from helpers.encoders.supervised.sentence_reader import SentenceReader, attend, numbers_of, value_bounds
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.union import FeatureUnion

READERS = {
    "words": WordReader(),
    "vector": VectorReader(Hashed(), C=1.0),
    "sentences": SentenceReader(Hashed(), hidden=16, epochs=60, rate=0.02),
    "both": MeanReader([SentenceReader(Hashed(), hidden=16, epochs=60, rate=0.02), WordReader()]),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", READERS)
def test_reads_what_notes_say(name):
    texts, annotations, groups = records(400)
    fresh, truth, _ = records(200, seed=1)
    reader = Supervised(READERS[name]).fit(texts, annotations, LEVELS, groups=groups)
    p = np.exp(reader.log_proba(fresh))
    np.testing.assert_allclose(np.add.reduceat(p, [0, 2], axis=1), 1)
    labels = one_hot(truth, LEVELS)
    assert (p[:, 2:].argmax(1) == labels[:, 2:].argmax(1)).mean() > (0.6 if name == "vector" else 0.9)
    assert reader.transform(fresh).shape == (200, 6) and reader.transform([]).shape == (0, 6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader)).transform(fresh), reader.transform(fresh))


@pytest.mark.parametrize("name", READERS)
def test_annotations_beyond_the_budget_change_no_bit(name):
    texts, annotations, groups = records(240)
    annotated = groups % 3 > 0
    made = [annotations, np.where(annotated[:, None], annotations, np.nan)]
    made.append(np.where(annotated[:, None], annotations, annotations[::-1]))
    found = [Supervised(READERS[name], seed=5).fit(texts, a, LEVELS, annotated, groups) for a in made]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0].training_vectors_, other.training_vectors_)
        np.testing.assert_array_equal(found[0].transform(texts), other.transform(texts))


@pytest.mark.parametrize("name", READERS)
def test_carried_readers_give_the_same_bits(name, tmp_path):
    from safetensors.numpy import load_file, save_file

    texts, annotations, groups = records(240)
    reader = Supervised(READERS[name], "carried", seed=3).fit(texts, annotations, LEVELS, groups=groups)
    plain, arrays = reader.state()
    assert all(a.flags.c_contiguous for a in arrays.values())
    save_file(arrays, tmp_path / "arrays")
    again = Supervised.from_state(reader.base, json.loads(json.dumps(plain)), load_file(tmp_path / "arrays"))
    fresh = [*records(100, seed=1)[0], "", "Nothing known."]
    np.testing.assert_array_equal(again.log_proba(fresh), reader.log_proba(fresh))
    assert (again.name, again.base, again.holds_words) == (reader.name, reader.base, reader.holds_words)
    assert reader.holds_words == ("cough" in json.dumps(plain)) == (name in ("words", "both"))


def test_a_reader_of_another_version_is_refused():
    texts, annotations, groups = records(60)
    plain, arrays = Supervised(WordReader()).fit(texts, annotations, LEVELS, groups=groups).state()
    plain["readers"][1]["kind"] = "oracle"
    with pytest.raises(ValueError, match="kind = 'oracle'.*another version"):
        Supervised.from_state(None, plain, arrays)


def test_budgeted_annotations_do_change_it():
    texts, annotations, groups = records(240)
    first = Supervised(WordReader()).fit(texts, annotations, LEVELS, groups=groups)
    turned = Supervised(WordReader()).fit(texts, annotations[::-1].copy(), LEVELS, groups=groups)
    assert np.abs(first.training_vectors_ - turned.training_vectors_).max() > 0.1


def test_no_reader_sees_the_notes_it_is_asked_about_in_training():
    class Spy(WordReader):
        def fit(self, texts, labels, levels, groups=None):
            self.seen_ = set(texts)
            return super().fit(texts, labels, levels, groups)

        def log_proba(self, texts):
            self.asked_ = [*getattr(self, "asked_", []), set(texts)]
            return super().log_proba(texts)

    texts, annotations, groups = records(120)
    texts = [f"{t} Patient {g}." for t, g in zip(texts, groups, strict=True)]
    found = Supervised(Spy(), folds=3).fit(texts, annotations, LEVELS, groups=groups)
    asked = [reader.asked_[-1] for reader in found.readers_]
    assert set().union(*asked) == set(texts)
    for reader, held in zip(found.readers_, asked, strict=True):
        patients = [{t.rsplit(" ", 1)[1] for t in part} for part in (held, reader.seen_)]
        assert not patients[0] & patients[1]


def test_equal_weights():
    texts, annotations, groups = records(120)
    labels = one_hot(annotations, LEVELS)
    both = MeanReader([WordReader(), WordReader(C=0.1)]).fit(texts, labels, LEVELS, groups)
    p = [np.exp(reader.fit(texts, labels, LEVELS).log_proba(texts)) for reader in (WordReader(), WordReader(C=0.1))]
    mean = np.sqrt(p[0] * p[1])
    for part, got in zip(np.split(mean, [2], 1), np.split(np.exp(both.log_proba(texts)), [2], 1), strict=True):
        np.testing.assert_allclose(got, part / part.sum(1, keepdims=True), atol=1e-9)


def test_a_level_nobody_has():
    texts, annotations, groups = records(150)
    annotations[:, 2] = 0
    found = Supervised(WordReader()).fit(texts, annotations, LEVELS, groups=groups)
    assert (np.exp(found.log_proba(texts))[:, 4] < 0.05).all()


def test_refusals():
    texts, annotations, groups = records(40)
    with pytest.raises(ValueError, match="learns from annotations"):
        Supervised(WordReader()).fit(texts)
    with pytest.raises(ValueError, match="need 3 columns"):
        Supervised(WordReader()).fit(texts, annotations[:, :2], LEVELS)
    with pytest.raises(ValueError, match="neither 0 nor 1"):
        Supervised(WordReader()).fit(texts, annotations + 0.5, LEVELS)
    with pytest.raises(ValueError, match="too few"):
        Supervised(WordReader()).fit(texts, annotations, LEVELS, annotated=groups < 2, groups=groups)


def test_attention_by_loop():
    import torch

    rng = np.random.default_rng(0)
    votes, note = rng.normal(size=(7, 4)).astype(np.float32), np.array([0, 0, 2, 2, 2, 3, 3])
    got = attend(torch.from_numpy(votes), torch.from_numpy(note), 4).numpy()
    for i in range(4):
        v, w = votes[note == i, :2], np.exp(votes[note == i, 2:])
        np.testing.assert_allclose(got[i], (w * v).sum(0) / (1 + w.sum(0)), rtol=1e-5)


def test_numbers_of_sentences():
    sentences = ["T 38.5 now, 37.0 C before.", "BP 120/80, 5 days.", "version 1.2.3", "36.1", "CRP 38.5, T 101.3 F."]
    bounds = (np.array([36.5, 37.5, 38.5]), np.array([20.0, 40.0]))
    expected = [[1, 1, 1, 1, 0, 0, 0], [0] * 7, [0] * 7, [0, 0, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1, 0]]
    np.testing.assert_array_equal(numbers_of(sentences, bounds), expected)
    assert [len(b) for b in value_bounds(sentences)] == [20, 20]
    assert [len(b) for b in value_bounds(["Home T 39.0.", "5 days"])] == [20, 0]  # no column for what is not there
    assert [len(b) for b in value_bounds(["no number"])] == [0, 0]
    np.testing.assert_array_equal(numbers_of(["Home T 39.0.", "39.0"], (bounds[0], np.empty(0))), [[1] * 4, [0] * 4])


def test_folds_keep_patients_together_and_normalise():
    groups = np.repeat(np.arange(30), 3)
    fold = patient_folds(groups, 3, 0)
    assert all(len(set(fold[groups == g])) == 1 for g in range(30)) and set(fold) == {0, 1, 2}
    p = np.exp(normalised_log_p(np.random.default_rng(0).normal(size=(5, 5)), LEVELS))
    np.testing.assert_allclose(np.add.reduceat(p, [0, 2], axis=1), 1)


def test_beside():
    texts, _, _ = records(60)
    found = FeatureUnion([Hashed(), TfidfEncoder(max_features=20)]).fit(texts)
    words = TfidfEncoder(max_features=20).fit(texts).transform(texts)
    np.testing.assert_allclose(found.transform(texts), np.hstack([Hashed().transform(texts), words]), atol=1e-6)
    assert found.name == "hashed+tfidf"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("tfidf", "tfidf"), ("minilm:max", "minilm:max"), ("minilm:reader", "minilm"), ("minilm:tuned", "minilm")],
)
def test_name_without_annotations(name, expected):
    assert without_annotations(name) == expected
