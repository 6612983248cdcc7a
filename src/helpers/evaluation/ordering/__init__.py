"""Does the order survive? Checks of an order of treatment without counterfactuals."""

from helpers.evaluation.ordering.diagnostics import (
    DIAGNOSTIC_LABELS,
    autoc_gap,
    calibration,
    confounding_loss,
    diagnose,
    gates_gap,
    group_effects,
    information,
    inversion_share,
    isotonic_distance,
    l2_calibration_error,
    true_loss,
)
from helpers.evaluation.ordering.loss import OrderLoss, order_loss
from helpers.evaluation.ordering.reference import Reference, confounder_effects
from helpers.evaluation.ordering.validation import (
    loss_coverage,
    power_by_loss,
    rank_correlations,
    rejections,
    rule_answers,
    rule_errors,
)
from helpers.evaluation.ordering.verdict import TOLERANCE, Verdict, check_order

__all__ = [
    "DIAGNOSTIC_LABELS",
    "OrderLoss",
    "Reference",
    "TOLERANCE",
    "Verdict",
    "autoc_gap",
    "calibration",
    "check_order",
    "confounder_effects",
    "confounding_loss",
    "diagnose",
    "gates_gap",
    "group_effects",
    "information",
    "inversion_share",
    "isotonic_distance",
    "l2_calibration_error",
    "loss_coverage",
    "order_loss",
    "power_by_loss",
    "rank_correlations",
    "rejections",
    "rule_answers",
    "rule_errors",
    "true_loss",
]
