"""Effect learners and the small networks they may use (layer 4)."""

from helpers.effects.assumption import SafeEM, text_beyond_annotations
from helpers.effects.em import EMLearner
from helpers.effects.learners import AACE, DRLearner, EffectLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.metalearners import DragonNet, RLearner, TARNet, TLearner
from helpers.effects.ranking import RankLearner
from helpers.effects.two_phase import AnchoredAACE, TwoPhase
from helpers.effects.wrappers import CausalForest, EconDRLearner

__all__ = [
    "AACE",
    "AnchoredAACE",
    "CausalForest",
    "DRLearner",
    "DragonNet",
    "EMLearner",
    "EconDRLearner",
    "EffectLearner",
    "KnownEffect",
    "RLearner",
    "RandomOrder",
    "RankLearner",
    "RiskRanker",
    "SafeEM",
    "TARNet",
    "TLearner",
    "TwoPhase",
    "text_beyond_annotations",
]
