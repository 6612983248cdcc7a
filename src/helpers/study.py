"""The order of the study: trials, strategies and the grid of both (layer 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers import annotation, artifacts, data, effects, encoders, evaluation, metrics, nuisance, schema, scores
from helpers.config import Config
from helpers.effects import (
    AACE,
    CausalForest,
    DragonNet,
    DRLearner,
    EconDRLearner,
    EffectLearner,
    EMLearner,
    KnownEffect,
    RandomOrder,
    RankLearner,
    RiskRanker,
    RLearner,
    TARNet,
    TLearner,
)
from helpers.effects.active import annotate_actively
from helpers.effects.heads import HeadClassifier, HeadRegressor
from helpers.effects.steps import trains_networks
from helpers.effects.training import fit_together
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
    return with_heads(AACE, trial)


def with_heads(kind: type, trial: Trial) -> EffectLearner:
    """A doubly robust learner with the published heads in both stages."""
    seeds = [int(s) for s in np.random.SeedSequence(trial.seed).generate_state(3)]
    stage1 = Nuisances(HeadRegressor(seed=seeds[0]), HeadClassifier(seed=seeds[1]), folds=1, clip=0.001)
    return kind(HeadRegressor(seed=seeds[2]), stage1)


def cross_fitted(config: Config, trial: Trial) -> dict:
    """Folds, clipping and seed of learners that cross-fit by themselves."""
    return {"folds": config.folds, "clip": config.clip, "seed": trial.seed}


def boosted(trial: Trial):
    """A boosted regression on a handful of confounders."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        learning_rate=0.05, max_leaf_nodes=8, early_stopping=False, random_state=trial.seed
    )


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
    "t": Strategy("T-learner on phi (ridge)", lambda c, t: TLearner()),
    "t_heads": Strategy("T-learner on phi, 64-unit heads", lambda c, t: TLearner(HeadRegressor(seed=t.seed))),
    "tarnet": Strategy("TARNet on phi", lambda c, t: TARNet(seed=t.seed)),
    "dragonnet": Strategy("DragonNet on phi", lambda c, t: DragonNet(seed=t.seed)),
    "dr_heads": Strategy("DR learner on phi, 64-unit heads", lambda c, t: with_heads(DRLearner, t)),
    "r": Strategy("R-learner on phi (ridge)", lambda c, t: RLearner(**cross_fitted(c, t))),
    "forest": Strategy("causal forest on phi", lambda c, t: CausalForest(folds=c.folds, seed=t.seed)),
    "econml_dr": Strategy("econml's DRLearner(X=phi, W=X)", lambda c, t: EconDRLearner(**cross_fitted(c, t))),
    "aace_boost": Strategy("AACE, boosted smoother", lambda c, t: AACE(ridge(), on_confounders(c, t), boosted(t))),
    "rank": Strategy("Rank-Learner", lambda c, t: RankLearner(on_confounders(c, t), seed=t.seed), estimates=False),
    "rank_linear": Strategy(
        "Rank-Learner, linear", lambda c, t: RankLearner(on_confounders(c, t), False, seed=t.seed), estimates=False
    ),
    "oracle_x": Strategy("oracle: confounders", lambda c, t: AACE(ridge(), on_confounders(c, t)), "confounders"),
    "oracle": Strategy("oracle: true effects", lambda c, t: KnownEffect(), "truth"),
}
# With every record annotated EM has nothing to add to impute-then-plug, so the comparison leaves it out.
COMPARED = ("random", "risk", "tabular", "dr", "aace", "aace_ridge", "aace_smooth", "plug", "oracle")
ALL = tuple(STRATEGIES)
TOGETHER = 10


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
        chance = annotation.optimal_probability(spread, config.budget, floor=config.budget / 10)
        return annotation.choose_by_probability(train.ids, chance, seed)
    learner = EMLearner(train.levels, clip=config.clip, seed=seed)
    mask = annotate_actively(learner, train.Y, train.T, phi, train.W, train.ids, config.budget, seed)
    return mask, None


