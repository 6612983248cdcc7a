"""What records, notes and drawn outcomes look like before anything is learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import data, stats
from helpers.data.cohort import Cohort

POPULATION = 1_000_000  # records without notes that stand for everybody
YES_OR_NO = ("dysp", "cough", "pain", "nasal")


def symptoms_of(frame: pd.DataFrame, levels: tuple[str, ...] = data.FEVER_LEVELS) -> dict[str, pd.Series]:
    """Who has which symptom: name, ``fever_<level>`` for the levels asked for, to an indicator of the rows."""
    return {s: frame[s] == 1 for s in YES_OR_NO} | {f"fever_{v}": frame["fever"] == v for v in levels}


def share_intervals(values: Mapping[str, np.ndarray], name: str) -> pd.DataFrame:
    """A row a ``symptom``: mean and 95 % interval of its 0/1 values, ``<name>, <name>_low, <name>_high``."""
    ends = (name, f"{name}_low", f"{name}_high")
    rows = [{"symptom": s, **dict(zip(ends, stats.interval(v), strict=True))} for s, v in values.items()]
    return pd.DataFrame(rows)


def mention_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of generated notes that speak of each symptom, absent and present, beside the generator's chance.

    Parameters
    ----------
    frame : DataFrame
        With the columns ``said_<symptom>`` that generated notes carry.

    Returns
    -------
    DataFrame with ``symptom, notes, notes_low, notes_high, generator``.
    """
    said, chance = {}, {}
    for s in data.DEFAULT_MENTION.__dataclass_fields__:
        levels = data.FEVER_LEVELS if s == "fever" else (0, 1)
        names = [f"fever_{v}" for v in levels] if s == "fever" else [f"{s} absent", s]
        for name, level, p in zip(names, levels, getattr(data.DEFAULT_MENTION, s), strict=True):
            said[name], chance[name] = frame.loc[frame[s] == level, f"said_{s}"].astype(float), p
    return share_intervals(said, "notes").assign(generator=lambda t: t["symptom"].map(chance))


def outcome_facts(cohort: Cohort, process: str, seed: int, draws: int = 300) -> pd.DataFrame:
    """Treated share, mean effect, naive difference, correlation of risk and benefit: of a cohort and of everybody.

    Parameters
    ----------
    cohort : Cohort
        SimSUM-like; its outcomes are drawn here, and those of a population without notes.
    process, seed : str, int
        Those of the draw.
    draws : int
        Bootstrap resamples of the cohort behind the 95 % intervals.

    Returns
    -------
    DataFrame with ``quantity, cohort, cohort_low, cohort_high, population``.
    """
    drawn = data.draw_outcomes(cohort, process, seed)
    arrays = np.column_stack([drawn.mu0, drawn.mu1, drawn.T, drawn.Y, drawn.Y])
    rng = np.random.default_rng(seed)
    rows = [np.arange(len(drawn)), *rng.integers(len(drawn), size=(draws, len(drawn)))]
    table = pd.DataFrame([_facts(*arrays[r].T) for r in rows])
    summary = table.iloc[:1].T.set_axis(["cohort"], axis=1)
    summary[["cohort_low", "cohort_high"]] = table.iloc[1:].quantile([0.025, 0.975]).T.to_numpy()
    records = data.sample_network(POPULATION, seed + 1).assign(text="")
    many = data.draw_outcomes(Cohort(records, cohort.roles), process, seed)
    population = pd.Series(_facts(many.mu0, many.mu1, many.e, many.mu1, many.mu0))
    return summary.assign(population=population).rename_axis("quantity").reset_index()


def _facts(mu0, mu1, treated, y1, y0) -> dict[str, float]:
    """``treated`` is T, or its chance where the whole population is meant."""
    return {
        "share treated": treated.mean(),
        "ATE": (mu1 - mu0).mean(),
        "naive difference": np.average(y1, weights=treated) - np.average(y0, weights=1 - treated),
        "corr(risk, benefit)": np.corrcoef(mu0, mu0 - mu1)[0, 1],
    }
