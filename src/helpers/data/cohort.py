"""Roles of columns, and the cohort that carries them through the study."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from helpers.privacy.errors import DataError
from helpers.privacy.quiet import Quiet

OPEN_RELEASES = ("demo", "synthetic")  # of MIMIC-III, that anyone may see


@dataclass(frozen=True)
class Roles:
    """Which column of a frame plays which part.

    Parameters
    ----------
    id : str
        Patient identifier; splits and folds are made by it.
    text : str
        The clinical note.
    tabular : tuple of str
        Columns known at the bedside: every model may use them.
    annotations : tuple of str
        Confounders that only the note holds; an expert writes them down for training records.
    treatment, outcome : str or None
        Columns of T in {0, 1} and of Y; ``None`` until a process has drawn them.
    lower_is_better : bool
        Direction of the outcome as the user has it. Inside the library Y is always lower-is-better.
    truth : tuple of str
        Columns ``mu0, mu1, e`` where they are known (synthetic outcomes), else empty.
    annotated : str or None
        Column that says which records an expert annotated; None: all of them.
    time : str or None
        When the record was written.
    """

    id: str = "id"
    text: str = "text"
    tabular: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    treatment: str | None = None
    outcome: str | None = None
    lower_is_better: bool = True
    truth: tuple[str, ...] = ()
    annotated: str | None = None
    time: str | None = None

    def columns(self) -> list[str]:
        """All named columns, in role order."""
        single = [c for c in (self.id, self.text, self.treatment, self.outcome, self.annotated, self.time) if c]
        return [*single, *self.tabular, *self.annotations, *self.truth]


def as_numbers(series: pd.Series, kind: type = float) -> np.ndarray:
    """A column as float or int; the error names the column, never what it holds."""
    try:
        return series.to_numpy().astype(kind)
    except (ValueError, TypeError) as error:
        fault = type(error).__name__
    raise DataError(
        f"column {str(series.name)[:60]!r}: holds values that are no numbers ({fault}); give it another role, or "
        f"make it numeric or categorical."
    )


def design_matrix(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Numbers for models: numeric columns as they are, categories as indicators without the first.

    Returns
    -------
    (n, p) float64 array and its p column names.
    """
    blocks, names = [], []
    for column in columns:
        series = frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            levels = list(series.cat.categories)[1:]
            blocks += [(series == level).to_numpy(float) for level in levels]
            names += [f"{column}_{level}" for level in levels]
        else:
            blocks.append(as_numbers(series))
            names.append(column)
    stacked = np.column_stack(blocks) if blocks else np.empty((len(frame), 0))
    return stacked, names


