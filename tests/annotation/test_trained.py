"""The classifier that annotates: it learns from few, repeats what it was told, and refuses what cannot be."""

import numpy as np
import pandas as pd
import pytest

from helpers import annotation, data
from helpers.annotation.trained import TrainedAnnotator
from helpers.data.cohort import Cohort, Roles


def cohort(n=400, seed=0):
    rng = np.random.default_rng(seed)
    cough, fever = rng.integers(0, 2, n), rng.integers(0, 3, n)
    words = np.array(["no fever", "slightly warm", "very hot"])[fever]
    texts = [f"{'coughs' if c else 'quiet chest'}, {w}, {rng.integers(99)}" for c, w in zip(cough, words)]
    frame = pd.DataFrame({"id": np.arange(n), "text": texts, "cough": cough})
    frame["fever"] = pd.Categorical.from_codes(fever, ["none", "low", "high"])
    return Cohort(frame, Roles(annotations=("cough", "fever")))


def test_it_learns_words_from_few_and_repeats_what_it_was_told():
    records = cohort()
    truth, _ = data.codes(records)
    written = TrainedAnnotator(0.1).write(records, 3)
    assert (written == truth).mean() > 0.95
    known = annotation.choose(np.arange(400), 0.1, 3)
    np.testing.assert_array_equal(written[known], truth[known])
    np.testing.assert_array_equal(written, TrainedAnnotator(0.1).write(records, 3))


def test_it_sees_the_annotations_of_the_few_alone():
    records = cohort()
    known = annotation.choose(np.arange(400), 0.1, 3)
    frame = records.frame.assign(cough=np.where(known, records.frame["cough"], 1 - records.frame["cough"]))
    other = Cohort(frame, records.roles)
    np.testing.assert_array_equal(TrainedAnnotator(0.1).write(records, 3), TrainedAnnotator(0.1).write(other, 3))


def test_a_field_that_is_always_the_same_is_written_as_such():
    records = cohort()
    same = Cohort(records.frame.assign(cough=1), records.roles)
    assert (TrainedAnnotator(0.05).write(same, 0)[:, 0] == 1).all()


def test_refusals():
    with pytest.raises(ValueError, match="share = 0"):
        TrainedAnnotator(0.0)
    with pytest.raises(ValueError, match="let a panel"):
        TrainedAnnotator().errors((2, 3))
