"""Other checks of an order on held-out annotated rows: each as a number that is larger when more is lost.

None of them looks at true effects. ``tau_hat_x`` is the effect given confounders, ``tau_hat_phi`` the one under test,
both fitted off these rows; ``psi`` is the doubly robust score.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.isotonic import IsotonicRegression

from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.ordering.loss import loss_of, order_loss, split_by_order
from helpers.evaluation.ordering.reference import Reference
from helpers.stats import metrics
from helpers.stats.intervals import mean_interval
from helpers.stats.regression import least_squares

DIAGNOSTIC_LABELS = {
    "order_loss": "order loss",
    "order_share": "order loss, share of the attainable",
    "autoc_gap": "AUTOC gap by pseudo-outcomes",
    "gap_share": "AUTOC gap by pseudo-outcomes, share of the attainable",
    "plug_in": "AUTOC gap, plug-in",
    "plug_share": "AUTOC gap, plug-in, share of the attainable",
    "gates_gap": "GATES gap, fifths",
    "information": "information-loss slope",
    "information_sd": "information lost, standard deviation",
    "inversion": "share of inverted pairs",
    "confounding": "confounding loss",
    "calibration": "calibration slope, distance from 1",
    "l2_calibration": "l2 calibration error",
    "isotonic": "isotonic calibration distance",
}
PAIRS = 200_000


def diagnose(
    scores: HeldOutScores,
    reference: Reference,
    tau_hat_phi: np.ndarray,
    psi_phi: np.ndarray | None = None,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """All diagnostics of one set of estimated effects.

    Parameters
    ----------
    scores, reference : HeldOutScores, Reference
    tau_hat_phi : (n,) array
        Estimated effects from phi, fitted off these rows.
    psi_phi : (n,) array or None
        Doubly robust scores of the same rows from nuisances on phi alone, cross-fitted; None: no confounding loss.
    draws, seed : int
        Half-samples of the AUTOC gap.

    Returns
    -------
    DataFrame with ``diagnostic, value, low, high, p``: limits of 90 % and p-values of "nothing is lost" (one-sided
    where that has a side), missing where there are none.
    """
    g, f, psi, groups = np.asarray(tau_hat_phi, float), reference.effects, scores.psi, scores.groups
    loss = order_loss(scores, reference, -g)
    found = asdict(loss)
    rows = {
        "order_loss": (loss.value, loss.low, loss.high, loss.p_value),
        "order_share": (loss.share, loss.share_low, loss.share_high, loss.p_value),
        "autoc_gap": autoc_gap(scores, f, g, draws, seed),
        "gap_share": (_share(psi, f, g),),
        "plug_in": (loss_of(f, -g),),
        "plug_share": (_share(f, f, g),),
        "gates_gap": gates_gap(psi, f, g, groups),
        **information(psi, f, g, groups),
        "inversion": (inversion_share(f, -g, found["slope"], seed),),
        "calibration": calibration(psi, g, groups),
        "l2_calibration": (l2_calibration_error(psi, g),),
        "isotonic": (isotonic_distance(psi, g),),
    }
    if psi_phi is not None:
        rows["confounding"] = confounding_loss(psi, psi_phi, g, groups)
    table = [
        {"diagnostic": name, **dict(zip(("value", "low", "high", "p"), r, strict=False))} for name, r in rows.items()
    ]
    return pd.DataFrame(table, columns=["diagnostic", "value", "low", "high", "p"])


def autoc_gap(scores: HeldOutScores, tau_hat_x, tau_hat_phi, draws: int = 200, seed: int = 0) -> tuple:
    """AUTOC of the order by ``tau_hat_phi`` less that by ``tau_hat_x``, both by psi, on the same half-samples.

    Returns
    -------
    value, low, high, p
        One-sided p-value of "no loss", Student's.
    """
    orders = {"phi": -np.asarray(tau_hat_phi, float), "x": -np.asarray(tau_hat_x, float)}
    table = scores.intervals(orders, (), "x", draws=draws, seed=seed, level=0.9).set_index("metric")
    row = table.loc["autoc"]
    p = stats.t.sf(row["value"] / row["se"], row["freedom"]) if row["se"] > 0 else 1.0
    return row["value"], row["low"], row["high"], float(p)


def group_effects(
    psi: np.ndarray, tau_hat: np.ndarray, groups: np.ndarray | None = None, parts: int = 5
) -> pd.DataFrame:
    """Mean effect in groups of equal size by estimated effect (Chernozhukov et al., arXiv 1712.04802).

    Returns
    -------
    DataFrame with ``part`` (1 has the lowest estimates), ``predicted``, and :func:`mean_interval` of psi.
    """
    member = _parts(tau_hat, parts)
    patients = np.arange(len(member)) if groups is None else np.asarray(groups)
    rows = []
    for k in range(parts):
        inside = member == k
        row = {"part": k + 1, "predicted": float(np.asarray(tau_hat, float)[inside].mean())}
        rows.append(row | mean_interval(np.asarray(psi, float)[inside], patients[inside]))
    return pd.DataFrame(rows)


def gates_gap(psi, tau_hat_x, tau_hat_phi, groups=None, parts: int = 5) -> tuple:
    """Mean psi of the highest less the lowest fifth, by ``tau_hat_x`` less the same by ``tau_hat_phi``.

    Returns
    -------
    value, low, high, p
        One-sided p-value of "no loss".
    """
    spread = [(m == parts - 1).astype(float) - (m == 0) for m in (_parts(t, parts) for t in (tau_hat_x, tau_hat_phi))]
    return _one_sided(least_squares(parts * (spread[0] - spread[1]) * psi, np.ones((len(psi), 1)), groups), 0)


def information(psi, tau_hat_x, tau_hat_phi, groups=None) -> dict[str, tuple]:
    """OLS of psi on ``tau_hat_phi`` and ``tau_hat_x - tau_hat_phi``: the second slope is 0 if phi lost nothing.

    Returns
    -------
    dict
        ``information``: the slope, its limits and one-sided p-value. ``information_sd``: the standard deviation of
        effects it stands for, ``sqrt(slope) sd(tau_hat_x - tau_hat_phi)`` about their own regression.
    """
    g, difference = np.asarray(tau_hat_phi, float), np.asarray(tau_hat_x, float) - tau_hat_phi
    if np.ptp(difference) <= 1e-9 * max(np.abs(g).max(), np.abs(tau_hat_x).max()):
        return {"information": (0.0, 0.0, 0.0, 1.0), "information_sd": (0.0,)}
    ones = np.ones(len(g))
    fit = least_squares(psi, np.column_stack([ones, g, difference]), groups)
    rest = difference - np.column_stack([ones, g]) @ least_squares(difference, np.column_stack([ones, g])).coefficients
    sd = np.sqrt(max(fit.coefficients[2], 0.0)) * rest.std()
    return {"information": _one_sided(fit, 2), "information_sd": (float(sd),)}


def confounding_loss(psi, psi_phi, tau_hat_phi, groups=None) -> tuple:
    """Absolute mean of ``psi - psi_phi``; p-value of "mean and slope on ``tau_hat_phi`` are both 0" (Hausman's idea).

    Returns
    -------
    value, low, high, p
        Limits are those of the mean with its sign.
    """
    g = np.asarray(tau_hat_phi, float)
    fit = least_squares(np.asarray(psi) - psi_phi, np.column_stack([np.ones(len(g)), g - g.mean()]), groups)
    return abs(float(fit.coefficients[0])), *fit.limits(0, 0.9), fit.wald()


def calibration(psi, tau_hat_phi, groups=None) -> tuple:
    """Distance from 1 of the slope of psi on ``tau_hat_phi`` (best linear predictor, arXiv 1712.04802).

    Returns
    -------
    value, low, high, p
        Limits of the slope itself; two-sided p-value of "slope 1".
    """
    g = np.asarray(tau_hat_phi, float)
    fit = least_squares(psi, np.column_stack([np.ones(len(g)), g]), groups)
    return abs(float(fit.coefficients[1]) - 1), *fit.limits(1, 0.9), fit.test(1, null=1.0)


def l2_calibration_error(psi: np.ndarray, tau_hat_phi: np.ndarray, parts: int = 10) -> float:
    """Mean of ``(E[psi | tau_hat] - tau_hat)^2`` over tenths, less what noise adds (idea of arXiv 2203.13364).

    Returns
    -------
    float
        May fall below zero by chance.
    """
    error, member = np.asarray(psi, float) - tau_hat_phi, _parts(tau_hat_phi, parts)
    size = np.bincount(member, minlength=parts)
    mean = np.bincount(member, weights=error, minlength=parts) / size
    noise = np.bincount(member, weights=(error - mean[member]) ** 2, minlength=parts) / (size - 1) / size
    return float(np.average(mean**2 - noise, weights=size))


def isotonic_distance(psi: np.ndarray, tau_hat_phi: np.ndarray) -> float:
    """Root mean squared change that isotonic causal calibration makes (van der Laan et al., arXiv 2302.14011)."""
    g = np.asarray(tau_hat_phi, float)
    calibrated = IsotonicRegression(out_of_bounds="clip").fit(g, psi).predict(g)
    return float(np.sqrt(np.mean((calibrated - g) ** 2)))


def inversion_share(effects: np.ndarray, priority: np.ndarray, slope: float, seed: int = 0) -> float:
    """Share of pairs of patients whose order flips, from the spread of the effects around what the order keeps.

    A pair with margin d between its kept parts flips with chance ``Phi(-d / (s sqrt(2)))``, s^2 being ``slope`` times
    the mean square of the lost part. At most ``PAIRS`` random pairs are looked at.
    """
    kept, lost = split_by_order(effects, priority)
    spread = np.sqrt(max(slope, 0.0) * np.mean(lost**2))
    a, b = np.random.default_rng(seed).integers(0, len(kept), (2, PAIRS))
    margin = np.abs(kept[a] - kept[b])[a != b]
    return float(stats.norm.cdf(-margin / (spread * np.sqrt(2))).mean()) if spread > 0 else 0.0


def true_loss(tau: np.ndarray, priority: np.ndarray) -> dict[str, float]:
    """What the diagnostics estimate, where the effects are known: the loss in AUTOC, its share, the regret."""
    autoc, best = metrics.autoc(tau, priority), metrics.autoc(tau, -np.asarray(tau))
    share = (autoc - best) / -best if best < 0 else 0.0
    return {"loss": autoc - best, "share": share, "regret": loss_of(tau, priority, metrics.qini)}


def _parts(values: np.ndarray, parts: int) -> np.ndarray:
    """(n,) numbers 0 to parts - 1 of groups of equal size from the lowest values on; ties by row order."""
    rank = np.argsort(np.argsort(np.asarray(values, float), kind="stable"), kind="stable")
    if len(rank) < 2 * parts:
        raise ValueError(f"{len(rank)} rows for {parts} groups: each needs two rows or more.")
    return rank * parts // len(rank)


def _share(effects: np.ndarray, tau_hat_x: np.ndarray, tau_hat_phi: np.ndarray) -> float:
    """AUTOC lost by the one order as a share of what the other reaches, both by the same effects or scores."""
    best = metrics.autoc(effects, -tau_hat_x)
    return (metrics.autoc(effects, -tau_hat_phi) - best) / -best if best < 0 else 0.0


def _one_sided(fit, place: int) -> tuple:
    return float(fit.coefficients[place]), *fit.limits(place, 0.9), fit.test(place, upper=True)
