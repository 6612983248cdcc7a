"""Does the order survive? Checks of an order of treatment without counterfactuals (layer 5)."""

from helpers.ordering.diagnostics import LABELS, diagnose, gates, true_loss
from helpers.ordering.loss import OrderLoss, order_loss
from helpers.ordering.reference import Reference, confounder_effects
from helpers.ordering.verdict import TOLERANCE, Verdict, check_order

__all__ = [
    "LABELS",
    "TOLERANCE",
    "OrderLoss",
    "Reference",
    "Verdict",
    "check_order",
    "confounder_effects",
    "diagnose",
    "gates",
    "order_loss",
    "true_loss",
]
