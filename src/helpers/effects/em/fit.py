"""EM's steps, from data and settings to a fitted state that nobody changes afterwards."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from helpers.annotation.imputation import SoftmaxFields, choose_penalty
from helpers.artifacts.memory import MemoryCache
from helpers.effects.em.expectation import Drawn, Listed
from helpers.effects.em.maximisation import Cells, Models, fit_models
from helpers.effects.scale import Scale, Unitless

EM_PENALTIES = (10.0, 30.0, 100.0, 300.0)
TUNING_ROWS = 3_000  # enough to choose a penalty, which acts as a prior and does not grow with the records
LISTED = 2e7  # numbers in an array of records by configurations, of which a step holds several: 160 MB each
RECENT = MemoryCache(1)  # the read-outs of a trial share a fit


@dataclass(frozen=True)
class Settings:
    """What decides on a fit beside the data; see :class:`helpers.effects.em.learner.EMLearner`."""

    levels: tuple[int, ...]
    iterations: int
    errors: list | None
    tolerance: float
    seed: int
    exact: int
    chains: int
    sweeps: int


@dataclass(frozen=True, repr=False)
class EMFit:
    """Where EM ended on n records.

    Attributes
    ----------
    fields : SoftmaxFields
        p(x | phi).
    models : Models
        Outcome and treatment given (x, w).
    cells : Cells
        Those of the last M-step.
    scale : Scale
        Of the outcome.
    bedside : Unitless
        Of the bedside columns, which the models take without their units.
    Z : (n, r) array
        Features as ``fields`` takes them.
    marginals : (n, sum of levels) array
        Posterior chances of the levels.
    log_likelihood : tuple of float
        Penalised, before each step.
    converged : bool
    posterior, configurations, onehot : arrays or None
        (n, C) posterior of each configuration, and these in two codings; None if they were drawn.
    """

    fields: SoftmaxFields
    models: Models
    cells: Cells
    scale: Scale
    bedside: Unitless
    Z: np.ndarray
    marginals: np.ndarray
    log_likelihood: tuple[float, ...]
    converged: bool
    posterior: np.ndarray | None = None
    configurations: np.ndarray | None = None
    onehot: np.ndarray | None = None

    @property
    def known(self) -> int:
        """Number of bedside columns."""
        return len(self.bedside.centre_)

    @property
    def exact(self) -> bool:
        """Whether all configurations were listed."""
        return self.posterior is not None


def fitted_once(settings: Settings, Y, T, X, W, annotated) -> EMFit:
    """:func:`fit_em` from the start; the last fit is kept in memory by the content of the arguments, and shared."""
    given = (settings, Y, T, X, W, annotated)
    return RECENT.get(given, lambda: fit_em(*given))


def fit_em(settings: Settings, Y, T, X, W, annotated, last: EMFit | None = None) -> EMFit:
    """Fit p(x | phi), outcome and treatment.

    Parameters
    ----------
    settings : Settings
    Y, T, X, W, annotated
        (n,) outcomes and treatments, (n, d) features, (n, q + k) annotations and bedside columns, and which of the
        annotations may be looked at.
    last : EMFit or None
        Go on from there; None: from the annotated rows alone.

    Raises
    ------
    ValueError
        No annotated row, a bedside column with gaps, or other columns than the levels or the last fit have.
    """
    known = _bedside(settings, W, annotated)
    bedside = Unitless().fit(known) if last is None else last.bedside
    said, labels = annotations_said(settings, W, annotated)
    step = e_step(settings, said, bedside.transform(known))
    scale = Scale.of(Y) if last is None else last.scale
    fields, Z = _text_model(settings, X, labels) if last is None else (copy(last.fields), last.fields.standardise(X))
    step.prior(fields.log_proba(Z), annotated if last is None else np.ones(len(Y), bool))
    models = fit_models(step, scale.to(Y), T) if last is None else last.models.on(step.cells)
    models, cells, path, converged = _iterate(settings, step, fields, Z, scale.to(Y), T, models, scale)
    fit = EMFit(fields, models, cells, scale, bedside, Z, step.marginals, tuple(path), converged)
    if isinstance(step, Listed):
        fit = replace(fit, posterior=step.posterior, configurations=step.configurations, onehot=step.onehot)
    for array in (fit.Z, fit.marginals, fit.posterior):
        if array is not None:
            array.setflags(write=False)
    return fit


def annotations_said(settings: Settings, W: np.ndarray, annotated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, sum of levels) log-chance of what was annotated given each level, 0 where nothing was; and labels."""
    said, labels = np.zeros((2, len(W), sum(settings.levels)))
    start = 0
    for f, k in enumerate(settings.levels):
        block = W[:, start - f : start - f + k - 1]
        seen = annotated & np.isfinite(block).all(1)
        level = np.where(block[seen].max(1) > 0.5, block[seen].argmax(1) + 1, 0)
        chance = np.eye(k) if settings.errors is None else np.asarray(settings.errors[f], float)
        with np.errstate(divide="ignore"):
            said[seen, start : start + k] = np.log(chance)[:, level].T
        labels[seen, start : start + k] = (chance / chance.sum(0).clip(1e-300))[:, level].T
        start += k
    return said, labels


