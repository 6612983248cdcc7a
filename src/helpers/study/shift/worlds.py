"""Two worlds: where the policy learns (source) and where it is used (target), and what sets them apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from helpers import data
from helpers.artifacts.code import code_of
from helpers.artifacts.store import Store
from helpers.config import SIMULATED, Config
from helpers.data.cohort import Cohort
from helpers.data.replica.authors import desk
from helpers.data.replica.mentions import DEFAULT_MENTION
from helpers.data.replica.notes import DESK, write_notes
from helpers.data.seeds import derived_seed, streams

LEAST_NOTES = 40  # of an author who is left out; all authors together judge
LEAST_RECORDS = 100  # records a side: fewer neither teach a policy nor judge it


class Shift(Protocol):
    """What sets two worlds apart.

    Attributes
    ----------
    label : str
        As figures show it.
    column : str or None
        Bedside column that tells the worlds apart and is therefore kept from all models.
    """

    label: str
    column: str | None

    def fits(self, cohort: Cohort, config: Config) -> bool:
        """Whether the cohort can be shifted this way."""
        ...

    def sides(self, cohort: Cohort, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """(n,) masks of the records of source and target: the same records, or records of different patients."""
        ...

    def notes(self, cohort: Cohort, config: Config) -> list[str] | None:
        """The n notes as the target would have them; None where the notes stay as they are."""
        ...


@dataclass(frozen=True)
class Rewritten:
    """The same patients, other notes: another style, or fewer symptoms mentioned.

    Parameters
    ----------
    label : str
    style : {"normal", "compact"} or None
        Of the target's notes; None: as in the source.
    mention : float
        Every chance that a note speaks of a symptom is multiplied by it; generated notes only.
    """

    label: str
    style: str | None = None
    mention: float = 1.0
    column: str | None = None

    def fits(self, cohort: Cohort, config: Config) -> bool:
        """Generated notes, or for the style alone SimSUM's, which come in both; the style must be another.

        Notes by several authors are of no one style that could change.
        """
        known = config.dataset == "replica" or (config.dataset == "simsum" and self.mention == 1)
        return known and self.style != config.note_style and not (self.style and config.note_style == DESK)

    def sides(self, cohort: Cohort, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """All records on both sides."""
        return np.ones(len(cohort), bool), np.ones(len(cohort), bool)

    def notes(self, cohort: Cohort, config: Config) -> list[str]:
        """The target's notes of the same records."""
        other = config.model_copy(update={"note_style": self.style or config.note_style})
        if self.mention == 1:
            return data.load_cohort(other).texts
        return sparse_notes(cohort, other, self.mention)["text"].tolist()


