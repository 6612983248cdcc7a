"""From effects or priorities to who is treated, and what that is worth on held-out patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from helpers.stats.ties import without_noise


def treat_by_budget(priority: np.ndarray, share: float) -> np.ndarray:
    """Treat the share of patients with the highest priority.

    As the curves of ``helpers.stats.metrics`` count them, ``k = ceil(share n)``. Of patients with the same priority the
    one that stands earlier is treated first, so the answer is the same each time; shuffle the rows beforehand where
    their order could favour somebody.

    Parameters
    ----------
    priority : (n,) array
        High is treated first.
    share : float
        In [0, 1]; 0 treats nobody.

    Returns
    -------
    (n,) bool array
    """
    priority = without_noise(_vector(priority, "priority"))
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}: the treated share must lie in [0, 1].")
    # 1e-9 keeps a share such as 0.3 from asking for one patient more than 0.3 n through rounding
    k = int(np.ceil(share * len(priority) - 1e-9))
    treated = np.zeros(len(priority), bool)
    treated[np.argsort(-priority, kind="stable")[:k]] = True
    return treated


def treat_by_cost(tau_hat: np.ndarray, cost: float) -> np.ndarray:
    """Treat whoever gains more than the treatment costs: effect below ``-cost``.

    Parameters
    ----------
    tau_hat : (n,) array
        Estimated effects; below zero treatment helps.
    cost : float
        Of one treatment, in units of the outcome; an effect of exactly ``-cost`` is not treated.

    Returns
    -------
    (n,) bool array
    """
    if not np.isfinite(cost):
        raise ValueError(f"cost = {cost}: must be a finite number in units of the outcome.")
    return _vector(tau_hat, "tau_hat") < -cost


def held_out_value(
    treated: Mapping[str, np.ndarray],
    scores: np.ndarray,
    cost: float = 0.0,
    baseline: str | None = None,
    groups: np.ndarray | None = None,
    changes: Mapping[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """What policies are worth on patients they were not learned from, with 95 % intervals over patients.

    Parameters
    ----------
    treated : mapping of name to (n,) bool array
        Who is treated under each policy.
    scores : (n,) array
        Doubly robust scores of these rows from nuisances fitted elsewhere, or the true effects.
    cost : float
        Of one treatment, in units of the outcome.
    baseline : str or None
        The policy all are compared with; None: the last one.
    groups : (n,) array or None
        Patient identifiers, if a patient may have several rows.
    changes : mapping of name to (n,) array, or None
        Change of the outcome against no treatment, row by row, where it is not ``scores`` of the treated: for the
        treatments as they were given it is ``Y - gamma0``, since a score that leans on who was treated must not be
        picked by who was treated.

    Returns
    -------
    DataFrame with ``policy, share, value, low, high, difference, difference_low, difference_high``: the change of
    the mean outcome plus cost against treating nobody (negative is better), and its paired difference to the baseline.
    """
    scores = _vector(scores, "scores")
    baseline = list(treated)[-1] if baseline is None else baseline
    if baseline not in treated:
        raise ValueError(f"baseline = {baseline!r}: not among the policies {list(treated)}.")
    masks = {name: _mask(mask, len(scores), name) for name, mask in treated.items()}
    known = {name: _vector(values, f"changes[{name!r}]") for name, values in (changes or {}).items()}
    gains = {name: known.get(name, mask * scores) + cost * mask for name, mask in masks.items()}
    rows = []
    for name, mask in masks.items():
        ends = [*_interval(gains[name], groups), *_interval(gains[name] - gains[baseline], groups)]
        rows.append((name, mask.mean(), *ends))
    ends = ["value", "low", "high", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=["policy", "share", *ends])


def _interval(values: np.ndarray, groups: np.ndarray | None) -> tuple[float, float, float]:
    """Mean and 95 % interval from the influence of each patient on it."""
    mean = float(values.mean())
    influence = (values - mean) / len(values)
    if groups is not None:
        influence = np.bincount(np.unique(np.asarray(groups), return_inverse=True)[1], weights=influence)
    m = len(influence)
    if m < 2:
        return mean, np.nan, np.nan
    half = stats.norm.ppf(0.975) * np.sqrt((influence**2).sum() * m / (m - 1))
    return mean, mean - half, mean + half


def _vector(values: np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError(f"{name}: shape {values.shape}; expected a vector of finite numbers, one a patient.")
    return values


def _mask(values: np.ndarray, n: int, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype != bool or values.shape != (n,):
        raise ValueError(f"treated[{name!r}]: {values.dtype} of shape {values.shape}; expected {n} booleans.")
    return values
