"""Answers of several annotators become one a record: agreement, conflicts, error rates and what is left uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from helpers.annotation.agreement import kappa_table
from helpers.annotation.dawid_skene import AnnotatorModel, dawid_skene
from helpers.annotation.exchange import SILENT
from helpers.data.fields import MISSING

_WAYS = ("blank", "absent")


@dataclass(frozen=True, repr=False)
class Settled:
    """One answer a record and field, and what it rests on.

    Attributes
    ----------
    codes : (n, F) int array
        -1 where nobody answered, nobody knows, or annotators differ and nothing tells who is right.
    conflicts : (n, F) bool array
        Where annotators differ.
    agreement : DataFrame
        ``first, second, field, n, agreement, by_chance, kappa, low, high`` of each pair with common records.
    rates : DataFrame
        ``annotator, field, answers, wrong``: share of wrong answers by Dawid and Skene's model, missing where it has
        no ground.
    errors : dict of field to (K, K) array or None
        ``P(settled level | true level)``, rows true, as ``EMLearner(errors=...)`` takes it; None: unknown.
    """

    codes: np.ndarray
    conflicts: np.ndarray
    agreement: pd.DataFrame
    rates: pd.DataFrame
    errors: dict[str, np.ndarray | None]


def settle(
    codes: np.ndarray,
    levels: tuple[int, ...],
    names: tuple[str, ...],
    annotators: tuple[str, ...],
    silent: str = "blank",
) -> Settled:
    """Settle answers.

    Parameters
    ----------
    codes : (n, A, F) int array
        As ``read_answers`` gives it.
    levels : tuple of F int
    names, annotators : tuples of str
    silent : {"blank", "absent"}
        "Not said" is no answer, or the first level, which stands for absence.

    Returns
    -------
    Settled
        Where all who answered agree, their answer; else the likelier one by the annotators' error rates.
    """
    if silent not in _WAYS:
        raise ValueError(f"silent = {silent!r}: must be one of {list(_WAYS)}.")
    said = np.where(codes == SILENT, 0 if silent == "absent" else MISSING, codes)
    counts = np.stack([[(said[:, :, f] == k).sum(1) for k in range(max(levels))] for f in range(len(levels))])
    conflicts = (counts > 0).sum(axis=1).T > 1  # (n, F)
    first = np.where(counts.max(axis=1) > 0, counts.argmax(axis=1), MISSING).T
    settled, rows, errors = np.where(conflicts, MISSING, first), [], {}
    for f, name in enumerate(names):
        model = _model(said[:, :, f : f + 1], levels[f])
        answered = (said[:, :, f] != MISSING).sum(axis=0)
        rates = [np.nan] * len(annotators) if model is None else model.rates.tolist()
        rows += [
            {"annotator": who, "field": name, "answers": int(n), "wrong": rate}
            for who, n, rate in zip(annotators, answered, rates, strict=True)
        ]
        if model is not None:
            differ = conflicts[:, f]
            settled[differ, f] = model.posterior[differ].argmax(axis=1)
        errors[name] = None if model is None else _errors_of(settled[:, f], model, levels[f])
    return Settled(settled, conflicts, _agreement(said, levels, names, annotators), pd.DataFrame(rows), errors)


def _model(said: np.ndarray, k: int) -> AnnotatorModel | None:
    """Error rates of the annotators of one field, from the freest model that the answers can carry; None if none."""
    both = (said[:, :, 0] != MISSING).sum(axis=1) > 1
    if not both.any():
        return None
    ways = [{}] if both.sum() >= 30 * k and said.shape[1] > 2 else []
    for options in (*ways, {"symmetric": True}, {"symmetric": True, "same": True}):
        try:
            return dawid_skene(said, (k,), **options)[0]
        except ValueError:
            continue
    return None


def _errors_of(settled: np.ndarray, model: AnnotatorModel, k: int) -> np.ndarray:
    """Errors of the settled answers, by the posterior of the truth; one answer in a hundred stands in for none seen."""
    rows = settled != MISSING
    counts = model.posterior[rows].T @ np.eye(k)[settled[rows]] + 0.01 * np.eye(k)
    return counts / counts.sum(axis=1, keepdims=True)


def _agreement(said: np.ndarray, levels, names, annotators) -> pd.DataFrame:
    blocks = []
    for a, b in combinations(range(len(annotators)), 2):
        both = (said[:, a] != MISSING) & (said[:, b] != MISSING)
        seen = np.flatnonzero(both.any(axis=0))
        if len(seen):
            pair = (said[:, a][:, seen], said[:, b][:, seen])
            table = kappa_table(*pair, tuple(levels[f] for f in seen), tuple(names[f] for f in seen))
            blocks.append(table.assign(first=annotators[a], second=annotators[b]))
    columns = ["first", "second", "field", "n", "agreement", "by_chance", "kappa", "low", "high"]
    return pd.concat(blocks, ignore_index=True)[columns] if blocks else pd.DataFrame(columns=columns)
