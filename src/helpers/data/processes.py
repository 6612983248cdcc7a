"""Treatment and outcome drawn on top of the records, with the truth kept: ``v3``, ``v2``, ``stress``, ``nonadditive``.

The coefficients of v3 and v2 are those of arXiv 2507.20993, third and second version. The others are this study's own:
``stress`` is v3 with a confounder that notes reveal and annotators do not note, ``nonadditive`` v3 with an effect that
symptoms do not add up to. Outcomes are lower-is-better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from helpers.data import mimic_process
from helpers.data.cohort import Cohort
from helpers.data.replica.network import (
    ANTIBIOTICS,
    DAYS_WITH,
    DAYS_WITHOUT,
    antibiotics_probability,
    days_means,
    indicator,
)
from helpers.data.seeds import streams

Means = tuple[np.ndarray, np.ndarray, np.ndarray]

NOISE_SD = 0.8
E_BOUNDS = (0.05, 0.95)
DECIMALS = 10  # equal means must be equal numbers, or rounding noise would break ties and make tau = 0 positive
# Weights of products of columns: "a*b" is the product of a and b, "" the intercept.
V3_MU0 = (
    {"self_empl": 1.8, "dysp": 1.6, "cough": 1.2, "pain": 0.5, "nasal": 0.4, "fever_low": 0.3, "fever_high": 1.5}
    | {"dysp*fever_high": 1.1, "self_empl*cough": 0.9, "nasal*fever_low": -0.6}
    | {"pain*self_empl": 0.7, "cough*fever_high": 0.8, "dysp*self_empl": 0.7}
)
V3_LOGIT = (
    {"": -2.2, "policy": 2.0, "dysp": 1.5, "cough": 1.1, "fever_high": 1.3, "pain": 0.6}
    | {"policy*dysp": 0.9, "policy*fever_high": 0.7, "nasal*fever_low": -0.5}
)  # fmt: skip
V3_TAU = {"": -1.0, "pain": 1.1, "nasal": 1.0, "fever_low": 0.7, "dysp": -1.0, "cough": -0.7, "fever_high": -1.1}
# A cold (inf) or pneumonia (pneu) is not annotated and never named in a note, but colours what is said about cough,
# pain and breathlessness, and in pneumonia the chest: the text tells more about prognosis than the annotations.
STRESS_MU0 = V3_MU0 | {"inf": 1.8, "pneu": 1.5, "inf*cough": 0.8}
STRESS_LOGIT = V3_LOGIT | {"": -2.8, "inf": 1.6, "pneu": 1.0}
STRESS_TAU = V3_TAU | {"inf": 1.2, "pneu": -1.5, "dysp*cough": -0.9, "pain*nasal": 0.8}
# Symptoms that turn each other's effect round: no sum of single symptoms comes near.
NONADDITIVE_TAU = (
    {"": -1.0, "dysp": 1.2, "cough": 0.9, "dysp*cough": -3.6, "pain": 1.1, "nasal": 1.0}
    | {"pain*nasal": -2.6, "fever_low": 0.7, "fever_high": -1.1, "cough*nasal": -1.2}
)  # fmt: skip


class Meaning(NamedTuple):
    """What treatment and outcome of a process stand for, in words; ``unit`` is None where the outcome has none."""

    treatment: str
    outcome: str
    unit: str | None


def meaning_of(process: str | None) -> Meaning:
    """What treatment and outcome stand for; of records that bring their own, and of other processes, little."""
    if process == "v2":
        return Meaning("antibiotics", "days at home", "days")
    return Meaning("the treatment", "severity score" if process in FORMULAS else "outcome", None)


def weights_of(process: str) -> pd.DataFrame:
    """The formulas of a process: a row a weight.

    Parameters
    ----------
    process : {"v3", "v2", "stress", "nonadditive"}

    Returns
    -------
    DataFrame with ``part`` (what the formula gives), ``term`` (columns joined by ``*``; empty for the constant) and
    ``weight``. The parts of ``v2`` are logarithms of mean days, log-odds those of treatment in all.

    Raises
    ------
    ValueError
        Another process.
    """
    if process not in FORMULAS:
        raise ValueError(f"process = {process!r}: has no formulas here; one of {sorted(FORMULAS)} has.")
    parts = FORMULAS[process].items()
    rows = [(part, term, weight) for part, weights in parts for term, weight in weights.items()]
    return pd.DataFrame(rows, columns=["part", "term", "weight"])


def means_v3(frame: pd.DataFrame) -> Means:
    """Expected outcomes and treatment probability of the paper's process.

    Parameters
    ----------
    frame : DataFrame
        Records with the columns of :func:`helpers.data.replica.network.sample_network`.

    Returns
    -------
    mu0, mu1, e : (n,) float64 arrays
        Mean outcome without and with treatment; probability of treatment, clipped to [.05, .95].
    """
    return _means(frame, V3_MU0, V3_TAU, V3_LOGIT)


def means_v2(frame: pd.DataFrame) -> Means:
    """Mean days at home without and with antibiotics, and the chance of antibiotics, of the SimSUM network.

    Parameters and returned arrays are those of :func:`means_v3`; ``e`` is not clipped.
    """
    mu0, mu1 = days_means(frame)
    return mu0, mu1, antibiotics_probability(frame)


def means_stress(frame: pd.DataFrame) -> Means:
    """v3 with text-only prognosis and an effect that symptoms do not add up to.

    Added to v3: ``inf`` (23 % of records; annotations and bedside columns leave a third of its variance unexplained)
    and ``pneu`` (1 %; two thirds) raise the untreated outcome and the chance of treatment and change the effect; dysp
    with cough, and pain with nasal, change the effect beyond their sum. So unconfoundedness given the annotations
    fails, and so does the assumption that, given them, the text says nothing about T and Y.

    Population values: treated share .449; ATE -.767, sd of tau 1.274, P(tau > 0) .211; naive difference 1.045;
    AUTOC oracle -1.102, risk ranking +.148; policy value oracle 1.137, risk 1.526, random 1.473. Adjusting exactly
    for annotations and bedside columns leaves a bias of .213 in the ATE.

    Parameters and returned arrays are those of :func:`means_v3`, of columns ``inf`` and ``pneu`` too.
    """
    return _means(frame, STRESS_MU0, STRESS_TAU, STRESS_LOGIT)


def means_nonadditive(frame: pd.DataFrame) -> Means:
    """v3 with symptoms that turn each other's effect round: dysp with cough, pain with nasal, cough with nasal.

    The annotations hold all confounders, as in v3; what fails is the supposition that the effect is a sum.

    Population values: treated share .489; ATE -.703, sd of tau .983, P(tau > 0) .184; naive difference .121;
    AUTOC oracle -.909, risk ranking -.262; policy value oracle .674, risk .913, random .935. The best sum of
    annotations and bedside columns explains 22 % of the variance of tau and captures 40 % of the attainable benefit.

    Parameters and returned arrays are those of :func:`means_v3`.
    """
    return _means(frame, V3_MU0, NONADDITIVE_TAU, V3_LOGIT)


MEANS: dict[str, Callable[[pd.DataFrame], Means]] = {
    "v3": means_v3,
    "v2": means_v2,
    "stress": means_stress,
    "nonadditive": means_nonadditive,
    "mimic": mimic_process.means_mimic_syn,
}
_UNTREATED, _EFFECT, _TREATED = "outcome without treatment", "effect of treatment", "log-odds of treatment"
FORMULAS: dict[str, dict[str, dict[str, float]]] = {
    "v3": {_UNTREATED: V3_MU0, _EFFECT: V3_TAU, _TREATED: V3_LOGIT},
    "v2": {
        "log of the mean days without treatment": {"": DAYS_WITHOUT[0], **DAYS_WITHOUT[1]},
        "log of the mean days with treatment": {"": DAYS_WITH[0], **DAYS_WITH[1]},
        _TREATED: {"": ANTIBIOTICS[0], **ANTIBIOTICS[1]},
    },
    "stress": {_UNTREATED: STRESS_MU0, _EFFECT: STRESS_TAU, _TREATED: STRESS_LOGIT},
    "nonadditive": {_UNTREATED: V3_MU0, _EFFECT: NONADDITIVE_TAU, _TREATED: V3_LOGIT},
}
NOISE = {"mimic": mimic_process.MIMIC_SYN_NOISE_SD}  # standard deviation of Y around its mean, where it is not NOISE_SD


def draw_outcomes(
    cohort: Cohort,
    process: Literal["v3", "v2", "stress", "nonadditive", "mimic", "given"],
    seed: int,
    *,
    redraw_treatment: bool = True,
) -> Cohort:
    """Add a treatment, an outcome and the truth to a cohort of simulated outcomes.

    ``v3``, ``stress``, ``nonadditive``: T is Bernoulli(e), Y is normal around the mean of the arm received with
    standard deviation .8.
    ``v2``: SimSUM's own process, Y is Poisson around the mean days at home of the arm received. By default T
    is drawn anew as Bernoulli(e), so that repetitions with different seeds vary in treatment too; with
    ``redraw_treatment=False`` it is the record's own ``antibiotics`` and only Y is drawn anew.
    ``mimic``: the process of MIMIC-Syn, for cohorts with its columns; Y is normal with standard deviation 1.
    ``given``: the cohort brings its own treatment and outcome and is handed back as it is.

    Parameters
    ----------
    cohort : Cohort
        Records whose frame has the network's columns, or those of MIMIC-Syn.
    process : {"v3", "v2", "stress", "nonadditive", "mimic", "given"}
        Which process.
    seed : int
        Root of the randomness; treatment and outcome have a stream each.
    redraw_treatment : bool
        See above; processes other than ``v2`` always draw their treatment.

    Returns
    -------
    Cohort
        The same rows with columns ``mu0, mu1, e`` (float64), ``T`` (0/1) and ``Y`` (float64, lower is better)
        added, or replaced if they were there, and their roles set.

    Raises
    ------
    ValueError
        Unknown process; columns of the network missing; ``redraw_treatment=False`` without ``v2``.
    """
    _check(cohort, process, redraw_treatment)
    if process == "given":
        return cohort
    mu0, mu1, e = MEANS[process](cohort.frame)
    t_stream, y_stream = streams("outcomes", seed, 2)
    given = cohort.frame["antibiotics"].to_numpy() if not redraw_treatment else None
    T = (t_stream.random(len(cohort)) < e).astype(np.int8) if given is None else given.astype(np.int8)
    mean = np.where(T == 1, mu1, mu0)
    if process != "v2":
        Y = mean + y_stream.normal(0.0, NOISE.get(process, NOISE_SD), len(cohort))
    else:
        Y = y_stream.poisson(mean).astype(float)
    frame = cohort.frame.assign(mu0=mu0, mu1=mu1, e=e, T=T, Y=Y)
    roles = replace(cohort.roles, treatment="T", outcome="Y", lower_is_better=True, truth=("mu0", "mu1", "e"))
    return replace(cohort, frame=frame, roles=roles, process=process)


def _means(frame: pd.DataFrame, mu0: dict, tau: dict, logit: dict) -> Means:
    untreated = np.round(_polynomial(frame, mu0), DECIMALS)
    treated = np.round(untreated + _polynomial(frame, tau), DECIMALS)
    e = 1.0 / (1.0 + np.exp(-_polynomial(frame, logit)))
    return untreated, treated, np.clip(e, *E_BOUNDS)


def _polynomial(frame: pd.DataFrame, weights: dict[str, float]) -> np.ndarray:
    total = np.zeros(len(frame))
    for product, weight in weights.items():
        term: float | np.ndarray = weight
        for name in filter(None, product.split("*")):
            term = term * indicator(frame, name)
        total += term
    return total


def _check(cohort: Cohort, process: str, redraw_treatment: bool) -> None:
    if process not in (*MEANS, "given"):
        raise ValueError(f"process = {process!r}: must be one of {sorted((*MEANS, 'given'))}.")
    if process != "v2" and not redraw_treatment:
        raise ValueError(
            f"redraw_treatment=False: the {process} process draws its own treatment; use it with process='v2'."
        )
    if process == "given" and None in (cohort.roles.treatment, cohort.roles.outcome):
        raise ValueError(f"process = 'given': cohort {cohort.name!r} brings no treatment and outcome; draw them.")
    if process in ("given", "mimic"):  # the means of MIMIC-Syn check their columns themselves
        return
    needed = ["policy", "self_empl", "dysp", "cough", "pain", "nasal", "fever"]
    needed += [] if redraw_treatment else ["antibiotics"]
    needed += ["inf", "pneu"] if process == "stress" else []
    missing = [c for c in needed if c not in cohort.frame.columns]
    if missing:
        raise ValueError(
            f"cohort {cohort.name!r} has no column {missing}, which process {process!r} needs. "
            "This process is for SimSUM-like records; cohorts with an outcome of their own take process='given'."
        )
