"""Every strategy under changes of the data that mean nothing: unit and origin of the outcome, names, order."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from helpers.study.catalogue import STRATEGIES

LEVELS = (2, 2, 3)
FAST = {"epochs": 3, "trees": 8, "iterations": 5, "tolerance": -1.0}
CONFIG = SimpleNamespace(folds=2, clip=0.01)
TRIAL = SimpleNamespace(seed=3, train=SimpleNamespace(levels=LEVELS), config=CONFIG)
NOT_ASKED = {("risk", "arms swapped")}  # the risk of those who are untreated then is another risk


def simulate(n: int = 240, seed: int = 0) -> dict:
    """Visits, up to three a patient, with words of a note, two bedside columns and three annotated fields."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.random(n) < 0.4, rng.random(n) < 0.3, rng.choice(3, n, p=[0.5, 0.3, 0.2])
    x = np.column_stack([a, b, c == 1, c == 2]).astype(float)
    bedside = np.column_stack([rng.random(n) < 0.3, rng.normal(size=n).round(1)])
    words = (rng.random((n, 40)) < 0.05 + 0.5 * np.tile(x, 10) * (rng.random(40) < 0.5)) * rng.random((n, 40))
    words = (words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    tau = -1 + 1.5 * x[:, 0] - x[:, 3] + 0.3 * bedside[:, 0]
    T = (rng.random(n) < 1 / (1 + np.exp(0.6 - 1.2 * x[:, 0] - 0.8 * bedside[:, 0]))).astype(int)
    Y = x @ [1.5, 0.8, 0.4, 1.8] + bedside @ [0.7, 0.5] + T * tau + rng.gamma(1.0, 0.7, n)
    rows = {"phi": np.hstack([words, bedside]).astype(np.float32), "W": np.hstack([x, bedside]), "tau": tau}
    ids = np.array([f"patient {i}" for i in rng.permutation(n) // 3 * 7])
    chance = np.where(Y > np.median(Y), 0.75, 0.45)
    return {"Y": Y, "T": T, "groups": ids, "annotated": rng.random(n) < chance, "pi": chance, **rows}


def changes(data: dict) -> Iterator[tuple[str, dict, float]]:
    """Name of the change, the changed data, and what the effects are multiplied by."""
    rng = np.random.default_rng(1)
    for added in (1e3, 1e9):
        yield f"{added:g} added to the outcome", data | {"Y": data["Y"] + added}, 1.0
    for unit in (1e-9, 1e-6, 10.0, 1e9, -1.0):
        yield f"outcome times {unit:g}", data | {"Y": data["Y"] * unit}, unit
    yield "arms swapped", data | {"T": 1 - data["T"], "tau": -data["tau"]}, -1.0
    rows = rng.permutation(len(data["Y"]))
    yield "rows in another order", {name: a[rows] for name, a in data.items()}, 1.0
    names, patient = np.unique(data["groups"], return_inverse=True)
    yield "patients renamed", data | {"groups": rng.permutation(10 * len(names))[patient]}, 1.0
    yield "every row twice", {name: np.repeat(a, 2, axis=0) for name, a in data.items()}, 1.0


def effects_of(name: str, data: dict, at: dict) -> np.ndarray:
    """Effects for the records ``at`` from the strategy learned on ``data``."""
    strategy = STRATEGIES[name]
    learner = strategy.make(TRIAL)
    for key, value in learner.get_params(deep=True).items():
        if (end := key.rpartition("__")[2]) in FAST and value:
            learner.set_params(**{key: FAST[end]})
    more = {"pi": data["pi"]} if strategy.takes_pi else {}
    fit = {key: data[key] for key in ("Y", "T", "W", "annotated", "groups")} | more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = learner.fit(X=features(strategy, data), **fit)
        return fitted.effect(features(strategy, at))


def features(strategy, data: dict) -> np.ndarray:
    """What the strategy sees of each record."""
    truth = data["tau"][:, None]
    seen = {"phi": data["phi"], "read": data["phi"], "tabular": data["phi"][:, -2:]}
    return (seen | {"confounders": data["W"], "said": truth, "truth": truth})[strategy.features]


def difference(name: str, usual: np.ndarray, changed: np.ndarray, factor: float) -> float:
    """Largest difference of the effects, in their standard deviations; of an order, level and unit do not count."""
    if usual.std() == 0:
        return float(np.abs(changed / factor - usual).max())
    if STRATEGIES[name].estimates:
        return float(np.abs(changed / factor - usual).max() / usual.std())
    first, second = ((order - order.mean()) / order.std() for order in (usual, np.sign(factor) * changed))
    return float(np.abs(second - first).max())
