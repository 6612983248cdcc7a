"""What happens when the world a policy is used in is not the one it learned from (layer above the study)."""

from helpers.shift.detect import false_alarms, power, two_sample_test
from helpers.shift.experiments import alarms, carried, errors, silence, worst_cases
from helpers.shift.grid import WAY_LABELS, run_grid
from helpers.shift.pairs import Pair, Pairs
from helpers.shift.settings import SHIFTS, CaseMix, Rewritten, SplitBy, available, split_by
from helpers.shift.weights import DensityRatio, Sample, transported_value
from helpers.shift.worst_case import implied_radius, kl_worst_case, policy_weights

__all__ = [
    "alarms",
    "carried",
    "errors",
    "silence",
    "worst_cases",
    "SHIFTS",
    "WAY_LABELS",
    "CaseMix",
    "DensityRatio",
    "Pair",
    "Pairs",
    "Rewritten",
    "Sample",
    "SplitBy",
    "available",
    "false_alarms",
    "implied_radius",
    "kl_worst_case",
    "policy_weights",
    "power",
    "run_grid",
    "split_by",
    "transported_value",
    "two_sample_test",
]
