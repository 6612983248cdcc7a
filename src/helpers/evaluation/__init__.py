"""Judge: results, held-out scores, comparisons, sensitivity, agreement of policies."""

from helpers.evaluation.arms import arm_curve, arm_gains, arm_value
from helpers.evaluation.autoc_definitions import definitions
from helpers.evaluation.budgets import against_free, forecast, repeat_over_budgets, share_of, thresholds, with_way_out
from helpers.evaluation.clipping import clipping_sensitivity
from helpers.evaluation.comparisons import (
    CHECKED,
    all_pairs,
    both_ways,
    held_out_coverage,
    judged,
    mean_gap,
    most_and_least,
    pooled_held_out,
)
from helpers.evaluation.confounding import as_strong, columns_of, hidden_confounding, recorded_strength
from helpers.evaluation.held_out import (
    HeldOutScores,
    compare_held_out,
    evaluate_held_out,
    held_out_scores,
    judge_held_out,
    judging_folds,
)
from helpers.evaluation.net_benefit import break_even, net_benefit, net_benefit_curve, net_gains
from helpers.evaluation.policy_agreement import MIX_GROUPS, agreement, case_mix
from helpers.evaluation.results import (
    AS_MANY,
    EVERYBODY,
    GRID,
    SCORES,
    TODAY,
    TRUTH,
    evaluate,
    evaluate_scores,
    paired,
    summarise,
    turned_back,
)
from helpers.evaluation.shift.density_ratio import DensityRatio, Sample, cross_fitted_ratio, divergence, support
from helpers.evaluation.shift.transport import ESTIMATORS, UNTRUSTED, share_treated, transported_value
from helpers.evaluation.shift.two_sample import (
    PENALTY,
    area_under_roc,
    classifier_scores,
    false_alarms,
    power,
    two_sample_test,
)
from helpers.evaluation.shift.worst_case import implied_radius, kl_worst_case, policy_weights

__all__ = [
    "AS_MANY",
    "CHECKED",
    "DensityRatio",
    "ESTIMATORS",
    "EVERYBODY",
    "GRID",
    "MIX_GROUPS",
    "HeldOutScores",
    "PENALTY",
    "SCORES",
    "Sample",
    "TODAY",
    "TRUTH",
    "UNTRUSTED",
    "against_free",
    "agreement",
    "all_pairs",
    "area_under_roc",
    "arm_curve",
    "arm_gains",
    "arm_value",
    "as_strong",
    "both_ways",
    "break_even",
    "case_mix",
    "classifier_scores",
    "clipping_sensitivity",
    "columns_of",
    "compare_held_out",
    "cross_fitted_ratio",
    "definitions",
    "divergence",
    "evaluate",
    "evaluate_held_out",
    "evaluate_scores",
    "false_alarms",
    "forecast",
    "held_out_coverage",
    "held_out_scores",
    "judging_folds",
    "judge_held_out",
    "hidden_confounding",
    "implied_radius",
    "judged",
    "kl_worst_case",
    "mean_gap",
    "most_and_least",
    "net_benefit",
    "net_benefit_curve",
    "net_gains",
    "paired",
    "policy_weights",
    "pooled_held_out",
    "power",
    "recorded_strength",
    "repeat_over_budgets",
    "share_of",
    "share_treated",
    "summarise",
    "support",
    "thresholds",
    "transported_value",
    "turned_back",
    "two_sample_test",
    "with_way_out",
]
