"""The interval over repetitions against its definition, Student's, and what it promises."""

import numpy as np
import pytest
from scipy import stats

from helpers.stats import repetitions


def test_few_values_have_students_interval():
    values = np.random.default_rng(1).normal(2, 1, 4)
    reference = stats.ttest_1samp(values, 0)
    ends = reference.confidence_interval(0.95)
    assert repetitions.interval(values) == pytest.approx((values.mean(), ends.low, ends.high))
    assert repetitions.p_value(values) == pytest.approx(reference.pvalue)
    assert np.isnan(repetitions.interval(np.ones(1))[1:]).all()
    assert repetitions.interval(np.full(8, 3.0)) == (3, 3, 3)


def test_the_interval_holds_the_means_that_one_of_the_two_statistics_allows():
    """The interval by its definition: try means on a fine grid, keep those that either statistic does not refuse."""
    values = np.random.default_rng(3).chisquare(1, 12)
    a = stats.skew(values, bias=False) / np.sqrt(12)
    z = (values.mean() - np.linspace(-1, 8, 200_001)) / stats.sem(values)
    t = stats.t.ppf(0.975, 11)
    inside = (np.abs(z) <= t) | (np.abs(z + a * z**2 / 3 + a**2 * z**3 / 27 + a / 6) <= t)
    _, low, high = repetitions.interval(values)
    grid = np.linspace(-1, 8, 200_001)[inside].clip(values.min(), values.max())
    assert (low, high) == pytest.approx((grid.min(), grid.max()), abs=1e-4)
    assert high - values.mean() > values.mean() - low > 0


def test_an_odd_repetition_does_not_send_the_interval_beyond_what_was_seen():
    values = np.array([-0.416, -0.402, -0.391, -0.330, -0.415, -0.436, -0.398, -0.388, -0.434, -0.412])
    _, low, high = repetitions.interval(values)
    assert -0.436 < low < -0.41 and high == -0.330
    assert repetitions.interval(values[1:])[2] > -0.33, "nine are too few to cut"
    assert repetitions.interval(values, level=0.999)[2] > -0.33, "the range holds no mean with such certainty"
    alike = np.r_[np.full(9, 1.0), 60.0]
    assert repetitions.interval(alike)[1] == 1 and repetitions.p_value(alike) == 2**-9


@pytest.mark.parametrize("draw, mean", [("standard_normal", 0), ("standard_exponential", 1), ("laplace", 0)])
def test_the_interval_covers_symmetric_and_skewed_values(draw, mean):
    draws = getattr(np.random.default_rng(2), draw)(size=(2000, 10))
    covered = np.mean([low <= mean <= high for _, low, high in map(repetitions.interval, draws)])
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("seed", range(5))
def test_the_p_value_agrees_with_the_interval(seed):
    values = np.random.default_rng(seed).chisquare(2, 9)
    _, low, high = repetitions.interval(values)
    for end in (low, high):
        assert repetitions.p_value(values - end) == pytest.approx(0.05)
    assert repetitions.p_value(values - low + 0.1) < 0.05 < repetitions.p_value(values - low - 0.1)
    assert repetitions.p_value(np.zeros(6)) == 1 and repetitions.p_value(np.ones(6)) == 0
