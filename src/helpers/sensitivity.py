"""How far the estimates lean on overlap and on the nuisance learners (layer 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from helpers.nuisance import Nuisances, folds_by_patient
from helpers.scores import overlap_report, pseudo_outcome
from helpers.uncertainty import mean_interval, order_intervals

BOUNDS = (0.01, 0.05, 0.1, 0.2, 0.3)  # the last ones bite almost everywhere


def clipping_sensitivity(
    Y: np.ndarray,
    T: np.ndarray,
    nuisances: Nuisances,
    priority: np.ndarray,
    groups: np.ndarray | None = None,
    bounds: Sequence[float] = BOUNDS,
    draws: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean effect, AUTOC and effective sample size as the bound on the propensity moves.

    Parameters
    ----------
    Y, T, priority, groups : (n,) arrays
        The rows on which ``nuisances`` were fitted, in their order; the priority comes from other rows.
    nuisances : Nuisances
        Fitted; its own bound is not used.
    bounds : numbers in (0, .5)

    Returns
    -------
    DataFrame, one row a bound: ``clip, clipped`` (rows beyond it), ``effective_n_untreated, effective_n_treated``, and
    ``mean_effect, autoc`` with ``_low, _high`` 95 % limits. All bounds share their half-samples. Estimates that move
    by more than their interval say that a few patients with hardly any counterpart carry the result.
    """
    if any(not 0 < b < 0.5 for b in bounds):
        raise ValueError(f"bounds = {list(bounds)}: every bound must lie between 0 and .5.")
    raw = nuisances.e_raw_
    return pd.DataFrame([_at_bound(Y, T, nuisances, raw, priority, groups, b, draws, seed) for b in bounds])


def _at_bound(Y, T, nuisances, raw, priority, groups, bound, draws, seed) -> dict:
    psi = pseudo_outcome(Y, T, nuisances.mu0_, nuisances.mu1_, np.clip(raw, bound, 1 - bound))
    mean = mean_interval(psi, groups)
    areas = order_intervals(np.zeros_like(psi), psi, {"order": priority}, groups, draws=draws, seed=seed)
    autoc = areas.set_index("metric").loc["autoc"]
    overlap = overlap_report(T, raw, bound).set_index("arm")
    row = {"clip": bound, "clipped": int(overlap.loc["all", ["clipped_low", "clipped_high"]].sum())}
    row |= {f"effective_n_{arm}": overlap.loc[arm, "effective_n"] for arm in ("untreated", "treated")}
    for name, found in (("mean_effect", mean), ("autoc", autoc)):
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row


def clipping_sentences(table: pd.DataFrame, used: float) -> list[str]:
    """What a :func:`clipping_sensitivity` table says: whom the bounds reach, and whether the estimates move.

    Parameters
    ----------
    table : DataFrame
    used : float
        Bound of the study; the row next to it gives the width of the interval.
    """
    table = table.dropna(subset=["mean_effect", "autoc"])  # rows whose small counts are withheld
    untouched = table.loc[table["clipped"] == 0, "clip"]
    reach = f"No chance lies beyond {untouched.max():g} or its mirror" if len(untouched) else "Every bound clips some"
    last = table.iloc[-1]
    lines = [f"{reach}; beyond {last['clip']:g}: {last['clipped']:,.0f} records."]
    row = table.iloc[(table["clip"] - used).abs().argmin()]
    for metric, words in (("mean_effect", "mean effect"), ("autoc", "AUTOC")):
        moved = table.loc[(table[metric] - row[metric]).abs().idxmax()]
        gap, width = abs(moved[metric] - row[metric]), row[f"{metric}_high"] - row[f"{metric}_low"]
        verdict = "**little hangs on the bound**" if gap < width / 2 else "**the bound decides**"
        lines.append(
            f"The {words} moves by at most {gap:.3f} (at {moved['clip']:g}); half of its interval at {row['clip']:g} "
            f"is {width / 2:.3f}: {verdict}."
        )
    return lines