def e_step(settings: Settings, said: np.ndarray, bedside: np.ndarray) -> Listed | Drawn:
    """The exact E-step where all configurations can be listed, else the one by sampling."""
    count = prod(settings.levels)
    if count <= settings.exact and len(said) * count <= LISTED:
        return Listed(settings.levels, said, bedside)
    return Drawn(settings.levels, said, bedside, settings.chains, settings.sweeps, settings.seed)


def tuned_penalty(Z: np.ndarray, labels: np.ndarray, levels: tuple[int, ...], seed: int) -> float:
    """Penalty of the text model, chosen on at most ``TUNING_ROWS`` of the labelled rows of prepared features."""
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(labels.any(1)))[:TUNING_ROWS]
    return choose_penalty(Z[rows], labels[rows], levels, EM_PENALTIES, seed)


def _bedside(settings: Settings, W: np.ndarray, annotated: np.ndarray) -> np.ndarray:
    q = sum(k - 1 for k in settings.levels)
    if W.shape[1] < q or W.shape[0] != len(annotated):
        raise ValueError(
            f"W {W.shape}: levels {settings.levels} need {q} indicators for each of {len(annotated)} records."
        )
    if not np.isfinite(W[:, q:]).all():
        raise ValueError("W: bedside columns must be known for every record; impute them first.")
    if not annotated.any():
        raise ValueError("annotated: no row is annotated; this learner needs some.")
    return W[:, q:]


def _text_model(settings: Settings, X: np.ndarray, labels: np.ndarray) -> tuple[SoftmaxFields, np.ndarray]:
    """p(x | phi) from the annotated rows alone, and the features as it takes them."""
    fields = SoftmaxFields(settings.levels)
    Z = fields.prepare(X)
    fields.penalty = tuned_penalty(Z, labels, settings.levels, settings.seed)
    fields.coefficients_ = np.zeros((Z.shape[1] + 1, sum(settings.levels)))
    return fields.refit(Z, labels), Z


def _iterate(settings: Settings, step, fields, Z, Y, T, models: Models, scale: Scale) -> tuple:
    """EM steps; ``fields`` is refitted in place. Returns models, their cells, log-likelihoods, whether they settled."""
    path, cells, span = [], step.cells, 1 if isinstance(step, Listed) else 5  # sampled likelihoods are noisy
    unit = len(Y) * np.log(abs(scale.factor))  # densities of the outcome in its own unit
    for _ in range(settings.iterations):
        total = step.expect(fields.log_proba(Z), Y, T, models)
        penalty = models.penalty + 0.5 * fields.penalty * (fields.coefficients_[:-1] ** 2).sum()
        path.append(total - penalty - unit)
        if len(path) > span and path[-1] - path[-span - 1] < span * settings.tolerance * len(Y):
            return models, cells, path, True
        models, cells = fit_models(step, Y, T, models.logit), step.cells
        fields.refit(Z, step.marginals)
    if settings.iterations and settings.tolerance >= 0:
        _say_not_converged(settings, path, len(Y))
    return models, cells, path, settings.iterations == 0


def _say_not_converged(settings: Settings, path: list[float], n: int) -> None:
    from sklearn.exceptions import ConvergenceWarning

    gain = np.diff(path[-2:]) / n
    said = f"the last one gained {gain[0]:.2g} per record (tolerance {settings.tolerance:g})" if len(gain) else "1 step"
    message = f"EM stopped after iterations = {settings.iterations} steps; {said}. Raise iterations or tolerance."
    warnings.warn(message, ConvergenceWarning, stacklevel=4)
