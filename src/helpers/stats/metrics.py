"""How good an order of treatment is: pure functions of arrays, each defined once.

Sign convention: the outcome is lower-is-better, an effect below zero is a benefit. ``priority`` is high for those
who are treated first, so a policy that treats the greatest benefit first has ``priority = -tau_hat``. Rows of equal
priority share the average of their scores, the expectation over a random order of the tie: no metric depends on the
order of the rows. Priorities that differ by rounding alone are equal. On real data pass doubly robust scores where
the true effects stand.
"""

from __future__ import annotations

import numpy as np

from helpers.stats.arrays import first_k, vectors
from helpers.stats.ties import without_noise


def pehe(tau: np.ndarray, tau_hat: np.ndarray) -> float:
    """Root mean squared error of the effects (precision in estimating heterogeneous effects, Hill 2011).

    Parameters
    ----------
    tau, tau_hat : (n,) arrays
        True and estimated effects, in units of the outcome.
    """
    tau, tau_hat = vectors(tau=tau, tau_hat=tau_hat)
    return float(np.sqrt(np.mean((tau - tau_hat) ** 2)))


def treated_gain(scores: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Mean change of the outcome over all n patients when the first k are treated.

    Returns
    -------
    (n,) array, entry k - 1 is ``sum of scores over the top k / n``.
    """
    return np.cumsum(_in_order(scores, priority)) / len(scores)


def policy_curve(mu0: np.ndarray, mu1: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Mean outcome over all patients with the first k treated, k = 1..n; lower is better."""
    mu0, mu1, priority = vectors(mu0=mu0, mu1=mu1, priority=priority)
    return mu0.mean() + treated_gain(mu1 - mu0, priority)


def policy_value(mu0: np.ndarray, mu1: np.ndarray, priority: np.ndarray) -> float:
    """Mean of :func:`policy_curve` over all budgets k = 1..n (arXiv 2507.20993); lower is better."""
    return float(policy_curve(mu0, mu1, priority).mean())


def toc(scores: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Targeting operator characteristic (Yadlowsky et al., arXiv 2111.07966).

    Parameters
    ----------
    scores : (n,) array
        True effects or doubly robust scores.
    priority : (n,) array
        Fitted off these rows.

    Returns
    -------
    (n,) array, entry k - 1 is ``mean(scores over the top k) - mean(scores)``; negative is better, the last is 0.
    """
    scores, priority = vectors(scores=scores, priority=priority)
    k = np.arange(1, len(scores) + 1)
    return np.cumsum(_in_order(scores, priority)) / k - scores.mean()


def autoc(scores: np.ndarray, priority: np.ndarray) -> float:
    """Area under the TOC, ``mean over k of TOC(k)``; more negative is better, 0 is random order."""
    return float(toc(scores, priority).mean())


def qini(scores: np.ndarray, priority: np.ndarray) -> float:
    """Qini coefficient, ``mean over k of k/n TOC(k)``; more negative is better, 0 is random order."""
    n = len(scores)
    return float(np.mean(np.arange(1, n + 1) / n * toc(scores, priority)))


def benefit_captured(mu0: np.ndarray, mu1: np.ndarray, priority: np.ndarray) -> float:
    """Share of the attainable benefit: 0 is random order, 1 the order of the true effects.

    Raises
    ------
    ValueError
        If the effects do not vary, but for the rounding of ``mu1 - mu0``: then no order is better than another.
    """
    mu0, mu1, priority = vectors(mu0=mu0, mu1=mu1, priority=priority)
    tau = without_noise(mu1 - mu0, max(np.abs(mu0).max(), np.abs(mu1).max()))
    if np.ptp(tau) == 0:
        raise ValueError("mu1 - mu0 is the same for every row: no order captures more benefit than another.")
    return qini(tau, priority) / qini(tau, -tau)


def check_effects_vary(best: np.ndarray | float, tau: np.ndarray) -> None:
    """Refuse a Qini coefficient of the best order (or several) that is rounding alone: no order is better than another.

    Raises
    ------
    ValueError
    """
    if np.any(np.abs(best) <= 1e-12 * np.abs(tau).max()):
        raise ValueError("mu1 - mu0 is the same for every row: no order captures more benefit than another.")


def value_at(curve: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """Entries of a curve over k = 1..n at shares of patients treated.

    Parameters
    ----------
    curve : (n,) array
    budgets : array of shares in (0, 1]; ``k = ceil(share n)``.
    """
    budgets = np.atleast_1d(np.asarray(budgets, dtype=float))
    if ((budgets <= 0) | (budgets > 1)).any():
        raise ValueError(f"budgets = {budgets.tolist()}: every budget must be a share in (0, 1].")
    return np.asarray(curve)[first_k(len(curve), budgets) - 1]


def overlap_at(priority_a: np.ndarray, priority_b: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """Share of the patients treated under one policy that the other treats too, at each budget.

    Ties are broken by row order here, since who is treated must be a set.
    """
    a, b = (without_noise(p) for p in vectors(priority_a=priority_a, priority_b=priority_b))
    rank_a, rank_b = (np.argsort(np.argsort(-p, kind="stable"), kind="stable") for p in (a, b))
    ks = first_k(len(a), np.atleast_1d(np.asarray(budgets, dtype=float)))
    return np.array([np.mean(rank_b[rank_a < k] < k) for k in ks])


def _in_order(scores: np.ndarray, priority: np.ndarray) -> np.ndarray:
    """Scores from the first treated to the last, tied rows sharing their average."""
    scores, priority = vectors(scores=scores, priority=priority)
    _, group, size = np.unique(-without_noise(priority), return_inverse=True, return_counts=True)
    return np.repeat(np.bincount(group, weights=scores) / size, size)
