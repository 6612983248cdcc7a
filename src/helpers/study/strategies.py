"""The strategies: one line each to add another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from helpers import effects
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.econml import CausalForest, EconDRLearner
from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import AACE, DRLearner, EffectLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.metalearners import DragonNet, RLearner, TARNet, TLearner
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.ranking import RankLearner
from helpers.effects.two_phase import AnchoredAACE, TwoPhase
from helpers.encoders.features import Features
from helpers.privacy.escaping import escaped
from helpers.study.trials import Trial


@dataclass(frozen=True)
class Strategy:
    """A way to decide whom to treat: a learner, and the representation it reads.

    Parameters
    ----------
    label : str
        As figures show it.
    make : callable
        ``make(trial)`` gives an unfitted learner; of the trial it uses configuration, seed and kinds of annotations.
    features : str
        What it sees at the bedside: a key of ``FEATURES``.
    estimates : bool
        Whether its ``effect`` estimates the effect (else an order only).
    takes_pi : bool
        Whether its ``fit`` weighs records by their known chance of annotation.
    levels : bool
        Whether it needs annotations with levels, not measured numbers.
    complete : bool
        Whether it needs every annotation and bedside column of every record.
    slow : bool
        Many times slower than the others: it runs on ``slow_seeds`` repetitions only.
    """

    label: str
    make: Callable[[Trial], EffectLearner] = field(repr=False)
    features: str = "phi"
    estimates: bool = True
    takes_pi: bool = False
    levels: bool = False
    complete: bool = False
    slow: bool = False

    def repetitions(self, config: Config) -> int:
        """On how many repetitions of a configuration it runs."""
        return min(config.seeds, config.slow_seeds) if self.slow else config.seeds


FEATURES: dict[str, Callable[[Cohort, Features], np.ndarray]] = {
    "phi": lambda cohort, seen: seen.only("phi"),
    "text": lambda cohort, seen: seen.only("text"),
    "tabular": lambda cohort, seen: seen.only("tabular"),
    "confounders": lambda cohort, seen: cohort.W,
    "truth": lambda cohort, seen: cohort.tau[:, None],
}


def published_aace(trial: Trial) -> AACE:
    """AACE with the published heads: 64 units everywhere, nuisances in sample, propensity clipped to [.001, .999].

    Unlike the published code, networks train on outcomes and pseudo-outcomes in standard deviations, so that a unit
    decides nothing; ``aace_raw`` trains on them as they are.
    """
    return with_heads(AACE, trial)


def with_heads(kind: type, trial: Trial, standardise: bool = True) -> EffectLearner:
    """A doubly robust learner with the published heads in both stages."""
    seeds = [int(s) for s in np.random.SeedSequence(trial.seed).generate_state(3)]
    outcome, second_stage = (HeadRegressor(seed=s, standardise=standardise) for s in (seeds[0], seeds[2]))
    return kind(second_stage, Nuisances(outcome, HeadClassifier(seed=seeds[1]), folds=1, clip=0.001))


def cross_fitted(trial: Trial) -> dict:
    """Folds, clipping and seed of learners that cross-fit by themselves."""
    return {"folds": trial.config.folds, "clip": trial.config.clip, "seed": trial.seed}


def boosted(trial: Trial):
    """A boosted regression on a handful of confounders."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=trial.seed
    )


