"""Pairs of worlds: nobody is trained and judged on, nobody stands on both sides, sizes are equal."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import data, encoders
from helpers.encoders.tfidf import TfidfEncoder
from helpers.study.shift.pairs import TRAINING_MIXES, Pairs
from helpers.study.shift.worlds import SHIFTS

NAMES = ("compact", "season", "asthma")


@pytest.mark.parametrize("name", NAMES)
def test_no_patient_is_on_two_sides_or_in_training_and_test(pairs, name):
    pair = pairs.pair(name, 0)
    train, test = np.concatenate(pair.train), np.concatenate(pair.test)
    assert len(np.unique(train)) == len(train) and len(np.unique(test)) == len(test)
    assert not np.isin(train, test).any() and not np.isin(train, pair.judged).any()
    assert set(pair.test[1]) <= set(pair.judged) and not pair.train[1].tolist() == sorted(pair.train[1])


@pytest.mark.parametrize("name", NAMES)
def test_every_way_trains_on_as_many_records_and_no_patient_twice(pairs, name):
    pair = pairs.pair(name, 1)
    for way, share in TRAINING_MIXES.items():
        ours, theirs = pair.mixed(share)
        assert len(ours) + len(theirs) == pair.size and len(theirs) == round(share * pair.size), way
        assert len(np.unique(np.r_[ours, theirs])) == pair.size


def test_rewritten_notes_are_trained_on_the_same_patients_whatever_the_share(pairs):
    pair = pairs.pair("compact", 0)
    patients = {tuple(sorted(np.concatenate(pair.mixed(share)))) for share in TRAINING_MIXES.values()}
    assert len(patients) == 1
    source, target = (pair.trials(share)["target"] for share in (0.0, 1.0))
    order = np.argsort(source.train.ids), np.argsort(target.train.ids)
    np.testing.assert_array_equal(source.train.Y[order[0]], target.train.Y[order[1]])
    assert source.train.texts != target.train.texts and source.test.texts == target.test.texts


def test_each_world_has_its_own_notes(pairs, small):
    pair = pairs.pair("compact", 0)
    compact = data.load_cohort(small.model_copy(update={"note_style": "compact"})).texts
    trial = pair.trials(0.5)
    assert trial["target"].test.texts == [compact[i] for i in pair.judged]
    ours, theirs = pair.mixed(0.5)
    expected = [pairs.cohort.texts[i] for i in ours] + [compact[i] for i in theirs]
    assert trial["target"].train.texts == expected
    assert trial["home"].test.texts == [pairs.cohort.texts[i] for i in pair.test[0]]


def test_all_shifts_of_a_repetition_share_its_draw_and_its_split(pairs):
    one, two = (pairs.pair(name, 1) for name in ("compact", "season"))
    np.testing.assert_array_equal(one.worlds[0].Y, two.worlds[0].Y)
    assert set(np.concatenate(one.test)) == set(np.concatenate(two.test))
    assert (pairs.pair("compact", 0).worlds[0].Y != one.worlds[0].Y).any()


def test_the_splitting_column_is_not_among_the_features(pairs):
    trial = pairs.pair("season", 0).trials()["target"]
    assert "winter" not in trial.train.roles.tabular
    assert trial.phi_train.shape[1] - trial.text_width == len(trial.train.roles.tabular)
    assert (trial.train.frame["winter"] == 1).all() and (trial.test.frame["winter"] == 0).all()


def test_a_learning_encoder_sees_training_notes_only(pairs, monkeypatch):
    seen = []

    class Spy(TfidfEncoder):
        def fit(self, texts, y=None):
            seen.append(list(texts))
            return super().fit(texts, y)

    monkeypatch.setattr(encoders, "make_encoder", lambda *_, **__: Spy(20))
    trial = pairs.pair("asthma", 0).trials(0.1)["target"]
    assert seen == [trial.train.texts]


def test_a_frozen_encoder_gives_each_record_the_vector_of_its_note(small, monkeypatch):
    class Lengths(TfidfEncoder):
        frozen = True
        provenance = {"name": "lengths"}

        def transform(self, texts):
            return np.array([[len(t), 1.0] for t in texts], np.float32)

    monkeypatch.setattr(encoders, "make_encoder", lambda *_, **__: Lengths())
    trial = Pairs(small).pair("compact", 0).trials(0.5)
    for where in trial.values():
        np.testing.assert_array_equal(where.phi_train[:, 0], [len(t) for t in where.train.texts])
        np.testing.assert_array_equal(where.phi_test[:, 0], [len(t) for t in where.test.texts])


def test_annotators_who_leave_out_fields_do_so_here_too(small):
    trial = Pairs(small.model_copy(update={"hidden": ("dysp",)})).pair("season", 0).trials()["target"]
    assert "dysp" not in trial.train.roles.annotations


def test_a_cohort_with_outcomes_of_its_own_keeps_them(pairs, small):
    own = data.draw_outcomes(pairs.cohort, "v2", 9)
    own = replace(own, frame=own.frame.assign(era=np.where(own.ids % 3, "old", "new")))
    shifts = {"era": replace(SHIFTS["season"], column="era", source="old", target="new")}
    pair = Pairs(small, shifts, own).pair("era", 0)
    np.testing.assert_array_equal(pair.worlds[0].Y, own.Y)
    assert (pair.cohort((pair.train[0], pair.judged)).frame["era"].iloc[: len(pair.train[0])] == "old").all()