def calibration_table(T: np.ndarray, e: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Predicted chance of treatment against the share treated, in bins of equal size.

    Returns
    -------
    DataFrame with ``bin, rows, e`` (mean prediction), ``treated`` (share), ``low, high`` (Wilson 95 %) and
    ``calibrated``, whether the interval holds the mean prediction. Rows of one prediction stay in one bin.
    """
    T, e = np.asarray(T, float), np.asarray(e, float)
    cuts = np.unique(np.quantile(e, np.linspace(0, 1, bins + 1)[1:-1]))
    frame = pd.DataFrame({"bin": np.searchsorted(cuts, e, side="right"), "e": e, "T": T})
    table = frame.groupby("bin").agg(rows=("T", "size"), e=("e", "mean"), treated=("T", "mean")).reset_index()
    low, high = _wilson(table["treated"].to_numpy(), table["rows"].to_numpy())
    inside = (low <= table["e"]) & (table["e"] <= high)
    return table.assign(bin=np.arange(len(table)), low=low, high=high, calibrated=inside)


def calibration_summary(T: np.ndarray, e: np.ndarray, bins: int = 10) -> dict[str, float]:
    """Brier score, log loss, mean distance of the bins from the diagonal, and slope and intercept on the logit scale.

    A slope below 1 means predictions too far from one half; a perfect prediction has slope 1 and intercept 0.
    """
    T, logit = np.asarray(T), _logit(e)
    table = calibration_table(T, e, bins)
    fit = LogisticRegression(C=np.inf).fit(logit[:, None], T)
    return {
        "brier": float(np.mean((T - e) ** 2)),
        "log_loss": float(_log_losses(T, e).mean()),
        "calibration_error": float(np.average((table["e"] - table["treated"]).abs(), weights=table["rows"])),
        "slope": float(fit.coef_[0, 0]),
        "intercept": float(fit.intercept_[0]),
    }


def recalibrate(
    e: np.ndarray,
    T: np.ndarray,
    method: str = "logistic",
    groups: np.ndarray | None = None,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """Cross-fitted propensities mapped to be calibrated; the map of a row is fitted on other patients.

    Parameters
    ----------
    e : (n,) array
        Out-of-fold predictions, unclipped.
    method : 'logistic' or 'isotonic'
        A logistic curve on the logit of e (Platt), or any rising step function, which needs some thousand rows and
        can return 0 and 1: clip afterwards.

    Returns
    -------
    (n,) float64 array.
    """
    if method not in ("logistic", "isotonic"):
        raise ValueError(f"method = {method!r}: must be 'logistic' or 'isotonic'.")
    e, T = np.asarray(e, float), np.asarray(T, int)
    mapped = np.empty(len(e))
    for train, held in folds_by_patient(T, groups, folds, seed):
        if method == "isotonic":
            mapped[held] = IsotonicRegression(out_of_bounds="clip").fit(e[train], T[train]).predict(e[held])
        else:
            curve = LogisticRegression(C=np.inf).fit(_logit(e[train])[:, None], T[train])
            mapped[held] = curve.predict_proba(_logit(e[held])[:, None])[:, 1]
    return mapped


def choose_nuisances(
    candidates: Mapping[str, Mapping[str, BaseEstimator]],
    Y: np.ndarray,
    T: np.ndarray,
    W: np.ndarray,
    groups: np.ndarray | None = None,
    folds: int = 5,
    seed: int = 0,
    clip: float = 0.01,
) -> tuple[pd.DataFrame, Nuisances]:
    """Learners of the nuisances by out-of-fold loss.

    Parameters
    ----------
    candidates : mapping
        ``{"outcome": {name: regressor}, "propensity": {name: classifier}}``, prototypes.
    Y, T, W, groups : arrays (n,), (n,), (n, q), (n,) or None
        Training rows only: a choice made on evaluation rows is part of the fit.

    Returns
    -------
    table : DataFrame
        ``role, learner, loss, se, gap, gap_se, chosen``: squared error of the outcome under the treatment received,
        log loss of the propensity (clipped); ``gap`` to the best on the same rows. A learner within one or two
        ``gap_se`` of the best is as good as can be told.
    Nuisances
        Prototype, unfitted, with the chosen learners and these folds, seed and clip.
    """
    if set(candidates) != {"outcome", "propensity"} or not all(candidates.values()):
        raise ValueError(
            f"candidates: keys {sorted(candidates)}; give 'outcome' and 'propensity', one learner or more."
        )
    T = np.asarray(T, int)
    settings = {"folds": folds, "clip": clip, "seed": seed}
    losses = {"outcome": {}, "propensity": {}}
    for name, learner in candidates["outcome"].items():
        fitted = Nuisances(learner, DummyClassifier(strategy="prior"), **settings).fit(Y, T, W, groups)
        losses["outcome"][name] = (np.asarray(Y, float) - np.where(T == 1, fitted.mu1_, fitted.mu0_)) ** 2
    for name, learner in candidates["propensity"].items():
        fitted = Nuisances(DummyRegressor(), learner, **settings).fit(Y, T, W, groups)
        losses["propensity"][name] = _log_losses(T, fitted.e_)
    best = {role: min(found, key=lambda name: found[name].mean()) for role, found in losses.items()}
    rows = [_loss_row(role, n, found, best[role], groups) for role, found in losses.items() for n in found]
    chosen = {role: clone(candidates[role][name]) for role, name in best.items()}
    return pd.DataFrame(rows), Nuisances(chosen["outcome"], chosen["propensity"], **settings)


def _loss_row(role: str, name: str, losses: dict[str, np.ndarray], best: str, groups: np.ndarray | None) -> dict:
    own, gap = mean_interval(losses[name], groups), mean_interval(losses[name] - losses[best], groups)
    row = {"role": role, "learner": name, "loss": own["value"], "se": own["se"]}
    return {**row, "gap": gap["value"], "gap_se": gap["se"], "chosen": name == best}


def _log_losses(T: np.ndarray, e: np.ndarray) -> np.ndarray:
    e = np.clip(e, 1e-12, 1 - 1e-12)
    return -np.log(np.where(T == 1, e, 1 - e))


def _logit(e: np.ndarray) -> np.ndarray:
    e = np.clip(np.asarray(e, float), 1e-6, 1 - 1e-6)
    return np.log(e / (1 - e))


def _wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = stats.norm.ppf(0.975)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half, middle + half
