"""The published SimSUM file: reading a user's own copy, strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort, Roles
from helpers.data.replica.network import FEVER_LEVELS, NETWORK_COLUMNS

RENAMED = {"cold": "inf", "season": "winter"}
NOTE_COLUMNS = {"normal": "text", "compact": "advanced_text"}
TABULAR = ("self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever")
ANNOTATIONS = ("dysp", "cough", "pain", "nasal", "fever")
YES_NO = {"yes": 1, "true": 1, "1": 1, "1.0": 1, "no": 0, "false": 0, "0": 0, "0.0": 0}
SEASONS = YES_NO | {"winter": 1, "summer": 0}
SIMSUM_ROLES = Roles(id="id", text="text", tabular=TABULAR, annotations=ANNOTATIONS)


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
        Columns ``id``, those of :data:`helpers.data.replica.network.NETWORK_COLUMNS`, ``text``; no treatment or outcome yet.

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
    missing = [c for c in _file_columns() if c not in raw.columns]
    if missing:
        raise ValueError(
            f"{path}: columns missing: {missing}. Expected is the published SimSUM.csv: semicolon separated, first "
            f"column the index. fetch_simsum() gets it."
        )
    faults: list[str] = []
    frame = _decode(raw.rename(columns=RENAMED), NOTE_COLUMNS[note_style], faults)
    if faults:
        raise ValueError(f"{path}: not a valid SimSUM file.\n" + "\n".join(f"  {fault}" for fault in faults))
    tags = {"style": note_style, "seed": None, "dataset": "simsum"}
    return Cohort(frame, SIMSUM_ROLES, name="simsum", tags=tags)


def _file_columns() -> list[str]:
    published = {ours: theirs for theirs, ours in RENAMED.items()}
    return [published.get(c, c) for c in NETWORK_COLUMNS] + list(NOTE_COLUMNS.values())


def _read_strings(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. Set simsum_path to your SimSUM.csv, or leave it None to fetch the published file."
        )
    try:
        raw = pd.read_csv(path, sep=";", index_col=0, dtype=str, keep_default_na=False, encoding="utf-8")
        return raw.fillna("")  # rows with too few fields, as at the end of a truncated file
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        # The original message may quote the file, hence only its kind and no chained cause.
        kind = type(error).__name__
    raise ValueError(
        f"{path}: cannot be read as a semicolon-separated UTF-8 table ({kind}). fetch_simsum() gets the published one."
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
    return pd.DataFrame(frame | {"text": raw[note].to_numpy()})


def _categories(values: pd.Series, known: dict[str, int], faults: list[str]) -> np.ndarray:
    codes = values.str.strip().str.lower().map(known)
    bad = int(codes.isna().sum())
    if bad:
        faults.append(f"{values.name}: {bad} values outside {sorted(known)}")
    return codes.fillna(0).to_numpy(np.int8)


def _whole_numbers(values: pd.Series, name: str, faults: list[str]) -> np.ndarray:
    text = values.astype(str).str.strip()
    good = text.str.fullmatch(r"\d{1,15}(\.0+)?").to_numpy(bool)
    if not good.all():
        faults.append(f"{name}: {int((~good).sum())} values that are not whole numbers of 0 or more")
    return text.where(good, "0").astype(float).to_numpy(np.int64)
