"""Metrics, intervals and corrections: the arithmetic that every room shares."""

from helpers.stats.arrays import effective_n
from helpers.stats.intervals import mean_interval, order_intervals
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
from helpers.stats.proportions import wilson_detect
from helpers.stats.ratio import fieller
from helpers.stats.repetitions import interval
from helpers.stats.resampling import half_samples, order_draws, order_shares

__all__ = [
    "LEVEL",
    "autoc",
    "benefit_captured",
    "effective_n",
    "fieller",
    "half_samples",
    "holm",
    "interval",
    "mean_interval",
    "order_draws",
    "order_intervals",
    "order_shares",
    "overlap_at",
    "pehe",
    "policy_curve",
    "policy_value",
    "qini",
    "toc",
    "value_at",
    "wilson_detect",
]
