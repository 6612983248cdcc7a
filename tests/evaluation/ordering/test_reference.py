"""Effects given confounders come from other patients."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import cohort

from helpers.effects.metalearners import TLearner
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.ordering import reference
from helpers.evaluation.ordering.reference import Reference, confounder_effects


def scores_of(test):
    return HeldOutScores(test.Y, test.T, test.mu0, test.mu1, test.e, test.ids)


def test_a_fold_is_predicted_without_its_outcomes(monkeypatch):
    by_name = lambda parts, groups: np.unique(groups, return_inverse=True)[1]  # noqa: E731
    monkeypatch.setattr(reference, "patient_codes", by_name)  # the same folds for both: usually they follow from Y
    test = cohort(200, rows_a_patient=2)
    scores = scores_of(test)
    first = confounder_effects(scores, test.W, learner=TLearner())
    inside = first.folds == 0
    changed = confounder_effects(replace(scores, Y=np.where(inside, 99.0, scores.Y)), test.W, learner=TLearner())
    np.testing.assert_array_equal(first.effects[inside], changed.effects[inside])
    assert not np.allclose(first.effects[~inside], changed.effects[~inside])
    assert all(len(np.unique(first.folds[test.ids == i])) == 1 for i in np.unique(test.ids))


def test_it_equals_the_learner_fitted_by_hand():
    test, train = cohort(200), cohort(100, seed=1)
    found = confounder_effects(scores_of(test), test.W, (train.Y, train.T, train.W, train.ids), TLearner(), folds=3)
    held = found.folds == 2
    parts = [(test.Y, train.Y), (test.T, train.T), (test.W, train.W)]
    by_hand = TLearner().fit(*(np.concatenate([a[~held], b]) for a, b in parts)).effect(test.W[held])
    np.testing.assert_allclose(found.effects[held], by_hand)


def test_training_rows_steady_it():
    test, train = cohort(200), cohort(800, seed=1)
    more = (train.Y, train.T, train.W, train.ids)
    errors = [np.std(confounder_effects(scores_of(test), test.W, m).effects - test.tau) for m in (None, more)]
    assert errors[1] < 0.7 * errors[0] < 0.7 * test.tau.std()


def test_wrong_shapes_are_refused():
    test = cohort(60)
    with pytest.raises(ValueError, match="W: shape"):
        confounder_effects(scores_of(test), test.W[:-1])
    with pytest.raises(ValueError, match="one fold"):
        Reference(np.zeros(3), np.zeros(2))
