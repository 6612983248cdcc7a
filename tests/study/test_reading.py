"""The reader of a training side: what it is given, and what it keeps."""

import numpy as np
import pytest

from helpers import config, encoders, study
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.regressions import WordReader
from helpers.study.reading import Reading


class Spy(Supervised):
    """Notes what it learns from."""

    learned = []

    def fit(self, texts, annotations=None, levels=None, annotated=None, groups=None):
        self.learned.append((texts, annotations, annotated))
        return super().fit(texts, annotations, levels, annotated, groups)


@pytest.fixture
def trial(monkeypatch, tmp_path):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))
    real = encoders.make_encoder

    def make(name, **more):
        return Spy(WordReader()) if name.endswith(":words") else real(name, **more)

    monkeypatch.setattr(encoders, "make_encoder", make)
    monkeypatch.setattr(Spy, "learned", [])
    return next(iter(study.replications(config.load(n=300, encoder="tfidf", reader="words", budget=0.5), [0])))


def test_the_reader_learns_from_annotated_training_records_only(trial):
    assert Spy.learned == [], "nobody has asked for what it reads"
    read = trial.read_train
    ((texts, annotations, annotated),) = Spy.learned
    assert list(texts) == trial.train.texts and np.isnan(annotations[~annotated]).all()
    np.testing.assert_array_equal(annotated, trial.annotated)
    np.testing.assert_array_equal(annotations[annotated], trial.train.annotations[annotated])
    np.testing.assert_array_equal(read.tabular, trial.train.tabular.astype(np.float32))


def test_vectors_are_the_readers_own(trial):
    own = Spy(WordReader()).fit(
        trial.train.texts, trial.train.annotations, trial.train.levels, trial.annotated, trial.train.ids
    )
    np.testing.assert_array_equal(trial.read_train.text, own.training_vectors_)
    np.testing.assert_array_equal(trial.read_test.text, own.transform(trial.test.texts))


def test_what_was_read_is_found_again_whatever_treatment_and_outcome(trial):
    first = trial.read_train.phi, trial.read_test.phi
    (other,) = study.replications(trial.config.model_copy(update={"process": "v2"}), [0])
    assert not np.array_equal(other.train.Y, trial.train.Y)
    np.testing.assert_array_equal(other.read_train.phi, first[0])
    np.testing.assert_array_equal(other.read_test.phi, first[1])
    assert len(Spy.learned) == 1


def test_other_annotations_are_read_by_another_reader(trial):
    before = trial.read_train.text
    wrong = 1 - trial.train.annotations
    wrong[3] = np.nan
    reading = Reading(trial.config, trial.train, trial.annotated, wrong)
    after = reading.of_training().text
    assert len(Spy.learned) == 2 and not np.array_equal(before, after)
    assert not Spy.learned[1][2][3], "a record with a gap is not looked at"


def test_learners_without_annotations_never_see_it():
    with pytest.raises(ValueError, match="learns without annotations"):
        study.strategy_named("dr@read")
    assert all(s.annotated for s in study.STRATEGIES.values() if s.features == "read")


@pytest.mark.parametrize(
    ("encoder", "frozen", "reader"),
    [
        ("minilm", "minilm", "minilm:marked"),
        ("minilm:mean", "minilm:mean", "minilm:marked"),
        ("minilm:tuned", "minilm", "minilm:tuned"),
        ("tfidf", "tfidf", "tfidf:marked"),
        ("org/model@abc", "org/model@abc", "org/model@abc:marked"),
    ],
)
def test_names_of_frozen_vectors_and_of_the_reader(encoder, frozen, reader):
    assert encoders.without_annotations(encoder) == frozen
    assert encoders.reading_encoder(encoder) == reader
