"""How well a user's own notes are read: held-out scores of annotated rows, what decided, what to annotate next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from helpers import annotation, data, encoders, privacy, stats
from helpers.annotation.active import reading_doubt
from helpers.artifacts import files
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.data.seeds import derived_seed
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.privacy.escaping import without_formulas
from helpers.privacy.paths import outside_work_tree
from helpers.privacy.small_counts import small
from helpers.study.deciding import deciding_sentences
from helpers.study.reading import Reading

LEAST_PATIENTS = 30  # annotated: fewer cannot be held out in turn
DRAWS = 200  # of patients, for intervals of scores that are no means
READING_FILES = ("reading.csv", "sentences.csv", "next.csv")  # of the files: scores, words of notes, who is next
SHOWN = {"auroc": "AUROC", "f1": "F1", "sensitivity": "sensitivity", "specificity": "specificity"}
SHOWN |= {"ece": "calibration error"}


@dataclass(frozen=True, repr=False)
class OwnReading:
    """What :func:`held_out_reading` found. Its ``repr`` shows no record.

    ``scores``: ``level, metric, value, low, high``, aggregates alone; ``sentences``: see
    :func:`helpers.study.deciding.deciding_sentences`; ``following``: ``id, chance, doubt, field`` of the patients to
    annotate next; ``annotated, patients, waiting``: annotated records, their patients, records without annotations.
    """

    scores: pd.DataFrame
    sentences: pd.DataFrame
    following: pd.DataFrame
    annotated: int
    patients: int
    waiting: int


def held_out_reading(config: Config, batch: int = 50, most: int = 20) -> OwnReading:
    """Train the configured reader on the annotated records, and judge it on patients it has not seen.

    Every annotated note is read by a reader that learned from other patients.

    Parameters
    ----------
    config : Config
        ``encoder`` and ``reader`` say what reads.
    batch : int
        Patients to annotate next.
    most : int
        Notes of each field whose sentences are looked at.

    Raises
    ------
    ValueError
        Too few patients are annotated, a field is a measured number, or ``batch`` or ``most`` is out of range.
    """
    if batch < 1 or most < 1:
        raise DataError(f"batch = {batch}, most = {most}: both must be at least 1.")
    cohort = data.load_cohort(config)
    known, seen = cohort.annotated, cohort.take(cohort.annotated)
    patients = len(np.unique(seen.ids))
    _check(cohort, patients)
    reading = Reading(config, seen, np.ones(len(seen), bool))
    held = encoders.probabilities_in(reading.of_training().text, seen.levels)
    waiting = cohort.take(~known)
    return OwnReading(
        field_scores(seen, held, derived_seed("reading", config.seed)),
        deciding_sentences(reading.encoder, seen, held, most),
        _following(reading, waiting, batch, derived_seed("next", config.seed)),
        len(seen),
        patients,
        len(waiting),
    )


def _check(cohort: Cohort, patients: int) -> None:
    if not cohort.roles.annotations:
        raise DataError(f"cohort {cohort.name!r}: has no annotations to read by; name their columns in own.yml.")
    if cohort.measured:
        raise DataError(
            f"cohort {cohort.name!r}: annotations {list(cohort.measured)} are measured numbers, which no reader reads; "
            f"cut them into categories, or leave them out of own.yml."
        )
    if patients < LEAST_PATIENTS:
        raise DataError(
            f"cohort {cohort.name!r}: {patients} patients are annotated; to be held out in turn there must be "
            f"{LEAST_PATIENTS}. Annotate more."
        )


def field_scores(cohort: Cohort, held: np.ndarray, seed: int) -> pd.DataFrame:
    """AUROC, F1, sensitivity, specificity and calibration error of each level, with intervals over patients.

    Parameters
    ----------
    cohort : Cohort
    held : (n, sum of levels) array
        Held-out probabilities.
    seed : int
        Of the draws of patients.

    Returns
    -------
    DataFrame
        ``level, metric, value, low, high``; missing where 1 to 10 records have the level, or have not.
    """
    fields = data.fields_of(cohort)
    has = encoders.shown_levels(fields, data.labels_of(cohort, fields)) == 1
    p = encoders.shown_levels(fields, held)
    chosen = encoders.shown_levels(fields, np.hstack([_most_likely(block) for block in fields.blocks(held).values()]))
    draws = _patient_weights(cohort.ids, seed)
    rows = []
    for level in has:
        truth = has[level].to_numpy()
        if small([truth.sum(), (~truth).sum()]).any() or truth.all() or not truth.any():
            rows += [(level, metric, np.nan, np.nan, np.nan) for metric in SHOWN]
            continue
        found = _scores(truth, p[level].to_numpy(), chosen[level].to_numpy() == 1, cohort.ids, draws)
        rows += [(level, metric, *values) for metric, values in found.items()]
    return pd.DataFrame(rows, columns=["level", "metric", "value", "low", "high"])


def _most_likely(block: np.ndarray) -> np.ndarray:
    return (block.argmax(axis=1)[:, None] == np.arange(block.shape[1])).astype(float)


def _patient_weights(ids: np.ndarray, seed: int) -> np.ndarray:
    """(draws, n) how often each record is drawn, patients with all of their records."""
    _, code = np.unique(ids, return_inverse=True)
    size = code.max() + 1
    return np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), DRAWS)[:, code]


def _scores(truth, p, chosen, ids, draws) -> dict[str, tuple[float, float, float]]:
    """Of one level: value and ends of the interval by metric."""
    found = {"auroc": _drawn(lambda w: roc_auc_score(truth, p, sample_weight=w), draws)}
    found["f1"] = _drawn(lambda w: _f1(truth, chosen, w), draws)
    for metric, rows in (("sensitivity", truth), ("specificity", ~truth)):
        mean = stats.mean_interval((chosen == truth)[rows].astype(float), ids[rows])
        found[metric] = (mean["value"], max(mean["low"], 0.0), min(mean["high"], 1.0))
    bins = encoders.reliability(truth, p)
    ece = float((bins["weight"] * (bins["observed"] - bins["predicted"]).abs()).sum())
    return {**found, "ece": (ece, np.nan, np.nan)}


def _drawn(score, draws: np.ndarray) -> tuple[float, float, float]:
    """A score, and the middle 95 % of it over draws of patients."""
    values = [score(w) for w in draws if w.any()]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(score(np.ones(draws.shape[1]))), float(low), float(high)


def _f1(truth: np.ndarray, chosen: np.ndarray, w: np.ndarray) -> float:
    both, total = w[truth & chosen].sum(), w[truth].sum() + w[chosen].sum()
    return float(2 * both / total) if total else np.nan


def _following(reading: Reading, waiting: Cohort, batch: int, seed: int) -> pd.DataFrame:
    """Patients to annotate next, drawn by known chances in proportion to what the reader is unsure of."""
    columns = ["id", "chance", "doubt", "field"]
    if not len(waiting):
        return pd.DataFrame(columns=columns)
    chances = encoders.probabilities_in(reading.of(waiting).text, reading.train.levels)
    doubt, share = reading_doubt(chances), min(1.0, batch / len(np.unique(waiting.ids)))
    pi = annotation.optimal_probability(doubt, share, share / 4)
    mask, pi = annotation.choose_by_probability(waiting.ids, pi, seed)
    fields = data.fields_of(reading.train)
    by_field = np.column_stack([reading_doubt(block) for block in fields.blocks(chances).values()])
    table = pd.DataFrame({"id": waiting.ids, "chance": pi, "doubt": doubt})
    table["field"] = np.array(fields.names, dtype=object)[by_field.argmax(axis=1)]
    table = table[mask].sort_values("doubt", ascending=False, kind="stable")
    return table.drop_duplicates("id").round({"chance": 4, "doubt": 3}).reset_index(drop=True)


def check_place(folder: str | Path, public: bool, overwrite: bool) -> Path:
    """The folder for what is written, if it may lie there and nothing would be lost.

    Raises
    ------
    ValueError, FileExistsError
        Records that not everyone may see would come into a git work tree; a file is there already.
    """
    place = Path(folder).expanduser().absolute() if public else outside_work_tree(folder, "out")
    there = [name for name in READING_FILES if (place / name).exists() or (place / name).is_symlink()]
    if there and not overwrite:
        raise FileExistsError(f"{place / there[0]}: is there already; pass overwrite=True (--overwrite) to replace it.")
    return place


def write_reading(found: OwnReading, place: Path) -> list[Path]:
    """Three files for their owner's eyes alone: scores, sentences with words of notes, who is next."""
    tables = (found.scores, found.sentences, found.following)
    for name, table in zip(READING_FILES, tables, strict=True):
        files.write_private(place / name, without_formulas(table).to_csv(index=False))
    return [place / name for name in READING_FILES]


