"""Intervals over patients: influence functions where they are clean, half-samples for everything else.

What varies here is who was sampled; the order of treatment is fixed, so fit it on other patients. Pass doubly robust
scores ``gamma0, gamma1`` of the two outcomes, or the true means where they are known. Signs as in ``metrics``.

Half-samples: see :mod:`helpers.stats.resampling`. Their standard error is itself an estimate, from few patients where
a metric leans on few: AUTOC weighs the first ranks most, the TOC at 2 % is a mean over 2 % of the patients. The Student
quantile therefore has ``2 / (K(u) - K(c))`` degrees of freedom, at most G - 1, with ``K(x) = sum(x^4) / sum(x^2)^2``
over the patients, u what a patient adds to the metric at the given ranks and c the weight of those ranks: the relative
variance of ``sum(u^2)``, for a plain mean of normal scores G. The noise of the draws is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.stats.arrays import consecutive_codes, first_k, vectors
from helpers.stats.metrics import check_effects_vary
from helpers.stats.resampling import AREAS, CURVES, half_samples, order_draws, order_shares

LEAST_FREEDOM = 3


def influence_interval(
    value: float, influence: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95
) -> dict[str, float]:
    """Student interval of an estimate from its influence values.

    Parameters
    ----------
    value : float
    influence : (n,) array
        Influence of each row, mean about zero; the estimate's error is close to their mean.
    groups : (n,) array or None
        Patient of each row; rows of a patient may depend on each other. None: a row is a patient.
    level : float in (0, 1)

    Returns
    -------
    dict with ``value, se, low, high`` and ``freedom``, the degrees of freedom of the quantile: patients less one.
    """
    influence = np.asarray(influence, float)
    sums = np.bincount(consecutive_codes(groups, len(influence)), weights=influence)
    patients = len(sums)
    if patients < 2:
        raise ValueError(f"groups: {patients} patient(s); an interval over patients needs two or more.")
    se = np.sqrt(patients / (patients - 1) * np.sum((sums - sums.mean()) ** 2)) / len(influence)
    return student_interval(value, se, patients - 1, level)


def student_interval(value: float, se: float, freedom: float, level: float = 0.95) -> dict[str, float]:
    """Student's interval of an estimate: ``value, se, low, high, freedom``."""
    half = _quantile(level, freedom) * se
    ends = {"low": float(value - half), "high": float(value + half)}
    return {"value": float(value), "se": float(se), **ends, "freedom": float(freedom)}


def summed_interval(value: float, parts: Sequence[Mapping[str, float]], level: float = 0.95) -> dict[str, float]:
    """Interval of a sum of estimates from independent samples, each as :func:`influence_interval` gives it (Welch)."""
    squares = np.array([part["se"] ** 2 for part in parts])
    own = np.array([part["freedom"] for part in parts])
    total, spread = squares.sum(), np.sum(squares**2 / own)
    return student_interval(value, np.sqrt(total), total**2 / spread if spread > 0 else own.min(), level)


def mean_interval(scores: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95) -> dict[str, float]:
    """Student's interval of a mean of scores over rows, patients as clusters: the one interval of such means.

    Parameters
    ----------
    scores : (n,) array
    groups : (n,) array or None
        Patient of each row; None: a row is a patient.
    level : float in (0, 1)

    Returns
    -------
    dict with ``value, se, low, high, freedom``, from the influence ``score - mean`` summed within patients.

    Raises
    ------
    ValueError
        If there are fewer than two patients, or a score is not finite.
    """
    (scores,) = vectors(scores=scores)
    return influence_interval(scores.mean(), scores - scores.mean(), groups, level)


def difference_interval(
    Y: np.ndarray, T: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95
) -> dict[str, float]:
    """Student's interval of the mean of the treated less that of the untreated, nothing adjusted, patients as clusters.

    Parameters
    ----------
    Y : (n,) array
    T : (n,) array of 0 and 1
        Both values occur.
    groups, level
        As :func:`mean_interval` takes them.
    """
    Y, T = vectors(Y=Y, T=T)
    if not (np.any(T == 0) and np.any(T == 1)):
        raise ValueError("T: holds one arm only; a difference needs treated and untreated records.")
    treated, untreated = Y[T == 1].mean(), Y[T == 0].mean()
    influence = T * (Y - treated) / T.mean() - (1 - T) * (Y - untreated) / (1 - T).mean()
    return influence_interval(treated - untreated, influence, groups, level)


