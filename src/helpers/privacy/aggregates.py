"""The gate between sensitive records and pages: only aggregates pass.

An aggregate has numbers under fixed keys. Keys are columns with a known name that hold short labels, or one of the
known numeric keys; together they tell the rows apart, so that a row cannot be a record. A row whose count is under
``SMALLEST`` loses its numbers. Free text, identifiers and de-identification marks are refused, and no message shows a
value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.privacy.small_counts import SMALLEST

LONGEST_LABEL = 100
MOST_LABELS = 150
MOST_ROWS = 200_000
LABEL_COLUMNS = (
    "strategy learner metric what quantity dataset process encoder note_style design annotator way "
    "annotated flipped field level name symptom pairs case step reason source dbsource cohort group "
    "variable column vital view style truth statistic treatment outcome window feature split order "
    "baseline label definition shown drug band items infusion shift where stress estimator diagnostic verdict varied "
    "features policy by rows part propensity role left_out noted target hidden repetitions claim evidence null"
).split() + ["the rule says"]
NUMERIC_KEYS = "flipped seed at budget noise hour bin fold step k n_train size T year lag radius clip cf_y cf_d".split()
NOT_COUNTS = ("seeds", "repetitions", "folds", "dimensions")
COUNTED = re.compile(
    r"(?:^|[\W_])(?:n|count|counts|number|patients?|records?|stays?|rows?|notes?|admissions?|deaths?|treated|orders?"
    r"|untreated|excluded|kept|left|events?|missing_n)(?:$|[\W_])",
    re.IGNORECASE,
)
IDENTIFIERS = re.compile(
    r"(?:^|_)(?:row|subject|hadm|icustay|patient|stay|record|cg|admission)?_?id(?:s)?$|^mrn$", re.IGNORECASE
)
# Words and signs, but no markup: an underscore stands inside a word, a bracket around numbers, < before no letter.
_NUMBERS = r"(?:[\d .,%+\-]|e|inf)*"
LABEL = re.compile(
    r"(?:[^\W_]|(?<=[^\W_])_+(?=[^\W_])|[ .,;:%()+\-/>=@'^]|&(?!#?\w+;)|<(?![^\W\d]|[/!?])|[#~](?=\d)"
    rf"|(?:\[{_NUMBERS}[\])]|\({_NUMBERS}\])(?![(:\[]))*"
)
IN_TEXT = re.compile(r"\[\*\*|\*\*\]|\d{5,}|\n|\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"[+\-−]?[\d,]*\.?\d+(?:e[+\-]?\d+)? ?%?(?: h| min| s| GB| MB)?")


class NotAggregate(ValueError):
    """A table or fact of sensitive records that may not leave; the message shows no value."""


def check_table(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table, with the numbers of small counts withheld, if it is an aggregate.

    Parameters
    ----------
    table : DataFrame
        Numbers, and keys that tell its rows apart.
    name : str
        What it is called in a message.

    Returns
    -------
    DataFrame
        A plain one: numbers of rows with a count from 1 to 10 are missing, and so are such counts.

    Raises
    ------
    NotAggregate
        It holds something else than labels and numbers, too many rows or labels, or rows that keys do not tell apart.
    """
    plain = pd.DataFrame(table).copy()
    if not isinstance(plain.index, pd.RangeIndex):
        unnamed = plain.index.names == [None] and pd.api.types.is_integer_dtype(plain.index)
        plain = plain.reset_index(drop=unnamed)
    _columns(plain, name)
    labels = [c for c in plain.columns if not _numeric(plain[c])]
    for column in labels:
        _labels(plain[column], name)
    keys = [*labels, *(c for c in plain.columns if c in NUMERIC_KEYS and c not in labels)]
    if len(plain) > MOST_ROWS:
        raise NotAggregate(f"{name}: {len(plain)} rows; an aggregate has at most {MOST_ROWS}.")
    if len(plain) > 1 and (not keys or plain[keys].duplicated().any()):
        raise NotAggregate(
            f"{name}: its keys {keys} do not tell its rows apart, so a row may be a record. Summarise it, or name its "
            f"key columns as one of {sorted({*LABEL_COLUMNS, *NUMERIC_KEYS})}."
        )
    return _suppressed(plain, keys)