def report_reading(
    config: Config, folder: str | Path, batch: int = 50, most: int = 20, overwrite: bool = False
) -> tuple[list[str], list[Path]]:
    """Lines that hold no word of a note, and the files that :func:`write_reading` wrote of :func:`held_out_reading`."""
    place = check_place(folder, data.is_public(config), overwrite)
    with no_data_in_errors("own notes: reading"):
        found = held_out_reading(config, batch, most)
    return told(found), write_reading(found, place)


def told(found: OwnReading) -> list[str]:
    """The scores in lines, without a word of a note or an identifier."""
    lines = [f"{found.annotated:,} annotated records of {found.patients:,} patients, each read by a reader that had "
             f"learned from others."]  # fmt: skip
    for level, rows in found.scores.groupby("level", sort=False):
        if rows["value"].isna().all():
            lines.append(f"{privacy.escaped(level)}: 1 to 10 records have it, or have not: not shown.")
            continue
        lines.append(f"{privacy.escaped(level)}: {', '.join(_cell(row) for row in rows.itertuples())}.")
    lines.append(f"{len(found.following):,} patients to annotate next, of {found.waiting:,} records that wait.")
    return lines


def _cell(row) -> str:
    ends = "" if np.isnan(row.low) else f" ({row.low:.2f} to {row.high:.2f})"
    return f"{SHOWN[row.metric]} {row.value:.2f}{ends}"