def budget_influence(
    gamma0: np.ndarray, gamma1: np.ndarray, priority: np.ndarray, budget: float
) -> tuple[float, np.ndarray]:
    """Mean outcome when the first share ``budget`` is treated, and the influence of each row on it.

    With a the chance that a row is treated (between 0 and 1 only in a tie at the cut), psi = gamma1 - gamma0 and c the
    mean psi of the patients near the cut, the influence is ``gamma0 + a psi - c (a - budget) - value``: the third term
    stands for the cut itself, which moves with the sample. c is a mean over ``n^0.8 / 2`` ranks on both sides.

    Returns
    -------
    value, and the (n,) influence.
    """
    if not 0 < budget <= 1:
        raise ValueError(f"budget = {budget}: must be a share in (0, 1].")
    gamma0, gamma1, priority = vectors(gamma0=gamma0, gamma1=gamma1, priority=priority)
    n, psi = len(gamma0), gamma1 - gamma0
    k = int(first_k(n, budget))
    _, group, size = np.unique(-priority, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    treated = np.clip((k - before) / size, 0, 1)[group]
    shared = np.repeat(np.bincount(group, weights=psi) / size, size)
    near = max(1, round(n**0.8 / 2))
    at_cut = shared[max(0, k - near) : k + near].mean()
    rows = gamma0 + treated * psi
    return float(rows.mean()), rows - rows.mean() - at_cut * (treated - k / n)


def budget_interval(gamma0, gamma1, priority, budget, groups=None, level=0.95) -> dict[str, float]:
    """Interval of the mean outcome at one budget; arguments as in :func:`budget_influence`."""
    return influence_interval(*budget_influence(gamma0, gamma1, priority, budget), groups, level)


def order_intervals(
    gamma0: np.ndarray,
    gamma1: np.ndarray,
    priorities: Mapping[str, np.ndarray],
    groups: np.ndarray | None = None,
    budgets: Sequence[float] = (),
    baseline: str | None = None,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Half-sample intervals of the metrics of one or more orders, or of their differences to one of them.

    Parameters
    ----------
    gamma0, gamma1 : (n,) arrays
        Doubly robust scores (or true means) without and with treatment.
    priorities : mapping of name to (n,) array
        High is treated first; fitted off these rows.
    groups : (n,) array or None
        Patient of each row; None: a row is a patient.
    budgets : shares in (0, 1]
        Where the curves are read.
    baseline : str or None
        A name among ``priorities``: rows are then the differences of the others to it, on the same half-samples.
    draws, seed, level : int, int, float

    Returns
    -------
    DataFrame with ``strategy, metric, at, value, se, low, high, freedom``, and with a baseline ``real``, whether the
    interval excludes zero.
    """
    own, gaps = orders_and_gaps(gamma0, gamma1, priorities, groups, budgets, baseline, draws, seed, level)
    return own if baseline is None else gaps


def orders_and_gaps(
    gamma0: np.ndarray,
    gamma1: np.ndarray,
    priorities: Mapping[str, np.ndarray],
    groups: np.ndarray | None = None,
    budgets: Sequence[float] = (),
    baseline: str | None = None,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables of :func:`order_intervals`, of the orders and of their differences to the baseline, from one drawing.

    Without a baseline, or with it alone, the second table is empty.
    """
    if baseline is not None and baseline not in priorities:
        raise ValueError(f"baseline = {baseline!r}: not among the orders {sorted(priorities)}.")
    n = len(np.asarray(gamma0))
    kept, scale = half_samples(n, groups, draws, seed)
    rows = np.vstack([np.ones((1, n), bool), kept])  # the first subsample is everybody: the estimate
    found = {name: order_draws(gamma0, gamma1, p, rows, budgets) for name, p in priorities.items()}
    shares = {name: np.array(order_shares(gamma0, gamma1, p, budgets)) for name, p in priorities.items()}
    codes = consecutive_codes(groups, n)

    def table(found: Mapping[str, np.ndarray], shares: Mapping[str, np.ndarray]) -> pd.DataFrame:
        freedom = {name: _freedom(u, codes, draws) for name, u in shares.items()}
        blocks = [_tidy(name, f, scale, freedom[name], level, budgets) for name, f in found.items()]
        return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame()

    own = table(found, shares)
    others = [name for name in found if baseline is not None and name != baseline]
    gaps = table(*({name: held[name] - held[baseline] for name in others} for held in (found, shares)))
    return own, gaps if gaps.empty else gaps.assign(real=excludes_zero(gaps["low"], gaps["high"]))


def _tidy(name: str, found: np.ndarray, scale: float, freedom: np.ndarray, level: float, budgets) -> pd.DataFrame:
    metric = [*AREAS, *(c for c in CURVES for _ in budgets)]
    at = [*[np.nan] * len(AREAS), *list(budgets) * len(CURVES)]
    value, se = found[0], scale * found[1:].std(axis=0, ddof=1)
    table = pd.DataFrame({"strategy": name, "metric": metric, "at": np.asarray(at, float), "value": value, "se": se})
    half = _quantile(level, freedom) * se
    return table.assign(low=value - half, high=value + half, freedom=freedom)


def captured_interval(
    mu0: np.ndarray,
    mu1: np.ndarray,
    priority: np.ndarray,
    groups: np.ndarray | None = None,
    draws: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, float]:
    """Half-sample interval of the share of the attainable benefit, a ratio of Qini coefficients of the same patients.

    Arguments as in :func:`order_intervals`; returns ``value, se, low, high, freedom``. Effects that do not vary, in the
    sample or in a half of it, are refused (ValueError).
    """
    kept, scale = half_samples(len(np.asarray(mu0)), groups, draws, seed)
    rows = np.vstack([np.ones((1, kept.shape[1]), bool), kept])
    orders, place = (priority, np.subtract(mu0, mu1)), AREAS.index("qini")
    own, best = (order_draws(mu0, mu1, order, rows)[:, place] for order in orders)
    check_effects_vary(best, np.subtract(mu1, mu0))
    share = own / best
    of_own, of_best = (order_shares(mu0, mu1, order) for order in orders)
    gaps = [a[[place]] - share[0] * b[[place]] for a, b in zip(of_own, of_best, strict=True)]
    freedom = _freedom(gaps, consecutive_codes(groups, kept.shape[1]), draws)[0]
    return student_interval(share[0], scale * share[1:].std(ddof=1), freedom, level)


def pehe_interval(
    tau: np.ndarray, tau_hat: np.ndarray, groups: np.ndarray | None = None, level: float = 0.95
) -> dict[str, float]:
    """Student's interval of PEHE over patients, by the influence of a squared error on its root."""
    tau, tau_hat = vectors(tau=tau, tau_hat=tau_hat)
    squares = (tau - tau_hat) ** 2
    root = np.sqrt(squares.mean())
    return influence_interval(root, (squares - root**2) / (2 * root) if root else squares, groups, level)


def excludes_zero(low, high):
    """Whether intervals lie on one side of zero; numbers or arrays. Missing ends: no."""
    return (low > 0) | (high < 0)


def p_of_interval(value, low, high, freedom, level: float = 0.95) -> np.ndarray:
    """Two-sided p-values of zero for estimates whose Student intervals are these; numbers or arrays.

    Below ``1 - level`` where the interval excludes zero; missing where it has no width.
    """
    value, half, freedom = (np.asarray(a, float) for a in (value, np.subtract(high, low) / 2, freedom))
    t = np.abs(value) * _quantile(level, freedom) / np.where(half > 0, half, np.nan)
    return 2 * stats.t.sf(t, freedom)


def _freedom(shares: Sequence[np.ndarray] | np.ndarray, codes: np.ndarray, draws: int) -> np.ndarray:
    """(metrics,) degrees of freedom of half-sample standard errors, from what each row adds to each metric."""
    patients = int(codes.max()) + 1
    sums = np.array([[np.bincount(codes, weights=u) for u in part] for part in shares])
    squares = np.sum(sums**2, axis=2) ** 2
    added, weight = np.divide(np.sum(sums**4, axis=2), squares, out=np.zeros_like(squares), where=squares > 0)
    own = np.clip(2 / np.maximum(added - weight, 1e-12), LEAST_FREEDOM, patients - 1)
    return 1 / (1 / own + 1 / (draws - 1))


def _quantile(level: float, freedom: float | np.ndarray) -> np.ndarray:
    if not 0 < level < 1:
        raise ValueError(f"level = {level}: must lie between 0 and 1, as .95.")
    return stats.t.ppf(0.5 + level / 2, freedom)
