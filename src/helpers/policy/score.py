"""Score a file of records with a saved policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from helpers.artifacts.files import replacing
from helpers.encoders.base import NO_WORD
from helpers.policy import files, source
from helpers.policy.decide import Limits, decided, told_of
from helpers.policy.model import Policy
from helpers.privacy.escaping import is_formula, without_formulas

SCORE_COLUMNS = [b"id", b"effect", b"priority", b"rank"]  # how a file of scores begins


def score_file(
    folder: str | Path,
    records: str | Path,
    out: str | Path,
    overwrite: bool = False,
    progress: bool = True,
    device: str | None = None,
    other_versions: bool = False,
    tell: Callable[[str], None] | None = None,
    limits: Limits | None = None,
) -> int:
    """Score the records of a .csv, .csv.gz or .parquet file with a saved policy; the scores go to a .csv file.

    Identifiers that a spreadsheet would take for a formula get an apostrophe in front.

    Parameters
    ----------
    folder, records, out : path
        Of the policy, the records and the scores.
    overwrite : bool
        Replace ``out`` if scores are there; anything else is never replaced.
    progress : bool
    device, other_versions
        As :func:`helpers.policy.files.load_policy` takes them.
    tell : callable or None
        Given a sentence for each thing to know: notes that were cut or not read, identifiers with an apostrophe.
    limits : Limits or None
        Costs, capacity and quotas: the file then also says whom to treat, see :func:`helpers.policy.decide.decided`.

    Returns
    -------
    int
        Number of records read, those without an effect among them.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        If ``out`` is there or is one of the inputs, a file is missing, or records or policy are not fit; nothing is
        written then.
    """
    out = Path(out).expanduser()
    _check_out(out, Path(records).expanduser(), Path(folder).expanduser(), overwrite)
    fitted = files.load_policy(folder, device, other_versions)
    scores = _scored(fitted, records, limits, progress)
    _check_out(out, Path(records).expanduser(), Path(folder).expanduser(), overwrite)  # scoring takes its time
    with replacing(out) as temporary:
        without_formulas(scores).to_csv(temporary, index=False)
    if tell is not None:
        for sentence in [*([] if limits is None else [told_of(scores, limits)]), *_told(scores)]:
            tell(sentence)
    return len(scores)


def _scored(fitted: Policy, records: str | Path, limits: Limits | None, progress: bool) -> pd.DataFrame:
    if limits is None:
        return fitted.score(source.read_records(records, fitted.inputs), progress)
    checked, beside, form = source.read_beside(records, fitted.inputs, limits.columns)
    return decided(fitted.score(checked, progress), limits, beside, form)


def _check_out(out: Path, records: Path, folder: Path, overwrite: bool) -> None:
    """Refuse a file of scores that would take the place of anything but earlier scores."""
    if out.suffix != ".csv":
        raise ValueError(f"out = {out}: the scores are written as .csv; give the file that ending.")
    if _same(out, records):
        raise ValueError(f"out = {out}: is the file of records; the scores need a file of their own.")
    inside = folder.resolve()
    inputs = [p for p in inside.glob("*") if p.is_file()] if inside.is_dir() else []
    if inside in (out.resolve(), *out.resolve().parents) or any(_same(out, p) for p in inputs):
        raise ValueError(f"out = {out}: lies in the policy's folder, which holds the policy alone; name another place.")
    if not (out.exists() or out.is_symlink()):
        return
    if not overwrite:
        raise FileExistsError(f"{out}: is there already; pass overwrite=True (--overwrite) to replace it.")
    if not out.is_file() or not _holds_scores(out):
        raise FileExistsError(f"{out}: is there and holds no scores; choose another name, nothing of it is lost.")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by whatever links."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _holds_scores(path: Path) -> bool:
    """Whether a file begins as a file of scores does, or is empty."""
    with path.open("rb") as file:
        head = file.readline(1_000).strip()
    return not head and path.stat().st_size < 3 or head.split(b",")[: len(SCORE_COLUMNS)] == SCORE_COLUMNS


def _told(scores: pd.DataFrame) -> list[str]:
    """What to know of a table of scores, in sentences."""
    counts = scores["reading"].value_counts()
    lines = [f"{n} of {len(scores)} notes {state}" for state, n in counts.items() if state.startswith("cut")]
    lines = [f"{line}: their scores rest on the part before; column reading says which." for line in lines]
    if unread := int(counts.get(NO_WORD, 0)):
        lines.append(f"{unread} of {len(scores)} notes have no known word: these records have no effect and no rank.")
    if unseen := int((scores["unseen"] != "").sum()):
        columns = scores.loc[scores["unseen"] != "", "unseen"].str.split(", ").explode().value_counts(sort=False)
        where = ", ".join(f"{name}: {n}" for name, n in columns.items())
        lines.append(
            f"{unseen} of {len(scores)} records have a level or a gap that training records had not ({where}): no "
            f"effect and no rank; column unseen says which."
        )
    if formulas := int(scores["id"].map(is_formula).sum()):
        lines.append(f"{formulas} identifiers begin like a formula and have an apostrophe in front in the file.")
    return lines
