"""Designs of annotation: their chances are what they say."""

import numpy as np
import pytest

from helpers import config, study
from helpers.annotation.active import by_spread
from helpers.effects.em.learner import EMLearner

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def trial():
    return next(iter(study.replications(config.load(n=600, encoder="tfidf", seeds=2, budget=0.4))))


def test_records_are_drawn_by_the_chances_reported(trial):
    phi = trial.phi_train[:, -8:]
    masks, chances = [], []
    for seed in range(12):
        learner = EMLearner(trial.train.levels, iterations=2, tolerance=-1.0)
        mask, pi = by_spread(learner, trial.train, phi, 0.4, seed)
        assert pi.min() >= 0.4 / 3 and pi.max() <= 1 and pi.mean() == pytest.approx(0.4)
        masks.append(mask)
        chances.append(pi)
    drawn, pi = np.concatenate(masks), np.concatenate(chances)
    for low, high in ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0)):
        third = (pi >= np.quantile(pi, low)) & (pi <= np.quantile(pi, high))
        assert drawn[third].mean() == pytest.approx(pi[third].mean(), abs=0.03)
    assert np.quantile(pi, 5 / 6) - np.quantile(pi, 1 / 6) > 0.1


def test_everything_is_everyone(trial):
    mask, pi = by_spread(EMLearner(trial.train.levels), trial.train, trial.phi_train, 1.0, 0)
    assert mask.all() and (pi == 1).all()


def test_hidden_fields_change_annotations_and_nothing_else(trial):
    hidden = config.load(n=600, encoder="tfidf", seeds=2, budget=0.4, hidden=["pain"])
    less = next(iter(study.replications(hidden)))
    assert less.train.W.shape[1] == trial.train.W.shape[1] - 1 and "pain" not in less.train.roles.annotations
    np.testing.assert_array_equal(less.train.Y, trial.train.Y)
    np.testing.assert_array_equal(less.annotated, trial.annotated)
