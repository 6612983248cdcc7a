"""Whatever is learned and then used on the same records comes from other patients' records: every part of a learner.

The regressions remember: they repeat the target of the nearest record they were fitted on. In sample they would give
back each record's own target.
"""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from helpers.effects.correction import Correction
from helpers.effects.learners import AACE
from helpers.effects.metalearners import RLearner
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.effects.two_phase import AnchoredAACE, TwoPhase

MEMORY, TOLD = KNeighborsRegressor(1), KNeighborsClassifier(1)
NEAR = {"folds": 3, "clip": 0.05}


def simulate(n=240, seed=0):
    """Two visits a patient, alike in features: a fold that parts them gives itself away."""
    rng = np.random.default_rng(seed)
    W = np.repeat(rng.normal(size=(n // 2, 2)), 2, axis=0) + 1e-6 * rng.normal(size=(n, 2))
    T = np.repeat(rng.integers(0, 2, n // 2), 2)
    Y = np.repeat(rng.normal(size=n // 2), 2) + 0.01 * rng.normal(size=n)
    return {"Y": Y, "T": T, "X": W, "W": W, "groups": np.arange(n) // 2}


def own(found, target):
    """Share of the records whose own value was found, or their patient's."""
    return np.mean(np.abs(found - target) < 0.05)


def test_nuisances_on_given_folds():
    data = simulate()
    learner = TwoPhase(free=Nuisances(MEMORY, TOLD), nuisances=Nuisances(MEMORY, TOLD), with_scores=False, **NEAR)
    learner.fit(**data)
    for scores in (learner.scores_phi_, learner.scores_x_):
        assert own(np.where(data["T"] == 1, scores.mu1, scores.mu0), data["Y"]) < 0.15
        assert 0.3 < np.mean((scores.e > 0.5) == data["T"]) < 0.7


def test_the_smoother_of_aace():
    data = simulate()
    learner = AACE(nuisances=Nuisances(ridge(), logistic(), **NEAR), smoother=MEMORY).fit(**data)
    assert own(learner.target_, learner.psi_) < 0.15
    assert own(learner.smoother_.predict(data["W"]), learner.psi_) == 1


def test_outcome_and_propensity_of_the_r_learner():
    data = simulate()
    learner = RLearner(MEMORY, TOLD, **NEAR).fit(**data)
    assert own(learner.m_, data["Y"]) < 0.15 and 0.3 < np.mean((learner.e_ > 0.5) == data["T"]) < 0.7


def test_the_proxy_of_two_phase():
    data = simulate()
    plain = Nuisances(ridge(), logistic())
    learner = TwoPhase(free=plain, nuisances=plain, proxy=MEMORY, **NEAR).fit(**data)
    assert np.sqrt(learner.correction_.losses_.mean(0)).min() > 0.3 * learner.scores_x_.psi.std()


def test_what_the_teacher_of_anchored_aace_is_told_of_g():
    data, told = simulate(), []

    class Anchored(AnchoredAACE):
        def _teacher(self, g, noted, weight, groups):
            told.append(own(g, self.scores_phi_.psi))
            return super()._teacher(g, noted, weight, groups)

    plain = Nuisances(ridge(), logistic())
    Anchored(second_stage=MEMORY, free=plain, nuisances=plain, **NEAR).fit(**data)
    assert len(told) == 1 and told[0] < 0.15


@pytest.mark.parametrize("rows_a_patient", [1, 2])
def test_a_teacher_sees_the_training_rows_of_the_fold(rows_a_patient):
    rng, asked = np.random.default_rng(0), []
    X, y, groups = rng.normal(size=(60, 2)), rng.normal(size=60), np.arange(60) // rows_a_patient

    def teach(rows):
        asked.append(rows)
        return y[rows]

    Correction(folds=5).fit(X, y, groups=groups, teacher=teach)
    assert [len(rows) for rows in asked] == [48] * 5 + [60]
    assert all(not set(groups[rows]) & set(np.delete(groups, rows)) for rows in asked[:5])
