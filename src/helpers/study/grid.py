"""The order of the study: every strategy in every trial, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from tqdm.auto import tqdm

from helpers import artifacts, encoders
from helpers.config import Config
from helpers.effects.networks.steps import trains_networks
from helpers.effects.networks.training import fit_together
from helpers.study.cell import cell_key, run_cell, training_data
from helpers.study.strategies import COMPARED, strategy_named
from helpers.study.trials import LazyTrials

TOGETHER = 10  # trials whose networks train in one tensor program


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


def run_areas(config: Config | Iterable[Config], names: Iterable[str] = COMPARED, **changes) -> pd.DataFrame:
    """As :func:`run_grid`, without the curves; ``changes``: parameters of a single configuration to set first."""
    results = run_grid(config.model_copy(update=changes) if changes else config, names)
    return results[results["at"].isna()]


class _Grid:
    """Cells in order: from the store, else computed at once, else (networks) waiting to be trained with others."""

    def __init__(self, store: artifacts.Store, bar: tqdm) -> None:
        self.store, self.bar, self.version = store, bar, artifacts.code_of(__name__)
        self.cells: list[pd.DataFrame | None] = []
        self.waiting: list[tuple] = []

    def add(self, config: Config, lazy: LazyTrials, index: int, name: str) -> None:
        """Take the cell from the store, compute it, or let it wait."""
        key = {"config": cell_key(config), "strategy": name, "trial": index, "code": self.version}
        self.cells.append(self.store.find("cell", key))
        if self.cells[-1] is None:
            if trains_networks(strategy_named(name).make(lazy[index])):
                self.waiting.append((len(self.cells) - 1, key, lazy[index], name))
                return
            self.cells[-1] = self.store.frame("cell", key, lambda: run_cell(lazy[index], name))
        self.bar.update()

    def flush(self, least: int = 1) -> None:
        """Train the networks that wait, if those of at least so many trials do."""
        if len({id(trial) for *_, trial, _ in self.waiting}) < least:
            return
        made = [(strategy_named(name), trial) for *_, trial, name in self.waiting]
        jobs = [(s.make(trial), training_data(trial, s)) for s, trial in made]
        device = encoders.resolve(made[0][1].config.device, "fp32")[0]
        fitted = fit_together(jobs, progress=not self.bar.disable, device=device)
        for (place, key, *cell), learner in zip(self.waiting, fitted, strict=True):
            self.cells[place] = self.store.put("cell", key, run_cell(*cell, learner))
            self.bar.update()
        self.waiting = []
