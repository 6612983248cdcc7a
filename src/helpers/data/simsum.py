"""The published SimSUM file: reading a user's own copy, strictly."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.data.columns import FEVER_LEVELS, NETWORK_COLUMNS, SIMSUM_ROLES
from helpers.data.tables import read_names, read_strings
from helpers.data.written import YES_NO, each, folded, plain, without_letters
from helpers.privacy.errors import DataError, no_data_in_errors

RENAMED = {"cold": "inf", "season": "winter"}
NOTE_COLUMNS = {"normal": "text", "compact": "advanced_text"}
SEASONS = YES_NO | {"winter": 1, "summer": 0}


def read_simsum(path: str | Path, note_style: Literal["normal", "compact"] = "normal") -> Cohort:
    """Read a SimSUM file into a cohort with the study's column names.

    Parameters
    ----------
    path : path
        The file: semicolon separated, first column the index, UTF-8. Binary values may be yes/no, True/False or
        1/0 (``season`` also winter/summer), ``fever`` none/low/high; case and outer blanks do not matter.
    note_style : {"normal", "compact"}
        Which note becomes ``text``: the column ``text`` or ``advanced_text``.

    Returns
    -------
    Cohort
        Columns ``id``, those of ``NETWORK_COLUMNS``, ``text``; no treatment or outcome yet.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is not a SimSUM file; the message lists every fault by column and count, never by content.
    """
    if note_style not in NOTE_COLUMNS:
        raise ValueError(f"note_style = {note_style!r}: must be one of {list(NOTE_COLUMNS)}.")
    path = Path(path).expanduser()
    raw = _read_strings(path)
    faults: list[str] = []
    with no_data_in_errors(f"{path}: understanding its columns"):
        frame = _decode(raw.rename(columns=RENAMED), NOTE_COLUMNS[note_style], faults)
    if faults:
        raise ValueError(f"{path}: not a valid SimSUM file.\n" + "\n".join(f"  {fault}" for fault in faults))
    tags = {"style": note_style, "seed": None, "dataset": "simsum"}
    return Cohort(frame, SIMSUM_ROLES, name="simsum", tags=tags)


def _file_columns() -> list[str]:
    published = {ours: theirs for theirs, ours in RENAMED.items()}
    return [published.get(c, c) for c in NETWORK_COLUMNS] + list(NOTE_COLUMNS.values())


def check_head(path: str | Path) -> None:
    """Refuse a file that is not there or whose first line is not that of SimSUM; its records are not read.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`read_simsum`.
    """
    _strictly(Path(path).expanduser(), lambda path: read_names(path, ";", columns=_file_columns()))


def _read_strings(path: Path) -> pd.DataFrame:
    """Its cells as strings, the first column as the index."""
    check_head(path)
    raw = _strictly(path, lambda path: read_strings(path, ";"))
    return raw.iloc[:, 1:].set_axis(pd.Index(raw.iloc[:, 0], name="index"), axis=0)


def _strictly(path: Path, read):
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. Set simsum_path to your SimSUM.csv, or leave it None to fetch the published file."
        )
    try:
        return read(path)
    except DataError as error:
        fault = str(error)
    raise ValueError(
        f"{fault} Expected is the published SimSUM.csv: semicolon separated, UTF-8, first column the index. "
        f"fetch_simsum() gets it."
    )


def _decode(raw: pd.DataFrame, note: str, faults: list[str]) -> pd.DataFrame:
    """The typed frame; every fault is added to ``faults``."""
    frame = {"id": _whole_numbers(raw.index.to_series(), "index", faults)}
    if len(raw) == 0:
        faults.append("no rows")
    if len(np.unique(frame["id"])) < len(raw):
        faults.append("index: some values occur more than once; one row per patient is expected")
    for column in NETWORK_COLUMNS:
        if column == "fever":
            codes = _categories(raw[column], {v: i for i, v in enumerate(FEVER_LEVELS)}, faults)
            frame[column] = pd.Categorical.from_codes(codes, FEVER_LEVELS, ordered=True)
        elif column == "days_at_home":
            frame[column] = _whole_numbers(raw[column], column, faults)
        else:
            frame[column] = _categories(raw[column], SEASONS if column == "winter" else YES_NO, faults)
    empty = int((raw[note].str.strip() == "").sum())
    if empty:
        faults.append(f"{note}: {empty} empty notes")
    elif len(raw) and without_letters(raw[note]):
        faults.append(f"{note}: numbers alone, no notes")
    elif len(raw) > 1 and each(raw[note], folded).nunique() == 1:
        warnings.warn(f"{note}: all {len(raw):,} notes are the same, and tell nothing.", stacklevel=3)
    return pd.DataFrame(frame | {"text": raw[note].to_numpy()})


def _categories(values: pd.Series, known: dict[str, int], faults: list[str]) -> np.ndarray:
    codes = values.str.strip().str.lower().map(plain).map(known)
    bad = int(codes.isna().sum())
    if bad:
        faults.append(f"{values.name}: {bad} values outside {sorted(known)}")
    return codes.fillna(0).to_numpy(np.int8)


def _whole_numbers(values: pd.Series, name: str, faults: list[str]) -> np.ndarray:
    text = values.astype(str).str.strip()
    good = text.str.fullmatch(r"[0-9]{1,15}(\.0+)?").to_numpy(bool)
    if not good.all():
        faults.append(f"{name}: {int((~good).sum())} values that are not whole numbers of 0 or more")
    return text.where(good, "0").astype(float).to_numpy(np.int64)
