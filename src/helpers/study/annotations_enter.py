"""Which first-stage model the annotations matter in: outcomes, treatment, both or neither; the second stage is one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers import artifacts, evaluation
from helpers.config import Config
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.study.prototypes import on_confounders, on_features
from helpers.study.repeat import each_replication
from helpers.study.trials import Trial

# Key to (outcome models, chance of treatment): fitted on annotated confounders, or on frozen features.
ENTERING = {
    "both": (True, True),
    "outcome": (True, False),
    "treatment": (False, True),
    "neither": (False, False),
}


def where_annotations_enter(config: Config, seeds: Iterable[int] | None = None, progress: bool = True) -> pd.DataFrame:
    """One ridge regression on frozen features of four pseudo-outcomes, which differ in where annotations enter.

    All four are cross-fitted on the same folds of the annotated training records.

    Parameters
    ----------
    config : Config
    seeds : iterable of int or None
        Which repetitions; None: all.
    progress : bool

    Returns
    -------
    DataFrame
        Long results of areas; ``strategy`` is a key of ``ENTERING``.
    """
    return each_replication(config, "entering", _cases, artifacts.code_of(__name__), seeds=seeds, progress=progress)


def _cases(trial: Trial) -> pd.DataFrame:
    rows = np.flatnonzero(trial.annotated)
    train, X = trial.train.take(rows), trial.phi_train[rows]
    noted = on_confounders(trial).fit(train.Y, train.T, train.W, train.ids)
    free = on_features(trial).fit(train.Y, train.T, X, train.ids)
    tables = []
    for case, (outcome, treatment) in ENTERING.items():
        models, chance = (noted if outcome else free), (noted if treatment else free)
        psi = pseudo_outcome(train.Y, train.T, models.mu0_, models.mu1_, chance.e_)
        effect = ridge().fit(X, psi).predict(trial.phi_test)
        table = evaluation.evaluate(trial.test, -effect, effect)
        tables.append(table[table["at"].isna()].assign(strategy=case))
    return pd.concat(tables, ignore_index=True)
