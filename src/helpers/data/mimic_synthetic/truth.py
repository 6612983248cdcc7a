"""The true effect of early antibiotics on death in hospital, stay by stay.

Treatment depends on age, sex and the charted vitals alone, so that these are all the confounders. Death depends on them
and on the infection and the diagnoses, which only the notes tell: early antibiotics save infected patients and do
a little harm to others, and the sickest by age and heart failure are not those who gain most.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.mimic_synthetic.state import MASKED_AGE, seen_vitals

TRUTH_E_BOUNDS = (0.05, 0.92)


def means(stays: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances of death without and with antibiotics from 3 to 9 hours into the stay, and the chance of that treatment.

    They hold among those who are alive and still there after 9 hours and had no antibiotic before.

    Parameters
    ----------
    stays : DataFrame
        With ``age, male``, the columns of :func:`helpers.data.mimic_synthetic.state.draw_state` and the diagnoses.

    Returns
    -------
    mu0, mu1, e : (n,) float64 arrays
    """
    v = seen_vitals(stays)
    age = np.where(stays["age"] > 89, MASKED_AGE, stays["age"]) - 65.0
    fever = np.clip(v["temperature"] - 37.8, 0, 2)
    tachycardia = (v["heart_rate"] - 88) / 20
    tachypnoea = (v["resp_rate"] - 19) / 5
    low_pressure = np.clip(105 - v["sbp"], 0, 50) / 15 + np.clip(65 - v["mbp"], 0, 30) / 15
    hypoxia = np.clip(95 - v["spo2"], 0, 15) / 4
    logit_e = -1.0 + 0.9 * fever + 0.4 * tachycardia + 0.45 * tachypnoea + 0.35 * low_pressure + 0.3 * hypoxia
    logit_e = logit_e + 0.01 * age + 0.15 * stays["male"]
    infection, afib, chf = (stays[c].to_numpy(float) for c in ("infection", "afib", "chf"))
    logit_0 = -2.6 + 0.25 * tachycardia + 0.3 * tachypnoea + 0.3 * low_pressure + 0.3 * hypoxia + 0.04 * age
    logit_0 = logit_0 + 1.3 * chf + 0.5 * afib + 1.2 * infection
    effect = 0.25 - 2.4 * infection + 1.5 * infection * chf + 0.025 * infection * np.maximum(age, 0)
    return expit(logit_0), expit(logit_0 + effect), np.clip(expit(logit_e), *TRUTH_E_BOUNDS)


def expit(x) -> np.ndarray:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-np.asarray(x, float)))
