"""Small records with two annotated symptoms, and what their notes say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort, Roles
from helpers.data.fields import Fields

LEVELS = ("none", "low", "high")
FIELDS = Fields(("cough", "fever"), ((0, 1), LEVELS))


def cohort(cough, fever, said_cough=None, said_fever=None) -> Cohort:
    n = len(cough)
    frame = pd.DataFrame({"id": np.arange(n), "text": "", "cough": cough, "winter": np.arange(n) % 2})
    frame["fever"] = pd.Categorical.from_codes(fever, LEVELS, ordered=True)
    if said_cough is not None:
        frame["said_cough"], frame["said_fever"] = said_cough, said_fever
    return Cohort(frame, Roles(tabular=("winter",), annotations=("cough", "fever")))


def random_cohort(n: int, seed: int, share_said: float = 0.5) -> Cohort:
    rng = np.random.default_rng(seed)
    said = rng.random((2, n)) < share_said
    return cohort(rng.integers(2, size=n), rng.choice(3, n, p=(0.7, 0.2, 0.1)), *said)
