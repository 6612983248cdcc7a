"""Score a file of records with a saved policy."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.artifacts.files import replacing
from helpers.policy import files, model


def score_file(
    folder: str | Path,
    records: str | Path,
    out: str | Path,
    overwrite: bool = False,
    progress: bool = True,
    device: str | None = None,
    other_versions: bool = False,
) -> int:
    """Score the records of a .csv or .parquet file with a saved policy; the scores go to a .csv file.

    Parameters
    ----------
    folder, records, out : path
        Of the policy, the records and the scores.
    overwrite : bool
        Replace ``out`` if it is there.
    progress : bool
    device, other_versions
        As :func:`helpers.policy.files.load_policy` takes them.

    Returns
    -------
    int
        Number of records scored.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        If ``out`` is there, a file is missing, or records or policy are not fit; nothing is written then.
    """
    out = Path(out).expanduser()
    if out.suffix != ".csv":
        raise ValueError(f"out = {out}: the scores are written as .csv; give the file that ending.")
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out}: is there already; pass overwrite=True (--overwrite) to replace it.")
    fitted = files.load_policy(folder, device, other_versions)
    scores = fitted.score(records_of_policy(records, fitted), progress)
    with replacing(out) as temporary:
        scores.to_csv(temporary, index=False)
    return len(scores)


def records_of_policy(path: str | Path, fitted: model.Policy) -> pd.DataFrame:
    """Raw records from a .csv (comma separated, UTF-8) or .parquet file, typed as the policy reads them."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of records.")
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"{path}: records are read from .csv or .parquet files; convert the file to one of them.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        strings = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (ValueError, OSError, pd.errors.ParserError) as error:
        # The original message may quote the file, hence only its kind and no chained cause.
        kind = type(error).__name__
    else:
        return fitted.inputs.parsed(strings)
    raise ValueError(f"{path}: cannot be read as a {path.suffix[1:]} table ({kind}); check that it is whole.")
