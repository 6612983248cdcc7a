"""Readers: what they learn, and that nothing but budgeted annotations of training records reaches them."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from small import LEVELS, Hashed, records

from helpers.data.fields import one_hot
from helpers.data.folds import patient_folds
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes
from helpers.encoders.notes import Notes
from helpers.encoders.registry import make_encoder, without_annotations
from helpers.encoders.supervised.attention import attend, left_out
from helpers.encoders.supervised.crossfit import Supervised, probabilities_in, vectors_of
from helpers.encoders.supervised.mean_reader import MeanReader, gains, shares_of, three_sources
from helpers.encoders.supervised.regressions import VectorReader, WordReader, normalised_log_p
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.union import FeatureUnion

WAYS = (("normal", False), ("compact", False), ("normal", True), ("compact", True))
READERS = {
    "words": WordReader(),
    "vector": VectorReader(Hashed(), C=1.0),
    "sentences": SentenceReader(Hashed(), hidden=16, steps=60),
    "marked": three_sources(Hashed()),
    "both": MeanReader([SentenceReader(Hashed(), hidden=16, steps=60), WordReader()]),
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
        def fit(self, texts, labels, levels, groups=None, prepared=None):
            self.seen_ = {t.rsplit(" ", 1)[1] for t in texts}
            return super().fit(texts, labels, levels, groups, prepared)

    texts, annotations, groups = records(120)
    texts = [f"{t} {g}." for t, g in zip(texts, groups, strict=True)]
    found = Supervised(Spy(), folds=3).fit(texts, annotations, LEVELS, groups=groups)
    asked = np.zeros(len(texts), int)
    for reader in found.readers_:
        held = np.array([f"{g}." not in reader.seen_ for g in groups])
        expected = vectors_of(reader.log_proba([t for t, h in zip(texts, held, strict=True) if h]), LEVELS)
        np.testing.assert_array_equal(found.training_vectors_[held], expected)
        asked += held
    assert (asked == 1).all()


@pytest.mark.parametrize("name", READERS)
def test_neither_the_order_of_records_nor_names_of_patients_decide(name):
    texts, annotations, groups = records(240)
    annotated, order = groups % 3 > 0, np.random.default_rng(1).permutation(240)
    first = Supervised(READERS[name]).fit(texts, annotations, LEVELS, annotated, groups)
    names = [f"p{-g}" for g in groups[order]]
    turned = [texts[i] for i in order]
    second = Supervised(READERS[name]).fit(turned, annotations[order], LEVELS, annotated[order], names)
    compare = np.testing.assert_allclose if name == "vector" else np.testing.assert_array_equal
    compare(second.training_vectors_, first.training_vectors_[order])
    compare(second.transform(texts), first.transform(texts))


def test_the_number_of_threads_changes_no_bit():
    import torch

    texts, annotations, groups = records(240)
    found, before = [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(Supervised(READERS["sentences"]).fit(texts, annotations, LEVELS, groups=groups).transform(texts))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("how", ["sentences", "marked", "words", "reader", "projection"])
def test_readers_on_words(how):
    texts, annotations, groups = records(400)
    encoder = make_encoder(f"tfidf:{how}").fit(texts, annotations, LEVELS, groups=groups)
    fresh, truth, _ = records(200, seed=1)
    p = np.exp(encoder.log_proba(fresh))
    assert (p[:, 2:].argmax(1) == one_hot(truth, LEVELS)[:, 2:].argmax(1)).mean() > 0.8
    plain, arrays = encoder.state()
    again = Supervised.from_state(encoder.base, json.loads(json.dumps(plain)), arrays)
    np.testing.assert_array_equal(again.log_proba(fresh), encoder.log_proba(fresh))
    assert encoder.holds_words and "cough" in json.dumps(plain)


@pytest.mark.parametrize("how", ["sections", "max", "mean", "tfidf", "tuned", "tuned-last"])
def test_words_cannot_stand_in_for_a_frozen_model(how):
    kinds = "projection, words, sentences, marked, reader"
    with pytest.raises(ValueError, match=f"'tfidf:{how}': needs a frozen model.*{kinds}"):
        make_encoder(f"tfidf:{how}")


def test_what_is_prepared_looks_at_no_sentence_of_other_notes():
    texts, annotations, groups = records(200)
    every = Notes([*texts, *(f"Elsewhere {i}, {i}.5 C." for i in range(100))])
    alone = Supervised(READERS["sentences"]).fit(texts, annotations, LEVELS, groups=groups)
    beside = Supervised(READERS["sentences"]).fit(every.take(np.arange(200)), annotations, LEVELS, groups=groups)
    np.testing.assert_array_equal(alone.training_vectors_, beside.training_vectors_)


def test_a_field_of_one_level_and_records_without_a_sentence():
    texts, annotations, groups = records(200)
    texts[:40] = [""] * 40
    for reader in READERS.values():
        found = Supervised(reader).fit(texts, annotations, (1, 2, 3), groups=groups)
        log_p = found.log_proba([*texts, "Nothing known."])
        assert np.isfinite(log_p).all() and not log_p[:, 0].any()
    with pytest.raises(ValueError, match="none of the 40 notes has a sentence"):
        Supervised(READERS["sentences"]).fit(texts[:40], annotations[:40], LEVELS)


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
    votes, sentence, note = rng.normal(size=(5, 4)), np.array([1, 4, 0, 1, 1, 3, 2]), np.array([0, 0, 2, 2, 2, 3, 3])
    tensors = [torch.from_numpy(a) for a in (votes.astype(np.float32), sentence, np.searchsorted(note, np.arange(4)))]
    got = attend(*tensors).numpy()
    for i in range(4):
        v, w = np.split(votes[sentence[note == i]], 2, axis=1)
        np.testing.assert_allclose(got[i], (np.exp(w) * v).sum(0) / (1 + np.exp(w).sum(0)), rtol=1e-5)


def test_gains_and_weights_by_hand():
    """A reader that knows the first field alone, one that knows both, one that tells the shares and no more."""
    labels = one_hot(np.array([[0, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0]], float), LEVELS)
    share = np.tile(np.log(labels.mean(0)), (4, 1))
    sure = np.log(np.where(labels > 0, 0.9, 0.1 / np.repeat([1, 2], LEVELS)))
    first = np.hstack([sure[:, :2], share[:, 2:]])
    found = np.stack([gains(p, labels, LEVELS) for p in (first, sure, share)])
    entropy = [np.log(2), 0.5 * np.log(2) + 0.5 * np.log(4)]
    np.testing.assert_allclose(
        found, [[np.log(0.9) + entropy[0], 0], np.log(0.9) + np.array(entropy), [0, 0]], atol=1e-9
    )
    np.testing.assert_allclose(shares_of(found), [[0.5, 0], [0.5, 1], [0, 0]], atol=1e-9)
    np.testing.assert_allclose(shares_of(-found), 1 / 3)


def test_readers_are_weighed_field_by_field():
    texts, annotations, _ = records(300)
    labels = one_hot(annotations, LEVELS)
    mean = three_sources(Hashed()).fit(texts, labels, LEVELS)
    parts = [r.log_proba(texts) * np.repeat(w, LEVELS) for r, w in zip(mean.fitted_, mean.weights_)]
    np.testing.assert_allclose(mean.log_proba(texts), normalised_log_p(sum(parts), LEVELS))
    np.testing.assert_allclose(mean.weights_.sum(0), 1)
    assert (mean.weights_ > 0.2).all()


def test_one_that_sees_marks_alone_knows_no_other_words_and_is_not_heard_of_what_the_rules_have_no_words_for():
    texts, annotations, _ = records(300)
    labels = one_hot(annotations, LEVELS)
    marks = SentenceReader(Hashed(), hidden=16, steps=60, sees="marks").fit(texts, labels, LEVELS)
    other = [t.replace("Coughs at night.", "Hacks all day.").replace("Lives in street", "Works in shop") for t in texts]
    np.testing.assert_array_equal(marks.log_proba(other), marks.log_proba(texts))
    unknown = [t.replace("No cough.", "Claps rarely.").replace("Coughs", "Claps") for t in texts]
    silent = [t.replace("Temperature", "Slope").replace(" C.", " m.") for t in unknown]
    weights = three_sources(Hashed()).fit(silent, labels, LEVELS).weights_
    assert (weights[1] < 0.05).all() and (weights[[0, 2]] > 0.3).all()


def test_sentences_lack_one_source_or_the_other_but_never_both():
    import torch

    X = torch.ones(4_000, 5)
    kept = left_out(X, 3, (0.7, 0.2), torch.Generator().manual_seed(0)).numpy()
    ahead, behind = kept[:, :3].all(1), kept[:, 3:].all(1)
    np.testing.assert_array_equal([kept[:, :3].any(1), kept[:, 3:].any(1)], [ahead, behind])
    assert (ahead | behind).all()
    assert abs((~behind).mean() - 0.2) < 0.03 and abs((~ahead).mean() - 0.7 * 0.8) < 0.03
    with pytest.raises(ValueError, match="sees = 'ears'"):
        SentenceReader(Hashed(), sees="ears").fit(["A cough."], np.ones((1, 1)), (1,))


def test_wordings_that_the_training_notes_lack_are_read_better_than_by_the_embedding():
    """Notes of the grammar: learned at home, read in compact style and in wordings held out, few annotations."""
    n, seed, fields = 900, 11, ("dysp", "cough", "pain", "nasal", "fever")
    frame = sample_network(n, seed)
    truth = np.column_stack([frame[f].cat.codes > 0 if f == "fever" else frame[f] for f in fields])
    notes = {w: write_notes(frame, *w[:1], seed, paraphrase=w[1])["text"].tolist() for w in WAYS}
    train, test = np.arange(600), np.arange(600, n)
    losses = {}
    for name, reader in (("text", SentenceReader(Hashed(128))), ("marked", three_sources(Hashed(128)))):
        labels = one_hot(truth[train].astype(float), (2,) * 5)
        fitted = reader.fit([notes[WAYS[0]][i] for i in train], labels, (2,) * 5)
        for way in WAYS:
            p = fitted.log_proba([notes[way][i] for i in test])
            losses[name, way] = -(p * one_hot(truth[test].astype(float), (2,) * 5)).sum(1).mean()
    for way in WAYS:
        assert losses["marked", way] < losses["text", way] * (0.95 if way[1] or way[0] == "compact" else 1.02)


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
    [
        ("tfidf", "tfidf"),
        ("tfidf:sentences", "tfidf"),
        ("minilm:max", "minilm:max"),
        ("minilm:reader", "minilm"),
        ("minilm:tuned", "minilm"),
    ],
)
def test_name_without_annotations(name, expected):
    assert without_annotations(name) == expected


def test_the_vectors_hold_the_probabilities_of_every_level():
    texts, annotations, groups = records(120)
    reader = Supervised(WordReader()).fit(texts, annotations, LEVELS, groups=groups)
    p = probabilities_in(reader.transform(texts), LEVELS)
    np.testing.assert_allclose(p, np.exp(reader.log_proba(texts)), atol=1e-6)
    with pytest.raises(ValueError, match="need 6 columns"):
        probabilities_in(np.zeros((2, 5)), LEVELS)
