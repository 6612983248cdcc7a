"""Inputs of a network that are far larger than the vectors of notes: ages, years, laboratory values.

Networks start from small random weights and take steps of one size, so that a column of hundreds beside a vector of
hundredths drowns it, and the effects with it. Such columns are taken in standard deviations from their means while the
network is trained; the weights it is left with are those of the columns as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.problem import Problem
from helpers.stats.ties import is_flat

LARGE_SPREAD, LARGE_MEAN = 3.0, 30.0  # no column of a vector of notes comes near
LARGEST_INPUT = 1e12  # what is beyond, or no number, is left to the training to refuse


def large_columns(X: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(d,) means and standard deviations of the large columns, 0 and 1 of the others; None if no column is large."""
    mean, spread = X.mean(axis=0, dtype=float), X.std(axis=0, dtype=float)
    large = ((spread > LARGE_SPREAD) | (np.abs(mean) > LARGE_MEAN)) & (np.abs(X).max(axis=0) < LARGEST_INPUT)
    if not large.any():
        return None
    return np.where(large, mean, 0.0), np.where(large & ~is_flat(X), spread, 1.0)


def in_one_size(problems: Sequence[Problem]) -> tuple[list[Problem], list]:
    """The problems without large columns, and for each what :func:`as_they_are` needs; shared inputs stay shared."""
    known: dict[int, tuple] = {}
    for p in problems:
        if id(p.X) not in known:
            units = large_columns(p.X)
            known[id(p.X)] = units, p.X if units is None else ((p.X - units[0]) / units[1]).astype(np.float32)
    found = [known[id(p.X)] for p in problems]
    return [p if units is None else replace(p, X=X) for p, (units, X) in zip(problems, found, strict=True)], [
        units for units, _ in found
    ]


def as_they_are(weights: dict, network: str, units: tuple[np.ndarray, np.ndarray] | None) -> dict:
    """The weights for columns in their own units, of a network trained without them."""
    if units is None:
        return weights
    mean, spread = units
    name = NETWORKS[network].layers(len(mean))[0][0]
    w = weights[f"{name}.w"].astype(float) / spread[:, None]
    changed = {f"{name}.w": w.astype(np.float32)}
    if f"{name}.b" in weights:
        changed[f"{name}.b"] = (weights[f"{name}.b"] - mean @ w).astype(np.float32)
    return weights | changed
