"""Estimate: nuisances, pseudo-outcomes, and the learners of effects built on them."""

from helpers.effects.econml import CausalForest, EconDRLearner
from helpers.effects.em.assumption import SafeEM, TooFewAnnotated, text_beyond_annotations
from helpers.effects.em.learner import EMLearner
from helpers.effects.em.maximisation import BASIS_BLOCK
from helpers.effects.learners import AACE, DRLearner, EffectLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.metalearners import DragonNet, RLearner, TARNet, TLearner
from helpers.effects.networks.training import fit_together
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.diagnostics import (
    calibration_summary,
    calibration_table,
    nuisance_errors,
    overlap_report,
    recalibrate,
    spread_given,
)
from helpers.effects.nuisance.prototypes import boosted_propensity, logistic, ridge, ridge_interactions
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.effects.nuisance.selection import choose_nuisances
from helpers.effects.ranking import RankLearner
from helpers.effects.two_phase import AnchoredAACE, TwoPhase

__all__ = [
    "AACE",
    "AnchoredAACE",
    "BASIS_BLOCK",
    "CausalForest",
    "DRLearner",
    "DragonNet",
    "EMLearner",
    "EconDRLearner",
    "EffectLearner",
    "KnownEffect",
    "Nuisances",
    "RLearner",
    "RandomOrder",
    "RankLearner",
    "RiskRanker",
    "SafeEM",
    "TARNet",
    "TLearner",
    "TooFewAnnotated",
    "TwoPhase",
    "boosted_propensity",
    "calibration_summary",
    "calibration_table",
    "choose_nuisances",
    "fit_together",
    "logistic",
    "nuisance_errors",
    "overlap_report",
    "pseudo_outcome",
    "recalibrate",
    "ridge",
    "ridge_interactions",
    "spread_given",
    "text_beyond_annotations",
]
