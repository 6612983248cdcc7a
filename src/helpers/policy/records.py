"""What a policy needs of a record, and the check that raw rows have it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort, design_matrix


@dataclass(frozen=True)
class InputColumn:
    """One tabular input: its kind (yes/no, number or category), its levels, and those that training records took."""

    name: str
    kind: str
    levels: tuple = ()
    seen: tuple = ()


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
    """

    id: str
    text: str | None
    columns: tuple[InputColumn, ...]

    @classmethod
    def of(cls, cohort: Cohort, features: str) -> Inputs:
        """As the training records have them; ``features`` is phi, text or tabular."""
        tabular = () if features == "text" else cohort.roles.tabular
        text = None if features == "tabular" else cohort.roles.text
        return cls(cohort.roles.id, text, tuple(_column(cohort.frame[c]) for c in tabular))

    @classmethod
    def restore(cls, plain: dict) -> Inputs:
        """From the plain values of :meth:`plain`."""
        columns = (c | {"levels": tuple(c["levels"]), "seen": tuple(c["seen"])} for c in plain["columns"])
        return cls(plain["id"], plain["text"], tuple(InputColumn(**c) for c in columns))

    def plain(self) -> dict:
        """Values that JSON takes."""
        return asdict(self)

    @property
    def width(self) -> int:
        """Columns of the design matrix."""
        return sum(len(c.levels) - 1 if c.kind == "category" else 1 for c in self.columns)

    def check(self, records: pd.DataFrame) -> None:
        """Refuse records that cannot be scored.

        Raises
        ------
        ValueError
            Lists every fault by column and number of rows; no value of a record is shown.
        """
        needed = [self.id, *([self.text] if self.text else []), *(c.name for c in self.columns)]
        absent = [c for c in needed if c not in records.columns]
        if absent:
            raise ValueError(f"records: columns missing: {absent}; this policy reads {needed}.")
        twice = [c for c in needed if (records.columns == c).sum() > 1]
        if twice or not len(records):
            raise ValueError(
                f"records: columns given twice: {twice}." if twice else "records: no rows; nothing to score."
            )
        faults = [(self.id, "the identifier is missing", records[self.id].isna())]
        faults += _text_faults(records[self.text]) if self.text else []
        faults += [f for column in self.columns for f in _faults(column, records[column.name])]
        said = [
            f"  {name}: {what} in {int(np.sum(bad))} of {len(records)} rows"
            for name, what, bad in faults
            if np.any(bad)
        ]
        if said:
            raise ValueError("records: cannot be scored; mend or drop these rows.\n" + "\n".join(said))

    def matrix(self, records: pd.DataFrame) -> np.ndarray:
        """(n, p) numbers of checked records, laid out as in training."""
        typed = {c.name: _typed(c, records[c.name]) for c in self.columns}
        return design_matrix(pd.DataFrame(typed, index=records.index), tuple(c.name for c in self.columns))[0]

    def parsed(self, strings: pd.DataFrame) -> pd.DataFrame:
        """Records read from a text file as strings, with numbers where due; what is none becomes missing."""
        numbers = [c.name for c in self.columns if c.kind != "category" and c.name in strings.columns]
        converted = {name: pd.to_numeric(strings[name], errors="coerce") for name in numbers}
        blank = strings[self.id].str.strip() == "" if self.id in strings.columns else False
        named = {self.id: strings[self.id].mask(blank)} if self.id in strings.columns else {}
        return strings.assign(**named, **converted)


def _column(series: pd.Series) -> InputColumn:
    if isinstance(series.dtype, pd.CategoricalDtype):
        taken = set(series.dropna())
        levels = tuple(series.cat.categories.tolist())
        return InputColumn(series.name, "category", levels, tuple(level for level in levels if level in taken))
    values = np.unique(series.to_numpy(float))
    if np.isin(values, [0, 1]).all():
        return InputColumn(series.name, "yes/no", (0, 1), tuple(int(v) for v in values))
    return InputColumn(series.name, "number")


def _text_faults(series: pd.Series) -> list[tuple]:
    missing = series.isna().to_numpy(bool)
    text = series.map(lambda v: isinstance(v, str)).to_numpy(bool)
    empty = text & np.array([isinstance(v, str) and not v.strip() for v in series])
    return [
        (series.name, "the note is missing", missing),
        (series.name, "the note is no text", ~missing & ~text),
        (series.name, "the note is empty", empty),
    ]


def _faults(column: InputColumn, series: pd.Series) -> list[tuple]:
    """(column, fault, mask) triples; masks of one column do not overlap."""
    if column.kind == "category":
        known = series.astype(str).isin([str(level) for level in column.seen]).to_numpy(bool)
        missing = series.isna().to_numpy(bool)
        unseen = f"a category that training records had not (they had {list(column.seen)})"
        return [(column.name, "a missing value", missing), (column.name, unseen, ~missing & ~known)]
    values = _numbers(series)
    bad = ~np.isfinite(values)
    faults = [(column.name, "no finite number", bad)]
    if column.kind == "yes/no":
        unseen = f"a value that training records had not (they had {list(column.seen)})"
        faults.append((column.name, unseen, ~bad & ~np.isin(values, column.seen)))
    return faults


def _typed(column: InputColumn, series: pd.Series) -> pd.Series:
    if column.kind != "category":
        return pd.Series(_numbers(series), index=series.index)
    named = {str(level): i for i, level in enumerate(column.levels)}
    codes = series.astype(str).map(named).to_numpy(int)
    return pd.Series(pd.Categorical.from_codes(codes, list(column.levels)), index=series.index)


def _numbers(series: pd.Series) -> np.ndarray:
    """(n,) float64 values, missing wherever there is no number."""
    if pd.api.types.is_numeric_dtype(series):
        return series.to_numpy(float, na_value=np.nan)
    kinds = (int, float, np.bool_, np.integer, np.floating)
    return np.array([float(v) if isinstance(v, kinds) else np.nan for v in series])
