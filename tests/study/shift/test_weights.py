"""The ratio of two densities: that of known distributions, held-out, and never for patients of both sides."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from helpers import evaluation, stats
from helpers.evaluation.shift.density_ratio import DensityRatio, Sample


def test_the_ratio_is_that_of_two_normals():
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(6_000, 1)), rng.normal(0.5, 1, (4_000, 1))
    w = DensityRatio().fit(source, target).predict(source)
    np.testing.assert_allclose(np.log(w), 0.5 * source[:, 0] - 0.125, atol=0.2)
    held, other = evaluation.cross_fitted_ratio(Sample(source, source[:, 0]), Sample(target, target[:, 0]))
    assert held.mean() == pytest.approx(1, abs=0.05)
    assert evaluation.divergence(other) == pytest.approx(0.125, abs=0.03)  # KL of the two normals
    assert stats.effective_n(held) == pytest.approx(len(held) * np.exp(-0.25), rel=0.1)


def test_a_known_ratio_is_used_and_no_weight_passes_its_bound():
    wide = DensityRatio(LogisticRegression(C=1e6), bound=3.0)
    rng = np.random.default_rng(3)
    w = wide.fit(rng.normal(size=(100, 1)), rng.normal(3, 1, (100, 1))).predict(np.linspace(-5, 9, 50)[:, None])
    assert w.max() == 3.0 and (np.diff(w) >= 0).all()


def test_the_penalty_is_chosen_by_patient_whatever_the_order_of_the_rows():
    rng = np.random.default_rng(4)
    X, patient = rng.normal(size=(150, 60)), np.arange(300) // 2  # pure noise, two visits that hardly differ
    both = np.repeat(X, 2, axis=0) + 1e-3 * rng.normal(size=(300, 60))
    label = np.repeat([0, 1], [120, 180])
    fitted = DensityRatio().fit(both[:120], both[120:], patient)
    search = fitted.model_[-1]
    for train, held in search.cv:
        assert not set(patient[train]) & set(patient[held]) and set(label[held]) == {0, 1}
    rows = np.r_[rng.permutation(120), 120 + rng.permutation(180)]
    again = DensityRatio().fit(both[rows[:120]], both[rows[120:]], patient[rows])
    np.testing.assert_allclose(again.predict(both), fitted.predict(both), rtol=1e-6)
    apart = DensityRatio().fit(both[:120], both[120:])
    assert search.C_ < apart.model_[-1].C_, "visits of a patient on both sides make noise look like a difference"


def test_patients_on_both_sides_are_refused():
    both = [Sample(np.zeros((50, 1)), np.zeros(50), groups=np.arange(50))] * 2
    with pytest.raises(ValueError, match="both sides"):
        evaluation.cross_fitted_ratio(*both)


def test_supports_overlap_only_if_the_source_covers_the_target():
    assert evaluation.support(np.ones(100))["overlap"]
    assert not evaluation.support(np.full(100, 0.5))["overlap"]  # half of the target has no like in the source
    few = np.r_[np.full(5, 20.0), np.zeros(95)]
    assert evaluation.support(few) == {"mass": 1.0, "effective_n": 5.0, "share": 0.05, "overlap": False}
