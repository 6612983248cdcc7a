"""From effects to decisions: rules, readable trees, fairness, and policies that are saved and used (layer 4)."""

from helpers.policy.card import make_card
from helpers.policy.disclosure import SMALLEST, in_groups, risky_columns
from helpers.policy.fairness import fairness_table, shares_shown, widest_gaps
from helpers.policy.files import check_target, load, save
from helpers.policy.model import EXPORTABLE, FEATURES, Policy, from_learner
from helpers.policy.rules import held_out_value, treat_by_budget, treat_by_cost
from helpers.policy.tree import TreePolicy, tree_policy

__all__ = [
    "EXPORTABLE",
    "FEATURES",
    "SMALLEST",
    "Policy",
    "TreePolicy",
    "check_target",
    "fairness_table",
    "from_learner",
    "held_out_value",
    "in_groups",
    "load",
    "make_card",
    "risky_columns",
    "save",
    "shares_shown",
    "treat_by_budget",
    "treat_by_cost",
    "tree_policy",
    "widest_gaps",
]
