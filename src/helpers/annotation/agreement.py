"""Two annotators of the same records: agreement, and the error rates that their disagreement gives away.

Let each annotator be wrong with chance f, all K - 1 wrong levels alike, independently given the truth. Two agree with
chance ``(1 - f_a)(1 - f_b) + f_a f_b / (K - 1)``, whatever the prevalence. With ``u = 1 - f K / (K - 1)`` (1: always
right, 0: a guess) this reads ``u_a u_b = 1 - d K / (K - 1)``, d the share of disagreements. One shared rate is then
``f = (1 - sqrt(1 - d K / (K - 1))) (K - 1) / K``, for two levels the root of ``d = 2 f (1 - f)``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlogy
from scipy.stats import chi2, norm

from helpers.data.fields import MISSING, checked_codes
from helpers.stats.proportions import wilson_agreement


def error_rates_from_double(
    answers_a: np.ndarray,
    answers_b: np.ndarray,
    levels: tuple[int, ...],
    shared: bool = True,
    names: tuple[str, ...] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Symmetric flip rates of two annotators from the records that both annotated.

    Parameters
    ----------
    answers_a, answers_b : (n, F) int arrays
        Levels, -1 where not annotated; a field counts where both answered.
    levels : tuple of int
        Number of levels of each field.
    shared : bool
        True: both annotators have the same rate; Wilson interval of the disagreement, mapped. The last row, ``all``, is
        the maximum likelihood rate if the fields share it too, with a likelihood-ratio interval. False: a rate each,
        told apart by how far the shares of levels are pulled to 1 / K; delta-method interval. That needs a prevalence
        far from 1 / K: near it the interval is wide or NaN.
    names : tuple of str or None
        Of the fields; None: their positions.
    confidence : float

    Returns
    -------
    DataFrame
        ``field, annotator`` (both, a or b), ``n, disagreement, rate, low, high``. Records are taken as independent.
        A rate is at most (K - 1) / K, a guess; which annotator errs, or an error that both make because the note
        misleads, is not visible in disagreements.

    Raises
    ------
    ValueError
        Shapes or levels do not fit, or a field was never answered by both.
    """
    tables = _tables(answers_a, answers_b, levels, names)
    rows = []
    for (name, table), k in zip(tables.items(), levels, strict=True):
        rows += [_shared_row(name, table, k, confidence)] if shared else _single_rows(name, table, k, confidence)
    if shared:
        rows.append(_pooled_row(list(tables.values()), levels, confidence))
    return pd.DataFrame(rows)


