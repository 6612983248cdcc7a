"""The Bayesian network behind the SimSUM records, as an exact, seeded, vectorised sampler.

Structure and tables follow Rabaey et al., arXiv 2409.08936 (appendix on the tabular variables).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.columns import FEVER_LEVELS, NETWORK_COLUMNS
from helpers.data.seeds import streams

ROOTS = {"policy": 0.65, "self_empl": 0.11, "asthma": 0.095, "smoking": 0.19, "hay_fever": 0.015, "winter": 0.4}
P_COPD = np.array([0.0075, 0.073])  # by smoking
P_INF = np.array([0.05, 0.5])  # by winter
P_PNEU = np.array([0.005, 0.015, 0.0065, 0.02, 0.013, 0.04, 0.013, 0.04])  # by 4 COPD + 2 asthma + winter
NOISY_OR = {  # symptom: (leak, chance that each present cause alone brings it about)
    "dysp": (0.05, {"asthma": 0.9, "smoking": 0.3, "COPD": 0.9, "hay_fever": 0.2, "pneu": 0.3}),
    "cough": (0.07, {"asthma": 0.3, "smoking": 0.6, "COPD": 0.4, "pneu": 0.85, "inf": 0.7}),
    "pain": (0.05, {"COPD": 0.15, "cough": 0.2, "pneu": 0.3, "inf": 0.1}),
    "nasal": (0.1, {"hay_fever": 0.85, "inf": 0.7}),
}
P_FEVER = np.array([[0.80, 0.15, 0.05], [0.75, 0.20, 0.05], [0.10, 0.10, 0.80], [0.05, 0.15, 0.80]])  # by 2 pneu + inf
ANTIBIOTICS = (
    -3.0,
    {"policy": 1.0, "dysp": 0.8, "cough": 0.665, "pain": 0.665, "fever_low": 0.9, "fever_high": 2.25},
)
DAYS_WITHOUT = (
    0.010,
    {"dysp": 0.64, "cough": 0.35, "pain": 0.47, "nasal": 0.011}
    | {"fever_low": 0.81, "fever_high": 1.23, "self_empl": -0.5},
)
DAYS_WITH = (
    0.16,
    {"dysp": 0.51, "cough": 0.42, "pain": 0.26, "nasal": 0.0051}
    | {"fever_low": 0.24, "fever_high": 0.57, "self_empl": -0.5},
)


def sample_network(n: int, seed: int) -> pd.DataFrame:
    """Draw records without notes from the SimSUM network.

    Every variable has its own random stream, so a column depends on its causes and its stream only, and the
    first rows of a larger draw equal a smaller draw of the same seed.

    Parameters
    ----------
    n : int
        Number of records, at least 1.
    seed : int
        Root of the randomness, at least 0.

    Returns
    -------
    DataFrame
        n rows; ``id`` (0 to n - 1), the binary variables as int8 0/1, ``fever`` as an ordered categorical
        (none < low < high), ``days_at_home`` in days. ``inf`` and ``winter`` are ``cold`` and ``season`` in
        the published file.

    Raises
    ------
    ValueError
        If ``n`` is not a positive whole number or ``seed`` not a whole number of at least 0.
    """
    if int(n) != n or n < 1:
        raise ValueError(f"n = {n!r}: the number of records must be a whole number of at least 1.")
    n = int(n)
    rng = dict(zip(NETWORK_COLUMNS, streams("network", seed, len(NETWORK_COLUMNS)), strict=True))
    values = _causes(n, rng)
    for symptom, (leak, causes) in NOISY_OR.items():
        values[symptom] = _bernoulli(noisy_or(values, leak, causes), n, rng[symptom])
    fever = _fever(values, rng["fever"].random(n))
    values["fever"] = pd.Categorical.from_codes(fever, FEVER_LEVELS, ordered=True)
    frame = pd.DataFrame(values)
    frame["antibiotics"] = _bernoulli(antibiotics_probability(frame), n, rng["antibiotics"])
    without, given = days_means(frame)
    days = rng["days_at_home"].poisson(np.where(frame["antibiotics"] == 1, given, without))
    frame["days_at_home"] = days.astype(np.int64)
    frame["id"] = np.arange(n)
    return frame[["id", *NETWORK_COLUMNS]]


def noisy_or(values: dict[str, np.ndarray], leak: float, causes: dict[str, float]) -> np.ndarray:
    """(n,) chance of an effect that each present cause, or the leak, may bring about independently."""
    spared = np.asarray(1.0 - leak)
    for cause, chance in causes.items():
        spared = spared * np.where(values[cause] == 1, 1.0 - chance, 1.0)
    return 1.0 - spared


def linear(frame: pd.DataFrame, intercept: float, weights: dict[str, float]) -> np.ndarray:
    """(n,) weighted sum of columns; ``fever_low`` and ``fever_high`` are indicators of ``fever``."""
    total = np.full(len(frame), intercept)
    for name, weight in weights.items():
        total += weight * indicator(frame, name)
    return total


def indicator(frame: pd.DataFrame, name: str) -> np.ndarray:
    """(n,) float64 column ``name``; ``fever_<level>`` gives the 0/1 indicator of that fever level."""
    if name.startswith("fever_"):
        return (frame["fever"] == name.removeprefix("fever_")).to_numpy(float)
    return frame[name].to_numpy(float)


def antibiotics_probability(frame: pd.DataFrame) -> np.ndarray:
    """(n,) the network's chance of antibiotics."""
    return 1.0 / (1.0 + np.exp(-linear(frame, *ANTIBIOTICS)))


def days_means(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(n,) and (n,) the network's mean days at home without and with antibiotics."""
    return np.exp(linear(frame, *DAYS_WITHOUT)), np.exp(linear(frame, *DAYS_WITH))


def _causes(n: int, rng: dict[str, np.random.Generator]) -> dict[str, np.ndarray]:
    values = {name: _bernoulli(p, n, rng[name]) for name, p in ROOTS.items()}
    values["COPD"] = _bernoulli(P_COPD[values["smoking"]], n, rng["COPD"])
    values["inf"] = _bernoulli(P_INF[values["winter"]], n, rng["inf"])
    cell = 4 * values["COPD"] + 2 * values["asthma"] + values["winter"]
    values["pneu"] = _bernoulli(P_PNEU[cell], n, rng["pneu"])
    return values


def _fever(values: dict[str, np.ndarray], u: np.ndarray) -> np.ndarray:
    cumulative = np.cumsum(P_FEVER, axis=1)[2 * values["pneu"] + values["inf"]]
    return ((u >= cumulative[:, 0]).astype(np.int8) + (u >= cumulative[:, 1])).astype(np.int8)


def _bernoulli(p: np.ndarray | float, n: int, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(n) < p).astype(np.int8)
