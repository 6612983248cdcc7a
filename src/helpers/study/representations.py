"""Representations of the note compared: live on few records, and the committed table of the full comparison."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers import data, encoders, evaluation, stats
from helpers.config import Config, project_root
from helpers.study import cell, trials

REPRESENTATION_LABELS = {
    "minilm": "mean over all words of the note",
    "minilm:sections": "history and examination apart",
    "minilm:mean": "mean over sentences",
    "minilm:max": "maximum over sentences",
    "tfidf": "words and pairs (TF-IDF)",
    "minilm:tfidf": "mean over all words, beside TF-IDF",
    "minilm:projection": "learned projection of the note's vector",
    "minilm:words": "reader of words",
    "minilm:sentences": "reader of sentences",
    "minilm:marked": "reader of sentences and of the rules' marks",
    "minilm:reader": "readers of words and of sentences",
    "minilm:tuned-last": "reader of sentences, last two layers tuned",
    "minilm:tuned": "reader of sentences, all layers tuned",
}
CEILING = "ceiling"
TABLE = Path("benchmarks") / "representations.csv"


def live(config: Config, names: Iterable[str], learner: str = "plug", progress: bool = True) -> pd.DataFrame:
    """Results of one learner on several representations, and of the ceiling, over the repetitions of ``config``.

    Parameters
    ----------
    config : Config
        Its ``encoder`` is replaced in turn by ``names``.
    names : iterable of str
        As :func:`helpers.encoders.registry.make_encoder` takes them.
    learner : str
        A strategy of the study.
    progress : bool
        Show a bar.

    Returns
    -------
    DataFrame
        Columns ``encoder, seed, metric, value``: areas, and ``cpu_seconds`` of embedding (from the cache where it was
        done before), learning to read and fitting. Rows ``ceiling`` where the notes' mentions are known.
    """
    jobs = [(config.model_copy(update={"encoder": name}), name) for name in names]
    tables = []
    with tqdm(total=len(jobs) * config.seeds, desc="representations x seeds", disable=not progress) as bar:
        for one, name in jobs:
            began = time.process_time()
            for trial in trials.replications(one):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a learner that stops early says so; here only ranks count
                    seen = "phi" if encoders.without_annotations(name) == name else "read"
                    areas = _areas(cell.run_cell(trial, f"{learner}@{seen}"))
                areas = pd.concat([areas, _row("cpu_seconds", time.process_time() - began)])
                tables.append(areas.assign(encoder=name, seed=trial.index))
                began = time.process_time()
                bar.update()
    return pd.concat([*tables, *_ceilings(config)], ignore_index=True)


def _ceilings(config: Config) -> list[pd.DataFrame]:
    found = []
    for trial in trials.replications(config.model_copy(update={"encoder": "tfidf"})):
        if "said_cough" not in trial.test.frame:
            return []
        tau_hat = data.expected_effect(trial.test)
        areas = _areas(evaluation.evaluate(trial.test, -tau_hat, tau_hat))
        found.append(areas.assign(encoder=CEILING, seed=trial.index))
    return found


def _areas(results: pd.DataFrame) -> pd.DataFrame:
    return results.loc[results["metric"].isin(("autoc", "pehe", "policy_value")), ["metric", "value"]]


def _row(metric: str, value: float) -> pd.DataFrame:
    return pd.DataFrame({"metric": [metric], "value": [value]})


def read_table(path: Path | None = None) -> pd.DataFrame:
    """The committed results of ``benchmarks/representations.py``.

    Raises
    ------
    FileNotFoundError
        If the table is not there; says how to make it.
    """
    path = project_root() / TABLE if path is None else Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table. Make it with: python benchmarks/representations.py")
    return pd.read_csv(path, keep_default_na=False)


def best_learner(table: pd.DataFrame, metric: str = "autoc") -> pd.DataFrame:
    """Rows of each encoder's best learner at home, chosen once for a number of records and a budget.

    The choice by the mean over seeds on the held-out records is part of what is reported, "the best learner", not a way
    to choose one for use; it takes the learner with the same name in every setting.
    """
    keys = ["n", "budget", "encoder"]
    rows = table[(table["metric"] == metric) & (table["learner"] != "")]
    home = rows[rows["setting"] == "home"].groupby([*keys, "learner"])["value"].mean()
    best = home.groupby(keys).idxmin().str[-1].rename("learner").reset_index()
    return pd.concat([rows.merge(best, on=[*keys, "learner"]), _ceiling_rows(table, metric)], ignore_index=True)


def _ceiling_rows(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    return table[(table["encoder"] == CEILING) & (table["metric"] == metric)]


def share_of_ceiling(best: pd.DataFrame) -> pd.DataFrame:
    """Each seed's AUTOC over the ceiling's on the same patients, as ``value``: 1 is all that the notes allow."""
    keys = ["n", "setting", "seed"]
    limit = best[best["encoder"] == CEILING].drop_duplicates(keys).set_index(keys)["value"]
    rows = best[best["encoder"] != CEILING]
    against = limit.reindex(pd.MultiIndex.from_frame(rows[keys])).to_numpy()
    return rows.assign(value=rows["value"].to_numpy() / against, metric="share of the ceiling")


def representations_wide(table: pd.DataFrame, setting: str = "home") -> pd.DataFrame:
    """What each representation keeps, and what it is worth, in one setting.

    Returns
    -------
    DataFrame
        Columns ``n, budget, encoder, seed, metric, value``. ``share`` of the ceiling and ``pehe``: of the learner that
        is best at home by AUTOC. ``auroc`` and ``ece``: means over the levels of the confounders, as read from the
        representation with the annotations of the budget.
    """
    best = best_learner(table)
    chosen = best[best["encoder"] != CEILING][["n", "budget", "encoder", "learner"]].drop_duplicates()
    areas = share_of_ceiling(best).assign(metric="share")
    error = table[table["metric"] == "pehe"].merge(chosen)
    levels = table[table["metric"].str.startswith(("auroc:", "ece:"))]
    levels = levels.assign(metric=levels["metric"].str.split(":").str[0])
    keys = ["n", "budget", "encoder", "seed", "metric"]
    parts = [part[part["setting"] == setting] for part in (areas, error, levels)]
    return pd.concat(parts).groupby(keys, sort=False)["value"].mean().reset_index()


def behind_best(best: pd.DataFrame, name: str) -> pd.DataFrame:
    """How far one encoder is behind the best other in each setting and budget, in percent of that one's AUTOC.

    Returns
    -------
    DataFrame
        ``n, budget, setting, best, value, low, high``: below zero it is ahead. Interval over seeds, paired.
    """
    rows = []
    for key, part in best[best["encoder"] != CEILING].groupby(["n", "budget", "setting"], sort=False):
        wide = part.pivot_table(index="seed", columns="encoder", values="value")
        others = wide.drop(columns=name, errors="ignore").dropna()
        if name not in wide or others.empty:
            continue
        rival = others.mean().idxmin()
        gap = 100 * (1 - (wide[name] / wide[rival]).dropna().to_numpy())
        value, low, high = stats.interval(gap)
        ends = {"best": rival, "value": value, "low": low, "high": high}
        rows.append(dict(zip(("n", "budget", "setting"), key, strict=True)) | ends)
    return pd.DataFrame(rows, columns=["n", "budget", "setting", "best", "value", "low", "high"])


def cost(table: pd.DataFrame) -> pd.DataFrame:
    """Processor minutes by encoder and budget: ``embed``, ``learn`` and their sum ``total``, for the table's n."""
    rows = table[table["metric"].isin(("embed_cpu_minutes", "learn_cpu_minutes"))]
    wide = rows.pivot_table(index=["n", "budget", "encoder"], columns="metric", values="value").reset_index()
    wide = wide.rename(columns={"embed_cpu_minutes": "embed", "learn_cpu_minutes": "learn"}).rename_axis(columns=None)
    return wide.assign(total=np.round(wide["embed"] + wide["learn"], 3))


def shares_recovered(path: Path | None = None) -> pd.DataFrame:
    """AUROC, F1 and calibration error by encoder, setting and level, of the largest run with every annotation.

    Returns
    -------
    DataFrame
        Columns ``encoder, setting, seed, metric, level, value``; empty if there is no table.
    """
    columns = ["encoder", "setting", "seed", "metric", "level", "value"]
    try:
        table = read_table(path)
    except FileNotFoundError:
        return pd.DataFrame(columns=columns)
    table = table[table["metric"].str.contains(":") & (table["budget"] == 1.0)]
    table = table[table["n"] == table["n"].max()]
    parts = table["metric"].str.split(":", n=1, expand=True)
    return table.assign(metric=parts[0], level=parts[1])[columns].reset_index(drop=True)
