"""Imperfect annotators: who sees what, what is estimated from what, and what is won back."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import annotation, config, data, encoders, study
from helpers.annotation.annotators import Annotator
from helpers.study import annotators

LEVELS = (2, 2, 2, 2, 3)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


@pytest.fixture(scope="module")
def small():
    return config.load(n=600, encoder="tfidf", seeds=2, budget=0.5, folds=3)


@pytest.fixture(scope="module")
def trial(small):
    """With thirty of its text features, which keeps the fits quick."""
    full = next(iter(study.replications(small)))
    cut = [encoders.Features(z.text[:, :30], z.tabular) for z in (full.features_train, full.features_test)]
    return replace(full, features_train=cut[0], features_test=cut[1])


def with_truth(trial, change):
    """The trial with other true annotations."""
    frame = trial.train.frame.copy()
    frame["cough"] = change(frame["cough"].to_numpy())
    return replace(trial, train=replace(trial.train, frame=frame))


def test_only_annotated_records_are_answered_and_few_of_them_twice(trial):
    answers = study.annotate(trial, Annotator("flip", (0.1,)))
    assert (answers.first[~trial.annotated] == -1).all() and (answers.first[trial.annotated] >= 0).all()
    twice = (answers.second >= 0).all(1)
    assert twice.sum() == round(study.DOUBLY_ANNOTATED * len(trial.train)) and not (twice & ~trial.annotated).any()
    np.testing.assert_array_equal(twice, (answers.settled >= 0).all(1))
    assert (answers.first[twice] != answers.second[twice]).any()


def test_more_noise_keeps_the_errors_of_less(trial):
    truth = data.codes(trial.train)[0][trial.annotated]
    wrong = [study.annotate(trial, Annotator("flip", (r,))).first[trial.annotated] != truth for r in (0.0, 0.1, 0.2)]
    assert not wrong[0].any() and wrong[1].any() and (wrong[2] | ~wrong[1]).all()
    assert wrong[1].mean() == pytest.approx(0.1, abs=0.03)


def test_estimated_rates_are_near_the_true_ones():
    rng = np.random.default_rng(0)
    truth = np.column_stack([rng.random(20_000) < p for p in (0.2, 0.3, 0.15, 0.25)] + [rng.choice(3, 20_000)])
    errors = annotation.asymmetric(LEVELS, 0.2, 0.05, 0.1)
    flips = annotation.symmetric(LEVELS, 0.1)
    one, two = (annotation.flip(truth.astype(int), flips, s) for s in (1, 2))
    _, found = study.from_disagreement(study.Answers(one, two, truth, LEVELS))
    for a, b in zip(found, flips):
        np.testing.assert_allclose(a, b, atol=0.01)
    settled = np.where(rng.random(len(truth)) < 0.2, 1, 0)[:, None] * (truth + 1) - 1
    slipped = annotation.flip(truth.astype(int), errors, 3)
    _, found = study.from_panel(study.Answers(slipped, two, settled.astype(int), LEVELS))
    for a, b in zip(found, errors):
        np.testing.assert_allclose(a, b, atol=0.03)


def test_what_two_annotators_agree_on_is_rarely_wrong():
    rng = np.random.default_rng(1)
    truth = np.column_stack([rng.random(20_000) < 0.3 for _ in range(4)] + [rng.choice(3, 20_000)]).astype(int)
    one, two = (annotation.flip(truth, annotation.symmetric(LEVELS, r), s) for s, r in ((1, 0.1), (2, 0.2)))
    agreed, errors = study.from_both(study.Answers(one, two, truth * 0 - 1, LEVELS))
    seen = annotation.error_matrices(truth, agreed, LEVELS)
    assert ((agreed == -1) == (one != two)).all()
    for a, b in zip(errors, seen):
        np.testing.assert_allclose(a, b, atol=0.03)


def test_a_learner_never_sees_the_truth_of_what_was_not_settled(trial):
    """The keyword annotator reads the notes, so other true annotations change nothing."""
    changed = with_truth(trial, lambda v: 1 - v)
    tables = [study.run_annotator_cell(t, "em", Annotator("keywords", ()), "ignored") for t in (trial, changed)]
    pd.testing.assert_frame_equal(*tables)


def test_blanks_are_no_absence(trial):
    absent, blank = (study.annotate(trial, Annotator("note", (), b)).first for b in (False, True))
    rows = trial.annotated
    said = annotation.mentioned(trial.train)
    assert ((blank[rows] == -1) == ~said[rows]).all() and (absent[rows] >= 0).all()
    np.testing.assert_array_equal(blank[said & rows[:, None]], absent[said & rows[:, None]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("way", list(study.REMEDY_LABELS))
def test_every_way_gives_finite_results_and_repeats(trial, way):
    other = Annotator("flip", (0.2,)) if way == "both" else None
    one, two = (study.run_annotator_cell(trial, "em", Annotator("flip", (0.1,)), way, other) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert np.isfinite(one["value"]).all() and set(one["way"]) == {way} and set(one["noise"]) == {0.1}


def test_an_annotator_without_errors_gives_what_the_study_gives(trial):
    clean = study.run_annotator_cell(trial, "aace_smooth", Annotator(), "ignored").drop(columns="way")
    pd.testing.assert_frame_equal(clean, study.run_cell(trial, "aace_smooth"))


def test_every_annotator_and_every_way_is_scored_by_its_own_learner(trial):
    flips = {rate: Annotator("flip", (rate,)) for rate in (0.1, 0.3)}
    asked = [("em", Annotator(), "ignored"), *(("em", flip, "ignored") for flip in flips.values())]
    asked += [("em", flips[0.1], "known"), ("em", flips[0.1], "disagreement")]
    found = [study.run_annotator_cell(trial, *given).set_index(["metric", "at"])["value"] for given in asked]
    for k, one in enumerate(found):
        assert not any(np.array_equal(one["pehe"], other["pehe"]) for other in found[:k]), asked[k]


def test_remembered_fits_change_nothing(trial):
    what = (trial, "em", Annotator("flip", (0.2,)))
    fitted = {}
    study.run_annotator_cell(*what, "ignored", fitted=fitted)
    remembered = study.run_annotator_cell(*what, "disagreement", fitted=fitted)
    pd.testing.assert_frame_equal(remembered, study.run_annotator_cell(*what, "disagreement"))


def test_finished_cells_are_not_run_again(small, monkeypatch):
    cells = [(label, Annotator("flip", (r,)), "aace_smooth", "ignored") for label, r in (("none", 0.0), ("ten", 0.1))]
    first = study.run_annotators(small, cells, progress=False)
    assert list(first["annotator"].unique()) == ["none", "ten"] and first["seed"].nunique() == 2

    def never(*_, **__):
        raise RuntimeError("a finished cell was run again")

    monkeypatch.setattr(annotators, "run_annotator_cell", never)
    pd.testing.assert_frame_equal(first, study.run_annotators(small, cells, progress=False))


def test_what_cannot_be_done_is_refused(trial):
    with pytest.raises(ValueError, match="only EM learners"):
        study.run_annotator_cell(trial, "aace_smooth", Annotator("flip", (0.1,)), "known")
    with pytest.raises(ValueError, match="no known matrices"):
        Annotator("keywords", ()).errors(LEVELS)
    with pytest.raises(ValueError, match="kinds are"):
        Annotator("flip", (0.1, 0.2))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 1.0), st.integers(3, 12), st.integers(0, 10_000))
def test_recovered_finds_the_share(share, r, seed):
    clean = np.random.default_rng(seed).normal(size=r)
    loss = 1 + 0.1 * np.random.default_rng(seed + 1).random(r)
    found = study.share_won_back(clean + loss, clean + (1 - share) * loss, clean)
    assert found["share"] == pytest.approx(share, abs=1e-9)
    assert found["low"] - 1e-6 <= share <= found["high"] + 1e-6
    assert found["loss_low"] < found["loss"] < found["loss_high"]


def test_there_is_no_share_of_a_loss_that_is_not_there():
    rng = np.random.default_rng(0)
    found = study.share_won_back(*rng.normal(size=(3, 8)))
    assert np.isnan(found["share"]) and found["loss_low"] < 0 < found["loss_high"]
