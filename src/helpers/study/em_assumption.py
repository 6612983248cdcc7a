"""EM's assumption, tested in every repetition of a study on what its annotators wrote."""

from __future__ import annotations

import pandas as pd
from tqdm.auto import tqdm

from helpers import artifacts, effects
from helpers.config import Config
from helpers.study import cell, strategies, trials


def run_assumption_tests(config: Config, progress: bool = True) -> pd.DataFrame:
    """:func:`helpers.effects.em.assumption.text_beyond_annotations` in every repetition; kept, so a rerun computes only what is new.

    Parameters
    ----------
    config : Config
        Its budget, design and hidden fields say what is annotated.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Two rows a repetition: ``seed, target, rows, correlation, p_value`` and ``budget``, ``hidden``. No truth and no
        test record is looked at.
    """
    store, lazy, tables = artifacts.Store(), trials.LazyTrials(config), []
    version = artifacts.code_of(__name__)
    for index in tqdm(range(config.seeds), desc="tests of the assumption", disable=not progress):
        key = {"config": cell.cell_key(config), "trial": index, "code": version}
        tables.append(store.frame("assumption", key, lambda i=index: _test(lazy[i])).assign(seed=index))
    hidden = ", ".join(config.hidden) or "nothing"
    return pd.concat(tables, ignore_index=True).assign(budget=config.budget, hidden=hidden)


def _test(trial: trials.Trial) -> pd.DataFrame:
    """The test that ``SafeEM`` makes, with its seed."""
    data = cell.training_data(trial, strategies.strategy_named("em"))
    return effects.text_beyond_annotations(**data, seed=trial.seed)
