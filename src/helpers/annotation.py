"""Who is annotated, and how well: budgets of the expert's time (layer 4)."""

from __future__ import annotations

import numpy as np


def choose(ids: np.ndarray, budget: float, seed: int) -> np.ndarray:
    """A random share of the patients to annotate; all records of a patient together.

    Parameters
    ----------
    ids : (n,) array
        Patient identifiers.
    budget : float
        Share of the patients in (0, 1]. A larger budget with the same seed contains the smaller one.
    seed : int

    Returns
    -------
    (n,) bool array
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: the annotated share must lie in (0, 1].")
    patients, row = np.unique(np.asarray(ids), return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(patients))
    return rank[row] < max(1, round(budget * len(patients)))
