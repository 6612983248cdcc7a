"""A policy small enough to read: a shallow tree of questions about readable columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


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
    features: pd.DataFrame, scores: np.ndarray, cost: float = 0.0, depth: int = 2, smallest: float = 0.02, seed: int = 0
) -> TreePolicy:
    """Learn whom to treat from a few questions (policy tree of econml; Athey and Wager, arXiv 1702.02896).

    Each split is the one that lowers the mean outcome plus cost most; the tree is grown greedily. Splits whose sides
    end in the same answer are joined. Judge it on other rows with :func:`helpers.policy.rules.held_out_value`.

    Parameters
    ----------
    features : DataFrame
        Readable columns known at the bedside: numbers, or categories (asked level by level).
    scores : (n,) array
        Doubly robust scores psi of the training rows; below zero treatment helps.
    cost : float
        Of one treatment, in units of the outcome.
    depth : int
        Questions asked of one patient, at most.
    smallest : float
        A leaf holds at least this share of the rows, and never fewer than 11.
    seed : int
        Breaks ties between equally good splits.
    """
    from econml.policy import PolicyTree

    scores, columns = np.asarray(scores, float), tuple(features.columns)
    matrix, names = _questions(features, columns)
    if scores.shape != (len(matrix),) or not np.isfinite(scores).all():
        raise ValueError(f"scores: shape {scores.shape}; expected {len(matrix)} finite numbers, one a row of features.")
    leaf = max(11, int(np.ceil(smallest * len(matrix))))
    reward = np.column_stack([np.zeros(len(scores)), -scores - cost])
    model = PolicyTree(max_depth=depth, min_samples_leaf=leaf, min_samples_split=2 * leaf, honest=False)
    model.set_params(random_state=seed).fit(matrix, reward)
    return TreePolicy(_node(model.tree_, 0, matrix, scores, np.arange(len(matrix)), names, cost), columns)


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


def _node(tree, index: int, matrix, scores, rows, names, cost: float) -> dict:
    """The node of econml's tree as plain values; a question with one answer becomes that answer."""
    effect = float(scores[rows].mean())
    leaf = {"treat": bool(effect < -cost), "n": len(rows), "effect": effect}
    if tree.children_left[index] < 0:
        return leaf
    j, threshold = int(tree.feature[index]), float(tree.threshold[index])
    above = matrix[rows, j] > threshold
    sides = ((tree.children_right[index], rows[above]), (tree.children_left[index], rows[~above]))
    yes, no = (_node(tree, child, matrix, scores, part, names, cost) for child, part in sides)
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
    yes_no = node["ask"] if " = " in node["ask"] else f"{node['ask']} = 1"
    asked = yes_no if node["binary"] else f"{node['ask']} > {node['above']:.4g}"
    yield f"{indent}if {asked}:"
    yield from _lines(node["yes"], indent + "    ")
    yield f"{indent}otherwise:"
    yield from _lines(node["no"], indent + "    ")