def run_strategy(config: Config, trial: Trial, strategy: Strategy) -> EffectLearner:
    """The strategy's learner, fitted on the training side of a trial."""
    return strategy.make(config, trial).fit(**training_data(trial, strategy))


def training_data(trial: Trial, strategy: Strategy) -> dict:
    """What ``fit`` of the strategy's learner takes."""
    train = trial.train
    X = FEATURES[strategy.features](train, trial.phi_train, trial.text_width)
    return {"Y": train.Y, "T": train.T, "X": X, "W": train.W, "annotated": trial.annotated, "groups": train.ids}


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
    return score_cell(config, trial, name, run_strategy(config, trial, strategy_named(name)))


def score_cell(config: Config, trial: Trial, name: str, learner: EffectLearner) -> pd.DataFrame:
    """Long results of a fitted learner in its trial."""
    strategy = strategy_named(name)
    tau_hat = bedside_effect(trial, strategy, learner)
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


def run_grid(config: Config | Iterable[Config], names: Iterable[str] = COMPARED, progress: bool = True) -> pd.DataFrame:
    """Results of all strategies over all trials; every cell is kept, so a rerun computes only what is new.

    The networks of up to ``TOGETHER`` trials train together: the same result as alone, up to rounding.

    Parameters
    ----------
    config : Config or several
        Several: a grid over, say, budgets.
    names : iterable of str
        As :func:`strategy_named` takes them.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Long results, one block a configuration, trial and strategy.
    """
    configs, names = [config] if isinstance(config, Config) else list(config), list(names)
    with tqdm(total=sum(c.seeds for c in configs) * len(names), desc="strategies x seeds", disable=not progress) as bar:
        grid = _Grid(artifacts.Store(), bar)
        for c in configs:
            lazy = _LazyTrials(c)
            for index in range(c.seeds):
                for name in names:
                    grid.add(c, lazy, index, name)
                grid.flush(TOGETHER)
        grid.flush()
    return pd.concat(grid.cells, ignore_index=True)


class _Grid:
    """Cells in order: from the store, else computed at once, else (networks) waiting to be trained with others."""

    def __init__(self, store: artifacts.Store, bar: tqdm) -> None:
        self.store, self.bar, self.version = store, bar, artifacts.code_version(*CODE)
        self.cells: list[pd.DataFrame | None] = []
        self.waiting: list[tuple] = []

    def add(self, config: Config, lazy: _LazyTrials, index: int, name: str) -> None:
        """Take the cell from the store, compute it, or let it wait."""
        key = {"config": cell_key(config), "strategy": name, "trial": index, "code": self.version}

        def make() -> pd.DataFrame:
            if trains_networks(strategy_named(name).make(config, lazy[index])):
                raise _Waits
            return run_cell(config, lazy[index], name)

        self.cells.append(None)
        try:
            self._keep(len(self.cells) - 1, key, make)
        except _Waits:
            self.waiting.append((len(self.cells) - 1, key, config, lazy[index], name))

    def flush(self, least: int = 1) -> None:
        """Train the networks that wait, if those of at least so many trials do."""
        if len({id(trial) for *_, trial, _ in self.waiting}) < least:
            return
        made = [(strategy_named(name), config, trial) for _, _, config, trial, name in self.waiting]
        jobs = [(s.make(config, trial), training_data(trial, s)) for s, config, trial in made]
        device = encoders.loading.resolve(made[0][1].device, "fp32")[0]
        fitted = fit_together(jobs, progress=not self.bar.disable, device=device)
        for (place, key, *cell), learner in zip(self.waiting, fitted, strict=True):
            self._keep(place, key, lambda c=cell, f=learner: score_cell(*c, f))
        self.waiting = []

    def _keep(self, place: int, key: dict, make: Callable[[], pd.DataFrame]) -> None:
        self.cells[place] = self.store.frame("cell", key, make)
        self.bar.update()


class _Waits(Exception):  # noqa: N818
    """A cell is not in the store and its networks are to train in company."""


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
