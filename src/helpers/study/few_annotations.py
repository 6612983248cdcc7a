"""How little annotation is enough: strategies over a ladder of annotated shares, and few against all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from helpers import evaluation, stats
from helpers.config import SIMULATED, Config
from helpers.data.cohort import Cohort
from helpers.study.grid import run_areas
from helpers.study.strategies import strategy_named

LADDER = (0.02, 0.05, 0.1, 0.3, 0.5, 1.0)  # shares of the training records that are annotated
BETWEEN = (0.05, 0.5)  # what a curve can do without
LEAST = 90  # fewer annotated records carry no outcome model
CURVE = 3  # sizes that a learning curve with three parameters needs
HIDDEN = ("pain", "nasal")
DUEL = {"captured": "benefit captured", "autoc_share": "AUTOC, share of the best possible"}


def annotated_shares(n_train: int, detail: str = "full") -> list[float]:
    """The shares worth annotating of so many training records, rising; ``short`` leaves out some if it can."""
    enough = [share for share in LADDER if share * n_train >= LEAST]
    short = [share for share in enough if share not in BETWEEN]
    return short if detail == "short" and len(short) >= CURVE else enough


def first_repetitions(config: Config) -> Config:
    """The configuration with so few repetitions as slow strategies get, unless every detail is asked for."""
    return config if config.detail == "full" else config.model_copy(update={"seeds": config.fewer_seeds})


def over_shares(config: Config, names: Iterable[str], shares: Sequence[float]) -> pd.DataFrame:
    """Areas of strategies at every annotated share; what learns without annotations runs once and stands at each.

    Parameters
    ----------
    config : Config
    names : iterable of str
        As :func:`strategy_named` takes them.
    shares : sequence of float

    Returns
    -------
    DataFrame
        Long results, with ``budget``.
    """
    names = list(names)
    noted = [name for name in names if strategy_named(name).annotated]
    free = [name for name in names if name not in noted]
    tables = [run_areas(config, noted, budget=share) for share in shares] if noted else []
    if free:
        once = run_areas(config, free, budget=1.0)
        tables += [evaluation.repeat_over_budgets(once, name, list(shares)) for name in free]
    return pd.concat(tables, ignore_index=True)


def never_annotated(config: Config, cohort: Cohort) -> tuple[str, ...]:
    """Two confounders for a test of what happens without them: pain and nasal symptoms, elsewhere the last two."""
    return HIDDEN if config.dataset in SIMULATED else tuple(cohort.roles.annotations[-2:])


def as_shares(areas: pd.DataFrame, oracle: str = "oracle") -> pd.DataFrame:
    """The results with rows ``autoc_share``: AUTOC over that of the true effects on the same test patients.

    Parameters
    ----------
    areas : DataFrame
        Long results of areas with those of the oracle.
    oracle : str
    """
    rows = areas[areas["metric"] == "autoc"]
    best = rows[rows["strategy"] == oracle].drop_duplicates("seed").set_index("seed")["value"]
    shares = rows["value"].to_numpy() / best.reindex(rows["seed"]).to_numpy()
    return pd.concat([areas, rows.assign(metric="autoc_share", value=shares)], ignore_index=True)


def few_against_all(few: pd.DataFrame, full: pd.DataFrame, metrics: Iterable[str] = (*DUEL, "policy_value", "autoc")):
    """One strategy with few annotations against another with all of them, on the same test patients.

    Parameters
    ----------
    few, full : DataFrames
        Long results of one strategy at one share each, as :func:`as_shares` gives them.
    metrics : iterable of str

    Returns
    -------
    DataFrame
        A row a metric: ``metric``, the means ``few`` and ``full`` with their intervals (``few_low`` ...), the paired
        difference ``value, low, high``, ``seeds`` and ``real``, whether its interval excludes zero.
    """
    rows = []
    for metric in metrics:
        a, b = (t[t["metric"] == metric].set_index("seed")["value"] for t in (few, full))
        seeds = sorted(set(a.index) & set(b.index))
        found = {"metric": metric, "seeds": len(seeds)}
        gaps = stats.gaps_beyond_rounding(a[seeds], b[seeds])
        for name, values in (("few", a[seeds]), ("full", b[seeds]), ("value", gaps)):
            ends = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
            found |= dict(zip((name, *ends), stats.interval(np.asarray(values, float)), strict=True))
        rows.append(found)
    table = pd.DataFrame(rows)
    return table.assign(real=stats.excludes_zero(table["low"], table["high"]))


def doubt_of(prior: np.ndarray, posterior: np.ndarray) -> tuple[int, int]:
    """Rows whose chance of a confounder rises most, and falls most, once treatment and outcome are looked at.

    Parameters
    ----------
    prior, posterior : (n,) arrays
        Chance by the note alone, and with treatment and outcome.
    """
    change = np.asarray(posterior) - np.asarray(prior)
    return int(change.argmax()), int(change.argmin())
