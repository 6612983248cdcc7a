"""Files of records to score, read strictly: as plain columns, or as the training's table was written."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers.data.own.spec import OWN_ENDINGS
from helpers.data.tables import read_names, read_strings
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
    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"{path}: no such file of records.")
    if not path.name.lower().endswith(OWN_ENDINGS):
        raise DataError(f"{path}: records are read from .csv or .parquet files; convert the file to one of them.")
    if path.suffix.lower() == ".parquet":
        return _parquet(path, inputs)
    return _csv(path, inputs)


def _parquet(path: Path, inputs: Inputs) -> pd.DataFrame:
    import pyarrow.parquet as pq

    try:
        names = list(pq.read_schema(path).names)
        form = inputs.fitting(names, _forms(inputs))
        wanted = [] if form is None else _places(names, form, inputs)
        records = pq.read_table(path, columns=wanted).to_pandas(ignore_metadata=True)
    except Exception as error:  # the original message may quote the file
        told = safe(error, f"{path}: cannot be read as a parquet table; check that it is whole")
        raise told from None
    if form is None:
        raise DataError(f"{path}: records: {inputs.lacking(names)}")
    return inputs.check(records, form)


def _csv(path: Path, inputs: Inputs) -> pd.DataFrame:
    heads, unread, refused = [], [], []
    for form in _forms(inputs):
        try:
            heads.append((form, read_names(path, form.separator, form.encoding)))
        except DataError as error:
            unread.append(error)
    fit = [(form, names) for form, names in heads if inputs.fitting(names, [form])]
    for form, names in sorted(fit, key=lambda found: -inputs.own_names(found[1], found[0])):
        try:
            records = read_strings(path, form.separator, form.encoding, _places(names, form, inputs))
        except DataError as error:
            refused.append(error)
        else:
            return inputs.check(records, form)
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
