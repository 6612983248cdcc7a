"""Effect learners and the small networks they may use (layer 4)."""

from helpers.effects.em import EMLearner
from helpers.effects.learners import AACE, DRLearner, EffectLearner, KnownEffect, RandomOrder, RiskRanker

__all__ = ["AACE", "DRLearner", "EMLearner", "EffectLearner", "KnownEffect", "RandomOrder", "RiskRanker"]
