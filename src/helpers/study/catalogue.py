"""The strategies: one entry each to add another."""

from __future__ import annotations

from helpers.effects.econml import CausalForest, EconDRLearner
from helpers.effects.learners import AACE, DRLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.metalearners import DragonNet, RLearner, TARNet, TLearner
from helpers.effects.networks.heads import HeadRegressor
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.ranking import RankLearner
from helpers.effects.two_phase import AnchoredAACE, TwoPhase
from helpers.study.prototypes import boosted, cross_fitted, em, on_confounders, on_features, published_aace, with_heads
from helpers.study.strategy import Strategy

STRATEGIES: dict[str, Strategy] = {
    "random": Strategy(
        "random order",
        "rule",
        "Patients in a random order: what a lottery brings.",
        lambda t: RandomOrder(),
        annotated=False,
        estimates=False,
    ),
    "risk": Strategy(
        "highest risk first",
        "rule",
        "A ridge regression of the outcome among the untreated; whoever would fare worst untreated comes first.",
        lambda t: RiskRanker(),
        annotated=False,
        estimates=False,
    ),
    "tabular": Strategy(
        "DR learner, tabular only",
        "free",
        "The doubly robust learner below on the bedside columns, the note unread.",
        lambda t: DRLearner(ridge(), on_features(t)),
        "tabular",
        "kennedy2023towards",
        annotated=False,
    ),
    "dr": Strategy(
        "DR learner (ridge), no annotation",
        "free",
        "Doubly robust pseudo-outcomes with nuisances fitted on the features themselves, regressed on them by ridge.",
        lambda t: DRLearner(ridge(), on_features(t)),
        source="kennedy2023towards",
        annotated=False,
    ),
    "t": Strategy(
        "T-learner (ridge)",
        "free",
        "One ridge regression of the outcome among the treated, one among the untreated; their difference.",
        lambda t: TLearner(),
        annotated=False,
    ),
    "t_heads": Strategy(
        "T-learner, 64-unit heads",
        "free",
        "The T-learner with the published small networks in place of ridge.",
        lambda t: TLearner(HeadRegressor(seed=t.seed)),
        source="arno2025learning",
        annotated=False,
        slow=True,
    ),
    "tarnet": Strategy(
        "TARNet",
        "free",
        "A network with a shared layer and one outcome head for each arm.",
        lambda t: TARNet(seed=t.seed),
        source="shalit2017estimating",
        annotated=False,
        slow=True,
    ),
    "dragonnet": Strategy(
        "DragonNet",
        "free",
        "TARNet with a third head that predicts the treatment, so that the shared layer keeps what drives it.",
        lambda t: DragonNet(seed=t.seed),
        source="shi2019adapting",
        annotated=False,
        slow=True,
    ),
    "dr_heads": Strategy(
        "DR learner, 64-unit heads",
        "free",
        "The doubly robust learner with the published small networks in both stages.",
        lambda t: with_heads(DRLearner, t),
        source="arno2025learning",
        annotated=False,
        slow=True,
    ),
    "r": Strategy(
        "R-learner (ridge)",
        "free",
        "Residuals of the outcome regressed on residuals of the treatment, both cross-fitted on the features.",
        lambda t: RLearner(**cross_fitted(t)),
        annotated=False,
    ),
    "forest": Strategy(
        "causal forest",
        "free",
        "econml's CausalForestDML on the features.",
        lambda t: CausalForest(folds=t.config.folds, seed=t.seed),
        source="econml",
        annotated=False,
        slow=True,
    ),
    "aace": Strategy(
        "AACE as published",
        "published",
        "Pseudo-outcomes from the annotated confounders, then a 64-unit network that predicts them from frozen "
        "vectors; the outcome in standard deviations, so that its unit decides nothing.",
        published_aace,
        source="arno2025learning",
    ),
    "aace_raw": Strategy(
        "AACE as published, raw outcome",
        "published",
        "The same on the outcome as it is, in the manner of the published code.",
        lambda t: with_heads(AACE, t, standardise=False),
        source="arno2025learning",
    ),
    "econml_dr": Strategy(
        "econml's DRLearner(X=phi, W=X)",
        "frozen",
        "econml's doubly robust learner with the annotated confounders as controls.",
        lambda t: EconDRLearner(**cross_fitted(t)),
        source="econml",
        complete=True,
        slow=True,
    ),
    "aace_boost": Strategy(
        "AACE, boosted smoother",
        "frozen",
        "Smoothed AACE with boosted trees as its smoother.",
        lambda t: AACE(ridge(), on_confounders(t), boosted(t)),
        slow=True,
    ),
    "two_phase": Strategy(
        "two-phase, augmented",
        "frozen",
        "Pseudo-outcomes of the un-annotated records from features, treatment and outcome, corrected on the annotated "
        "ones by their known chance of annotation.",
        lambda t: TwoPhase(**cross_fitted(t)),
        takes_pi=True,
    ),
    "anchored": Strategy(
        "AACE, anchored",
        "frozen",
        "The annotation-free learner, corrected on the annotated records as far as they contradict it.",
        lambda t: AnchoredAACE(**cross_fitted(t)),
        takes_pi=True,
    ),
    "rank": Strategy(
        "Rank-Learner",
        "frozen",
        "A network trained on pairs of pseudo-outcomes to put patients in order, without estimating effects.",
        lambda t: RankLearner(nuisances=on_confounders(t), seed=t.seed),
        estimates=False,
        slow=True,
    ),
    "rank_linear": Strategy(
        "Rank-Learner, linear",
        "frozen",
        "The same with a linear score.",
        lambda t: RankLearner(nuisances=on_confounders(t), hidden=False, seed=t.seed),
        estimates=False,
        slow=True,
    ),
    "aace_ridge": Strategy(
        "AACE, ridge",
        "read",
        "Cross-fitted pseudo-outcomes from the annotated confounders, then a ridge regression on the features.",
        lambda t: AACE(ridge(), on_confounders(t)),
        "read",
    ),
    "aace_smooth": Strategy(
        "AACE, smoothed",
        "read",
        "Pseudo-outcomes are first regressed on the confounders, which takes noise away, then on the features.",
        lambda t: AACE(ridge(), on_confounders(t), smoother=ridge()),
        "read",
    ),
    "plug": Strategy(
        "impute-then-plug",
        "read",
        "A probability for each level of each confounder from the features; the effect that the annotated records show "
        "for each combination of confounders, averaged over these probabilities.",
        lambda t: em(t, iterations=0),
        "read",
        levels=True,
    ),
    "em": Strategy(
        "EM, then plug",
        "read",
        "Impute-then-plug whose models also learn from the records nobody annotated, by expectation and maximisation.",
        em,
        "read",
        levels=True,
    ),
    "em_regress": Strategy(
        "EM, then regress",
        "read",
        "EM's expected effect of every training record, regressed on the features by ridge.",
        lambda t: em(t, "regress"),
        "read",
        levels=True,
    ),
    "said": Strategy(
        "a perfect reader of the notes",
        "ceiling",
        "The true effect as well as it can be told by somebody who reads everything that the note says.",
        lambda t: KnownEffect(),
        "said",
        annotated=False,
    ),
    "oracle_x": Strategy(
        "the confounders themselves",
        "ceiling",
        "AACE on ridge that sees the confounders at the bedside too.",
        lambda t: AACE(ridge(), on_confounders(t)),
        "confounders",
    ),
    "oracle": Strategy(
        "the true effects",
        "ceiling",
        "Patients in the order of their true effects; nothing can be better.",
        lambda t: KnownEffect(),
        "truth",
        annotated=False,
    ),
}