@dataclass(frozen=True)
class SplitBy:
    """Different patients, told apart by a column: a season, an era, a data base.

    Parameters
    ----------
    label, column : str
    source, target : value, or slice
        As :func:`split_by` takes them.
    """

    label: str
    column: str
    source: object
    target: object

    def fits(self, cohort: Cohort, config: Config) -> bool:
        """The column is there, and enough records are on each side."""
        return self.column in cohort.frame and all(rows.sum() >= LEAST_RECORDS for rows in self.sides(cohort, 0))

    def sides(self, cohort: Cohort, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """See :func:`split_by`."""
        return split_by(cohort, self.column, self.source, self.target)

    def notes(self, cohort: Cohort, config: Config) -> None:
        """Every record keeps its note."""


@dataclass(frozen=True)
class CaseMix:
    """Different patients, whose mix changes: those with a condition come to the target more often.

    Given the condition, a record falls on either side by chance: the ratio of the densities is known, and every kind
    of patient exists on both sides.

    Parameters
    ----------
    label, condition : str
        The condition is a column of 0 and 1.
    present, absent : float
        Chance that a record with, and without, the condition belongs to the target.
    """

    label: str
    condition: str
    present: float
    absent: float
    column: str | None = None

    def fits(self, cohort: Cohort, config: Config) -> bool:
        """The condition is recorded and varies."""
        return self.condition in cohort.frame and cohort.frame[self.condition].nunique() == 2

    def sides(self, cohort: Cohort, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Drawn anew for every seed; the records of a patient by the first of them."""
        _, first, patient = np.unique(cohort.ids, return_index=True, return_inverse=True)
        present = cohort.frame[self.condition].to_numpy()[first] == 1
        chance = np.where(present, self.present, self.absent)
        target = (streams("case mix", seed, 1)[0].random(len(first)) < chance)[patient]
        return ~target, target

    def notes(self, cohort: Cohort, config: Config) -> None:
        """Every record keeps its note."""


@dataclass(frozen=True)
class AuthorOut:
    """Different patients, told apart by who wrote: the target's notes are all by an author of whom the source has none.

    Parameters
    ----------
    label, author : str
    """

    label: str
    author: str
    column: str | None = None

    def fits(self, cohort: Cohort, config: Config) -> bool:
        """Who wrote is known, and the author wrote enough."""
        return "author" in cohort.frame and (cohort.frame["author"] == self.author).sum() >= LEAST_NOTES

    def sides(self, cohort: Cohort, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """A patient with notes by the author and by others counts for the target only."""
        theirs = np.isin(cohort.ids, cohort.ids[(cohort.frame["author"] == self.author).to_numpy()])
        return ~theirs, (cohort.frame["author"] == self.author).to_numpy()

    def notes(self, cohort: Cohort, config: Config) -> None:
        """Every record keeps its note."""


AUTHORS_OUT: dict[str, Shift] = {name: AuthorOut(f"no notes by the author “{name}”", name) for name in desk()}
SHIFTS: dict[str, Shift] = {
    "compact": Rewritten("normal to compact notes", style="compact"),
    "mentions": Rewritten("half as many mentions", mention=0.5),
    "season": SplitBy("winter to the other seasons", "winter", 1, 0),
    "asthma": CaseMix("general practice to asthma clinic", "asthma", 0.8, 0.3),
    "habits": SplitBy("restrained to ready treatment", "policy", 0, 1),
    "dbsource": SplitBy("CareVue to MetaVision", "dbsource", "carevue", "metavision"),
}
OF_ANY_RECORDS = ("dbsource",)  # the others are about SimSUM-like records, whatever columns of other records are called


def split_by(cohort: Cohort, column: str, source: object, target: object) -> tuple[np.ndarray, np.ndarray]:
    """Records of source and target by a column, as masks; records that are neither are on no side.

    Parameters
    ----------
    cohort : Cohort
    column : str
        Any column of its frame, with or without a role.
    source, target : value or slice
        A value of the column, or ``slice(start, stop)`` of an ordered one with ``start <= value < stop``; either end
        may be None. A patient with records on both sides counts for the source only.

    Returns
    -------
    source_rows, target_rows : (n,) bool arrays

    Raises
    ------
    ValueError
        No such column; or the two sides overlap.
    """
    if column not in cohort.frame:
        raise ValueError(f"column = {column!r}: cohort {cohort.name!r} has none of this name.")
    ours, theirs = (_matching(cohort.frame[column], wanted) for wanted in (source, target))
    if (ours & theirs).any():
        raise ValueError(f"source = {source!r}, target = {target!r}: {(ours & theirs).sum()} records are both.")
    return ours, theirs & ~np.isin(cohort.ids, cohort.ids[ours])


def without_column(cohort: Cohort, column: str | None) -> Cohort:
    """The cohort whose models do not see a bedside column."""
    kept = tuple(c for c in cohort.roles.tabular if c != column)
    return replace(cohort, roles=replace(cohort.roles, tabular=kept))


def sparse_notes(cohort: Cohort, config: Config, mention: float) -> pd.DataFrame:
    """Generated notes of the same records that speak of fewer symptoms, kept in the store."""
    if config.dataset != "replica":
        raise ValueError(f"dataset = {config.dataset!r}: only generated notes can be written anew with other mentions.")
    key = {"n": config.n, "seed": config.seed, "style": config.note_style, "mention": mention}
    key["code"] = code_of(__name__)
    chances, seed = DEFAULT_MENTION.scaled(mention), derived_seed("notes", config.seed)
    return Store().frame("sparse", key, lambda: write_notes(cohort.frame, config.note_style, seed, chances))


def available(cohort: Cohort, config: Config) -> dict[str, Shift]:
    """Those of ``SHIFTS`` that this cohort can show."""
    names = SHIFTS if config.dataset in SIMULATED else OF_ANY_RECORDS
    return {name: SHIFTS[name] for name in names if SHIFTS[name].fits(cohort, config)}


def _matching(values: pd.Series, wanted: object) -> np.ndarray:
    if not isinstance(wanted, slice):
        return (values == wanted).to_numpy(bool)
    low = True if wanted.start is None else values >= wanted.start
    high = True if wanted.stop is None else values < wanted.stop
    return np.broadcast_to(np.asarray(low & high), (len(values),)) & values.notna().to_numpy()
