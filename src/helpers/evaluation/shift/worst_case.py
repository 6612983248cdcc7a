"""How bad could it get? The worst mean outcome over all worlds within a distance of the one that was seen.

Distance is the Kullback-Leibler divergence of the new distribution of records and outcomes from the old one. For an
outcome Y(pi) under a policy, lower is better, strong duality gives (Si et al., arXiv 2006.05630, for rewards)::

    sup { E_Q[Y(pi)] : KL(Q || P) <= d }  =  inf over a > 0 of  a log E_P exp(Y(pi) / a) + a d
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize_scalar
from scipy.special import logsumexp

from helpers.stats.intervals import influence_interval
from helpers.stats.ties import is_flat


def policy_weights(T: np.ndarray, e: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """(n,) inverse-probability weights of records for a policy.

    Parameters
    ----------
    T, e, treated : (n,) arrays
        Treatment received; its probability given the confounders; the policy's chance of treating, in [0, 1].
    """
    return np.where(T == 1, treated / e, (1 - treated) / (1 - e))


def kl_worst_case(
    Y: np.ndarray,
    radii: Sequence[float],
    weights: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Worst mean outcome within each radius, with its interval over patients.

    Parameters
    ----------
    Y : (n,) array
        Outcomes, lower is better.
    radii : sequence of float
        Kullback-Leibler divergences of at least 0, in nats.
    weights : (n,) array or None
        As :func:`policy_weights`; None: Y was observed under the policy.
    groups : (n,) array or None
        Patient of each row.
    level : float

    Returns
    -------
    DataFrame with ``radius, value, se, low, high, freedom``. The interval treats the weights as known. Where the worst
    world puts all on the few highest outcomes seen, the sample cannot tell more than their maximum, which is a lower
    bound.
    """
    Y, w = _checked(Y, weights)
    rows = [{"radius": float(d), **influence_interval(*_worst(Y, w, float(d)), groups, level)} for d in radii]
    return pd.DataFrame(rows)


def implied_radius(Y: np.ndarray, value: float, weights: np.ndarray | None = None) -> float:
    """The smallest radius whose worst case is as bad as ``value``.

    0 if the value is no worse than the mean that was seen; infinite if it is worse than every outcome seen.
    """
    Y, w = _checked(Y, weights)
    if value <= w @ Y:
        return 0.0
    if value >= Y[w > 0].max():
        return np.inf
    spread = Y.std()
    highest = 1.0
    while _tilted(Y, w, highest / spread)[0] < value:
        highest *= 2.0
    tilt = brentq(lambda t: _tilted(Y, w, t)[0] - value, 0.0, highest / spread)
    return _tilted(Y, w, tilt)[1]


def _worst(Y: np.ndarray, w: np.ndarray, radius: float) -> tuple[float, np.ndarray]:
    """The dual's value and the influence of each row on it, at the best a."""
    scale, mean = Y.std(), w @ Y
    if radius == 0 or is_flat(Y):
        return mean, len(Y) * w * (Y - mean)

    def dual(log_a: float) -> float:
        a = np.exp(log_a)
        return a * (logsumexp(Y / a, b=w) + radius)

    centre = np.log(scale / np.sqrt(2 * radius))  # the best a for a normal outcome
    a = np.exp(minimize_scalar(dual, bounds=(centre - 8, centre + 8), method="bounded").x)
    log_mean, seen = logsumexp(Y / a, b=w), w > 0
    influence = np.zeros(len(Y))
    influence[seen] = len(Y) * w[seen] * a * (np.exp(Y[seen] / a - log_mean) - 1)
    return a * (log_mean + radius), influence


def _tilted(Y: np.ndarray, w: np.ndarray, t: float) -> tuple[float, float]:
    """Mean of Y under the distribution tilted by exp(t Y), and that distribution's divergence."""
    log_mean = logsumexp(t * Y, b=w)
    mean = float(w @ (Y * np.exp(t * Y - log_mean)))
    return mean, float(t * mean - log_mean)


def _checked(Y: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes, and weights that sum to 1."""
    Y = np.asarray(Y, float)
    w = np.ones(len(Y)) if weights is None else np.asarray(weights, float)
    if w.shape != Y.shape or not (np.isfinite(w).all() and np.isfinite(Y).all()) or (w < 0).any() or w.sum() == 0:
        raise ValueError(f"weights {w.shape} for Y {Y.shape}: one finite weight of 0 or more a row, not all 0.")
    return Y, w / w.sum()
