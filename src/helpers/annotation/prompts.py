"""The instruction for a local language model that annotates notes, and how its answer is read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import numpy as np

from helpers.data.fields import MISSING
from helpers.data.written import plain

UNKNOWN = "unknown"  # what a model is asked to write where the note does not tell

OBJECT = re.compile(r'\{(?=\s*["}])')


def prompt_for(fields: Mapping[str, tuple], descriptions: Mapping[str, str] | None = None) -> str:
    """Instruction that asks for one JSON object; the note is appended to it.

    Parameters
    ----------
    fields : mapping of str to tuple
        Values of each field, as :func:`helpers.data.fields.field_levels` gives them.
    descriptions : mapping of str to str or None
        What a field means, for names that do not speak for themselves.

    Raises
    ------
    ValueError
        A description of a field that is not there, or no fields.
    """
    descriptions = dict(descriptions or {})
    strange = sorted(set(descriptions) - set(fields))
    if strange or not fields:
        raise ValueError(f"descriptions: no fields {strange}; fields are {list(fields)}, at least one is needed.")
    lines = []
    for name, values in fields.items():
        meaning = f" ({descriptions[name]})" if name in descriptions else ""
        lines.append(f'- "{name}"{meaning}: one of {", ".join(json.dumps(_plain(v)) for v in (*values, UNKNOWN))}')
    example = json.dumps({name: _plain(values[0]) for name, values in fields.items()})
    return (
        "Read the clinical note below and write down what it says about the patient at this visit. Findings of other "
        "people and of the past do not count. A finding that the note denies is absent; one that the note does not "
        f'speak of is "{UNKNOWN}". Do not guess and do not explain.\n\nFields:\n' + "\n".join(lines) + "\n\n"
        f"Answer with one JSON object with exactly these fields, for example {example}\n\nNote:\n"
    )


def parse_answer(answer: str, fields: Mapping[str, tuple]) -> np.ndarray:
    """The levels in a model's answer.

    The first JSON object in the answer counts, so words or a code fence around it do no harm. Values are compared as
    :func:`level_of` does; ``null``, "" and "unknown" mean not annotated.

    Returns
    -------
    (F,) int array, -1 where not annotated.

    Raises
    ------
    ValueError
        No JSON object; fields missing, repeated or not asked for; values that a field does not have. The message
        counts and names fields asked for, it never quotes the answer.
    """
    pairs = _first_object(answer)
    if pairs is None:
        raise ValueError("answer: holds no JSON object; ask the model again, or leave the record without annotation.")
    names = [name for name, _ in pairs]
    given = dict(pairs)
    faults = [f"field {name!r} is missing" for name in fields if name not in given]
    faults += [f"field {name!r} is given more than once" for name in fields if names.count(name) > 1]
    strange = len(set(names) - set(fields))
    faults += [f"{strange} fields that were not asked for"] if strange else []
    levels = [level_of(given.get(name), values) for name, values in fields.items()]
    wrong = [name for name, level in zip(fields, levels, strict=True) if level is None]
    faults += [f"field {name!r} has a value other than {[_plain(v) for v in fields[name]]}" for name in wrong]
    if faults:
        raise ValueError("answer: " + "; ".join(faults) + ".")
    return np.array(levels, dtype=int)


def level_of(value, values: tuple) -> int | None:
    """Position of a written value: -1 for a blank, None for one that is none of the values.

    A word that is one of the values is that value, be it "None" or "NA". Outer blanks do not matter, nor does case
    where no two values differ by it alone; whole numbers may be written as 1, "1" or 1.0, true or false for 1 and 0.
    """
    known = [str(_plain(v)).strip() for v in values]
    text = _text(value, known)
    if text is None:
        return None
    if not text or (text.casefold() == UNKNOWN and UNKNOWN not in map(str.casefold, known)):
        return MISSING
    if text in known:
        return known.index(text)
    for alike in (str.casefold, plain):
        found = [i for i, word in enumerate(known) if alike(word) == alike(text)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _text(value, known: list[str]) -> str | None:
    """A cell or an answer as text, "" for nothing, None for what is neither word nor number."""
    if value is None:
        return ""
    if isinstance(value, bool) and str(value).casefold() not in map(str.casefold, known):
        value = int(value)
    if isinstance(value, float):
        value = _plain(value) if np.isfinite(value) else None
    return str(value).strip() if isinstance(value, str | int | float) else None


def _plain(value):
    """A level as JSON knows it: numpy scalars as Python numbers, whole floats as ints."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _first_object(answer: str) -> list[tuple] | None:
    """Key-value pairs of the first JSON object, duplicates kept; nested objects stay unreadable values."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs)
    for start in OBJECT.finditer(answer):
        try:
            return decoder.raw_decode(answer, start.start())[0].pairs
        except RecursionError:  # thousands of open brackets: no answer to anything
            return None
        except ValueError:
            continue
    return None


class _Pairs:
    def __init__(self, pairs: list[tuple]) -> None:
        self.pairs = pairs
