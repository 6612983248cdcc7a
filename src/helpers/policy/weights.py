"""From a fitted learner to plain arrays, and from these to effects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from helpers.effects.em.learner import EMLearner
from helpers.effects.em.readout import PlugIn
from helpers.effects.learners import EffectLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.heads import HeadRegressor
from helpers.privacy.errors import DataError
from helpers.stats.ties import is_flat

KINDS = {"linear": "weight", "head": "hidden.w", "plug": "weight"}  # and the array with a row for each feature
ALIKE = 1e-6  # share of the range of the effects by which a linear effect may miss the learner's
EXPORTABLE = (
    "Can be exported: learners whose effect is linear in their features (dr, tabular, aace_ridge, aace_smooth and "
    "their like: scaled inputs and ridge), EM and impute-then-plug (em, plug), and 64-unit heads (aace), on the "
    "features phi, read, text or tabular."
)
Arrays = dict[str, np.ndarray]


def learner_weights(learner: EffectLearner, X: np.ndarray) -> tuple[str, Arrays]:
    """Kind and arrays of a learner; a linear effect is found by asking, so that any learner that has one will do.

    Parameters
    ----------
    learner : EffectLearner
        Fitted.
    X : (n, d) array
        Some features it was fitted on; what was found must agree with the learner on them and around them.

    Raises
    ------
    ValueError
        If the learner cannot be exported; says which can.
    """
    name = type(learner).__name__
    if isinstance(learner, RiskRanker | RandomOrder | KnownEffect):
        raise ValueError(f"learner: {name} does not estimate effects from records. {EXPORTABLE}")
    if isinstance(learner, EMLearner) and learner.readout == "plug":
        found = learner.plug_in
        return "plug", {
            "levels": np.array(found.levels, np.int64),
            "weight": found.weight,
            "constant": found.constant,
            "tau": found.tau,
        }
    model = getattr(learner, "model_", None)
    if isinstance(model, HeadRegressor) and np.array_equal(learner.effect(X), model.predict(X)):
        return "head", model.exported()
    return "linear", _linear(learner, X, f"{name} with {type(model).__name__}")


def effect_of(kind: str, weights: Mapping[str, np.ndarray], phi: np.ndarray) -> np.ndarray:
    """(n,) effects of (n, d) features by arrays of :func:`learner_weights`; below zero is a benefit."""
    width = len(weights[KINDS[kind]])
    if phi.shape[1] != width:
        raise DataError(f"phi: {phi.shape[1]} columns; this policy weighs {width}. Its encoder is another one.")
    if kind == "head":
        return HeadRegressor.predicted(dict(weights), phi)
    if kind == "plug":
        levels = tuple(int(k) for k in weights["levels"])
        return PlugIn(levels, weights["weight"], weights["constant"], weights["tau"]).effect(phi)
    # A product and a sum, row by row: unlike a matrix product, its bits depend on no other row and no thread.
    return np.add.reduce(phi.astype(float) * weights["weight"], axis=1) + weights["constant"][0]


def expected_arrays(kind: str, arrays: Mapping[str, np.ndarray], d: int, bedside: int) -> dict[str, tuple]:
    """Type and shape of every array of a kind, for d features of which the last ``bedside`` are no vector's.

    The levels of the fields are those that the arrays name, if these can be levels.
    """
    if kind == "linear":
        return {"weight": (np.float64, (d,)), "constant": (np.float64, (1,))}
    if kind == "plug":
        levels = arrays.get("levels", np.empty(0))
        sound = levels.dtype == np.int64 and levels.ndim == 1 and len(levels) and 1 < levels.min() <= levels.max() < 1e6
        fields, k = (len(levels), int(levels.sum())) if sound else (1, 0)  # of which no array is
        shapes = {"weight": (d, k), "constant": (k,), "tau": (1 + k - fields + bedside,)}
        return {"levels": (np.int64, (fields,)), **{name: (np.float64, shape) for name, shape in shapes.items()}}
    found: dict[str, tuple] = {"scale": (np.float64, (2,))}
    for name, inputs, units in NETWORKS[HeadRegressor.network].layers(d):
        found |= {f"{name}.w": (np.float32, (inputs, units)), f"{name}.b": (np.float32, (1, units))}
    return found


def _linear(learner: EffectLearner, X: np.ndarray, name: str) -> Arrays:
    """Constant and weights, asked for one feature at a time in steps of the feature's own size."""
    step = np.asarray(X, float).std(0)
    step[is_flat(X)] = 1.0
    constant = float(learner.effect(np.zeros((1, len(step))))[0])
    weight = (np.asarray(learner.effect(np.diag(step)), float) - constant) / step
    spread = np.random.default_rng(0).normal(size=(64, len(step))) * step
    probes = np.vstack([X, X.mean(0) + 3 * spread])
    told = learner.effect(probes)
    missed = np.abs(told - probes @ weight - constant).max()
    if missed > ALIKE * np.ptp(told) + 1e-12 * np.abs(told).max():
        raise ValueError(f"learner: {name} has an effect that is not linear. {EXPORTABLE}")
    return {"weight": weight, "constant": np.array([constant])}