def on_confounders(trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for annotated confounders."""
    return Nuisances(**cross_fitted(trial))


def on_features(trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for embeddings."""
    return Nuisances(ridge(), effects.logistic(), **cross_fitted(trial))


def em(trial: Trial, readout: str = "plug", iterations: int = 30) -> EMLearner:
    """EM over the records nobody annotated, for the cohort's kinds of annotations."""
    return EMLearner(trial.train.levels, readout, iterations, clip=trial.config.clip, seed=trial.seed)


STRATEGIES: dict[str, Strategy] = {
    "random": Strategy("random order", lambda t: RandomOrder(), estimates=False),
    "risk": Strategy("highest risk first", lambda t: RiskRanker(), estimates=False),
    "tabular": Strategy("DR learner, tabular only", lambda t: DRLearner(ridge(), on_features(t)), "tabular"),
    "dr": Strategy("DR learner on phi (ridge), no annotation", lambda t: DRLearner(ridge(), on_features(t))),
    "aace": Strategy("AACE as published, outcome standardised", published_aace),
    "aace_raw": Strategy("AACE as published, raw outcome", lambda t: with_heads(AACE, t, standardise=False)),
    "aace_ridge": Strategy("AACE, ridge", lambda t: AACE(ridge(), on_confounders(t))),
    "aace_smooth": Strategy("AACE, smoothed", lambda t: AACE(ridge(), on_confounders(t), smoother=ridge())),
    "plug": Strategy("impute-then-plug", lambda t: em(t, iterations=0), levels=True),
    "em": Strategy("EM, then plug", em, levels=True),
    "em_regress": Strategy("EM, then regress", lambda t: em(t, "regress"), levels=True),
    "two_phase": Strategy("two-phase, augmented", lambda t: TwoPhase(**cross_fitted(t)), takes_pi=True),
    "anchored": Strategy("AACE, anchored on phi", lambda t: AnchoredAACE(**cross_fitted(t)), takes_pi=True),
    "t": Strategy("T-learner on phi (ridge)", lambda t: TLearner()),
    "t_heads": Strategy("T-learner on phi, 64-unit heads", lambda t: TLearner(HeadRegressor(seed=t.seed))),
    "tarnet": Strategy("TARNet on phi", lambda t: TARNet(seed=t.seed)),
    "dragonnet": Strategy("DragonNet on phi", lambda t: DragonNet(seed=t.seed)),
    "dr_heads": Strategy("DR learner on phi, 64-unit heads", lambda t: with_heads(DRLearner, t)),
    "r": Strategy("R-learner on phi (ridge)", lambda t: RLearner(**cross_fitted(t))),
    "forest": Strategy("causal forest on phi", lambda t: CausalForest(folds=t.config.folds, seed=t.seed), slow=True),
    "econml_dr": Strategy("econml's DRLearner(X=phi, W=X)", lambda t: EconDRLearner(**cross_fitted(t)), complete=True),
    "aace_boost": Strategy("AACE, boosted smoother", lambda t: AACE(ridge(), on_confounders(t), boosted(t))),
    "rank": Strategy("Rank-Learner", lambda t: RankLearner(nuisances=on_confounders(t), seed=t.seed), estimates=False),
    "rank_linear": Strategy(
        "Rank-Learner, linear",
        lambda t: RankLearner(nuisances=on_confounders(t), hidden=False, seed=t.seed),
        estimates=False,
    ),
    "oracle_x": Strategy("oracle: confounders", lambda t: AACE(ridge(), on_confounders(t)), "confounders"),
    "oracle": Strategy("oracle: true effects", lambda t: KnownEffect(), "truth"),
}
# With every record annotated EM has nothing to add to impute-then-plug, and the two-phase learners nothing to AACE on
# ridge: the comparison leaves to the chapter on budgets what differs only where annotations are missing.
COMPARED = ("random", "risk", "tabular", "t", "t_heads", "tarnet", "dragonnet", "r", "forest", "dr", "dr_heads")
COMPARED += ("econml_dr", "aace", "aace_ridge", "aace_smooth", "aace_boost", "rank", "rank_linear", "plug")
COMPARED += ("oracle_x", "oracle")
ALL = tuple(STRATEGIES)


def strategy_named(name: str) -> Strategy:
    """A strategy by its name, or by ``name@features`` one that sees other features at the bedside."""
    base, _, features = name.partition("@")
    if base not in STRATEGIES or (features and features not in FEATURES):
        raise ValueError(
            f"strategy {name!r}: valid are {sorted(STRATEGIES)}, alone or followed by @ and one of {sorted(FEATURES)}."
        )
    return replace(STRATEGIES[base], features=features) if features else STRATEGIES[base]


def applicable(cohort: Cohort, names: Iterable[str] = COMPARED) -> tuple[list[str], dict[str, str]]:
    """Which strategies can run on a cohort, and why the others cannot.

    Parameters
    ----------
    cohort : Cohort
    names : iterable of str
        As :func:`strategy_named` takes them.

    Returns
    -------
    usable : list of str
        In the order given.
    reasons : dict
        Each of the others with one sentence.
    """
    reasons = {name: _obstacle(cohort, strategy_named(name)) for name in names}
    return [n for n, r in reasons.items() if r is None], {n: r for n, r in reasons.items() if r is not None}


def _obstacle(cohort: Cohort, strategy: Strategy) -> str | None:
    if strategy.features == "truth" and cohort.roles.outcome and not cohort.has_truth:
        return "The true effects of these records are not known."
    if strategy.levels and cohort.measured:
        return f"It needs annotations with levels; {', '.join(map(escaped, cohort.measured))} are measured numbers."
    if strategy.complete and any(cohort.frame[c].isna().any() for c in cohort.roles.annotations):
        return "It takes no missing values."
    if "tabular" in strategy.features and not cohort.roles.tabular:
        return "These records have no bedside columns."
    return None