@dataclass(frozen=True, repr=False)
class Cohort:
    """A frame and the roles of its columns. Its ``repr`` shows shape and roles, never a value."""

    frame: pd.DataFrame
    roles: Roles
    name: str = "cohort"
    process: str | None = None
    tags: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [c for c in self.roles.columns() if c not in self.frame.columns]
        if missing:
            raise ValueError(
                f"cohort {self.name!r}: no column named {missing}; every column given a role must exist. "
                f"Rename the column or correct the role."
            )
        if self.sensitive and not isinstance(self.frame, Quiet):
            object.__setattr__(self, "frame", Quiet(self.frame))

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        r = self.roles
        return (
            f"Cohort({self.name!r}, n={len(self)}, process={self.process!r}, text={r.text!r}, "
            f"tabular={list(r.tabular)}, annotations={list(r.annotations)}, "
            f"treatment={r.treatment!r}, outcome={r.outcome!r}, truth={bool(r.truth)})"
        )

    @property
    def sensitive(self) -> bool:
        """Whether the records may be of real people.

        So they are if a tag says ``sensitive`` or ``credentialed``, ``public`` is False, or the ``release`` of
        MIMIC-III is neither the open demo nor a generated one.
        """
        said = self.tags.get("sensitive") or self.tags.get("credentialed") or self.tags.get("public") is False
        return bool(said) or self.tags.get("release", "demo") not in OPEN_RELEASES

    @property
    def ids(self) -> np.ndarray:
        """(n,) patient identifiers."""
        return self.frame[self.roles.id].to_numpy()

    @property
    def texts(self) -> list[str]:
        """The n notes."""
        return self.frame[self.roles.text].tolist()

    @property
    def tabular(self) -> np.ndarray:
        """(n, p) bedside columns."""
        return design_matrix(self.frame, self.roles.tabular)[0]

    @property
    def annotations(self) -> np.ndarray:
        """(n, q) annotated confounders, categories as indicators."""
        return design_matrix(self.frame, self.roles.annotations)[0]

    @property
    def levels(self) -> tuple[int, ...]:
        """Number of levels of each annotated field.

        Raises
        ------
        ValueError
            If a field is a measured number.
        """
        if self.measured:
            raise ValueError(
                f"cohort {self.name!r}: annotations {list(self.measured)} are measured numbers and have no levels, "
                f"which EM and active annotation need. Cut them into categories, or leave these strategies out."
            )
        dtypes = (self.frame[c].dtype for c in self.roles.annotations)
        return tuple(len(d.categories) if isinstance(d, pd.CategoricalDtype) else 2 for d in dtypes)

    @property
    def measured(self) -> tuple[str, ...]:
        """Annotated fields that are numbers other than 0 and 1."""
        columns = {c: self.frame[c] for c in self.roles.annotations}
        numbers = {c: s for c, s in columns.items() if not isinstance(s.dtype, pd.CategoricalDtype)}
        return tuple(c for c, s in numbers.items() if not s.dropna().isin([0, 1]).all())

    @property
    def annotated(self) -> np.ndarray:
        """(n,) bool: which records have annotations at all."""
        column = self.roles.annotated
        return np.ones(len(self), bool) if column is None else self.frame[column].to_numpy(bool)

    @property
    def W(self) -> np.ndarray:
        """(n, q + p) annotated confounders, then bedside columns: what unconfoundedness holds given."""
        return np.hstack([self.annotations, self.tabular])

    @property
    def T(self) -> np.ndarray:
        """(n,) treatment, 0 or 1."""
        return self._role("treatment", int)

    @property
    def Y(self) -> np.ndarray:
        """(n,) outcome, turned so that lower is better."""
        sign = 1.0 if self.roles.lower_is_better else -1.0
        return sign * self._role("outcome", float)

    @property
    def mu0(self) -> np.ndarray:
        """(n,) expected outcome without treatment, known for synthetic outcomes only."""
        return self._truth("mu0")

    @property
    def mu1(self) -> np.ndarray:
        """(n,) expected outcome with treatment, known for synthetic outcomes only."""
        return self._truth("mu1")

    @property
    def e(self) -> np.ndarray:
        """(n,) true probability of treatment, known for synthetic outcomes only."""
        return self._truth("e")

    @property
    def tau(self) -> np.ndarray:
        """(n,) true effect ``mu1 - mu0``; negative is beneficial."""
        return self.mu1 - self.mu0

    @property
    def has_truth(self) -> bool:
        """Whether the true effects are known."""
        return bool(self.roles.truth)

    def turned_back(self, values):
        """Means or effects of Y in the direction of the user's outcome: ``-values`` where higher is better."""
        return values if self.roles.lower_is_better else -values

    def take(self, rows: np.ndarray) -> Cohort:
        """The cohort of these rows (positions or mask), in this order."""
        positions = np.flatnonzero(rows) if np.asarray(rows).dtype == bool else rows
        return replace(self, frame=self.frame.iloc[positions].reset_index(drop=True))

    def _role(self, role: str, kind: type) -> np.ndarray:
        column = getattr(self.roles, role)
        if column is None:
            raise ValueError(
                f"cohort {self.name!r} has no {role} yet; draw one with helpers.data.processes.draw_outcomes first."
            )
        return as_numbers(self.frame[column], kind)

    def _truth(self, column: str) -> np.ndarray:
        if column not in self.roles.truth:
            raise ValueError(
                f"cohort {self.name!r} has no known {column}: true effects exist for synthetic outcomes only. "
                f"Use the doubly robust scores of held-out rows instead."
            )
        return as_numbers(self.frame[column])
