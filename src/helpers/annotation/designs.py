"""Who is annotated: simple random budgets, and designs with known, unequal inclusion probabilities."""

from __future__ import annotations

import numpy as np

SAMPLING_DESIGNS = ("fixed", "poisson")


def choose(ids: np.ndarray, budget: float, seed: int) -> np.ndarray:
    """A random share of the patients to annotate; all records of a patient together.

    Parameters
    ----------
    ids : (n,) array
        Patient identifiers.
    budget : float
        Share of the patients in (0, 1]. A larger budget with the same seed contains the smaller one.
    seed : int

    Returns
    -------
    (n,) bool array
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: the annotated share must lie in (0, 1].")
    patients, row = np.unique(np.asarray(ids), return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(patients))
    return rank[row] < max(1, round(budget * len(patients)))


def choose_by_probability(
    ids: np.ndarray, probability: np.ndarray, seed: int, design: str = "fixed"
) -> tuple[np.ndarray, np.ndarray]:
    """Patients drawn with unequal, known chances; all records of a patient together.

    Parameters
    ----------
    ids : (n,) array
        Patient identifiers.
    probability : (n,) array
        Wanted chance of each record, in (0, 1]. A patient's chance is the mean over the patient's records, so the
        expected number of annotated records is ``probability.sum()``.
    seed : int
    design : {"fixed", "poisson"}
        ``fixed``: systematic sampling in a random order (Madow, Ann. Math. Stat. 20, 1949); the number of patients is
        the sum of their chances, rounded down or up. ``poisson``: each patient independently, so the number is
        random, and with the same seed higher chances only add patients. Both have exactly the chances asked for.

    Returns
    -------
    mask : (n,) bool array
        Who is annotated.
    pi : (n,) float array
        Inclusion probability of every record, annotated or not: the weights of a correction are ``mask / pi``.

    Raises
    ------
    ValueError
        Lengths differ, a probability is outside (0, 1], or the design is unknown.
    """
    ids, probability = np.asarray(ids), np.asarray(probability, float)
    if design not in SAMPLING_DESIGNS:
        raise ValueError(f"design = {design!r}: must be one of {list(SAMPLING_DESIGNS)}.")
    if probability.shape != ids.shape:
        raise ValueError(f"probability has shape {probability.shape}, ids {ids.shape}: give one for each record.")
    if not ((probability > 0) & (probability <= 1)).all():
        raise ValueError("probability: every value must lie in (0, 1]; a record that cannot be drawn has no weight.")
    patients, row = np.unique(ids, return_inverse=True)
    pi = np.minimum(np.bincount(row, probability) / np.bincount(row), 1.0)
    rng = np.random.default_rng(seed)
    drawn = rng.random(len(patients)) < pi if design == "poisson" else _systematic(pi, rng)
    return drawn[row], pi[row]


def _systematic(pi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Madow's draw: marks at unit distance on the line of cumulated chances, patients in random order."""
    drawn = pi >= 1.0  # taken apart: rounding of the sums must not lose a certain one
    order = rng.permutation(np.flatnonzero(~drawn))
    total = np.cumsum(pi[order])
    if len(total) and abs(total[-1] - round(total[-1])) < 1e-9 * len(total):
        total[-1] = round(total[-1])  # so that a whole number of expected patients is met in spite of rounding
    marks = np.floor(np.r_[0.0, total] + rng.random())
    drawn[order] = np.diff(marks) > 0
    return drawn


def optimal_probability(spread: np.ndarray, budget: float, floor: float) -> np.ndarray:
    """Chances proportional to a standard deviation, bounded below and by 1, with mean ``budget``.

    Of all designs within the bounds this one minimises ``mean(spread**2 / pi)``, the part of the variance of an
    inverse-probability weighted mean that the design decides (Neyman's allocation; for annotations arXiv 2403.03208).
    ``pi = clip(c * spread, floor, 1)``, c found exactly on the piecewise linear total.

    Parameters
    ----------
    spread : (n,) array
        At least 0; for effects, an estimate of ``sqrt(Var(psi_x | phi, T, Y))``. Only ratios count.
    budget : float
        Mean of the result, in (0, 1].
    floor : float
        Smallest chance, in (0, budget]; it bounds the weights by ``1 / floor`` where the spread is badly estimated.

    Returns
    -------
    (n,) float array
        Where everyone with a positive spread is certain and budget is left, the rest share it evenly.

    Raises
    ------
    ValueError
        Negative or missing spread, budget or floor out of range.
    """
    s = np.asarray(spread, float)
    if s.ndim != 1 or not len(s) or not (np.isfinite(s) & (s >= 0)).all():
        raise ValueError("spread: must be a one-dimensional array of finite numbers of at least 0.")
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: the annotated share must lie in (0, 1].")
    if not 0 < floor <= budget:
        raise ValueError(f"floor = {floor}: must lie in (0, budget], budget = {budget}.")
    s = s / s.max() if s.max() > 0 else s
    s = np.where(s < 1e-12, 0.0, s)  # as good as none; keeps the slopes below finite
    total, positive = budget * len(s), int((s > 0).sum())
    if positive + floor * (len(s) - positive) <= total:
        rest = (total - positive) / max(len(s) - positive, 1)
        return np.where(s > 0, 1.0, np.clip(rest, floor, 1.0))
    return np.clip(_slope(s, total, floor) * s, floor, 1.0)


def _slope(s: np.ndarray, total: float, floor: float) -> float:
    """c with ``clip(c * s, floor, 1).sum() == total``; records leave the floor in the order of s, reach 1 likewise."""
    zeros, ordered = int((s == 0).sum()), np.sort(s[s > 0])[::-1]
    sums = np.r_[0.0, np.cumsum(ordered)]
    c = np.unique(np.r_[floor / ordered, 1.0 / ordered])
    above = np.searchsorted(-ordered, -floor / c, side="right")  # not at the floor any more
    capped = np.searchsorted(-ordered, -1.0 / c, side="right")
    reached = capped + c * (sums[above] - sums[capped]) + floor * (len(ordered) - above + zeros)
    k = int(np.clip(np.searchsorted(reached, total), 1, len(c) - 1)) if len(c) > 1 else 0
    low, high = c[max(k - 1, 0)], c[k]
    middle = 0.5 * (low + high)  # between two kinks the set of proportional records does not change
    free, cap = int((ordered * middle > floor).sum()), int((ordered * middle >= 1.0).sum())
    slope = float(ordered[cap:free].sum())  # not by the running sums: small ones would drown beside large ones
    return float((total - cap - floor * (len(ordered) - free + zeros)) / slope) if slope > 0 else float(high)
