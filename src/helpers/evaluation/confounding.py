"""What a confounder that nobody recorded could do to the mean effect.

Chernozhukov et al., "Long story short", arXiv 2112.13398, computed by doubleml from our cross-fitted nuisances, so the
estimate is the mean of psi. A hidden confounder of strength ``cf_y`` (share of the outcome's residual variance it
explains) and ``cf_d`` (share of the variance of the inverse-probability weights it would add) moves the mean effect by
at most ``|rho| sqrt(cf_y cf_d / (1 - cf_d)) S``; S comes from the data, and rho = 1 is the worst case.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import clone

from helpers.data.cohort import Cohort, design_matrix
from helpers.effects.nuisance.crossfit import Nuisances

STRENGTHS = (0.01, 0.03, 0.05, 0.1, 0.2)
LEAST_STRENGTH = 0.0005  # shown as 0.000
STRONGEST = 0.99  # doubleml refuses 1, a confounder that leaves nothing to explain


def hidden_confounding(
    Y: np.ndarray,
    T: np.ndarray,
    nuisances: Nuisances,
    groups: np.ndarray | None = None,
    strengths: Sequence[float | tuple[float, float]] = STRENGTHS,
    rho: float = 1.0,
    null: float = 0.0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Bounds of the mean effect under hidden confounders of several strengths.

    Parameters
    ----------
    Y, T, groups : (n,) arrays
        The annotated rows on which ``nuisances`` were fitted, in their order, and their patients.
    nuisances : Nuisances
        Fitted with 2 folds or more.
    strengths : numbers, or pairs (cf_y, cf_d), in [0, 1)
        A single number stands for both.
    rho : float in [-1, 1]
    null : float
        Mean effect that the robustness values refer to.
    level : float

    Returns
    -------
    DataFrame with ``cf_y, cf_d, rho, value`` (mean of psi), ``bound_low, bound_high`` (the bounds themselves),
    ``low, high`` (each a one-sided limit of the bound at ``level``), ``robustness`` (the strength cf_y = cf_d that
    moves the mean effect to ``null``) and ``robustness_limit`` (that moves its limit there).

    Raises
    ------
    ImportError
        If doubleml is not installed.
    """
    model = _model(Y, T, nuisances, groups)
    rows = []
    for strength in strengths:
        cf_y, cf_d = (float(s) for s in np.broadcast_to(strength, 2))
        model.sensitivity_analysis(cf_y=cf_y, cf_d=cf_d, rho=float(rho), level=level, null_hypothesis=float(null))
        rows.append({"cf_y": cf_y, "cf_d": cf_d, "rho": float(rho), **_tidy(model)})
    return pd.DataFrame(rows)


def recorded_strength(
    Y: np.ndarray,
    T: np.ndarray,
    W: np.ndarray,
    columns: Mapping[str, Sequence[int]],
    nuisances: Nuisances | None = None,
    groups: np.ndarray | None = None,
) -> pd.DataFrame:
    """How strong the recorded confounders are, on the scale of the hidden ones: each is left out in turn.

    Parameters
    ----------
    columns : mapping
        Name to the positions in W of its columns (all indicators of a category together).
    nuisances : Nuisances or None
        Prototype, fitted anew with and without the columns on the same folds.

    Returns
    -------
    DataFrame with ``left_out, cf_y, cf_d, rho, change`` (of the mean effect when the column is left out). Use the
    strongest as a yardstick: could something as strong as the strongest symptom have been missed?
    """
    from doubleml.utils import gain_statistics

    prototype = Nuisances() if nuisances is None else nuisances
    full = _model(Y, T, clone(prototype).fit(Y, T, W, groups), groups)
    rows = []
    for name, positions in columns.items():
        kept = np.setdiff1d(np.arange(W.shape[1]), positions)
        if not len(kept):
            raise ValueError(f"columns[{name!r}]: leaves no column of W; something must remain to adjust for.")
        without = _model(Y, T, clone(prototype).fit(Y, T, W[:, kept], groups), groups)
        found = {k: float(np.ravel(v)[0]) for k, v in gain_statistics(full, without).items()}
        rows.append({"left_out": name, **found})
    return pd.DataFrame(rows).rename(columns={"delta_theta": "change"})


def columns_of(cohort: Cohort) -> dict[str, list[int]]:
    """Annotated field to the positions of its columns in ``cohort.W``, all indicators of a category together."""
    found, start = {}, 0
    for field in cohort.roles.annotations:
        width = len(design_matrix(cohort.frame.head(0), (field,))[1])
        found[field] = list(range(start, start + width))
        start += width
    return found


