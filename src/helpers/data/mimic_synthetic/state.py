"""The hidden state of a stay: infection and severity, the vitals they move, and what of these gets charted."""

from __future__ import annotations

import numpy as np
import pandas as pd

VITALS = ("temperature", "heart_rate", "sbp", "mbp", "resp_rate", "spo2")
NORMAL = {"temperature": 36.9, "heart_rate": 84.0, "sbp": 124.0, "mbp": 79.0, "resp_rate": 18.0, "spo2": 97.0}
NEVER_CHARTED = {"temperature": 0.06, "heart_rate": 0.015, "sbp": 0.03, "mbp": 0.03, "resp_rate": 0.02, "spo2": 0.025}
P_INFECTION = 0.4
MASKED_AGE = 91.4  # what a reader can make of an age over 89


def draw_state(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Infection, vitals three hours into the stay, and which of them nobody charted until then.

    Parameters
    ----------
    people : DataFrame
        n stays with ``age`` (years, true), ``hyp`` and ``chf``.
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame
        ``infection`` (0, 1), the six vitals (temperature in Celsius) and ``no_<vital>`` (bool).
    """
    n = len(people)
    age, hyp, chf = (people[c].to_numpy(float) for c in ("age", "hyp", "chf"))
    infection = rng.random(n) < P_INFECTION
    sev = rng.standard_normal(n)
    noise = rng.standard_normal((6, n))
    sbp = 124 - 13 * infection - 8 * sev + 6 * hyp + 15 * noise[2]
    state = {
        "temperature": 36.9 + 1.1 * infection + 0.1 * sev + 0.55 * noise[0],
        "heart_rate": 84 + 13 * infection + 7 * sev - 0.1 * (age - 65) + 11 * noise[1],
        "sbp": sbp,
        "mbp": 0.55 * sbp + 11 + 5 * noise[3],
        "resp_rate": 18 + 3.5 * infection + 2.2 * sev + 3 * noise[4],
        "spo2": np.minimum(97.3 - 1.3 * infection - 0.8 * sev - 0.8 * chf + 1.6 * noise[5], 100),
    }
    frame = pd.DataFrame({k: np.round(v, 1 if k == "temperature" else 0) for k, v in state.items()})
    frame.insert(0, "infection", infection.astype(int))
    low = {"temperature": 33, "heart_rate": 35, "sbp": 55, "mbp": 35, "resp_rate": 6, "spo2": 75}
    for name, least in low.items():
        frame[name] = frame[name].clip(lower=least)
        frame[f"no_{name}"] = rng.random(n) < NEVER_CHARTED[name]
    return frame


def seen_vitals(stays: pd.DataFrame) -> dict[str, np.ndarray]:
    """The vitals as they act on treatment and death: what nobody charted acts like a normal value."""
    return {v: np.where(stays[f"no_{v}"], NORMAL[v], stays[v].to_numpy(float)) for v in VITALS}
