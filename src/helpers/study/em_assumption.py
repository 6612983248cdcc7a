"""EM's assumption, tested in every repetition of a study on what its annotators wrote."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import artifacts, effects
from helpers.config import Config
from helpers.study import cell, strategies, trials
from helpers.study.repeat import each_replication


def run_assumption_tests(config: Config, progress: bool = True) -> pd.DataFrame:
    """The test of EM's assumption in every repetition; kept, so a rerun computes only what is new.

    Parameters
    ----------
    config : Config
        Its budget, design and hidden fields say what is annotated.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Two rows a repetition: ``seed, target, rows, correlation, p_value`` and ``budget``, ``hidden``; missing
        correlations and p-values where too few records are annotated for the test. No truth and no test record is
        looked at.
    """
    table = each_replication(config, "assumption", _test, artifacts.code_of(__name__), progress=progress)
    hidden = ", ".join(config.hidden) or "nothing"
    return table.assign(budget=config.budget, hidden=hidden)


def _test(trial: trials.Trial) -> pd.DataFrame:
    """The test that ``SafeEM`` makes, with its seed, on frozen vectors: a reader keeps only what was annotated."""
    data = cell.training_data(trial, strategies.strategy_named("em@phi"))
    try:
        return effects.text_beyond_annotations(**data, seed=trial.seed)
    except effects.TooFewAnnotated:
        rows = int(data["annotated"].sum())
        return pd.DataFrame({"target": ["Y", "T"], "rows": rows, "correlation": np.nan, "p_value": np.nan})
