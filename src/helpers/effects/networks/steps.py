"""Fits in steps: a learner says which networks it needs next, so that those of many learners train together."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.effects.fitting import fitted
from helpers.effects.networks.heads import Head
from helpers.effects.networks.problem import Problem
from helpers.effects.networks.training import fit_together
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.ordered import Rows

Steps = Generator[list[Problem], list[dict], None]


class InSteps:
    """For learners that have a generator ``_learn_steps``: ``fit`` runs it alone."""

    def fit(self, Y, T, X, W=None, annotated=None, groups=None):
        """Fit; see :class:`helpers.effects.learners.EffectLearner`."""
        data = {"Y": Y, "T": T, "X": X, "W": W, "annotated": annotated, "groups": groups}
        return fit_together([(self, data)])[0]

    def fit_steps(self, Y, T, X, W=None, annotated=None, groups=None) -> Steps:
        """Fit in steps; see :func:`helpers.effects.networks.training.fit_together`."""
        rows = Rows(Y, T, X, W, annotated, groups)
        yield from self._learn_steps(**rows.data)
        rows.give_back(self)

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        raise NotImplementedError


def trains_networks(learner: BaseEstimator) -> bool:
    """Whether fitting this learner in company saves time: it is a network, or a part of it is."""
    parts = [learner, *learner.get_params(deep=True).values()]
    return hasattr(learner, "fit_steps") and any(isinstance(part, Head) for part in parts)


def fit_all(fits: Iterable[tuple]) -> Steps:
    """Fit estimators, each ``(estimator, X, y, rows, groups)``; the networks among them in one step.

    ``rows`` are the positions in X that y and groups, its patients, are about; None: all. Yields the networks'
    problems, if any; is sent their weights.
    """
    fits = list(fits)
    networks = [job for job in fits if isinstance(job[0], Head)]
    problems = [head.begin(*job) for head, *job in networks]
    weights = (yield problems) if problems else []
    for (head, *_), trained in zip(networks, weights, strict=True):
        head.weights_ = trained
    for model, X, y, rows, groups in fits:
        if not isinstance(model, Head):
            fitted(model, X if rows is None else X[rows], y, groups=groups)


def nuisance_steps(prototype: Nuisances, Y, T, W, groups) -> Generator[list[Problem], list[dict], Nuisances]:
    """What ``Nuisances.fit_in_order`` of a clone gives, with the networks of all folds and arms in one step."""
    nuisances = clone(prototype)
    if np.isnan(W).any() or not any(isinstance(part, Head) for part in (prototype.outcome, prototype.propensity)):
        return nuisances.fit_in_order(Y, T, W, groups)
    Y, W = np.asarray(Y, float), np.asarray(W)
    jobs = nuisances.jobs(T, W, groups)
    yield from fit_all(
        (model, W, target[r], r, groups[r])
        for models, rows, _ in jobs
        for model, target, r in zip(models, (Y, Y, T), rows, strict=True)
    )
    return nuisances.finish(jobs, W)
