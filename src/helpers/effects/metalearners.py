"""Learners on the features alone that fit one model an arm, one network for both, or residuals on residuals."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from helpers.data.folds import folds_by_patient
from helpers.effects.fitting import fitted
from helpers.effects.learners import EffectLearner
from helpers.effects.networks.heads import OutcomeHead
from helpers.effects.networks.steps import InSteps, Steps, fit_all
from helpers.effects.networks.training import predict_network
from helpers.effects.nuisance.prototypes import logistic, ridge


class TLearner(InSteps, EffectLearner):
    """One regression of the outcome an arm; their difference is the effect.

    Biased where the features do not hold all confounders. ``W`` and ``annotated`` are ignored.

    Parameters
    ----------
    model : regressor or None
        Prototype, cloned for both arms; None: ridge.
    """

    def __init__(self, model=None) -> None:
        self.model = model

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        arms = [np.flatnonzero(t == T) for t in (0, 1)]
        self.models_ = [clone(ridge() if self.model is None else self.model) for _ in arms]
        yield from fit_all((m, X, Y[r], r, groups[r]) for m, r in zip(self.models_, arms, strict=True))

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) predicted outcomes with treatment minus those without."""
        check_is_fitted(self, "models_")
        mu0, mu1 = (np.asarray(m.predict(X), float) for m in self.models_)
        return mu1 - mu0


class TARNet(InSteps, OutcomeHead, EffectLearner):
    """64 shared units, then a head of 64 units an arm, trained on the outcomes (Shalit et al., arXiv 1606.03976).

    Sizes and optimisation as in arXiv 2507.20993; patients held out to stop early. Parameters as
    :class:`helpers.effects.networks.heads.OutcomeHead`; ``W`` and ``annotated`` are ignored.
    """

    network = "tarnet"

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        scale = self.scale_of(Y)
        turned = self.standardise and T[0] == 1  # the first row's arm is 0 to the network: names decide nothing
        self.unit_ = -scale.factor if turned else scale.factor
        (self.weights_,) = yield [self.problem(X, scale.to(Y), 1 - T if turned else T, groups=groups)]

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) difference of the heads."""
        check_is_fitted(self, "weights_")
        outputs = predict_network(self.weights_, self.network, np.asarray(X, np.float32))
        return (outputs[:, 1] - outputs[:, 0]) * self.unit_


class DragonNet(TARNet):
    """TARNet with a propensity output and targeted regularisation (Shi et al., arXiv 1906.02120)."""

    network = "dragonnet"


class RLearner(EffectLearner):
    """Residuals on residuals (Nie and Wager, arXiv 1712.04912), on the features alone.

    Minimises ``sum of ((Y - m(X)) - (T - e(X)) tau(X))^2`` plus the penalty of the final regression, ``m`` and ``e``
    predicted for each fold from the others. ``W`` and ``annotated`` are ignored.

    Parameters
    ----------
    outcome, propensity : estimators or None
        Of E[Y | X] and P(T = 1 | X); None: ridge and logistic regression.
    final : regressor or None
        Of tau, fitted with sample weights; None: ridge.
    folds, seed : int
        Folds by patient, and their order.
    clip : float
        ``e`` is clipped to [clip, 1 - clip], so ``T - e`` is never zero.
    """

    per_row = ("m_", "e_")

    def __init__(self, outcome=None, propensity=None, final=None, folds=5, clip=0.01, seed=0) -> None:
        self.outcome = outcome
        self.propensity = propensity
        self.final = final
        self.folds = folds
        self.clip = clip
        self.seed = seed

    def _learn(self, Y, T, X, W, annotated, groups) -> None:
        if not 0 < self.clip < 0.5:
            raise ValueError(f"clip = {self.clip}: must lie strictly between 0 and .5, for T - e must not vanish.")
        self.m_, self.e_ = self._cross_fitted(Y, T, X, groups)
        rest = T - self.e_
        final = clone(ridge() if self.final is None else self.final)
        self.model_ = fitted(final, X, (Y - self.m_) / rest, rest**2, groups)

    def _cross_fitted(self, Y, T, X, groups) -> tuple[np.ndarray, np.ndarray]:
        m, e = np.empty((2, len(Y)))
        for train, held in folds_by_patient(T, groups, self.folds, self.seed):
            outcome = clone(ridge() if self.outcome is None else self.outcome)
            propensity = clone(logistic() if self.propensity is None else self.propensity)
            for model, target in ((outcome, Y), (propensity, T)):
                fitted(model, X[train], target[train], groups=groups[train])
            m[held], e[held] = outcome.predict(X[held]), propensity.predict_proba(X[held])[:, 1]
        return m, np.clip(e, self.clip, 1 - self.clip)
