"""Two stresses of the same records: annotators who never note some confounders, and effects that are no sum."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.study.grid import run_areas

NEVER_NOTED = ("dysp", "cough", "fever")
STRESSES = {
    "none": ("v3, as it is", {}),
    "lost": ("confounders nobody notes", {"hidden": NEVER_NOTED}),
    "no sum": ("an effect that is no sum", {"process": "nonadditive"}),
}


def run_stress(config: Config, cohort: Cohort, names: Iterable[str]) -> pd.DataFrame:
    """Areas of strategies under each stress, with ``stress``; empty without the v3 process and its annotations."""
    if config.process != "v3" or not set(NEVER_NOTED) < set(cohort.roles.annotations):
        return pd.DataFrame(columns=["strategy", "metric", "seed", "value", "stress"])
    names = list(names)
    tables = [run_areas(config, names, **change).assign(stress=kind) for kind, (_, change) in STRESSES.items()]
    return pd.concat(tables, ignore_index=True)
