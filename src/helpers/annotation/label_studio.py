"""Tasks for Label Studio and its exports read back: one choice a confounder, "not said" apart from "no".

Sentences in which rules or a model found a confounder are marked as predictions, so that an expert finds them; the
answers are never filled in beforehand, since people follow what stands there already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from helpers.privacy.errors import DataError

NOT_SAID = "not said"
NOTE, FOUND_MARKS = "note", "found"  # names of the text and of the marks in the labelling configuration
YES_NO_CHOICES = ("no", "yes")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999")


@dataclass
class GivenAnswers:
    """What annotators wrote, as (record, annotator) to answers by field; and what was left out, by kind."""

    given: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    skipped: int = 0
    empty: int = 0
    again: int = 0
    faults: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        left = f"{self.skipped} skipped, {self.empty} empty, {self.again} again"
        return f"GivenAnswers({len(self.given)} of records, {left})"


def choices_of(fields: Mapping[str, tuple]) -> dict[str, tuple[str, ...]]:
    """What an annotator may answer, by field, in the order of its levels; ``NOT_SAID`` is one more.

    Raises
    ------
    ValueError
        A field has the name of a part of the page, or a level called "not said".
    """
    found = {n: YES_NO_CHOICES if tuple(v) == (0, 1) else tuple(map(str, v)) for n, v in fields.items()}
    if wrong := [
        n for n, words in found.items() if NOT_SAID in words or n in (NOTE, FOUND_MARKS, "record", "annotator")
    ]:
        raise ValueError(f"fields {wrong}: the page uses these words itself; give the field or its level another name.")
    return found


def configuration(fields: Mapping[str, tuple]) -> str:
    """The labelling configuration (XML) for tasks of :func:`tasks_of`."""
    choices = choices_of(fields)
    marks = "".join(
        f"    <Label value={quoteattr(name)} background={quoteattr(COLOURS[j % len(COLOURS)])}/>\n"
        for j, name in enumerate(choices)
    )
    asked = "".join(
        f'  <Header value={quoteattr(name)} size="5"/>\n'
        f'  <Choices name={quoteattr(name)} toName="{NOTE}" choice="single-radio" showInline="true" required="true">\n'
        + "".join(f"    <Choice value={quoteattr(word)}/>\n" for word in (*words, NOT_SAID))
        + "  </Choices>\n"
        for name, words in choices.items()
    )
    shown = f'  <Labels name="{FOUND_MARKS}" toName="{NOTE}">\n{marks}  </Labels>\n'
    return f'<View>\n{shown}  <Text name="{NOTE}" value="$text"/>\n{asked}</View>\n'


def tasks_of(
    records: Sequence[str],
    patients: Sequence[str],
    texts: Sequence[str],
    wanted: Sequence[int],
    marks: Sequence[Sequence[tuple[str, int, int]]],
    found_by: str,
) -> list[dict]:
    """Tasks to import into Label Studio.

    Parameters
    ----------
    records, patients, texts : sequences of n
        Key of each record, identifier of its patient, and its note.
    wanted : sequence of n int
        How many annotators should answer.
    marks : sequence of n sequences of (field, start, end)
        Where a confounder was found in the note, in characters.
    found_by : str
        What found them.
    """
    tasks = []
    for record, patient, text, people, found in zip(records, patients, texts, wanted, marks, strict=True):
        result = [
            {
                "id": f"{record}-{i}",
                "from_name": FOUND_MARKS,
                "to_name": NOTE,
                "type": "labels",
                "value": {"start": start, "end": end, "labels": [name]},
            }
            for i, (name, start, end) in enumerate(found)
        ]
        task: dict = {"data": {"text": text, "record": record, "patient": patient, "answers_wanted": int(people)}}
        tasks.append(task | ({"predictions": [{"model_version": found_by, "result": result}]} if result else {}))
    return tasks


def read_export(content: str, fields: Mapping[str, tuple]) -> GivenAnswers:
    """The answers in an export of Label Studio: JSON, or JSON-MIN.

    Annotations that were skipped, and tasks without any, are counted and left out. Of two annotations by one person of
    one record the later counts. Faults are listed by kind and number, never by content.

    Raises
    ------
    DataError
        It is no list of tasks.
    """
    try:
        tasks = json.loads(content)
    except (ValueError, RecursionError):
        tasks = None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise DataError("it is no list of tasks; export them from Label Studio as JSON or JSON-MIN.")
    answers, known, counts = GivenAnswers(), choices_of(fields), dict.fromkeys(("foreign", "control", "several"), 0)
    dated: dict[tuple[str, str], str] = {}
    for task in tasks:
        if "annotations" in task or "data" in task:
            _read_task(task, known, answers, counts, dated)
        else:
            _take(answers, dated, task.get("record"), task.get("annotator"), _flat(task, known), _time(task), counts)
    said = {
        "foreign": "tasks without a record of this study; import the tasks that export wrote",
        "control": "answers to fields that the study does not have; do not rename the fields of the configuration",
        "several": "fields with several answers where one is asked for; keep single-radio in the configuration",
    }
    answers.faults += [f"{count} {said[kind]}" for kind, count in counts.items() if count]
    return answers


def _read_task(task: dict, known: Mapping, answers: GivenAnswers, counts: dict[str, int], dated: dict) -> None:
    data = task.get("data")
    record = data.get("record") if isinstance(data, dict) else None
    annotations = task.get("annotations")
    annotations = [a for a in annotations if isinstance(a, dict)] if isinstance(annotations, list) else []
    if record is None:
        counts["foreign"] += 1
        return
    if not annotations:
        answers.empty += 1
    for annotation in annotations:
        if annotation.get("was_cancelled"):
            answers.skipped += 1
            continue
        found = _results(annotation.get("result"), known, counts)
        _take(answers, dated, record, _person(annotation.get("completed_by")), found, _time(annotation), counts)


def _results(result: object, known: Mapping, counts: dict[str, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in result if isinstance(result, list) else []:
        name = part.get("from_name") if isinstance(part, dict) else None
        if name == FOUND_MARKS:
            continue
        value = part.get("value") if isinstance(part, dict) else None
        chosen = value.get("choices") if isinstance(value, dict) else None
        if name not in known or not isinstance(chosen, list):
            counts["control"] += 1
        elif len(chosen) > 1 or name in found:
            counts["several"] += 1
        elif chosen:
            found[name] = str(chosen[0])
    return found


def _flat(task: dict, known: Mapping) -> dict[str, str]:
    """GivenAnswers of a task of JSON-MIN, where each field is a name."""
    return {name: str(task[name]) for name in known if isinstance(task.get(name), str | int | float)}


def _take(answers: GivenAnswers, dated: dict, record, person, found: dict[str, str], when: str, counts: dict) -> None:
    if record is None:
        counts["foreign"] += 1
        return
    if not found:
        answers.empty += 1
        return
    key = (str(record), _person(person))
    if key in answers.given:
        answers.again += 1
        if when < dated[key]:
            return
    answers.given[key], dated[key] = found, when


def _person(who: object) -> str:
    """Who annotated: a number, or the email or number of a user."""
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    return "" if who is None or isinstance(who, list | dict) else str(who).strip()


def _time(part: dict) -> str:
    when = part.get("updated_at") or part.get("created_at")
    return when if isinstance(when, str) and re.match(r"\d{4}-\d\d-\d\d", when) else ""
