"""Run the study: strategies, replications, the grid, and one module an experiment."""

from helpers.study.annotators import (
    DOUBLY_ANNOTATED,
    REMEDY_LABELS,
    Answers,
    annotate,
    from_both,
    from_disagreement,
    from_panel,
    run_annotator_cell,
    run_annotators,
)
from helpers.study.card import UNDECIDED, card_areas, overlap_sentence, robustness, statements
from helpers.study.catalogue import STRATEGIES
from helpers.study.cell import (
    bedside_effect,
    cell_key,
    effects_of,
    fitted_effect,
    run_cell,
    run_strategy,
    training_data,
)
from helpers.study.decision_rules import RuleSetting, as_many, grow_trees, pooled_rules, repeated, rules, worth
from helpers.study.description import mention_rates, outcome_facts, share_intervals, symptoms_of
from helpers.study.em_assumption import run_assumption_tests
from helpers.study.error_costs import cost_of_errors, share_won_back, won_back
from helpers.study.explained import ASKED, TOLD_BY, added_by, told_by
from helpers.study.export import export_policy, train_policy
from helpers.study.grid import run_areas, run_grid
from helpers.study.held_out import (
    HELD_OUT_STRATEGIES,
    overlap,
    repetition,
    repetitions,
    with_more_held_out,
    with_true_differences,
)
from helpers.study.prototypes import on_confounders
from helpers.study.repeat import each_replication
from helpers.study.representations import (
    CEILING,
    REPRESENTATION_LABELS,
    behind_best,
    best_learner,
    cost,
    live,
    read_table,
    representations_wide,
    share_of_ceiling,
    shares_recovered,
)
from helpers.study.sensitivity import clipping_stress, hidden_stress
from helpers.study.spoilt_models import ERROR_OF_MEAN, WRONG_MODELS, double_robustness
from helpers.study.strategies import (
    COMPARED,
    MAIN,
    RECOMMENDED,
    SAME_LEARNER,
    SAME_VECTORS,
    applicable,
    readable,
    strategy_named,
)
from helpers.study.strategy import FEATURES, GROUPS, REPRESENTATIONS, Strategy, features_of
from helpers.study.trials import LazyTrials, Trial, World, filled, replications
from helpers.study.ward import WARD_LABELS, alignment, run_ward, ward_truth
from helpers.study.whole_notes import WHOLE_NOTES, whole_notes

__all__ = [
    "ASKED",
    "Answers",
    "CEILING",
    "COMPARED",
    "DOUBLY_ANNOTATED",
    "ERROR_OF_MEAN",
    "FEATURES",
    "GROUPS",
    "HELD_OUT_STRATEGIES",
    "LazyTrials",
    "MAIN",
    "REMEDY_LABELS",
    "RECOMMENDED",
    "REPRESENTATIONS",
    "REPRESENTATION_LABELS",
    "RuleSetting",
    "SAME_LEARNER",
    "SAME_VECTORS",
    "STRATEGIES",
    "Strategy",
    "TOLD_BY",
    "Trial",
    "UNDECIDED",
    "WHOLE_NOTES",
    "WRONG_MODELS",
    "World",
    "WARD_LABELS",
    "added_by",
    "alignment",
    "annotate",
    "applicable",
    "as_many",
    "bedside_effect",
    "behind_best",
    "best_learner",
    "card_areas",
    "cell_key",
    "clipping_stress",
    "cost",
    "each_replication",
    "cost_of_errors",
    "double_robustness",
    "effects_of",
    "export_policy",
    "features_of",
    "filled",
    "fitted_effect",
    "from_both",
    "from_disagreement",
    "from_panel",
    "grow_trees",
    "hidden_stress",
    "live",
    "mention_rates",
    "on_confounders",
    "outcome_facts",
    "overlap",
    "overlap_sentence",
    "pooled_rules",
    "read_table",
    "readable",
    "repeated",
    "repetition",
    "repetitions",
    "replications",
    "representations_wide",
    "robustness",
    "rules",
    "run_annotator_cell",
    "run_annotators",
    "run_areas",
    "run_assumption_tests",
    "run_cell",
    "run_grid",
    "run_strategy",
    "run_ward",
    "share_intervals",
    "share_of_ceiling",
    "share_won_back",
    "shares_recovered",
    "statements",
    "strategy_named",
    "symptoms_of",
    "told_by",
    "train_policy",
    "training_data",
    "ward_truth",
    "with_more_held_out",
    "with_true_differences",
    "whole_notes",
    "won_back",
    "worth",
]
