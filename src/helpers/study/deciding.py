"""Which sentences decided what a reader found in a note it had not learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import data
from helpers.data.cohort import Cohort
from helpers.data.fields import Fields
from helpers.encoders import Notes

COLUMNS = ("id", "field", "annotated", "read", "chance", "right", "sentence", "weight")
SENTENCES = 2  # shown of a note
TINY = 1e-9


def held_out_readers(encoder, notes: Notes, held: np.ndarray) -> tuple[np.ndarray, list]:
    """(n,) number of the reader that had not seen each note, and the readers.

    The held-out probabilities of a note are those of that reader, which is how it is found.
    """
    away = [np.abs(np.exp(reader.log_proba(notes)) - held).max(axis=1) for reader in encoder.readers_]
    return np.argmin(away, axis=0), encoder.readers_


def deciding_sentences(encoder, cohort: Cohort, held: np.ndarray, most: int) -> pd.DataFrame:
    """The sentences without which a reader would have been least sure of what it read.

    Parameters
    ----------
    encoder : fitted encoder that learns from annotations
    cohort : Cohort
        The annotated records it learned from.
    held : (n, sum of levels) array
        Their held-out probabilities.
    most : int
        Notes of each field: the surest of its errors and of its hits, half and half.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, words of notes among them: it is for the one who may read them. ``weight`` is the change of
        the log-odds of the level that was read, when the sentence is left out.
    """
    fields, notes = data.fields_of(cohort), Notes.of(cohort.texts)
    which, readers = held_out_readers(encoder, notes, held)
    guesses, truths = fields.blocks(held), fields.blocks(data.labels_of(cohort, fields))
    starts, rows = dict(zip(fields.names, np.cumsum([0, *fields.sizes]), strict=False)), []
    for name in fields.names:
        read, true = guesses[name].argmax(axis=1), truths[name].argmax(axis=1)
        for i in _chosen(guesses[name].max(axis=1), read == true, most):
            found = _weights(readers[which[i]], notes.texts[i], int(starts[name]) + int(read[i]))
            words = _levels(fields, name)
            about = (cohort.ids[i], name, words[true[i]], words[read[i]], round(float(guesses[name][i].max()), 3))
            rows += [(*about, bool(read[i] == true[i]), text, round(weight, 2)) for text, weight in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _levels(fields: Fields, name: str) -> list[str]:
    return [str(level) for level in fields.levels[fields.names.index(name)]]


def _chosen(sure: np.ndarray, right: np.ndarray, most: int) -> list[int]:
    """Rows of the surest errors, then of the surest hits."""
    order = np.argsort(-sure, kind="stable")
    wrong = order[~right[order]][: (most + 1) // 2]
    return [*wrong.tolist(), *order[right[order]][: most - len(wrong)].tolist()]


def _weights(reader, note: str, column: int) -> list[tuple[str, float]]:
    """The sentences of a note that speak most for one level, and how much."""
    sentences = data.split_sentences(note)
    without = ["\n".join(sentences[:j] + sentences[j + 1 :]) for j in range(len(sentences))]
    p = np.exp(reader.log_proba(["\n".join(sentences), *without])[:, column]).clip(TINY, 1 - TINY)
    odds = np.log(p / (1 - p))
    change = odds[0] - odds[1:]
    return [(sentences[j], float(change[j])) for j in np.argsort(-change, kind="stable")[:SENTENCES]]
