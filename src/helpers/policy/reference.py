"""What records of the training look like to a policy, in counts: what later records are compared with.

Bounds come from the training side, counts from the test side, one record a patient, so that a comparison of counts is
exact. No word, no record and no vector of a note is kept: of the notes there are counts of their lengths, of how much
was read, and along a few directions of their vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.evaluation.held_out import HeldOutScores
from helpers.policy.model import Policy
from helpers.privacy.small_counts import SMALLEST
from helpers.stats.intervals import mean_interval
from helpers.stats.regression import least_squares

DIRECTIONS, MOST_BINS = 12, 10
LEAST_EXPECTED = 25  # records of the test side in a bin, as the training side lets expect
OTHER = "other"
MOST_TRAINING = 1_000  # records of the training side that bounds are taken from
FEWEST_WATCHED = 60  # patients of one side; fewer make no reference


@dataclass(frozen=True, repr=False)
class Seen:
    """What a policy has seen of n records: quantities by name, effects (missing where none), scores and the records."""

    numbers: dict[str, np.ndarray]
    words: dict[str, np.ndarray]
    effect: np.ndarray
    scores: pd.DataFrame
    frame: pd.DataFrame

    def take(self, rows: np.ndarray) -> Seen:
        """The same of some records."""
        numbers, words = ({k: v[rows] for k, v in held.items()} for held in (self.numbers, self.words))
        scores = self.scores.iloc[rows].reset_index(drop=True)
        return Seen(numbers, words, self.effect[rows], scores, self.frame.iloc[rows])


def look(policy: Policy, checked: pd.DataFrame) -> Seen:
    """Score checked records, and the quantities that are watched."""
    blocks: list[np.ndarray] = []
    scores = policy.score(
        checked, watch=lambda phi: blocks.append(_along(phi[:, : phi.shape[1] - policy.inputs.width]))
    )
    known = scores["priority"].notna().to_numpy()
    effect = np.where(known, -scores["priority"].to_numpy(float), np.nan)
    numbers, words = {"score": effect}, {}
    columns = policy.inputs.columns
    for column in columns:
        values = checked[column.name]
        if column.kind == "number":
            numbers[f"column {column.name}"] = values.to_numpy(float)
        else:
            words[f"column {column.name}"] = values.astype(str).to_numpy(object)
    if policy.inputs.text is not None:
        texts = checked[policy.inputs.text]
        numbers["note length"] = texts.str.split().str.len().to_numpy(float)
        words["note reading"] = scores["reading"].to_numpy(object)
        along = np.vstack(blocks)
        along[~known] = np.nan
        numbers |= {f"note direction {j + 1}": column for j, column in enumerate(along.T)}
    return Seen(numbers, words, effect, scores, checked)


def _along(vectors: np.ndarray) -> np.ndarray:
    """Notes along fixed directions of their vectors: each number of a short vector, signs at random of a long one."""
    if vectors.shape[1] <= DIRECTIONS:
        return vectors.astype(float)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (vectors.shape[1], DIRECTIONS))
    return vectors.astype(float) @ signs


def one_a_patient(ids: np.ndarray, seed: int = 0) -> np.ndarray:
    """Positions of one record of each patient, drawn at random: records of one patient are no independent ones."""
    order = np.random.default_rng(seed).permutation(len(ids))
    return np.sort(order[np.unique(np.asarray(ids)[order].astype(str), return_index=True)[1]])


def make_reference(policy: Policy, train: Cohort, test: Cohort, rule: Mapping[str, float | None]) -> dict | None:
    """Counts and calibration of the test side; None where a side is too small.

    Parameters
    ----------
    policy : Policy
    train, test : Cohort
        Bounds of bins come from the first, counts from the second.
    rule : mapping with ``share`` and ``cost``
        What the policy is meant for; None where that was not said.
    """
    first = one_a_patient(train.ids)
    first = first[np.random.default_rng(1).permutation(len(first))[:MOST_TRAINING]]
    rows = one_a_patient(test.ids)
    if min(len(first), len(rows)) < FEWEST_WATCHED:
        return None
    bounds = look(policy, policy.inputs.check(train.frame.iloc[first]))
    whole = look(policy, policy.inputs.check(test.frame))
    once = whole.take(rows)
    found = [_numbers(name, bounds.numbers[name], once.numbers[name]) for name in bounds.numbers]
    found += [_words(name, bounds.words[name], once.words[name]) for name in bounds.words]
    kept = [f for f in found if f is not None and not (test.sensitive and _small(f["counts"]))]
    told = calibration_now(policy, whole, test.T, test.Y, test.ids)
    return {"patients": len(rows), "features": kept, "calibration": told, **{k: rule.get(k) for k in ("share", "cost")}}


def _small(counts: list[int]) -> bool:
    return any(0 < count < SMALLEST for count in counts)


def _numbers(name: str, train: np.ndarray, test: np.ndarray) -> dict | None:
    train, test = train[np.isfinite(train)], test[np.isfinite(test)]
    bins = min(MOST_BINS, len(test) // LEAST_EXPECTED)
    if bins < 2:
        return None
    cuts = np.unique(np.quantile(train, np.arange(1, bins) / bins))
    cuts = cuts[cuts < train.max()]
    if not len(cuts):
        return None
    plain = {"name": name, "edges": [float(c) for c in cuts], "levels": []}
    return plain | {"counts": counted(plain, test).tolist()}


def _words(name: str, train: np.ndarray, test: np.ndarray) -> dict | None:
    shares = pd.Series(train).value_counts(normalize=True)
    levels = sorted(str(v) for v in shares.index[shares * len(test) >= LEAST_EXPECTED])
    plain = {"name": name, "edges": [], "levels": levels}
    return plain | {"counts": counted(plain, test).tolist()} if levels else None


def counted(feature: Mapping[str, Any], values: np.ndarray) -> np.ndarray:
    """Counts of values in the bins of a feature; of words the last bin is all others."""
    if feature["levels"]:
        place = {level: k for k, level in enumerate(feature["levels"])}
        codes = [place.get(str(v), len(place)) for v in values]
        return np.bincount(codes, minlength=len(place) + 1)
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    return np.bincount(np.searchsorted(feature["edges"], finite, side="left"), minlength=len(feature["edges"]) + 1)


def calibration_now(policy: Policy, seen: Seen, T: np.ndarray, Y: np.ndarray, ids: np.ndarray) -> dict | None:
    """How far scores of the effect, adjusted for what the policy sees, lie from its effects: ``gap`` and ``slope``.

    The adjustment knows the bedside columns and the policy's effect alone, so a gap may be confounding; what can be
    told is whether it is another one than it was at export. None where an arm is too small.

    Parameters
    ----------
    seen : Seen
    T, Y, ids : (n,) arrays
        Lower Y is better.
    """
    known = np.isfinite(seen.effect)
    tau_hat = seen.effect[known]
    T, Y, ids = np.asarray(T)[known], np.asarray(Y, float)[known], np.asarray(ids)[known]
    patients = [len(np.unique(ids[T == arm])) for arm in (0, 1)]
    if min(patients) < FEWEST_WATCHED // 2:
        return None
    X = np.column_stack([policy.inputs.matrix(seen.frame.loc[known]), tau_hat])
    fitted = Nuisances(ridge(), logistic()).fit(Y, T, X, ids)
    psi = HeldOutScores(Y, T, fitted.mu0_, fitted.mu1_, fitted.e_, ids).psi
    gap = mean_interval(psi - tau_hat, ids)
    out = {"gap": {k: float(gap[k]) for k in ("value", "se", "freedom")}, "slope": None}
    if np.ptp(tau_hat) > 0:
        fit = least_squares(psi, np.column_stack([np.ones(len(psi)), tau_hat - tau_hat.mean()]), ids)
        out["slope"] = {
            "value": float(fit.coefficients[1]),
            "se": float(np.sqrt(fit.covariance[1, 1])),
            "freedom": float(fit.freedom),
        }
    return out
