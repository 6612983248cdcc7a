"""Checks of the first stage where the truth is known or a choice was made, with the sentences for them (layer 5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from helpers.uncertainty import mean_interval
from helpers.wording import cell, number


def spread_given(values: np.ndarray, W: np.ndarray) -> float:
    """Root mean variance of a known quantity among rows with the same W: the least error of any function of W.

    Parameters
    ----------
    values : (n,) array
    W : (n, q) array

    Returns
    -------
    float; missing if no two rows agree in W, for then nothing can be said.
    """
    cells = np.unique(np.asarray(W, float), axis=0, return_inverse=True)[1].ravel()
    frame = pd.DataFrame({"cell": cells, "value": np.asarray(values, float)})
    inside = frame["value"] - frame.groupby("cell")["value"].transform("mean")
    freedom = len(frame) - frame["cell"].nunique()
    return float(np.sqrt((inside**2).sum() / freedom)) if freedom else np.nan


def errors(estimates: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray], W: np.ndarray) -> pd.DataFrame:
    """Errors of the nuisances against the truth, and how much of them no function of W could avoid.

    Parameters
    ----------
    estimates, truths : mappings of nuisance to (n,) array
    W : (n, q) array

    Returns
    -------
    DataFrame
        A row a nuisance: ``error`` (root mean square), ``floor`` (:func:`spread_given` of the truth) and ``rest``,
        the part that is the model's, ``sqrt(error^2 - floor^2)``.
    """
    rows = {}
    for name, estimate in estimates.items():
        error, floor = np.sqrt(np.mean((estimate - truths[name]) ** 2)), spread_given(truths[name], W)
        rows[name] = {"error": error, "floor": floor, "rest": np.sqrt(max(error**2 - floor**2, 0.0))}
    return pd.DataFrame.from_dict(rows, orient="index")


def kept(choice: pd.DataFrame, used: Mapping[str, str], level: float = 0.95) -> list[str]:
    """How far the learners that the study uses are from the best ones, with an interval of the gap.

    Parameters
    ----------
    choice : DataFrame
        From :func:`helpers.sensitivity.choose_nuisances`.
    used : mapping of role to learner
    level : float
    """
    z, lines = stats.norm.ppf(0.5 + level / 2), []
    for role, name in used.items():
        rows = choice[choice["role"] == role].set_index("learner")
        if name not in rows.index:
            raise ValueError(f"used[{role!r}] = {name!r}: not among the candidates {list(rows.index)}.")
        row, best = rows.loc[name], rows.index[rows["chosen"]][0]
        if row["chosen"]:
            lines.append(f"For the {role} the study uses {name}, which has the least loss.")
            continue
        low, high = row["gap"] - z * row["gap_se"], row["gap"] + z * row["gap_se"]
        verdict = (
            "so it is kept: nothing tells it from the best" if low <= 0 else "a real gap: the best would be better"
        )
        lines.append(
            f"For the {role} the study uses {name}; its loss is above that of {best} by "
            f"{cell(row['gap'], low, high, 4, sign=True)}, {verdict}."
        )
    return lines


def recalibrated(T: np.ndarray, before: np.ndarray, after: np.ndarray, groups: np.ndarray | None = None) -> str:
    """What recalibration did to the log loss, in one sentence with an interval over patients."""
    T = np.asarray(T)
    losses = [-np.log(np.where(T == 1, e, 1 - e)) for e in (before, after)]
    gap = mean_interval(losses[1] - losses[0], groups)
    real = gap["low"] > 0 or gap["high"] < 0
    verdict = "cannot be told from no change"
    if real:
        verdict = "is an improvement" if gap["value"] < 0 else "makes it worse"
    return (
        f"Recalibration changes the log loss from {number(losses[0].mean(), 4)} by "
        f"{cell(gap['value'], gap['low'], gap['high'], 4, sign=True)}, which {verdict}."
    )
