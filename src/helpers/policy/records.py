"""What a policy needs of a record, and the check that raw rows have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort, design_matrix
from helpers.data.own.spec import OwnSpec
from helpers.data.written import LARGEST_WHOLE
from helpers.policy.columns import Column, Fault, column_of
from helpers.policy.table import PLAIN_TABLE, WrittenTable, as_written
from helpers.privacy.errors import DataError

NEW_LEVEL = "\0new"  # stands for a word that is none of the training's levels; no table can hold it


@dataclass(frozen=True)
class Inputs:
    """The columns of a record that a policy reads.

    Parameters
    ----------
    id : str
    text : str or None
        None: the policy does not read the note.
    columns : tuple of Column
        In the order of the design matrix.
    table : WrittenTable or None
        How the training's table was written; None: its records came from no table.
    """

    id: str
    text: str | None
    columns: tuple[Column, ...]
    table: WrittenTable | None = None

    @classmethod
    def of(cls, cohort: Cohort, features: str, spec: OwnSpec | None = None) -> Inputs:
        """As the training records have them; ``features`` is phi, text or tabular, ``spec`` describes their table."""
        tabular = () if features == "text" else cohort.roles.tabular
        text = None if features == "tabular" else cohort.roles.text
        columns = [as_written(column_of(cohort.frame[c]), spec) for c in tabular]
        marked = {c.marks for c in columns if c.marks and 1 in c.seen}
        # Gaps of training records were filled with their median, which that leaves where it was.
        fills = {name: float(cohort.frame[name].median()) for name in marked}
        columns = [replace(c, fill=fills[c.name]) if c.name in fills else c for c in columns]
        return cls(cohort.roles.id, text, tuple(columns), None if spec is None else WrittenTable.of(spec))

    @classmethod
    def restore(cls, plain: dict) -> Inputs:
        """From the plain values of :meth:`plain`."""
        columns = (c | {"levels": tuple(c["levels"]), "seen": tuple(c["seen"])} for c in plain["columns"])
        table = plain["table"] and WrittenTable(**{**plain["table"], "empty": tuple(plain["table"]["empty"])})
        return cls(plain["id"], plain["text"], tuple(Column(**c) for c in columns), table)

    def plain(self) -> dict:
        """Values that JSON takes."""
        return asdict(self)

    @property
    def width(self) -> int:
        """Columns of the design matrix."""
        return sum(c.width for c in self.columns)

    @property
    def wanted(self) -> dict[str, str]:
        """What a record must have, by role: id, text and the columns, but for those that mark gaps."""
        needed = {"id": self.id, **({"text": self.text} if self.text else {})}
        return needed | {f"column:{c.name}": c.name for c in self.columns if c.marks is None}

    def check(self, records: pd.DataFrame, form: WrittenTable | None = None) -> pd.DataFrame:
        """The records as the policy reads them, or a refusal: what :meth:`read` gives first."""
        return self.read(records, form)[0]

    def read(self, records: pd.DataFrame, form: WrittenTable | None = None) -> tuple[pd.DataFrame, list[Fault]]:
        """The records as the policy reads them, and those of which it can say nothing; or a refusal.

        Parameters
        ----------
        records : DataFrame
            Strings, or typed columns; under the study's names with 0 and 1, or as the training's table has them.
        form : WrittenTable or None
            How the records are written; None: found from the names of the columns.

        Returns
        -------
        frame : DataFrame
            The id, the note and every column of ``columns`` under the study's names: numbers and categories, gaps
            filled as in the training.
        unseen : list of Fault
            The rows where that is so, by column.

        Raises
        ------
        ValueError
            Lists every fault by column and number of rows; no value of a record is shown.
        """
        form, places = self._placed(records, form)
        twice = [c for c in dict.fromkeys(places.values()) if (records.columns == c).sum() > 1]
        if twice or not len(records):
            raise DataError(
                f"records: columns given twice: {twice}." if twice else "records: no rows; nothing to score."
            )
        frame, faults = self._ends(records, form, places)
        for column in self.columns:
            if column.marks is None:
                faults += self._read(column, records, form, places, frame)
        found = [fault for fault in faults if np.any(fault.rows)]
        told = [str(fault) for fault in found if not fault.unseen]
        if told:
            raise DataError("records: cannot be scored; mend or drop these rows.\n" + "\n".join(told))
        return pd.DataFrame(frame, index=records.index), [fault for fault in found if fault.unseen]

    def missing(self, names: Sequence[str], form: WrittenTable) -> list[str]:
        """The columns that a table of this form lacks."""
        found = form.find(names, self.wanted, encoded=form is PLAIN_TABLE)
        return [name for role, name in self.wanted.items() if role not in found]

    def fitting(self, names: Sequence[str], forms: Sequence[WrittenTable]) -> WrittenTable | None:
        """The form in whose own words most of the columns are named, the first of equals; None if none has them all."""
        fit = [form for form in forms if not self.missing(names, form)]
        return max(fit, key=lambda form: self.own_names(names, form), default=None)

    def own_names(self, names: Sequence[str], form: WrittenTable) -> int:
        """How many columns a form names as it would, those among them that mark gaps, which only plain records have."""
        firsts = [form.named(role, ours, names, form is PLAIN_TABLE)[0] for role, ours in self.wanted.items()]
        marks = [c.name for c in self.columns if c.marks] if form is PLAIN_TABLE else []
        return sum(name in names for name in [*firsts, *marks])

    def matrix(self, records: pd.DataFrame) -> np.ndarray:
        """(n, p) numbers of checked records, laid out as in training."""
        names = [c.name for c in self.columns]
        known = {c.name: records[c.name].cat.set_categories(c.levels) for c in self.columns if c.kind == "category"}
        return design_matrix(records[names].assign(**known), tuple(names))[0]

    def _placed(self, records: pd.DataFrame, form: WrittenTable | None) -> tuple[WrittenTable, dict[str, str]]:
        """How the records are written, and where each role stands."""
        names = list(records.columns)
        forms = [form] if form else [PLAIN_TABLE, *([self.table] if self.table else [])]
        best = self.fitting(names, forms)
        if best is None:
            raise DataError(f"records: {self.lacking(names)}")
        return best, best.find(names, self.wanted, encoded=best is PLAIN_TABLE)

    def lacking(self, names: Sequence[str]) -> str:
        """Which columns a table with these names lacks, and what the policy reads."""
        forms = [PLAIN_TABLE, *([self.table] if self.table else [])]
        return f"columns missing: {min((self.missing(names, f) for f in forms), key=len)}; {self.described}."

    @property
    def described(self) -> str:
        """What the policy reads, in words."""
        said = f"this policy reads {list(self.wanted.values())}"
        if self.table is None:
            return said
        own = [self.table.id or "(the first column)", *([self.table.text] if self.text else [])]
        own += [self.table.names.get(c.name, c.name) for c in self.columns if c.marks is None]
        return f"{said}, or, as in the training's table ({self.table}), {own}"

    def _ends(self, records: pd.DataFrame, form: WrittenTable, places: dict[str, str]) -> tuple[dict, list[Fault]]:
        """Id and note, and their faults."""
        ids = records[places["id"]]
        blank = ids.map(lambda v: isinstance(v, str) and (not v.strip() or v.strip() in form.empty)).to_numpy(bool)
        missing = blank | ids.isna().to_numpy(bool)
        faults = [
            Fault(places["id"], "the identifier is missing", missing),
            Fault(places["id"], "the identifier is no text or number", ~ids.map(_is_name).to_numpy(bool) & ~missing),
        ]
        frame = {self.id: ids}
        if self.text:
            frame[self.text] = records[places["text"]]
            faults += _text_faults(frame[self.text], form.empty)
        return frame, faults

    def _read(
        self, column: Column, records: pd.DataFrame, form: WrittenTable, places: dict, frame: dict
    ) -> list[Fault]:
        """Put a column, and the one that marks its gaps, into the frame; the faults are returned."""
        place = places[f"column:{column.name}"]
        encoded = form is PLAIN_TABLE and place == column.name
        label = place if place == column.name else f"{place} ({column.name})"
        written = replace(form, empty=self.table.empty) if self.table else form
        values, gap = column.read(records[place], written, encoded)
        faults = column.faults(label, values, gap, form)
        filled = gap & (column.fill is not None)
        mark = next((c for c in self.columns if c.marks == column.name), None)
        if mark is not None:
            given = form is PLAIN_TABLE and mark.name in records.columns
            marked, strange = _marks(mark, records[mark.name], gap) if given else (gap.astype(float), [])
            frame[mark.name], faults = marked, [*faults, *strange]
        frame[column.name] = _typed(column, values, gap, filled, records.index)
        return faults


def _marks(mark: Column, cells: pd.Series, gap: np.ndarray) -> tuple[np.ndarray, list[Fault]]:
    """Marks of gaps that come with the records, which agree with what is empty."""
    values, none = mark.read(cells, PLAIN_TABLE, encoded=True)
    faults = mark.faults(mark.name, values, none, PLAIN_TABLE)
    return values, [*faults, Fault(mark.name, f"0 where {mark.marks} is empty", gap & (values == 0), "write 1")]


def _is_name(cell: object) -> bool:
    """Whether a cell can name a patient: a list may be a note, and a float has too few digits for a long number."""
    if isinstance(cell, float | np.floating):
        return abs(float(cell)) < LARGEST_WHOLE
    return isinstance(cell, str | int | np.integer) and not isinstance(cell, bool)


def _text_faults(series: pd.Series, empty: tuple[str, ...]) -> list[Fault]:
    missing = series.isna().to_numpy(bool)
    text = series.map(lambda v: isinstance(v, str)).to_numpy(bool)
    blank = np.array([isinstance(v, str) and (not v.strip() or v.strip() in empty) for v in series], bool)
    return [
        Fault(series.name, "the note is missing", missing),
        Fault(series.name, "the note is no text", ~missing & ~text),
        Fault(series.name, "the note is empty", blank),
    ]


def _typed(column: Column, values: np.ndarray, gap: np.ndarray, filled: np.ndarray, index: pd.Index) -> pd.Series:
    if column.kind != "category":
        return pd.Series(np.where(filled, column.fill if column.fill is not None else np.nan, values), index=index)
    fill = column.levels.index(column.fill) if column.fill is not None else -1
    codes = np.where(filled, fill, np.where(gap, -1, np.nan_to_num(values, nan=len(column.levels)))).astype(int)
    strange = [NEW_LEVEL] if (codes == len(column.levels)).any() else []
    return pd.Series(pd.Categorical.from_codes(codes, [*column.levels, *strange]), index=index)