def as_strong(
    Y: np.ndarray,
    T: np.ndarray,
    nuisances: Nuisances,
    yardstick: pd.DataFrame,
    groups: np.ndarray | None = None,
    null: float = 0.0,
) -> pd.DataFrame:
    """What a hidden confounder as strong as each recorded one could do at worst (rho = 1).

    Parameters
    ----------
    Y, T, nuisances, groups
        As in :func:`hidden_confounding`.
    yardstick : DataFrame
        From :func:`recorded_strength`.
    null : float
        Mean effect that would turn the conclusion.

    Returns
    -------
    DataFrame
        The yardstick with ``value``; ``bound``, the end of the bounds that lies nearer to ``null`` or beyond it;
        ``limit``, its one-sided 95 % limit; and ``overturns``, whether the limit reaches ``null``. Where leaving the
        field out moves the mean effect by more than the bound of its strengths allows, which happens if the variance of
        the weights is badly estimated, this move counts.
    """
    strengths = list(yardstick[["cf_y", "cf_d"]].clip(upper=STRONGEST).itertuples(index=False, name=None))
    table = hidden_confounding(Y, T, nuisances, groups, strengths, null=null)
    value = table["value"].to_numpy()
    below = value < null
    bound = np.where(below, table["bound_high"], table["bound_low"])
    error = np.where(below, table["high"], table["low"]) - bound
    moved = np.maximum(np.abs(bound - value), yardstick["change"].abs())
    bound = np.where(below, value + moved, value - moved)
    return yardstick.assign(value=value, bound=bound, limit=bound + error, overturns=(bound + error >= null) == below)


def _model(Y: np.ndarray, T: np.ndarray, nuisances: Nuisances, groups: np.ndarray | None):
    """doubleml's interactive regression model with our folds and our predictions."""
    try:
        import doubleml
        from doubleml.utils import DMLDummyClassifier, DMLDummyRegressor, PSProcessorConfig
    except ImportError as error:
        raise ImportError("this analysis needs doubleml: pip install doubleml.") from error
    if not hasattr(nuisances, "models_") or nuisances.folds < 2:
        raise ValueError("nuisances: fit them on these rows first, with 2 folds or more.")
    if len(Y) != len(nuisances.e_):
        raise ValueError(f"Y: {len(Y)} rows, but the nuisances were fitted on {len(nuisances.e_)}; pass the same rows.")
    if groups is not None and len(np.unique(groups)) == len(groups):
        groups = None  # a patient a row: the same variance without doubleml's loop over clusters
    frame = pd.DataFrame({"Y": np.asarray(Y, float), "T": np.asarray(T, float), "unused": 0.0})
    cluster = {} if groups is None else {"cluster_cols": "patient"}
    if cluster:
        frame["patient"] = np.unique(np.asarray(groups), return_inverse=True)[1]
    data = doubleml.DoubleMLData(frame, "Y", "T", x_cols=["unused"], **cluster)
    ours = PSProcessorConfig(clipping_threshold=1e-12)  # e_ is clipped already
    learners = DMLDummyRegressor(), DMLDummyClassifier()
    model = doubleml.DoubleMLIRM(
        data, *learners, n_folds=nuisances.folds, draw_sample_splitting=False, ps_processor_config=ours
    )
    fold = nuisances.fold_
    folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(nuisances.folds)]
    model.set_sample_splitting([folds], _patients(folds, frame) if cluster else None)
    found = {"ml_g0": nuisances.mu0_, "ml_g1": nuisances.mu1_, "ml_m": nuisances.e_}
    return _fit(model, {"T": {name: values[:, None] for name, values in found.items()}})


def _fit(model, predictions: dict):
    """Fitted model; its note on weights that contradict their propensities becomes one that says what to do."""
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        model.fit(external_predictions=predictions)
    if any("nu2" in str(note.message) for note in notes):
        warnings.warn(
            "the propensities are too extreme for the treatments seen (estimated variance of the weights below 0; a "
            "cruder estimate is used). Look at sensitivity.calibration_table; choose a simpler learner or raise clip.",
            stacklevel=4,
        )
    return model


def _patients(folds: list[tuple], frame: pd.DataFrame) -> list:
    patient = frame["patient"].to_numpy()
    return [[tuple([np.unique(patient[rows])] for rows in pair) for pair in folds]]


def _tidy(model) -> dict[str, float]:
    found = model.sensitivity_params
    names = {"bound": "theta", "": "ci"}
    row = {"value": float(model.coef[0])}
    for prefix, key in names.items():
        ends = (("lower", "low"), ("upper", "high"))
        row |= {f"{prefix}_{end}".lstrip("_"): float(found[key][side][0]) for side, end in ends}
    return {**row, "robustness": float(found["rv"][0]), "robustness_limit": float(found["rva"][0])}
