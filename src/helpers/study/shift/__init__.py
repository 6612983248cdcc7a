"""What happens when the world a policy is used in is not the one it learned from."""

from helpers.study.shift.experiments import (
    RADII,
    alarms,
    carried,
    pools,
    samples,
    silence,
    transport_errors,
    worst_cases,
)
from helpers.study.shift.grid import MIX_LABELS, run_shifts, training_weights
from helpers.study.shift.pairs import MOST_TRAINING_ROWS, Pair, Pairs
from helpers.study.shift.worlds import (
    SHIFTS,
    CaseMix,
    Rewritten,
    SplitBy,
    available,
    sparse_notes,
    split_by,
    without_column,
)

__all__ = [
    "CaseMix",
    "MIX_LABELS",
    "MOST_TRAINING_ROWS",
    "Pair",
    "Pairs",
    "RADII",
    "Rewritten",
    "SHIFTS",
    "SplitBy",
    "alarms",
    "available",
    "carried",
    "pools",
    "run_shifts",
    "samples",
    "silence",
    "sparse_notes",
    "split_by",
    "training_weights",
    "transport_errors",
    "without_column",
    "worst_cases",
]
