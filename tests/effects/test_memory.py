"""What is remembered: the same result without a second fit, and nobody can spoil it."""

import numpy as np
import pytest

from helpers.artifacts.memory import MemoryCache
from helpers.effects import two_phase
from helpers.effects.em import fit
from helpers.effects.em.learner import EMLearner
from helpers.effects.two_phase import AnchoredAACE, TwoPhase


def simulate(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = (rng.random((n, 2)) < 0.4).astype(float)
    text = x @ rng.normal(size=(2, 6)) + rng.normal(size=(n, 6))
    T = (rng.random(n) < 0.3 + 0.3 * x[:, 0]).astype(int)
    Y = x @ [1.0, 0.5] - T * x[:, 0] + 0.5 * rng.normal(size=n)
    return {"Y": Y, "T": T, "X": text, "W": x, "annotated": rng.random(n) < 0.6}


def test_remembered_fits_change_no_result(monkeypatch):
    data, learners = simulate(), (AnchoredAACE(), TwoPhase(), EMLearner((2, 2), "regress"), EMLearner((2, 2)))
    remembered = [learner.fit(**data).effect(data["X"]) for _ in range(2) for learner in learners]
    for module, name in ((fit, "RECENT"), (two_phase, "UNANNOTATED")):
        monkeypatch.setattr(module, name, MemoryCache(1, copies=True))
    fresh = [learner.fit(**data).effect(data["X"]) for learner in reversed(learners)][::-1]
    for a, b in zip(remembered, fresh * 2):
        np.testing.assert_array_equal(a, b)


def test_other_data_and_other_parameters_are_fitted_afresh():
    a, b = simulate(), simulate(seed=1)
    for make in (AnchoredAACE, lambda: EMLearner((2, 2), iterations=3, tolerance=-1.0)):
        effects = [make().fit(**data).effect(a["X"]) for data in (a, b)]
        assert np.abs(effects[0] - effects[1]).max() > 1e-3
    few = EMLearner((2, 2), iterations=1, tolerance=-1.0).fit(**a)
    assert len(few.fit_.log_likelihood) == 1
    assert len(EMLearner((2, 2), iterations=3, tolerance=-1.0).fit(**a).fit_.log_likelihood) == 3


def test_a_shared_fit_cannot_be_changed():
    data = simulate()
    one, other = (
        EMLearner((2, 2), readout, iterations=2, tolerance=-1.0).fit(**data) for readout in ("plug", "regress")
    )
    assert one.fit_ is other.fit_
    for array in (one.fit_.marginals, one.fit_.posterior, one.fit_.Z):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 7.0
    one.marginals_[0, 0] = 7.0
    assert other.fit_.marginals[0, 0] != 7.0
