"""MIMIC-Syn: the simulated treatment and outcome on age, sex and four diagnoses (arXiv 2507.20993, third version).

The sickest gain least from this treatment, so treating by risk spends the budget on the wrong patients.
Outcomes are lower-is-better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MIMIC_SYN_COLUMNS = ("age", "gender", "hyp", "cor", "afib", "chf")
MIMIC_SYN_NOISE_SD = 1.0


def means_mimic_syn(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected outcomes and treatment probability of MIMIC-Syn.

    Parameters
    ----------
    frame : DataFrame
        ``age`` in years; ``gender`` (0 female, 1 male); ``hyp, cor, afib, chf`` in {0, 1}: hypertension, coronary
        atherosclerosis, atrial fibrillation, congestive heart failure.

    Returns
    -------
    mu0, mu1, e : (n,) float64 arrays
        Mean outcome without and with treatment; probability of treatment, not clipped.
    """
    missing = [c for c in MIMIC_SYN_COLUMNS if c not in frame.columns]
    if missing:
        raise ValueError(f"frame has no column {missing}, which MIMIC-Syn needs: {list(MIMIC_SYN_COLUMNS)}.")
    age, gender, hyp, cor, afib, chf = (frame[c].to_numpy(float) for c in MIMIC_SYN_COLUMNS)
    A, old = age - 65.0, np.maximum(age - 75.0, 0.0)
    mu0 = (
        (5.5 + 0.10 * A + 0.60 * gender + 0.70 * hyp + 1.00 * cor + 0.85 * afib + 1.20 * chf + 0.020 * old**2)
        + (0.50 * cor * chf + 0.35 * afib * chf + 0.25 * hyp * cor + 0.20 * gender * cor + 0.015 * A * afib)
    )  # fmt: skip
    logit = 0.9 * (
        (-0.8 + 0.08 * A + 0.65 * gender + 0.50 * hyp + 0.60 * cor + 0.40 * afib + 0.70 * chf)
        + (0.25 * gender * (age > 75) + 0.25 * cor * chf)
    )  # fmt: skip
    tau = (
        (-1.0 - 0.35 * hyp - 0.50 * cor + 0.20 * afib + 0.45 * chf + 0.015 * old + 0.05 * gender)
        + (0.20 * afib * chf - 0.35 * hyp * cor)
    )  # fmt: skip
    return mu0, mu0 + tau, 1.0 / (1.0 + np.exp(-logit))
