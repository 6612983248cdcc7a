"""From effects to decisions: rules, readable trees, fairness, and policies that are saved and used."""

from helpers.policy.capacity import treat_arms, treat_within
from helpers.policy.card import FACTS, as_markdown, make_card, with_interval
from helpers.policy.columns import Column
from helpers.policy.decide import Limits, decided, parse_quotas
from helpers.policy.encoding import CAN_BE, check_exportable, provenance_of
from helpers.policy.fairness import fairness_table, shares_shown, widest_gaps
from helpers.policy.files import POLICY_FILES, SUMS, check_target, load_policy, save_policy
from helpers.policy.model import FEATURE_SETS, Policy, from_learner
from helpers.policy.reading import PolicyReader
from helpers.policy.records import Inputs
from helpers.policy.reference import make_reference
from helpers.policy.rules import held_out_value, treat_by_budget, treat_by_cost
from helpers.policy.score import score_file
from helpers.policy.source import read_records
from helpers.policy.tree import TreePolicy, tree_policy
from helpers.policy.watch import Outcomes, Watch, watch_file
from helpers.policy.watch_page import page
from helpers.policy.weights import EXPORTABLE

__all__ = [
    "Outcomes",
    "Watch",
    "make_reference",
    "page",
    "watch_file",
    "CAN_BE",
    "Column",
    "EXPORTABLE",
    "FACTS",
    "FEATURE_SETS",
    "Inputs",
    "Limits",
    "POLICY_FILES",
    "Policy",
    "PolicyReader",
    "SUMS",
    "TreePolicy",
    "as_markdown",
    "check_exportable",
    "check_target",
    "decided",
    "fairness_table",
    "from_learner",
    "held_out_value",
    "load_policy",
    "make_card",
    "parse_quotas",
    "provenance_of",
    "read_records",
    "save_policy",
    "score_file",
    "shares_shown",
    "treat_arms",
    "treat_by_budget",
    "treat_by_cost",
    "treat_within",
    "tree_policy",
    "widest_gaps",
    "with_interval",
]
