"""How far held-out scores lean on extreme propensities, and on the annotations being all confounders.

Both need no known effect, so they run on every data set. Tables are in the direction of the user's outcome.
"""

from __future__ import annotations

import pandas as pd

from helpers import evaluation
from helpers.study.cell import fitted_effect
from helpers.study.trials import Trial

STRESS_DRAWS, STRESSED = 200, ("mean_effect", "autoc")


def clipping_stress(trial: Trial, name: str) -> pd.DataFrame:
    """Mean effect, and AUTOC of a strategy, as the bound on the propensity moves.

    Parameters
    ----------
    trial : Trial
    name : str
        Strategy, fitted on the training side.

    Returns
    -------
    DataFrame
        As :func:`helpers.evaluation.clipping.clipping_sensitivity`.
    """
    test, options = trial.test, {"draws": STRESS_DRAWS, "seed": trial.seed}
    rows = (test.Y, test.T, trial.nuisances, -fitted_effect(trial, name), test.ids)
    table = evaluation.clipping_sensitivity(*rows, **options)
    return evaluation.turned_back(table, test, STRESSED, [(f"{m}_low", f"{m}_high") for m in STRESSED])


def hidden_stress(trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a confounder that nobody annotated could do to the held-out mean effect.

    Returns
    -------
    bounds : DataFrame
        As :func:`helpers.evaluation.hidden_confounding`.
    strong : DataFrame
        As :func:`helpers.evaluation.as_strong`, a row an annotated field.
    """
    test, fitted = trial.test, trial.nuisances
    rows, columns = (test.Y, test.T), evaluation.columns_of(test)
    bounds = evaluation.hidden_confounding(*rows, fitted, test.ids)
    yardstick = evaluation.recorded_strength(*rows, test.W, columns, fitted, test.ids)
    strong = evaluation.as_strong(*rows, fitted, yardstick, test.ids)
    turned = evaluation.turned_back(bounds, test, ends=(("low", "high"), ("bound_low", "bound_high")))
    return turned, evaluation.turned_back(strong, test, ("value", "bound", "limit", "change", "rho"))
