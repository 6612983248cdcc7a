"""How far held-out scores lean on extreme propensities, and on the annotations being all confounders.

Both need no known effect, so they run on every data set. Tables are in the direction of the user's outcome.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.study import cell, strategies
from helpers.study.trials import Trial

STRESS_DRAWS = 200


def stress_nuisances(config: Config, trial: Trial) -> Nuisances:
    """The nuisances behind ``study.held_out``, fitted on the test side of the trial."""
    test = trial.test
    return cell.held_out_nuisances(config).fit(test.Y, test.T, test.W, test.ids)


def clipping_stress(config: Config, trial: Trial, name: str) -> pd.DataFrame:
    """Mean effect, and AUTOC of a strategy, as the bound on the propensity moves.

    Parameters
    ----------
    config : Config
    trial : Trial
    name : str
        Strategy, fitted on the training side.

    Returns
    -------
    DataFrame
        As :func:`helpers.evaluation.clipping.clipping_sensitivity`.
    """
    strategy, test = strategies.strategy_named(name), trial.test
    priority = -cell.bedside_effect(trial, strategy, cell.run_strategy(config, trial, strategy))
    options = {"draws": STRESS_DRAWS, "seed": trial.seed}
    table = evaluation.clipping_sensitivity(
        test.Y, test.T, stress_nuisances(config, trial), priority, test.ids, **options
    )
    return _turned(table, test, {m: (m, f"{m}_low", f"{m}_high") for m in ("mean_effect", "autoc")})


def hidden_stress(config: Config, trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a confounder that nobody annotated could do to the held-out mean effect.

    Returns
    -------
    bounds : DataFrame
        As :func:`helpers.evaluation.confounding.hidden_confounding`.
    strong : DataFrame
        As :func:`helpers.evaluation.confounding.as_strong`, a row an annotated field.
    """
    test, fitted = trial.test, stress_nuisances(config, trial)
    rows = (test.Y, test.T)
    bounds = evaluation.hidden_confounding(*rows, fitted, test.ids)
    columns = evaluation.columns_of(test)
    yardstick = evaluation.recorded_strength(*rows, test.W, columns, cell.held_out_nuisances(config), test.ids)
    strong = evaluation.as_strong(*rows, fitted, yardstick, test.ids)
    ends = {"value": ("value", "bound_low", "bound_high"), "": ("value", "low", "high")}
    turned = _turned(bounds, test, ends)
    return turned, _flipped(strong, test, ["value", "bound", "limit", "change", "rho"])


def _turned(table: pd.DataFrame, cohort: Cohort, ends: dict[str, tuple[str, str, str]]) -> pd.DataFrame:
    """Estimates and the ends of their intervals, which change places."""
    if cohort.roles.lower_is_better:
        return table
    values = {value: -table[value] for value, _, _ in ends.values()}
    for _, low, high in ends.values():
        values |= {low: -table[high], high: -table[low]}
    return table.assign(**values)


def _flipped(table: pd.DataFrame, cohort: Cohort, columns: list[str]) -> pd.DataFrame:
    sign = 1.0 if cohort.roles.lower_is_better else -1.0
    return table.assign(**{c: sign * np.asarray(table[c], float) for c in columns})
