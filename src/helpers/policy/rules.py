"""From effects or priorities to who is treated, and what that is worth on held-out patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.stats.arrays import first_treated, vectors
from helpers.stats.intervals import mean_interval
from helpers.stats.ties import without_noise


def treat_by_budget(priority: np.ndarray, share: float) -> np.ndarray:
    """Treat the share of patients with the highest priority.

    As the curves of ``stats.metrics`` count them, ``k = ceil(share n)``. Of patients with the same priority but for
    rounding, the one that stands earlier is treated first, so the answer is the same each time; shuffle the rows
    beforehand where their order could favour somebody.

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
    (priority,) = vectors(empty=True, priority=priority)
    if not 0 <= share <= 1:
        raise ValueError(f"share = {share}: the treated share must lie in [0, 1].")
    return first_treated(priority, share, least=0)


def treat_by_cost(tau_hat: np.ndarray, cost: float) -> np.ndarray:
    """Treat whoever gains more than the treatment costs: effect below ``-cost``.

    Parameters
    ----------
    tau_hat : (n,) array
        Estimated effects; below zero treatment helps.
    cost : float
        Of one treatment, in units of the outcome; an effect of ``-cost`` but for rounding is not treated.

    Returns
    -------
    (n,) bool array
    """
    if not np.isfinite(cost):
        raise ValueError(f"cost = {cost}: must be a finite number in units of the outcome.")
    ranked = without_noise(np.append(vectors(empty=True, tau_hat=tau_hat)[0], -cost))
    return ranked[:-1] < ranked[-1]


def held_out_value(
    treated: Mapping[str, np.ndarray],
    scores: np.ndarray,
    cost: float = 0.0,
    pairs: Iterable[tuple[str, str]] = (),
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
    pairs : iterable of (policy, baseline)
        Which policies are compared.
    groups : (n,) array or None
        Patient identifiers, if a patient may have several rows.
    changes : mapping of name to (n,) array, or None
        Change of the outcome against no treatment, row by row, where it is not ``scores`` of the treated: for the
        treatments as they were given it is ``Y - gamma0``, since a score that leans on who was treated must not be
        picked by who was treated.

    Returns
    -------
    DataFrame with ``policy, baseline, share, value, low, high``. A row a policy with an empty ``baseline``: the change
    of the mean outcome plus cost against treating nobody (negative is better). A row a pair: the difference of the
    policy's to the baseline's, on the same patients. ``share`` is that of the policy.
    """
    (scores,) = vectors(scores=scores)
    masks = {name: _mask(mask, len(scores), name) for name, mask in treated.items()}
    known = {f"changes[{name!r}]": values for name, values in (changes or {}).items()}
    known = dict(zip(changes or {}, vectors(empty=False, scores=scores, **known)[1:], strict=True))
    gains = {name: known.get(name, mask * scores) + cost * mask for name, mask in masks.items()}
    rows = []
    for name, baseline in (*((name, "") for name in masks), *pairs):
        if missing := {name, baseline or name} - set(masks):
            raise ValueError(f"pairs: {sorted(missing)} not among the policies {list(masks)}.")
        found = mean_interval(gains[name] - gains[baseline] if baseline else gains[name], groups)
        row = {"policy": name, "baseline": baseline, "share": masks[name].mean()}
        rows.append(row | {end: found[end] for end in ("value", "low", "high")})
    return pd.DataFrame(rows)


def _mask(values: np.ndarray, n: int, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype != bool or values.shape != (n,):
        raise ValueError(f"treated[{name!r}]: {values.dtype} of shape {values.shape}; expected {n} booleans.")
    return values
