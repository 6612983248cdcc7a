"""The order of the study: trials, strategies and the grid of both (layer 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers import annotation, artifacts, data, effects, encoders, evaluation, metrics, nuisance, schema, scores
from helpers.config import Config
from helpers.effects import AACE, DRLearner, EffectLearner, EMLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.active import annotate_actively
from helpers.effects.heads import HeadClassifier, HeadRegressor
from helpers.nuisance import Nuisances, ridge
from helpers.schema import Cohort

CODE = (annotation, data, effects, encoders, evaluation, metrics, nuisance, schema, scores)


@dataclass(frozen=True, repr=False)
class Trial:
    """One repetition: a split by patient, a draw of treatment and outcome, and what may be seen of it.

    Attributes
    ----------
    train, test : Cohort
    phi_train, phi_test : (n, d) float32 arrays
        Text embedding, then bedside columns.
    text_width : int
        Leading columns of phi that come from the text.
    annotated : (n_train,) bool array
        Training records the expert annotated.
    pi : (n_train,) array or None
        Chance of each training record to be annotated; None where the design gives none.
    seed : int
        Seed of everything the learners draw.
    """

    train: Cohort
    test: Cohort
    phi_train: np.ndarray
    phi_test: np.ndarray
    text_width: int
    annotated: np.ndarray
    pi: np.ndarray | None
    seed: int
    index: int


@dataclass(frozen=True)
class Strategy:
    """A way to decide whom to treat.

    Parameters
    ----------
    label : str
        As figures show it.
    make : callable
        ``make(config, trial)`` gives an unfitted learner; of the trial it uses the seed and the kinds of annotations.
    features : str
        What it sees at the bedside: a key of ``FEATURES``.
    estimates : bool
        Whether its ``effect`` estimates the effect (else an order only).
    """

    label: str
    make: Callable[[Config, Trial], EffectLearner] = field(repr=False)
    features: str = "phi"
    estimates: bool = True


FEATURES: dict[str, Callable[[Cohort, np.ndarray, int], np.ndarray]] = {
    "phi": lambda cohort, phi, width: phi,
    "text": lambda cohort, phi, width: phi[:, :width],
    "tabular": lambda cohort, phi, width: phi[:, width:],
    "confounders": lambda cohort, phi, width: cohort.W,
    "truth": lambda cohort, phi, width: cohort.tau[:, None],
}


def published_aace(config: Config, trial: Trial) -> AACE:
    """AACE as published: 64-unit heads everywhere, nuisances in sample, propensity clipped to [.001, .999]."""
    seeds = [int(s) for s in np.random.SeedSequence(trial.seed).generate_state(3)]
    stage1 = Nuisances(HeadRegressor(seed=seeds[0]), HeadClassifier(seed=seeds[1]), folds=1, clip=0.001)
    return AACE(HeadRegressor(seed=seeds[2]), stage1)


def on_confounders(config: Config, trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for annotated confounders."""
    return Nuisances(folds=config.folds, clip=config.clip, seed=trial.seed)


def on_features(config: Config, trial: Trial) -> Nuisances:
    """Cross-fitted nuisances for embeddings."""
    return Nuisances(ridge(), nuisance.logistic(), config.folds, config.clip, trial.seed)


def em(config: Config, trial: Trial, readout: str = "plug", iterations: int = 30) -> EMLearner:
    """EM over the records nobody annotated, for the cohort's kinds of annotations."""
    return EMLearner(trial.train.levels, readout, iterations, clip=config.clip, seed=trial.seed)


STRATEGIES: dict[str, Strategy] = {
    "random": Strategy("random order", lambda c, t: RandomOrder(), estimates=False),
    "risk": Strategy("highest risk first", lambda c, t: RiskRanker(), estimates=False),
    "tabular": Strategy("DR learner, tabular only", lambda c, t: DRLearner(ridge(), on_features(c, t)), "tabular"),
    "dr": Strategy("DR learner on phi (ridge), no annotation", lambda c, t: DRLearner(ridge(), on_features(c, t))),
    "aace": Strategy("AACE as published", published_aace),
    "aace_ridge": Strategy("AACE, ridge", lambda c, t: AACE(ridge(), on_confounders(c, t))),
    "aace_smooth": Strategy("AACE, smoothed", lambda c, t: AACE(ridge(), on_confounders(c, t), smoother=ridge())),
    "plug": Strategy("impute-then-plug", lambda c, t: em(c, t, iterations=0)),
    "em": Strategy("EM, then plug", em),
    "em_regress": Strategy("EM, then regress", lambda c, t: em(c, t, "regress")),
    "oracle": Strategy("oracle: true effects", lambda c, t: KnownEffect(), "truth"),
}
# With every record annotated EM has nothing to add to impute-then-plug, so the comparison leaves it out.
COMPARED = ("random", "risk", "tabular", "dr", "aace", "aace_ridge", "aace_smooth", "plug", "oracle")


def trials(config: Config, which: Iterable[int] | None = None) -> Iterable[Trial]:
    """The repetitions of a configuration, one at a time; all share the records and their embedding."""
    cohort = data.load_cohort(config)
    encoder = encoders.make_encoder(config.encoder, device=config.device)
    embedding = encoders.encode(cohort.texts, encoder) if encoder.frozen else None
    for index in range(config.seeds) if which is None else which:
        yield make_trial(config, cohort, encoder, embedding, index)


