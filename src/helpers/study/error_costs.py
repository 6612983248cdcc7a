"""What errors of annotators cost, and what part of it knowing their rates wins back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import evaluation, stats


def share_won_back(ignored: np.ndarray, corrected: np.ndarray, clean: np.ndarray, level: float = 0.95) -> dict:
    """Share of a loss that a correction wins back: ``mean(ignored - corrected) / mean(ignored - clean)``.

    Parameters
    ----------
    ignored, corrected, clean : (r,) arrays
        One metric on the same repetitions.
    level : float

    Returns
    -------
    dict
        ``loss`` (mean of ignored - clean) with ``loss_low, loss_high``, and ``share, low, high``. The interval is
        Fieller's (J. R. Stat. Soc. B 16, 1954); share and interval are missing where the loss itself cannot be told
        from zero.
    """
    won, loss = np.subtract(ignored, corrected), np.subtract(ignored, clean)
    mean, loss_low, loss_high = stats.interval(loss, level)
    share, low, high = stats.fieller(won, loss, level)
    return {"loss": mean, "loss_low": loss_low, "loss_high": loss_high, "share": share, "low": low, "high": high}


def cost_of_errors(table: pd.DataFrame, noise: float) -> pd.DataFrame:
    """Paired differences of each learner at a flip rate to its own strategy with right annotations.

    Parameters
    ----------
    table : DataFrame
        As :func:`run_annotators` gives it, with ``learner`` (strategy and way).
    noise : float

    Returns
    -------
    DataFrame with ``strategy`` (the learner), ``metric, value, low, high, seeds, real``.
    """
    keys = ["strategy", "metric", "seed"]
    base = table[table["noise"] == 0].set_index(keys)["value"]
    rows = table[table["noise"] == noise]
    gap = stats.gaps_beyond_rounding(rows["value"], base.reindex(pd.MultiIndex.from_frame(rows[keys])))
    found = evaluation.summarise(rows.assign(value=gap, strategy=rows["learner"]), by=("strategy", "metric"))
    return found.assign(real=stats.excludes_zero(found["low"], found["high"]))


def won_back(table: pd.DataFrame, metric: str, noise: float, corrected: str, loser: str) -> dict:
    """:func:`share_won_back` of a table's learners: how much of the loss of ``loser`` is regained by ``corrected``.

    Parameters
    ----------
    table : DataFrame
        As in :func:`cost_of_errors`.
    """
    rows = table[table["metric"] == metric].sort_values("seed")

    def values(learner: str, at: float) -> np.ndarray:
        return rows.loc[(rows["learner"] == learner) & (rows["noise"] == at), "value"].to_numpy()

    return share_won_back(values(loser, noise), values(corrected, noise), values(loser, 0.0))
