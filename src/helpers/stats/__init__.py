"""Metrics, intervals and corrections: the arithmetic that every room shares."""

from helpers.stats.arrays import effective_n, first_k, first_treated, vectors
from helpers.stats.intervals import (
    captured_interval,
    difference_interval,
    excludes_zero,
    influence_interval,
    mean_interval,
    order_intervals,
    orders_and_gaps,
    p_of_interval,
    pehe_interval,
    summed_interval,
)
from helpers.stats.metrics import (
    autoc,
    benefit_captured,
    overlap_at,
    pehe,
    policy_curve,
    policy_value,
    qini,
    toc,
    value_at,
)
from helpers.stats.multiplicity import LEVEL, holm
from helpers.stats.proportions import wilson
from helpers.stats.ratio import fieller
from helpers.stats.repetitions import interval
from helpers.stats.resampling import half_samples, order_draws, order_shares
from helpers.stats.ties import gaps_beyond_rounding

__all__ = [
    "LEVEL",
    "autoc",
    "benefit_captured",
    "captured_interval",
    "difference_interval",
    "effective_n",
    "excludes_zero",
    "fieller",
    "gaps_beyond_rounding",
    "first_k",
    "first_treated",
    "half_samples",
    "holm",
    "influence_interval",
    "interval",
    "mean_interval",
    "order_draws",
    "order_intervals",
    "orders_and_gaps",
    "order_shares",
    "overlap_at",
    "p_of_interval",
    "pehe",
    "pehe_interval",
    "policy_curve",
    "policy_value",
    "qini",
    "summed_interval",
    "toc",
    "value_at",
    "vectors",
    "wilson",
]