def make_trial(config: Config, cohort: Cohort, encoder, embedding: np.ndarray | None, index: int) -> Trial:
    """Repetition ``index``: split, draw, annotate; an encoder that learns sees training notes only."""
    split, outcome, annotate, learn = np.random.SeedSequence([config.seed, index]).generate_state(4).tolist()
    drawn = data.draw_outcomes(cohort, config.process, outcome)
    train_rows, test_rows = data.split(drawn, config.test_share, split)
    train, test = drawn.take(train_rows), drawn.take(test_rows)
    if embedding is None:
        fitted = encoder.fit(train.texts)
        text_train, text_test = fitted.transform(train.texts), fitted.transform(test.texts)
    else:
        text_train, text_test = embedding[train_rows], embedding[test_rows]
    phi = [np.hstack([t, c.tabular]).astype(np.float32) for t, c in ((text_train, train), (text_test, test))]
    annotated, pi = who_is_annotated(config, train, phi[0], annotate)
    return Trial(train, test, *phi, text_train.shape[1], annotated, pi, learn, index)


def who_is_annotated(config: Config, train: Cohort, phi: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Mask of the annotated training records and their chance of it, by ``config.design``.

    ``known``: records with an outcome above the median are three times as likely to be annotated as the others.
    ``active``: no chance is known, since the choice follows from the pilot.
    """
    if config.design == "random":
        return annotation.choose(train.ids, config.budget, seed), np.full(len(train), config.budget)
    if config.design == "known":
        spread = np.where(train.Y > np.median(train.Y), 3.0, 1.0)
        chance = annotation.optimal_probability(spread, config.budget, floor=0.0)
        return annotation.choose_by_probability(train.ids, chance, seed)
    learner = EMLearner(train.levels, clip=config.clip, seed=seed)
    mask = annotate_actively(learner, train.Y, train.T, phi, train.W, train.ids, config.budget, seed)
    return mask, None


def run_strategy(config: Config, trial: Trial, strategy: Strategy) -> EffectLearner:
    """The strategy's learner, fitted on the training side of a trial."""
    train = trial.train
    X = FEATURES[strategy.features](train, trial.phi_train, trial.text_width)
    learner = strategy.make(config, trial)
    return learner.fit(train.Y, train.T, X, W=train.W, annotated=trial.annotated, groups=train.ids)


def bedside_effect(trial: Trial, strategy: Strategy, learner: EffectLearner) -> np.ndarray:
    """Its effects for the test side of the trial."""
    return learner.effect(FEATURES[strategy.features](trial.test, trial.phi_test, trial.text_width))


def strategy_named(name: str) -> Strategy:
    """A strategy by its name, or by ``name@features`` one that sees other features at the bedside."""
    base, _, features = name.partition("@")
    if base not in STRATEGIES or (features and features not in FEATURES):
        raise ValueError(
            f"strategy {name!r}: valid are {sorted(STRATEGIES)}, alone or followed by @ and one of {sorted(FEATURES)}."
        )
    return replace(STRATEGIES[base], features=features) if features else STRATEGIES[base]


def run_cell(config: Config, trial: Trial, name: str) -> pd.DataFrame:
    """Long results of one strategy in one trial."""
    strategy = strategy_named(name)
    tau_hat = bedside_effect(trial, strategy, run_strategy(config, trial, strategy))
    table = evaluation.evaluate(trial.test, -tau_hat, tau_hat if strategy.estimates else None)
    return table.assign(
        dataset=config.dataset,
        process=config.process,
        note_style=config.note_style,
        encoder=config.encoder,
        strategy=name,
        budget=config.budget,
        design=config.design,
        noise=0.0,
        seed=trial.index,
    )


def run_grid(config: Config, names: Iterable[str] = COMPARED, progress: bool = True) -> pd.DataFrame:
    """Results of all strategies over all trials; every cell is kept, so a rerun computes only what is new.

    Parameters
    ----------
    config : Config
    names : iterable of str
        As :func:`strategy_named` takes them.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Long results, one block a strategy and trial.
    """
    names = list(names)
    store, version = artifacts.Store(), artifacts.code_version(*CODE)
    cells = []
    bar = tqdm(total=config.seeds * len(names), desc="strategies x seeds", disable=not progress)
    lazy = _LazyTrials(config)
    for index in range(config.seeds):
        for name in names:
            key = {"config": cell_key(config), "strategy": name, "trial": index, "code": version}
            cells.append(store.frame("cell", key, lambda i=index, s=name: run_cell(config, lazy[i], s)))
            bar.update()
    bar.close()
    return pd.concat(cells, ignore_index=True)


def cell_key(config: Config) -> dict:
    """What a cell depends on: all parameters but the number of seeds and places on disk."""
    return config.model_dump(exclude={"seeds", "results", "device"})


class _LazyTrials:
    """Trials made when a cell asks for them, the last one kept: nothing is loaded if every cell is in the store."""

    def __init__(self, config: Config) -> None:
        self.config, self.index, self.base = config, None, None

    def __getitem__(self, index: int) -> Trial:
        if self.index != index:
            self.index, self.trial = index, next(iter(trials(self.config, [index])))
        return self.trial
