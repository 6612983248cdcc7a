"""Annotations made elsewhere, by experts or by a local model: a file to fill in, and a strict reader of it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.annotation.exchange import record_keys
from helpers.annotation.prompts import level_of
from helpers.artifacts.files import replacing
from helpers.data.cohort import Cohort
from helpers.data.fields import MISSING, field_levels
from helpers.data.tables import long_fields
from helpers.data.written import folded
from helpers.privacy.errors import DataError, MissingFile, no_data_in_errors
from helpers.privacy.escaping import neutralised, restored

LINES = (".jsonl", ".ndjson")
ANNOTATION_KEYS = ("id", "annotator")


@dataclass(frozen=True, repr=False)
class FileAnnotations:
    """What a file holds, aligned with a cohort.

    Attributes
    ----------
    answers : (n, A, F) int array
        Level that annotator a wrote for field f of each record, -1 where there is none: as ``dawid_skene`` takes it.
    annotators : tuple of A str
        In alphabetical order.
    """

    answers: np.ndarray
    annotators: tuple[str, ...]

    @property
    def codes(self) -> np.ndarray:
        """(n, F) one answer a record: all of its fields from its first annotator."""
        return self.answers[np.arange(len(self.answers)), np.maximum(self._first, 0)]

    @property
    def annotator(self) -> np.ndarray:
        """(n,) name of the annotator whose answers ``codes`` holds, "" where nobody annotated."""
        return np.array([*self.annotators, ""], dtype=object)[self._first]

    @property
    def double(self) -> np.ndarray:
        """(n,) bool: annotated by two or more."""
        return (self.answers != MISSING).any(axis=2).sum(axis=1) > 1

    @property
    def _first(self) -> np.ndarray:
        answered = (self.answers != MISSING).any(axis=2)
        return np.where(answered.any(axis=1), answered.argmax(axis=1), -1)


@no_data_in_errors("annotations: reading the file")
def read_annotations(path: str | Path, cohort: Cohort) -> FileAnnotations:
    """Read a file of annotations.

    Parameters
    ----------
    path : path
        CSV (comma separated, with a head) or JSON lines (``.jsonl``, ``.ndjson``), UTF-8. Columns: ``id`` and
        ``annotator``, then the annotated fields of the cohort, with names and values as in the cohort; a blank,
        ``null`` or "unknown" is not annotated. A column named like the cohort's text is not looked at.
    cohort : Cohort
        Whose records are annotated. Where patients have several records, these are named by the keys that
        ``who-to-treat annotate export`` gives them.

    Returns
    -------
    FileAnnotations
        Rows of which nothing is filled in are left out.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is not as described; the message lists every fault by field and count, never by content.
    """
    path = Path(path).expanduser()
    fields, index = field_levels(cohort), _index(cohort)
    faults: list[str] = []
    rows = _read_rows(path, [*ANNOTATION_KEYS, *fields], cohort.roles.text, faults)
    coded = np.array([[level_of(row.get(n), v) for n, v in fields.items()] for row in rows], dtype=object)
    coded = coded.reshape(len(rows), len(fields))
    for f, (name, values) in enumerate(fields.items()):
        wrong = sum(level is None for level in coded[:, f])
        if wrong:
            faults.append(f"{name}: {wrong} values other than {[str(v) for v in values]} or blank")
    filled = [i for i in range(len(rows)) if any(level != MISSING for level in coded[i])]
    keys = [tuple(_text(rows[i].get(k)) for k in ANNOTATION_KEYS) for i in filled]
    _check_keys(keys, index, faults)
    if faults:
        raise DataError(f"{path}: not a valid file of annotations.\n" + "\n".join(f"  {fault}" for fault in faults))
    annotators = tuple(sorted({who for _, who in keys}))
    answers = np.full((len(cohort), max(len(annotators), 1), len(fields)), MISSING)
    for i, (record, who) in zip(filled, keys, strict=True):
        answers[index[record], annotators.index(who)] = coded[i].astype(int)
    return FileAnnotations(answers, annotators or ("",))


def write_template(
    cohort: Cohort, path: str | Path, rows: np.ndarray, include_text: bool = False, annotator: str = ""
) -> Path:
    """Write a file to fill in: the ids of some records and empty fields.

    Parameters
    ----------
    cohort : Cohort
    path : path
        A new file; its ending decides between CSV and JSON lines, see :func:`read_annotations`.
    rows : int or bool array
        Positions or mask of the records, for example from ``choose``.
    include_text : bool
        Also the note. Refused where ``cohort.sensitive`` is true: such text must not leave its place.
    annotator : str
        Written into every row.

    Returns
    -------
    Path of the file.

    Raises
    ------
    PermissionError
        Text of credentialed records was asked for.
    FileExistsError
        The file is there already: it may hold somebody's work.
    ValueError
        The ids do not tell the records apart.
    """
    path = Path(path).expanduser()
    if include_text and cohort.sensitive:
        raise PermissionError(
            f"cohort {cohort.name!r} is sensitive: its text is not copied into files. Use include_text=False and "
            f"read the notes where they are kept."
        )
    if path.exists():
        raise FileExistsError(f"{path}: exists and may hold annotations; choose another name or move it away.")
    with no_data_in_errors("annotations: writing the template"):
        return _written(cohort, path, np.asarray(rows), include_text, annotator)


def _written(cohort: Cohort, path: Path, rows: np.ndarray, include_text: bool, annotator: str) -> Path:
    _index(cohort)
    part = cohort.take(rows)
    text = {cohort.roles.text: part.texts} if include_text else {}
    blank = dict.fromkeys(cohort.roles.annotations, "")
    records = [
        {"id": _text(record), "annotator": annotator, **blank, **{k: v[i] for k, v in text.items()}}
        for i, record in enumerate(record_ids(cohort)[rows])
    ]
    head = [*ANNOTATION_KEYS, *blank, *text]
    content = "".join(json.dumps(r) + "\n" for r in records) if path.suffix.lower() in LINES else _csv(head, records)
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8", newline="")
    return path


def _csv(head: list[str], records: list[dict]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(neutralised, head))
    writer.writerows([neutralised(record[name]) for name in head] for record in records)
    return buffer.getvalue()


def _text(value) -> str:
    """An id or name as it is compared: outer blanks do not matter, the number 12.0 is 12, a list or true is none."""
    if value is None or isinstance(value, bool | list | dict):
        return ""
    text = str(value).strip()
    return text.removesuffix(".0") if isinstance(value, float | np.floating) else text


def _alike(words) -> int:
    """How many different words are another one but for case, blanks or .0."""
    return len(set(words)) - len({folded(word) for word in words})


def record_ids(cohort: Cohort) -> np.ndarray:
    """(n,) names of the records in a file of annotations: ids of patients, or keys of records where patients have
    several."""
    return cohort.ids if len(set(map(_text, cohort.ids))) == len(cohort) else record_keys(cohort)


def _index(cohort: Cohort) -> dict[str, int]:
    index = {_text(record): i for i, record in enumerate(record_ids(cohort))}
    if alike := _alike(index):
        raise DataError(
            f"cohort {cohort.name!r}: {alike} ids differ from another one by case, blanks or .0 alone; a file of "
            f"annotations could not tell their records apart. Give each patient one id."
        )
    return index


def _check_keys(keys: list[tuple[str, str]], index: dict[str, int], faults: list[str]) -> None:
    """Faults of (id, annotator) pairs of the rows that are filled in."""
    unknown = sum(record not in index for record, _ in keys)
    nobody = sum(not who for _, who in keys)
    twice = sum(count - 1 for count in Counter(keys).values())
    near = {folded(record) for record in index}
    close = sum(record not in index and folded(record) in near for record, _ in keys)
    if unknown:
        said = f", {close} of them but for case, blanks or .0; write them as the cohort does" if close else ""
        faults.append(f"id: {unknown} ids that the cohort does not have{said}")
    if nobody:
        faults.append(f"annotator: {nobody} annotated rows without a name; any name will do")
    if alike := _alike({who for _, who in keys}):
        faults.append(
            f"annotator: {alike} names differ from another one by case, blanks or .0 alone; write each in one way"
        )
    if twice:
        faults.append(f"id, annotator: {twice} rows repeat a pair; an annotator answers once for a record")


def _read_rows(path: Path, columns: list[str], text: str, faults: list[str]) -> list[dict]:
    if not path.is_file():
        raise MissingFile(f"{path}: no such file. write_template() makes one to fill in.")
    try:
        content, kind = path.read_text(encoding="utf-8-sig"), ""
        with long_fields():
            rows, broken = _from_lines(content) if path.suffix.lower() in LINES else _from_csv(content, faults)
    except (UnicodeDecodeError, csv.Error) as error:  # the original message may quote the file
        kind = type(error).__name__
    if kind:
        raise DataError(f"{path}: cannot be read as UTF-8 text with commas or as JSON lines ({kind}).")
    if broken:
        faults.append(
            f"{broken} lines that are no JSON object with each name once, or have more or fewer values than the head"
        )
    missing = [c for c in columns if any(c not in row for row in rows)]
    if missing or not rows:
        faults.append(f"columns missing: {missing}" if rows else "no rows")
    strange = len({key for row in rows for key in row} - {*columns, text})
    if strange:
        faults.append(f"{strange} columns other than {columns} and {text!r}; remove them, or correct their names")
    return rows


def _from_csv(content: str, faults: list[str]) -> tuple[list[dict], int]:
    lines = [line for line in csv.reader(io.StringIO(content, newline=""), strict=True) if line]
    lines = [[restored(cell) for cell in line] for line in lines]  # apostrophes that write_template put there
    head = [name.strip() for name in lines[0]] if lines else []
    above = next((i for i, line in enumerate(lines) if set(ANNOTATION_KEYS) <= {name.strip() for name in line}), 0)
    if above:
        faults.append(f"the names stand below {above} other lines; remove what is above them")
    if len(set(head)) < len(head):
        return [], len(lines)
    good = [line for line in lines[1:] if len(line) == len(head)]
    return [dict(zip(head, line, strict=True)) for line in good], len(lines) - 1 - len(good) if lines else 0


def _from_lines(content: str) -> tuple[list[dict], int]:
    rows: list[dict | None] = []
    for line in content.split("\n"):
        if line.strip():
            rows.append(_object(line))
    good = [row for row in rows if row is not None]
    return good, len(rows) - len(good)


def _object(line: str) -> dict | None:
    try:
        row = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _once(pairs: list[tuple]) -> dict:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is given more than once")
    return dict(pairs)
