"""Readable trees: all of them searched, beside the grown trees of econml and doubleml.

Two tables of records: one where treatment helps by one in two opposite quarters of two columns and harms by one in the
others, and one with a plain rule. For each package the mean gain on new patients, the CPU time of one fit on 10,000
records with 30 columns. ``python -P benchmarks/trees.py`` (a script beside it has the name of a package, hence ``-P``)
writes ``trees.csv``; half a minute on one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import policy

OUT = Path(__file__).with_suffix(".csv")
SEEDS, TRAIN, NEW, COLUMNS = 5, 2_000, 4_000, 5
LARGE = (10_000, 30)
EFFECTS = {
    "opposite quarters": lambda frame: -np.sign(frame["x0"] * frame["x1"]),
    "plain rule": lambda frame: np.where((frame["x0"] > 0) & (frame["x1"] > 0.3), -1.0, 0.5),
}
Fit = Callable[[pd.DataFrame, np.ndarray], Callable[[pd.DataFrame], np.ndarray]]


def searched(frame: pd.DataFrame, psi: np.ndarray) -> Callable[[pd.DataFrame], np.ndarray]:
    return policy.tree_policy(frame, psi).treat


def econml(frame: pd.DataFrame, psi: np.ndarray) -> Callable[[pd.DataFrame], np.ndarray]:
    from econml.policy import PolicyTree

    tree = PolicyTree(max_depth=2, min_samples_leaf=len(psi) // 50, honest=False, random_state=0)
    tree.fit(frame.to_numpy(), np.column_stack([np.zeros(len(psi)), -psi]))
    return lambda new: tree.predict(new.to_numpy()) == 1


def doubleml(frame: pd.DataFrame, psi: np.ndarray) -> Callable[[pd.DataFrame], np.ndarray]:
    from doubleml.utils import DoubleMLPolicyTree

    tree = DoubleMLPolicyTree(-psi, frame, depth=2).fit()
    return lambda new: tree.predict(new)["pred_treatment"].to_numpy() == 1


WAYS: dict[str, Fit] = {"this study, searched": searched, "econml, grown": econml, "doubleml, grown": doubleml}


def records(n: int, columns: int, seed: int) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(n, columns))
    return pd.DataFrame(values, columns=[f"x{j}" for j in range(columns)])


def gain(fit: Fit, effect: Callable, seed: int) -> float:
    """Mean gain of a new patient against treating nobody, by the true effects."""
    frame, new = records(TRAIN, COLUMNS, seed), records(NEW, COLUMNS, 1_000 + seed)
    psi = np.asarray(effect(frame)) + np.random.default_rng([seed, 1]).normal(0, 1, TRAIN)
    return float(-np.mean(fit(frame, psi)(new) * np.asarray(effect(new))))


def seconds(fit: Fit) -> float:
    frame = records(*LARGE, 0)
    psi = np.asarray(EFFECTS["opposite quarters"](frame)) + np.random.default_rng(1).normal(0, 1, LARGE[0])
    start = time.process_time()
    fit(frame, psi)
    return time.process_time() - start


def main() -> None:
    rows = []
    for name, fit in WAYS.items():
        took = seconds(fit)
        for world, effect in EFFECTS.items():
            gains = [gain(fit, effect, seed) for seed in range(SEEDS)]
            row = {"tree": name, "effect": world, "gain": np.mean(gains), "least": min(gains), "most": max(gains)}
            rows.append(row | {"cpu_s": took})
    pd.DataFrame(rows).round(3).to_csv(OUT, index=False)


if __name__ == "__main__":
    main()
