"""A policy small enough to read: a shallow tree of questions about readable columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.evaluation.net_benefit import costs_of
from helpers.policy.search import Split, best_tree
from helpers.privacy.escaping import plain_line
from helpers.privacy.small_counts import SMALLEST


@dataclass(frozen=True)
class TreePolicy:
    """Questions and answers of a fitted tree.

    Attributes
    ----------
    root : dict
        Plain nested values: a question has ``ask, above, binary, yes, no``; a leaf ``treat, n, effect``, the number of
        training rows that ended there and the mean of their scores.
    columns : tuple of str
        What it asks about.
    """

    root: dict = field(repr=False)
    columns: tuple[str, ...]

    def treat(self, features: pd.DataFrame) -> np.ndarray:
        """(n,) bool array: who is treated, of n rows with the columns of the tree."""
        matrix, names = _questions(features, self.columns)
        place = {name: j for j, name in enumerate(names)}
        return _answers(self.root, matrix, place)

    @property
    def rules(self) -> str:
        """The tree in words, one line a question or answer."""
        return "\n".join(_lines(self.root, ""))


def tree_policy(
    features: pd.DataFrame,
    scores: np.ndarray,
    cost: float | np.ndarray = 0.0,
    depth: int = 2,
    smallest: float = 0.02,
    cuts: int | None = 128,
) -> TreePolicy:
    """The best few questions by which to decide (policy trees of Athey and Wager, arXiv 1702.02896).

    All trees are looked at, none is grown: no other tree of this depth, of these cuts and of leaves as large lowers the
    mean outcome plus cost of these rows more. Splits whose sides end in the same answer are joined. Judge it on other
    rows with :func:`helpers.policy.rules.held_out_value`.

    Parameters
    ----------
    features : DataFrame
        Readable columns known at the bedside: numbers, or categories (asked level by level).
    scores : (n,) array
        Doubly robust scores psi of the training rows; below zero treatment helps.
    cost : float or (n,) array
        Of one treatment, in units of the outcome; of each row, if it differs.
    depth : {0, 1, 2, 3}
        Questions asked of one patient, at most; three among yes/no columns only.
    smallest : float
        A leaf holds at least this share of the rows, and never fewer than 11.
    cuts : int or None
        A number of more values is cut at so many quantiles; None: between all of its values, which takes time with the
        square of their number.
    """
    scores, columns = np.asarray(scores, float), tuple(features.columns)
    matrix, names = _questions(features, columns)
    if scores.shape != (len(matrix),) or not np.isfinite(scores).all():
        raise ValueError(f"scores: shape {scores.shape}; expected {len(matrix)} finite numbers, one a row of features.")
    costs = costs_of(cost, len(scores))
    leaf = max(SMALLEST, int(np.ceil(smallest * len(matrix))))
    split, _ = best_tree(matrix, -scores - costs, depth, leaf, cuts)
    return TreePolicy(_node(split, matrix, scores, costs, np.arange(len(matrix)), names), columns)


def _questions(features: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """(n, p) numbers and the names of the questions: a column as it is, or one indicator a level."""
    missing = [c for c in columns if c not in features.columns]
    if missing or not columns:
        raise ValueError(f"features: no column named {missing or 'anything'}; the tree asks about {list(columns)}.")
    blocks, names = [], []
    for column in columns:
        series = features[column]
        empty = int(series.isna().sum())
        if empty:
            raise ValueError(f"features[{column!r}]: {empty} of {len(series)} values are missing; impute or drop them.")
        if isinstance(series.dtype, pd.CategoricalDtype):
            levels = series.cat.categories
            blocks += [(series == level).to_numpy(float) for level in levels]
            names += [f"{column} = {level}" for level in levels]
        elif pd.api.types.is_numeric_dtype(series):
            blocks.append(series.to_numpy(float))
            names.append(column)
        else:
            raise ValueError(f"features[{column!r}]: {series.dtype}; expected numbers or a category dtype.")
    return np.column_stack(blocks), names


def _node(split: Split | None, matrix, scores, costs, rows, names) -> dict:
    """The questions as plain values; a question with one answer becomes that answer."""
    effect = float(scores[rows].mean())
    leaf = {"treat": bool(effect < -costs[rows].mean()), "n": len(rows), "effect": effect}
    if split is None:
        return leaf
    j, threshold = split.column, split.threshold
    above = matrix[rows, j] > threshold
    sides = ((split.yes, rows[above]), (split.no, rows[~above]))
    yes, no = (_node(child, matrix, scores, costs, part, names) for child, part in sides)
    if "treat" in yes and "treat" in no and yes["treat"] == no["treat"]:
        return leaf | {"treat": yes["treat"]}
    binary = bool(np.isin(matrix[:, j], [0, 1]).all())
    return {"ask": names[j], "above": threshold, "binary": binary, "yes": yes, "no": no}


def _answers(node: dict, matrix: np.ndarray, place: dict[str, int]) -> np.ndarray:
    if "treat" in node:
        return np.full(len(matrix), node["treat"])
    if node["ask"] not in place:
        raise ValueError(f"features: no level for the question {node['ask']!r}; give the column its categories.")
    above = matrix[:, place[node["ask"]]] > node["above"]
    return np.where(above, _answers(node["yes"], matrix, place), _answers(node["no"], matrix, place))


def _lines(node: dict, indent: str) -> Iterator[str]:
    if "treat" in node:
        verb = "treat" if node["treat"] else "do not treat"
        yield f"{indent}{verb} (mean effect {node['effect']:+.2f}, {node['n']} training patients)"
        return
    ask = plain_line(node["ask"])
    yes_no = ask if " = " in ask else f"{ask} = 1"
    asked = yes_no if node["binary"] else f"{ask} > {node['above']:.4g}"
    yield f"{indent}if {asked}:"
    yield from _lines(node["yes"], indent + "    ")
    yield f"{indent}otherwise:"
    yield from _lines(node["no"], indent + "    ")
