"""The order of the study: every strategy in every trial, cell by cell (layer 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers import (
    annotation,
    artifacts,
    data,
    effects,
    encoders,
    evaluation,
    heldout,
    metrics,
    nuisance,
    ridge,
    schema,
    scores,
)
from helpers import strategies as strategies_module
from helpers import trials as trials_module
from helpers.config import Config
from helpers.effects import EffectLearner
from helpers.effects.steps import trains_networks
from helpers.effects.training import fit_together
from helpers.strategies import (
    ALL,
    COMPARED,
    FEATURES,
    STRATEGIES,
    Strategy,
    applicable,
    on_confounders,
    strategy_named,
)
from helpers.trials import LazyTrials, Trial, trials

__all__ = [
    "ALL",
    "COMPARED",
    "FEATURES",
    "STRATEGIES",
    "LazyTrials",
    "Strategy",
    "Trial",
    "applicable",
    "bedside_effect",
    "cell_key",
    "held_out",
    "on_confounders",
    "run_cell",
    "run_grid",
    "run_strategy",
    "score_cell",
    "scorer",
    "strategy_named",
    "training_data",
    "trials",
]

CODE = (annotation, data, effects, encoders, evaluation, heldout, metrics, nuisance, ridge, schema, scores)
CODE += (strategies_module, trials_module)
TOGETHER = 10  # trials whose networks train in one tensor program


def run_strategy(config: Config, trial: Trial, strategy: Strategy) -> EffectLearner:
    """The strategy's learner, fitted on the training side of a trial."""
    return strategy.make(config, trial).fit(**training_data(trial, strategy))


def training_data(trial: Trial, strategy: Strategy) -> dict:
    """What ``fit`` of the strategy's learner takes."""
    train = trial.train
    X = FEATURES[strategy.features](train, trial.phi_train, trial.text_width)
    known = {"pi": trial.pi} if strategy.takes_pi else {}
    seen = {"X": X, "W": train.W, "annotated": trial.annotated, "groups": train.ids}
    return {"Y": train.Y, "T": train.T, **seen, **known}


def bedside_effect(trial: Trial, strategy: Strategy, learner: EffectLearner) -> np.ndarray:
    """Its effects for the test side of the trial."""
    return learner.effect(FEATURES[strategy.features](trial.test, trial.phi_test, trial.text_width))


def run_cell(config: Config, trial: Trial, name: str) -> pd.DataFrame:
    """Long results of one strategy in one trial."""
    return score_cell(config, trial, name, run_strategy(config, trial, strategy_named(name)))


def score_cell(config: Config, trial: Trial, name: str, learner: EffectLearner) -> pd.DataFrame:
    """Long results of a fitted learner in its trial: by the true effects, else by held-out doubly robust scores."""
    strategy = strategy_named(name)
    tau_hat = bedside_effect(trial, strategy, learner)
    if trial.test.has_truth:
        table = evaluation.evaluate(trial.test, -tau_hat, tau_hat if strategy.estimates else None)
    else:
        scored = held_out(config, trial)
        table = evaluation.evaluate_scores(scored.gamma0, scored.gamma1, -tau_hat)
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


def held_out(config: Config, trial: Trial) -> heldout.HeldOutScores:
    """Doubly robust scores of the test side, cross-fitted there; no strategy has seen them."""
    return heldout.held_out_scores(trial.test, scorer(config))


def scorer(config: Config) -> nuisance.Nuisances:
    """Prototype of the nuisances behind :func:`held_out`: calm ones, since a test side is small."""
    return nuisance.Nuisances(nuisance.ridge(), nuisance.logistic(), config.folds, config.clip or 0.01)


def run_grid(config: Config | Iterable[Config], names: Iterable[str] = COMPARED, progress: bool = True) -> pd.DataFrame:
    """Results of all strategies over all trials; every cell is kept, so a rerun computes only what is new.

    Slow strategies run on the first ``slow_seeds`` trials only. The networks of up to ``TOGETHER`` trials train
    together: the same result as alone, up to rounding.

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
    total = sum(strategy_named(name).repetitions(c) for c in configs for name in names)
    with tqdm(total=total, desc="strategies x seeds", disable=not progress) as bar:
        grid = _Grid(artifacts.Store(), bar)
        for c in configs:
            lazy = LazyTrials(c)
            for index in range(c.seeds):
                for name in names:
                    if index < strategy_named(name).repetitions(c):
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

    def add(self, config: Config, lazy: LazyTrials, index: int, name: str) -> None:
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
    """What a cell depends on: all parameters but numbers of seeds, the gate and places on disk; the state of files."""
    places = {"results", "device", "own_spec", "mimic_path", "mimic_memory"}
    return config.model_dump(exclude={"seeds", "slow_seeds", "gate"} | places) | data.fingerprint(config)
