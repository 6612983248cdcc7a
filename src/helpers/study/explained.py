"""What decides about outcome, effect and treatment: which columns tell it, and what each symptom adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from helpers import data
from helpers.data.cohort import Cohort

PEOPLE = 200_000  # records without notes, enough for two decimals
ASKED = {"risk": "outcome without treatment", "effect": "effect of treatment", "treatment": "chance of treatment"}
TOLD_BY = {"tabular": "the bedside columns", "annotations": "the symptoms in the note", "W": "both"}


def told_by(cohort: Cohort, process: str, seed: int) -> pd.DataFrame:
    """Share of the variance that columns explain linearly (R2), among everybody.

    Parameters
    ----------
    cohort : Cohort
        SimSUM-like; only its roles count.
    process, seed : str, int
        Of the truth, and of the records drawn for it.

    Returns
    -------
    DataFrame with ``asked`` (keys of ``ASKED``), ``tabular``, ``annotations``, ``W``: shares from 0 to 1.
    """
    people = Cohort(data.sample_network(PEOPLE, seed + 2).assign(text=""), replace(cohort.roles, truth=()))
    drawn = data.draw_outcomes(people, process, seed)
    targets = {"risk": drawn.mu0, "effect": drawn.tau, "treatment": drawn.e}
    columns = {name: getattr(drawn, name) for name in TOLD_BY}
    shares = [{n: LinearRegression().fit(X, y).score(X, y) for n, X in columns.items()} for y in targets.values()]
    return pd.DataFrame(shares).assign(asked=list(targets))[["asked", *TOLD_BY]]


def added_by(cohort: Cohort, process: str) -> pd.DataFrame:
    """What each symptom changes where it is there instead of not, all else equal, on average over the cohort.

    Products of symptoms in the formulas make this differ from a plain weight.

    Parameters
    ----------
    cohort : Cohort
        SimSUM-like.
    process : str

    Returns
    -------
    DataFrame with ``symptom, risk`` (of the mean outcome without treatment), ``benefit`` (of minus the effect),
    ``treatment`` (of the chance of treatment). Self-employment and the practice's habit stand below the symptoms.
    """
    names = ["dysp", "cough", "pain", "nasal", "self_empl", "policy"]
    with_without = {name: (cohort.frame.assign(**{name: 1}), cohort.frame.assign(**{name: 0})) for name in names}
    absent, *levels = data.FEVER_LEVELS
    fever = {f"fever_{v}": (_fever(cohort, v), _fever(cohort, absent)) for v in levels}
    pairs = [*list(with_without.items())[:4], *fever.items(), *list(with_without.items())[4:]]
    return pd.DataFrame([{"symptom": name, **_changes(cohort, process, *pair)} for name, pair in pairs])


def _fever(cohort: Cohort, level: str) -> pd.DataFrame:
    values = pd.Categorical([level] * len(cohort), categories=data.FEVER_LEVELS, ordered=True)
    return cohort.frame.assign(fever=values)


def _changes(cohort: Cohort, process: str, there: pd.DataFrame, absent: pd.DataFrame) -> dict[str, float]:
    one, none = (data.draw_outcomes(replace(cohort, frame=frame), process, 0) for frame in (there, absent))
    changes = {"risk": one.mu0 - none.mu0, "benefit": none.tau - one.tau, "treatment": one.e - none.e}
    return {name: float(np.mean(values)) for name, values in changes.items()}
