"""How good the nuisances are: errors, calibration, overlap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from helpers.data.canonical import patient_codes
from helpers.data.folds import folds_by_patient
from helpers.effects.nuisance.selection import _log_losses
from helpers.stats.arrays import effective_n
from helpers.stats.proportions import wilson


def spread_given(values: np.ndarray, W: np.ndarray) -> float:
    """Root mean variance of a known quantity among rows with the same W: the least error of any function of W.

    Parameters
    ----------
    values : (n,) array
    W : (n, q) array

    Returns
    -------
    float; missing if no two rows agree in W, for then nothing can be said.
    """
    cells = np.unique(np.asarray(W, float), axis=0, return_inverse=True)[1].ravel()
    frame = pd.DataFrame({"cell": cells, "value": np.asarray(values, float)})
    inside = frame["value"] - frame.groupby("cell")["value"].transform("mean")
    freedom = len(frame) - frame["cell"].nunique()
    return float(np.sqrt((inside**2).sum() / freedom)) if freedom else np.nan


def nuisance_errors(
    estimates: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray], W: np.ndarray
) -> pd.DataFrame:
    """Errors of the nuisances against the truth, and how much of them no function of W could avoid.

    Parameters
    ----------
    estimates, truths : mappings of nuisance to (n,) array
    W : (n, q) array

    Returns
    -------
    DataFrame
        A row a nuisance: ``error`` (root mean square), ``floor`` (:func:`spread_given` of the truth) and ``rest``,
        the part that is the model's, ``sqrt(error^2 - floor^2)``.
    """
    rows = {}
    for name, estimate in estimates.items():
        error, floor = np.sqrt(np.mean((estimate - truths[name]) ** 2)), spread_given(truths[name], W)
        rows[name] = {"error": error, "floor": floor, "rest": np.sqrt(max(error**2 - floor**2, 0.0))}
    return pd.DataFrame.from_dict(rows, orient="index")


def overlap_report(T: np.ndarray, e_raw: np.ndarray, clip: float) -> pd.DataFrame:
    """How comparable the arms are, one row an arm and one for all.

    Columns: ``rows``; quantiles of ``e``; ``clipped_low``, ``clipped_high`` (rows beyond the bound);
    ``effective_n``, the Kish effective sample size of the inverse-probability weights.
    """
    T, e_raw = np.asarray(T), np.asarray(e_raw, float)
    e = np.clip(e_raw, max(clip, 1e-12), 1 - max(clip, 1e-12))
    weight = np.where(T == 1, 1 / e, 1 / (1 - e))
    parts = {"untreated": T == 0, "treated": T == 1, "all": np.ones(len(T), bool)}
    return pd.DataFrame([_overlap_row(name, e_raw[m], weight[m], clip) for name, m in parts.items()])


def _overlap_row(arm: str, e: np.ndarray, weight: np.ndarray, clip: float) -> dict:
    shares = {"e_min": 0, "e_q05": 0.05, "e_median": 0.5, "e_q95": 0.95, "e_max": 1}
    quantiles = {name: float(np.quantile(e, share)) for name, share in shares.items()}
    clipped = {"clipped_low": int((e < clip).sum()), "clipped_high": int((e > 1 - clip).sum())}
    return {"arm": arm, "rows": len(e), **quantiles, **clipped, "effective_n": effective_n(weight)}


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
    low, high = wilson(table["treated"].to_numpy(), table["rows"].to_numpy())
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
    for train, held in folds_by_patient(T, patient_codes((e, T), groups), folds, seed):
        if method == "isotonic":
            mapped[held] = IsotonicRegression(out_of_bounds="clip").fit(e[train], T[train]).predict(e[held])
        else:
            curve = LogisticRegression(C=np.inf).fit(_logit(e[train])[:, None], T[train])
            mapped[held] = curve.predict_proba(_logit(e[held])[:, None])[:, 1]
    return mapped


def _logit(e: np.ndarray) -> np.ndarray:
    e = np.clip(np.asarray(e, float), 1e-6, 1 - 1e-6)
    return np.log(e / (1 - e))
