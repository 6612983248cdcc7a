"""What happens when the world a policy is used in is not the one it learned from."""

from helpers.study.shift.authors import author_shares, authors_left_out
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
from helpers.study.shift.stress import STRESSES, run_stress
from helpers.study.shift.worlds import (
    AUTHORS_OUT,
    SHIFTS,
    AuthorOut,
    CaseMix,
    Rewritten,
    SplitBy,
    available,
    sparse_notes,
    split_by,
    without_column,
)

__all__ = [
    "AUTHORS_OUT",
    "AuthorOut",
    "CaseMix",
    "MIX_LABELS",
    "MOST_TRAINING_ROWS",
    "Pair",
    "Pairs",
    "RADII",
    "Rewritten",
    "SHIFTS",
    "STRESSES",
    "SplitBy",
    "alarms",
    "author_shares",
    "authors_left_out",
    "available",
    "carried",
    "pools",
    "run_shifts",
    "run_stress",
    "samples",
    "silence",
    "sparse_notes",
    "split_by",
    "training_weights",
    "transport_errors",
    "without_column",
    "worst_cases",
]
