"""Effects recovered from generated MEDS shards: what is adjusted for decides what is found.

python benchmarks/meds_effects.py [patients] writes benchmarks/meds_effects.csv: the mean effect of early antibiotics
on death by doubly robust scores, with nothing adjusted for, with what is charted, and with what stands in the notes too
(the annotated patients), each with the true effect of the same patients.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import stats
from helpers.config import load
from helpers.data import load_cohort, meds_places
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome

PATIENTS = 20_000


def mean_effects(patients: int, seed: int = 0) -> pd.DataFrame:
    """``adjusted, patients, value, low, high, truth``, a row a set of confounders."""
    config = load(dataset="meds", meds_path="synthetic", meds_patients=patients, n=patients, seed=seed)
    cohort = load_cohort(config)
    cohort = cohort.take(cohort.annotated)
    truth = pd.read_csv(meds_places(config)[1] / "truth.csv").set_index("subject_id").loc[cohort.ids]
    W = cohort.W[:, : cohort.annotations.shape[1]], cohort.tabular
    sets = {"nothing": np.zeros((len(cohort), 1)), "what is charted": W[1], "notes too": np.hstack(W)}
    rows = []
    for name, confounders in sets.items():
        n = Nuisances(propensity=logistic()).fit(cohort.Y, cohort.T, confounders)
        found = stats.mean_interval(pseudo_outcome(cohort.Y, cohort.T, n.mu0_, n.mu1_, n.e_))
        true = float((truth["mu1"] - truth["mu0"]).mean())
        ends = {end: found[end] for end in ("value", "low", "high")}
        rows.append({"adjusted": name, "patients": len(cohort), **ends, "truth": true})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = mean_effects(int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS)
    print(table.round(4).to_string(index=False))
    table.round(5).to_csv(Path(__file__).with_suffix(".csv"), index=False)
