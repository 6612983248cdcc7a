"""Held-out rows whose effects depend on a confounder that the order under test sees through noise."""

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort, Roles


def cohort(n=800, seed=0, rows_a_patient=1):
    """Effects ``-.5 + .8 b``, treatment by a; a and b annotated, c a bedside column."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, n))
    mu0, tau = a + 0.5 * b, -0.5 + 0.8 * b
    e = 1 / (1 + np.exp(-0.8 * a))
    T = (rng.random(n) < e).astype(int)
    ids = 10_000 * seed + np.arange(n) // rows_a_patient
    frame = pd.DataFrame({"id": ids, "text": "", "a": a, "b": b, "c": c, "T": T})
    frame = frame.assign(Y=mu0 + T * tau + rng.normal(size=n), mu0=mu0, mu1=mu0 + tau, e=e)
    return Cohort(frame, Roles("id", "text", ("c",), ("a", "b"), "T", "Y", True, ("mu0", "mu1", "e")))
