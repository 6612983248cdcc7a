"""What happens when the world a policy is used in is not the one it learned from (layer above the study)."""

from helpers.shift import findings
from helpers.shift.detect import false_alarms, power, two_sample_test
from helpers.shift.experiments import alarms, carried, errors, pools, silence, worst_cases
from helpers.shift.grid import WAY_LABELS, run_grid
from helpers.shift.pairs import ROWS, Pair, Pairs
from helpers.shift.settings import SHIFTS, CaseMix, Rewritten, SplitBy, available, split_by
from helpers.shift.transport import ESTIMATORS, transported_value
from helpers.shift.weights import DensityRatio, Sample
from helpers.shift.worst_case import implied_radius, kl_worst_case, policy_weights

__all__ = [
    "CaseMix",
    "DensityRatio",
    "ESTIMATORS",
    "Pair",
    "Pairs",
    "ROWS",
    "Rewritten",
    "SHIFTS",
    "Sample",
    "SplitBy",
    "WAY_LABELS",
    "alarms",
    "available",
    "carried",
    "errors",
    "false_alarms",
    "findings",
    "implied_radius",
    "kl_worst_case",
    "policy_weights",
    "pools",
    "power",
    "run_grid",
    "silence",
    "split_by",
    "transported_value",
    "two_sample_test",
    "worst_cases",
]
