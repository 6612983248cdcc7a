"""A batch of records as files for annotators, and their answers read back from any of these forms."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.annotation.label_studio import NOT_SAID, GivenAnswers, choices_of, configuration, read_export, tasks_of
from helpers.annotation.marks import Mark
from helpers.artifacts.files import write_private
from helpers.data.cohort import Cohort
from helpers.data.fields import MISSING, field_levels
from helpers.data.tables import long_fields
from helpers.privacy.errors import DataError, MissingFile, no_data_in_errors
from helpers.privacy.escaping import neutralised, restored

TASKS, PAGE, ROWS, FILLED_LINES, BATCH_LIST = "tasks.json", "labelling.xml", "answers.csv", "answers.jsonl", "batch.csv"
SILENT = -2  # looked for, and not said: apart from -1, not looked for


def record_keys(cohort: Cohort) -> np.ndarray:
    """(n,) names of the records by what they hold: the patient and the note, so that no order of rows matters.

    Records that are the same in both get a number behind.
    """
    parts = zip(map(str, cohort.ids), map(str, cohort.texts), strict=True)
    keys = [hashlib.sha256(f"{patient.strip()}\0{text.strip()}".encode()).hexdigest()[:16] for patient, text in parts]
    seen: Counter[str] = Counter()
    out = []
    for key in keys:
        seen[key] += 1
        out.append(key if seen[key] == 1 else f"{key}-{seen[key]}")
    return np.array(out, dtype=object)


def write_batch(
    cohort: Cohort,
    rows: np.ndarray,
    wanted: np.ndarray,
    chance: np.ndarray,
    marks: list[list[Mark]],
    by: str,
    out: Path,
) -> list[Path]:
    """Write a batch in every form: tasks and configuration for Label Studio, CSV and JSON lines to fill in, and a list.

    Parameters
    ----------
    cohort : Cohort
    rows : (k,) int array
        Positions of the records to annotate.
    wanted, chance : (k,) arrays
        Annotators wanted for each, and its chance of being in the batch.
    marks, by
        As ``marks_of`` gives them, for these rows.
    out : Path
        New folder.
    """
    fields, part = field_levels(cohort), cohort.take(rows)
    keys, patients = record_keys(cohort)[rows], [str(v) for v in part.ids]
    tasks = tasks_of(list(keys), patients, part.texts, list(wanted), marks, by)
    blank = dict.fromkeys(fields, "")
    again = [i for i, people in enumerate(wanted) for _ in range(int(people))]
    lines = [
        {"record": keys[i], "annotator": "", **blank, "patient": patients[i], "text": part.texts[i]} for i in again
    ]
    listed = pd.DataFrame({"record": keys, "patient": patients, "answers_wanted": wanted, "chance": chance})
    content = {
        TASKS: json.dumps(tasks, ensure_ascii=False, indent=1),
        PAGE: configuration(fields),
        ROWS: _csv(lines),
        FILLED_LINES: "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
        BATCH_LIST: listed.map(neutralised).to_csv(index=False),
    }
    return [write_private(out / name, text) for name, text in content.items()]


@no_data_in_errors("annotations: reading the answers")
def read_answers(path: str | Path, cohort: Cohort) -> tuple[np.ndarray, tuple[str, ...], GivenAnswers]:
    """GivenAnswers from an export of Label Studio (``.json``) or a filled-in ``.csv`` or ``.jsonl``.

    Returns
    -------
    codes : (n, A, F) int array
        Level of each field by each annotator for each record of the cohort; ``SILENT`` where it is not said, -1 where
        the annotator did not answer.
    annotators : tuple of A str
    answers : GivenAnswers
        With the counts of what was left out.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Records that the cohort does not have, answers that are no choice, or another form; counts alone are given.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise MissingFile(f"{path}: no such file of answers.")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        content = None
    if content is None:
        raise DataError(f"{path}: is no UTF-8 text; export the answers again.")
    fields = field_levels(cohort)
    try:
        answers = _parsed(path, content, fields)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    index = {key: i for i, key in enumerate(record_keys(cohort))}
    codes, annotators = _coded(answers, choices_of(fields), index)
    if answers.faults:
        listed = "\n".join(f"  {fault}" for fault in answers.faults)
        raise DataError(f"{path}: cannot be taken as annotations of {cohort.name!r}; nothing was written.\n{listed}")
    return codes, annotators, answers


def _parsed(path: Path, content: str, fields: Mapping[str, tuple]) -> GivenAnswers:
    if path.suffix.lower() == ".json":
        return read_export(content, fields)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        try:
            rows = [json.loads(line) for line in content.split("\n") if line.strip()]
        except (ValueError, RecursionError):
            rows = None
        if rows is None or not all(isinstance(row, dict) for row in rows):
            raise DataError("some lines are no JSON object.")
    elif path.suffix.lower() == ".csv":
        try:
            with long_fields():
                rows = [
                    {k: restored(v) for k, v in row.items()}
                    for row in csv.DictReader(io.StringIO(content, newline=""), strict=True)
                ]
        except csv.Error:
            raise DataError("quotes do not match; save the table as CSV with commas again.") from None
        if any(None in row or None in row.values() for row in rows):
            raise DataError("some rows have more or fewer fields than the head.")
    else:
        raise DataError("answers are read from .json (Label Studio), .jsonl or .csv.")
    return _from_rows(rows, fields)


def _from_rows(rows: list[dict], fields: Mapping[str, tuple]) -> GivenAnswers:
    answers = GivenAnswers()
    missing = [c for c in ("record", "annotator", *fields) if any(c not in row for row in rows)]
    if missing or not rows:
        answers.faults.append(f"columns missing: {missing}" if rows else "no rows")
        return answers
    nobody = 0
    for row in rows:
        found = {name: str(row[name]).strip() for name in fields if row[name] is not None and str(row[name]).strip()}
        key = (str(row["record"]).strip(), str(row["annotator"] or "").strip())
        if not found:
            answers.empty += 1
            continue
        nobody += not key[1]
        if key in answers.given:
            answers.again += 1
        answers.given[key] = found
    if nobody:
        answers.faults.append(f"annotator: {nobody} answered rows without a name; any name will do")
    return answers


def _coded(
    answers: GivenAnswers, choices: dict[str, tuple[str, ...]], index: dict
) -> tuple[np.ndarray, tuple[str, ...]]:
    annotators = tuple(sorted({who for _, who in answers.given})) or ("",)
    codes = np.full((len(index), len(annotators), len(choices)), MISSING)
    foreign, strange = 0, Counter()
    for (record, who), found in answers.given.items():
        if record not in index:
            foreign += 1
            continue
        for f, (name, words) in enumerate(choices.items()):
            known = {word.casefold(): k for k, word in enumerate(words)} | {NOT_SAID: SILENT}
            if words == ("no", "yes"):
                known |= {"0": 0, "1": 1, "false": 0, "true": 1}
            if name in found:
                code = known.get(found[name].strip().casefold())
                strange[name] += code is None
                codes[index[record], annotators.index(who), f] = MISSING if code is None else code
    if foreign:
        answers.faults.append(
            f"{foreign} answered records that the table does not have; import this study's tasks alone"
        )
    answers.faults += [
        f"{name}: {count} answers other than {[*choices[name], NOT_SAID]}; do not rename the choices"
        for name, count in strange.items()
        if count
    ]
    return codes, annotators


def _csv(lines: list[dict]) -> str:
    buffer = io.StringIO()
    head = list(lines[0]) if lines else ["record", "annotator"]
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(neutralised, head))
    writer.writerows([neutralised(line[name]) for name in head] for line in lines)
    return buffer.getvalue()
