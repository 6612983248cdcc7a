"""How much of the attainable order a priority loses, measured without counterfactuals.

Let f be an estimate of the effect given the annotated confounders, fitted off the rows it is used on, and p the
priority under test. Isotonic regression gives ``m``, the function closest to f that falls as p rises: what an order
like p's can say about f. What it cannot say is ``r = f - m``. OLS of psi on (1, m, r) then has two slopes:

* that of r, ``slope``. The isotonic residual has ``sum(r) = sum(r m) = 0``, so it is ``sum(r psi) / sum(r^2)``, and
  ``sum(r M(p)) <= 0`` for every falling M (projection onto a convex cone). If the order by p is right, the effect given
  confounders is such an M, hence ``E[slope] <= 0`` whatever f is: a one-sided test keeps its level for the whole null
  hypothesis "no order of the effects is lost", however badly the estimates behind p are scaled. m is computed apart
  for the rows of each fold of f, or it would carry the noise of a row's own psi into r.
* its size. With f = tau + an error unrelated to tau, ``slope = Var(tau | p) / Var(r)``, so ``m + sqrt(slope) r`` has
  the spread around m that the effects have. The metric of that stand-in in the order of p, less its metric in its own
  order, estimates the loss. It is 0 at slope 0 and rises with the slope: limits of the slope give limits of the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.isotonic import IsotonicRegression

from helpers import stats
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.ordering.reference import Reference
from helpers.stats.arrays import vectors
from helpers.stats.regression import Fit, least_squares

LOSS_LEVEL = 0.9  # each limit errs in 5 %: the lower one is above zero exactly when the one-sided test rejects at 5 %


@dataclass(frozen=True)
class OrderLoss:
    """Loss of an order against the order that the annotated confounders allow.

    Attributes
    ----------
    value, low, high : float
        In units of the outcome, 0 or more; what the metric would gain by the better order.
    share, share_low, share_high : float
        The same as shares of what the better order attains.
    slope, slope_low, slope_high : float
        Of psi on the part of the effects that the order cannot say.
    p_value : float
        One-sided, of "no order of the effects is lost".
    """

    value: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float
    slope: float
    slope_low: float
    slope_high: float
    p_value: float


def order_loss(
    scores: HeldOutScores,
    reference: Reference,
    priority: np.ndarray,
    metric: Callable = stats.autoc,
    level: float = LOSS_LEVEL,
) -> OrderLoss:
    """What an order loses, on held-out annotated rows.

    Parameters
    ----------
    scores : HeldOutScores
    reference : Reference
        Effects given the confounders for the same rows.
    priority : (n,) array
        High is treated first; fitted off these rows. Any order will do, that of a risk too.
    metric : callable of (effects, priority)
        ``metrics.autoc``, or ``metrics.qini``: then the loss is a regret in policy value.
    level : float
        Of the two-sided limits, which are those of the slope carried over: the rows are taken as they are.
    """
    slope, low, high, p_value = _slope(scores, reference, priority, level)
    kept, lost = split_by_order(reference.effects, priority)
    at = {end: stand_in(kept, lost, s) for end, s in (("", slope), ("_low", low), ("_high", high))}
    losses = {end: loss_of(h, priority, metric) for end, h in at.items()}
    shares = {f"share{end}": _share(losses[end], metric(h, -h)) for end, h in at.items()}
    value, least, most = losses.values()
    return OrderLoss(value, least, most, **shares, slope=slope, slope_low=low, slope_high=high, p_value=p_value)


def split_by_order(
    effects: np.ndarray, priority: np.ndarray, folds: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split effects into the part that respects the order of a priority, and the rest.

    Parameters
    ----------
    effects, priority : (n,) arrays
        Below zero is a benefit; high is treated first.
    folds : (n,) array or None
        Rows of one number are split together, apart from the others.

    Returns
    -------
    kept, lost : (n,) arrays
        ``kept + lost = effects``; within a fold ``kept`` never rises with the priority.
    """
    f, p = vectors(effects=effects, priority=priority)
    folds = np.zeros(len(f)) if folds is None else np.asarray(folds)
    kept = np.empty_like(f)
    for k in np.unique(folds):
        rows = folds == k
        kept[rows] = IsotonicRegression(increasing=False, out_of_bounds="clip").fit(p[rows], f[rows]).predict(p[rows])
    lost = f - kept
    return kept, np.where(np.abs(lost) <= 1e-9 * np.ptp(f), 0.0, lost)


def order_slopes(psi: np.ndarray, kept: np.ndarray, lost: np.ndarray, groups: np.ndarray | None = None) -> Fit:
    """OLS of psi on 1, the kept and the lost part; the last slope is 0 if the order loses no order of the effects."""
    return least_squares(psi, np.column_stack([np.ones(len(kept)), kept, lost]), groups)


def stand_in(kept: np.ndarray, lost: np.ndarray, slope: float) -> np.ndarray:
    """(n,) effects whose spread around what the order keeps is that of the true ones."""
    return kept + np.sqrt(max(slope, 0.0)) * lost


def loss_of(effects: np.ndarray, priority: np.ndarray, metric: Callable = stats.autoc) -> float:
    """How much worse an order is than the order of these effects; 0 or more."""
    return max(0.0, float(metric(effects, priority) - metric(effects, -np.asarray(effects, float))))


def _slope(scores: HeldOutScores, reference: Reference, priority: np.ndarray, level: float) -> tuple:
    """Slope of the lost part, its limits and the p-value; all zero and 1 where nothing is lost."""
    kept, lost = split_by_order(reference.effects, priority, reference.folds)
    if not lost.any():
        return 0.0, 0.0, 0.0, 1.0
    fit = order_slopes(scores.psi, kept, lost, scores.groups)
    return float(fit.coefficients[2]), *fit.limits(2, level), fit.test(2, upper=True)


def _share(loss: float, best: float) -> float:
    return loss / -best if best < 0 else 0.0
