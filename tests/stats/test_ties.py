"""Numbers equal but for rounding are ties: no order of equal effects captures anything."""

import numpy as np
import pytest

from helpers import stats
from helpers.policy.rules import treat_by_budget
from helpers.stats.ties import without_noise


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_rounding_is_merged_and_differences_are_kept(unit):
    noisy = unit * np.array([0.3, 0.1 + 0.2, 0.3 + 1e-9, -0.7, 0.0, 0.1 + 0.2 - 0.3])
    merged = without_noise(noisy)
    assert merged[0] == merged[1] < merged[2] and merged[4] == merged[5]
    np.testing.assert_allclose(merged, noisy, rtol=1e-12, atol=1e-15 * unit)


def test_an_outlier_hides_no_difference_and_other_numbers_stay_as_they_are():
    values = np.r_[1e9, np.arange(20) * 1e-3]
    assert len(np.unique(without_noise(values))) == 21
    np.testing.assert_array_equal(without_noise(values), values)
    assert len(without_noise(np.array([]))) == 0 and without_noise(np.array([2.0]))[0] == 2.0


def test_the_size_of_what_was_subtracted_decides_what_is_noise():
    mu0 = 9e5 + 6e5 * np.random.default_rng(0).random(500)
    tau = (mu0 + 0.1 + 0.2) - mu0
    assert np.ptp(tau) > 0 and len(np.unique(without_noise(tau))) > 1
    assert np.ptp(without_noise(tau, 1.6e6)) == 0


@pytest.mark.parametrize("origin", [0.0, 80.0, 1e6])
def test_equal_effects_have_no_benefit_to_capture(origin):
    rng = np.random.default_rng(1)
    mu0 = origin + rng.normal(size=1_000)
    for mu1 in (mu0 + 0.7, mu0 - 0.1, mu0 + 0.1 + 0.2 - 0.3):
        for priority in (mu0, rng.normal(size=1_000)):
            with pytest.raises(ValueError, match="same for every row"):
                stats.benefit_captured(mu0, mu1, priority)
    small = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    with pytest.raises(ValueError, match="same for every row"):
        stats.benefit_captured(small, small - 0.1, np.array([3.0, 1, 2, 6, 5, 4]))


def test_a_small_benefit_is_one():
    mu0 = np.linspace(0, 1, 50)
    mu1 = mu0 - 1e-9 * np.arange(50)
    assert stats.benefit_captured(mu0, mu1, np.arange(50.0)) == pytest.approx(1)


def test_priorities_equal_but_for_rounding_are_a_tie_everywhere():
    rng = np.random.default_rng(2)
    base = rng.normal(size=200)
    noisy, flat = (base - 0.1) - base, np.full(200, -0.1)
    tau = rng.normal(size=200)
    assert np.ptp(noisy) > 0
    np.testing.assert_allclose(stats.toc(tau, noisy), stats.toc(tau, flat), atol=1e-12)
    kept, _ = stats.half_samples(200, None, 20, 0)
    for p in (noisy, flat):
        np.testing.assert_allclose(stats.order_draws(base, base + tau, p, kept)[:, 1], 0, atol=1e-12)
    for by_noise, by_flat in zip(*(stats.order_shares(base, base + tau, p) for p in (noisy, flat))):
        np.testing.assert_allclose(by_noise, by_flat, atol=1e-12)
    assert stats.overlap_at(noisy, flat, [0.2, 0.5]).tolist() == [1.0, 1.0]
    np.testing.assert_array_equal(treat_by_budget(noisy, 0.3), treat_by_budget(flat, 0.3))