def check_facts(facts: Mapping[str, object], name: str) -> dict:
    """Numbers for prose that may leave; a count from 1 to 10 becomes "fewer than 11".

    Raises
    ------
    NotAggregate
        A fact is no number, no number in words and no short label, or its name is that of an identifier.
    """
    found = {}
    for key, value in facts.items():
        if not isinstance(key, str) or not re.fullmatch(r"[\w.]{1,60}", key) or IDENTIFIERS.search(key):
            raise NotAggregate(
                f"{name}: the name of a fact must be a plain word of at most 60 letters, and no identifier."
            )
        number = _as_number(value)
        if number is None and not _is_label(str(value)):
            raise NotAggregate(f"{name}: fact {key!r} is neither a number nor a short label.")
        small = number is not None and COUNTED.search(key) and 0 < number < SMALLEST and "%" not in str(value)
        found[key] = f"fewer than {SMALLEST}" if small and float(number).is_integer() else value
    return found


def _columns(plain: pd.DataFrame, name: str) -> None:
    wrong = [c for c in plain.columns if not isinstance(c, str) or len(c) > LONGEST_LABEL or not _is_label(c)]
    if wrong:
        raise NotAggregate(f"{name}: {len(wrong)} column names are not short labels.")
    if plain.columns.duplicated().any():
        raise NotAggregate(f"{name}: columns given twice.")
    identifiers = [c for c in plain.columns if IDENTIFIERS.search(c)]
    if identifiers:
        raise NotAggregate(f"{name}: columns {identifiers} are identifiers, which an aggregate has not.")
    strangers = [c for c in plain.columns if not _numeric(plain[c]) and c not in LABEL_COLUMNS]
    if strangers:
        raise NotAggregate(
            f"{name}: columns {strangers} hold no numbers and are no known keys, which are {sorted(LABEL_COLUMNS)}."
        )


def _labels(series: pd.Series, name: str) -> None:
    given = series.dropna()
    if not given.map(lambda v: isinstance(v, str | bool | int | float | np.generic | pd.Interval)).all():
        raise NotAggregate(f"{name}: column {series.name!r} holds other things than labels.")
    different = [str(v) for v in given.drop_duplicates()]
    if len(different) > MOST_LABELS:
        raise NotAggregate(f"{name}: column {series.name!r} has {len(different)} labels; at most {MOST_LABELS} may be.")
    wrong = sum(not _is_label(v) for v in different)
    if wrong:
        raise NotAggregate(
            f"{name}: column {series.name!r} has {wrong} values that are no labels: at most {LONGEST_LABEL} "
            f"characters, no markup, line break, date, long number or de-identification mark."
        )


def _is_label(text: str) -> bool:
    return len(text) <= LONGEST_LABEL and bool(LABEL.fullmatch(text)) and not IN_TEXT.search(text)


def _numeric(series: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series)


def _suppressed(plain: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Numbers withheld where a count of the row is small: a share of few is as telling as their number."""
    values = [c for c in plain.columns if _numeric(plain[c]) and c not in keys]
    counts = [c for c in values if _counts(plain[c])]
    small = np.zeros(len(plain), bool)
    for column in counts:
        small |= _small(plain[column])
    for key in keys:  # long tables: the metric says that its value is a count
        if "value" in values and not _numeric(plain[key]):
            small |= plain[key].astype(str).map(lambda v: bool(COUNTED.search(v))).to_numpy() & _small(plain["value"])
    shown = plain.copy()
    if small.any():
        for column in values:
            shown[column] = shown[column].astype(float).mask(small)
    return shown


def _counts(series: pd.Series) -> bool:
    """Whole numbers count something unless their name says what else they are."""
    if series.name in NOT_COUNTS or pd.api.types.is_bool_dtype(series):
        return False
    return pd.api.types.is_integer_dtype(series) or bool(COUNTED.search(series.name))


def _small(series: pd.Series) -> np.ndarray:
    numbers = series.to_numpy(float, na_value=np.nan)
    return (numbers > 0) & (numbers < SMALLEST) & (numbers == np.round(numbers))


def _as_number(value) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        digits = re.match(r"[+\-−]?[\d,]*\.?\d+(?:e[+\-]?\d+)?", value.strip())
        return float(digits[0].replace(",", "").replace("−", "-"))
    return None
