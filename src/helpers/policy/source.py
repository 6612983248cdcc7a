"""Files of records to score, read strictly: as plain columns, or as the training's table was written."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers.data.own.spec import OWN_ENDINGS
from helpers.data.tables import check_names, read_names, read_strings
from helpers.policy.records import Inputs
from helpers.policy.table import PLAIN_TABLE, WrittenTable
from helpers.privacy.errors import DataError, MissingFile, no_data_in_errors, safe


@no_data_in_errors("records: reading")
def read_records(path: str | Path, inputs: Inputs) -> pd.DataFrame:
    """The records of a file, as a policy reads them.

    Parameters
    ----------
    path : path
        .csv, .csv.gz or .parquet: with commas, decimal points, UTF-8 and the study's names, or in the form of the
        training's table. Every row is as long as the head.
    inputs : Inputs

    Returns
    -------
    DataFrame
        As :meth:`Inputs.check` gives it.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It cannot be read, lacks columns, or holds what cannot be scored; no value of a record is shown.
    """
    return _read(path, inputs, ())[0]


@no_data_in_errors("records: reading")
def read_beside(
    path: str | Path, inputs: Inputs, more: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, WrittenTable]:
    """The records of a file, and other columns of it as they are written.

    Parameters
    ----------
    path, inputs
        As for :func:`read_records`.
    more : sequence of str
        Names of columns; each must be there once. They may be columns of the policy too.

    Returns
    -------
    The records, the other columns (strings, or typed where the file has types) and the form of the table.
    """
    return _read(path, inputs, tuple(dict.fromkeys(more)))


def _read(path: str | Path, inputs: Inputs, more: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame, WrittenTable]:
    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"{path}: no such file of records.")
    if not path.name.lower().endswith(OWN_ENDINGS):
        raise DataError(f"{path}: records are read from .csv or .parquet files; convert the file to one of them.")
    records, form = (_parquet if path.suffix.lower() == ".parquet" else _csv)(path, inputs, more)
    return inputs.check(records, form), records[list(more)].reset_index(drop=True), form


def _parquet(path: Path, inputs: Inputs, more: tuple[str, ...]) -> tuple[pd.DataFrame, WrittenTable]:
    import pyarrow.parquet as pq

    try:
        names = list(pq.read_schema(path).names)
        form = inputs.fitting(names, _forms(inputs))
        known = form is not None and set(more) <= set(names)
        wanted = [] if form is None else [*_places(names, form, inputs), *(more if known else ())]
        records = pq.read_table(path, columns=list(dict.fromkeys(wanted))).to_pandas(ignore_metadata=True)
    except Exception as error:  # the original message may quote the file
        told = safe(error, f"{path}: cannot be read as a parquet table; check that it is whole")
        raise told from None
    if form is None:
        raise DataError(f"{path}: records: {inputs.lacking(names)}")
    check_names(path, names, more)
    return records, form


def _csv(path: Path, inputs: Inputs, more: tuple[str, ...]) -> tuple[pd.DataFrame, WrittenTable]:
    heads, unread, refused = [], [], []
    for form in _forms(inputs):
        try:
            heads.append((form, read_names(path, form.separator, form.encoding)))
        except DataError as error:
            unread.append(error)
    fit = [(form, names) for form, names in heads if inputs.fitting(names, [form])]
    for form, names in sorted(fit, key=lambda found: -inputs.own_names(found[1], found[0])):
        try:
            wanted = dict.fromkeys([*_places(names, form, inputs), *more])
            return read_strings(path, form.separator, form.encoding, list(wanted)), form
        except DataError as error:
            refused.append(error)
    if refused or not heads:
        raise (refused or unread)[0]
    raise DataError(f"{path}: records: {inputs.lacking(max((names for _, names in heads), key=len))}")


def _forms(inputs: Inputs) -> list[WrittenTable]:
    """The training's form, also saved as UTF-8; then the plain one."""
    own = [] if inputs.table is None else [inputs.table]
    if own and codecs.lookup(own[0].encoding).name != "utf-8":
        own.append(replace(own[0], encoding="utf-8"))
    return [*own, PLAIN_TABLE]


def _places(names: list[str], form: WrittenTable, inputs: Inputs) -> list[str]:
    """The columns to read, each once."""
    found = form.find(names, inputs.wanted, encoded=form is PLAIN_TABLE)
    marks = [c.name for c in inputs.columns if c.marks and c.name in names and form is PLAIN_TABLE]
    return list(dict.fromkeys([*found.values(), *marks]))
