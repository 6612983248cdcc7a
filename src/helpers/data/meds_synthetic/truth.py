"""The world of generated shards: infection and heart failure, which only the notes tell, decide on treatment too."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.mimic_synthetic.state import MASKED_AGE, seen_vitals
from helpers.data.mimic_synthetic.truth import TRUTH_E_BOUNDS, expit, means


def means_meds(stays: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances of death without and with antibiotics in the window, and the chance of that treatment.

    Deaths are those of :func:`helpers.data.mimic_synthetic.truth.means`. Treatment depends on age, sex and vital signs,
    which are charted, and on infection, heart failure and atrial fibrillation, which notes tell.
    """
    mu0, mu1, _ = means(stays)
    v = seen_vitals(stays)
    infection, afib, chf = (stays[c].to_numpy(float) for c in ("infection", "afib", "chf"))
    age = np.minimum(stays["age"].to_numpy(float), MASKED_AGE) - 65.0
    logit = -1.3 + 1.3 * infection + 0.7 * chf + 0.3 * afib + 0.01 * age + 0.15 * stays["male"].to_numpy(float)
    logit = logit + 0.25 * (v["resp_rate"] - 19) / 5 + 0.2 * (v["heart_rate"] - 88) / 20
    return mu0, mu1, np.clip(expit(logit), *TRUTH_E_BOUNDS)