def kappa_table(
    answers_a: np.ndarray,
    answers_b: np.ndarray,
    levels: tuple[int, ...],
    names: tuple[str, ...] | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Cohen's kappa of each field with its large-sample interval (Fleiss, Cohen, Everitt, Psychol. Bull. 72, 1969).

    Returns
    -------
    DataFrame
        ``field, n, agreement, by_chance, kappa, low, high``; kappa is NaN where both always say the same level.
    """
    rows = []
    for name, table in _tables(answers_a, answers_b, levels, names).items():
        n, p = table.sum(), table / table.sum()
        seen, chance = float(np.trace(p)), float(p.sum(1) @ p.sum(0))
        kappa = (seen - chance) / (1 - chance) if chance < 1 else np.nan
        half = norm.ppf(0.5 + confidence / 2) * _kappa_error(p, n)
        row = {"field": name, "n": int(n), "agreement": seen, "by_chance": chance, "kappa": kappa}
        rows.append(row | {"low": max(kappa - half, -1.0), "high": min(kappa + half, 1.0)})
    return pd.DataFrame(rows)


def disagreement(rate: float | np.ndarray, k: int) -> float | np.ndarray:
    """Share of records on which two annotators with the same symmetric flip rate differ, K levels."""
    return 2 * rate - rate**2 * k / (k - 1)


def rate_from_disagreement(d: float | np.ndarray, k: int) -> float | np.ndarray:
    """Inverse of :func:`disagreement`; more than a guess's disagreement gives the rate of a guess, (K - 1) / K."""
    return (1 - np.sqrt(np.maximum(1 - d * k / (k - 1), 0.0))) * (k - 1) / k


def _tables(a, b, levels, names) -> dict[str, np.ndarray]:
    """(K, K) counts of the answers of a (rows) and b (columns), by field."""
    a, b = checked_codes(a, levels, "answers_a"), checked_codes(b, levels, "answers_b")
    if a.shape != b.shape:
        raise ValueError(f"answers_a has shape {a.shape}, answers_b {b.shape}: give both the same records, in order.")
    names = tuple(map(str, range(len(levels)))) if names is None else tuple(names)
    if len(names) != len(levels):
        raise ValueError(f"names: {len(names)} given for {len(levels)} fields.")
    tables = {}
    for f, k in enumerate(levels):
        both = (a[:, f] != MISSING) & (b[:, f] != MISSING)
        if not both.any():
            raise ValueError(f"field {names[f]!r}: no record was answered by both; annotate some records twice.")
        tables[names[f]] = np.bincount(k * a[both, f] + b[both, f], minlength=k * k).reshape(k, k)
    return tables


def _row(name, annotator, table, rate, low, high) -> dict:
    n, d = int(table.sum()), 1 - float(np.trace(table) / table.sum())
    row = {"field": name, "annotator": annotator, "n": n, "disagreement": d}
    return row | {"rate": float(rate), "low": float(low), "high": float(high)}


def _shared_row(name: str, table: np.ndarray, k: int, confidence: float) -> dict:
    n, d = table.sum(), 1 - np.trace(table) / table.sum()
    rates = rate_from_disagreement(np.array([d, *wilson_agreement(d, n, confidence)]), k)
    return _row(name, "both", table, *rates)


def _single_rows(name: str, table: np.ndarray, k: int, confidence: float) -> list[dict]:
    """A rate each: the ratio of the u is that of the shares' distances from 1 / K, their product comes from d."""
    p, step = table / table.sum(), 1e-6
    rates = _single_rates(p, k)
    bumps = np.eye(k * k).reshape(-1, k, k) * step
    slopes = np.array([(_single_rates(p + bump, k) - _single_rates(p - bump, k)) / (2 * step) for bump in bumps])
    spread = slopes - (p.ravel() @ slopes)
    error = np.sqrt(p.ravel() @ spread**2 / table.sum())
    half = norm.ppf(0.5 + confidence / 2) * error
    low, high = np.clip(rates - half, 0, (k - 1) / k), np.clip(rates + half, 0, (k - 1) / k)
    return [_row(name, who, table, rates[i], low[i], high[i]) for i, who in enumerate("ab")]


def _single_rates(p: np.ndarray, k: int) -> np.ndarray:
    p = p / p.sum()
    away = np.linalg.norm(p.sum(1) - 1 / k), np.linalg.norm(p.sum(0) - 1 / k)
    product = max(1 - (1 - np.trace(p)) * k / (k - 1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(away[0], away[1])
        u = np.sqrt([product * ratio, product / ratio])
    return (1 - np.clip(u, 0, 1)) * (k - 1) / k


def _pooled_row(tables: list[np.ndarray], levels: tuple[int, ...], confidence: float) -> dict:
    """One rate for all fields by maximum likelihood; the interval holds what a likelihood-ratio test accepts."""
    top = min((k - 1) / k for k in levels)
    n = np.array([t.sum() for t in tables])
    differ = np.array([t.sum() - np.trace(t) for t in tables])

    def loss(rate: float) -> float:
        d = np.array([disagreement(rate, k) for k in levels])
        return float(-(xlogy(differ, d) + xlogy(n - differ, 1 - d)).sum())

    inner = minimize_scalar(loss, bounds=(0.0, top), method="bounded", options={"xatol": 1e-10}).x
    best = min((0.0, inner, top), key=loss)
    limit = loss(best) + chi2.ppf(confidence, 1) / 2
    ends = [_end(lambda r: loss(r) - limit, best, end) for end in (1e-12, top)]
    row = {"field": "all", "annotator": "both", "n": int(n.sum()), "disagreement": float(differ.sum() / n.sum())}
    return row | {"rate": float(best), "low": ends[0], "high": ends[1]}


def _end(excess, best: float, end: float) -> float:
    """Where the loss passes its limit between the estimate and a bound of the rates, else the bound."""
    if excess(end) <= 0:
        return float(round(end, 9))
    return float(brentq(excess, *sorted((best, end)), xtol=1e-12))


def _kappa_error(p: np.ndarray, n: int) -> float:
    row, column = p.sum(1), p.sum(0)
    seen, chance = np.trace(p), row @ column
    if chance >= 1:
        return np.nan
    on = np.diag(p) @ ((1 - chance) - (row + column) * (1 - seen)) ** 2
    pairs = (column[:, None] + row[None, :]) ** 2 * p
    off = (1 - seen) ** 2 * (pairs.sum() - np.trace(pairs))
    variance = (on + off - (seen * chance - 2 * chance + seen) ** 2) / (n * (1 - chance) ** 4)
    return float(np.sqrt(max(variance, 0.0)))
