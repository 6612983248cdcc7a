"""Learn the order of the effects rather than the effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from helpers.effects.learners import EffectLearner, annotated_rows
from helpers.effects.networks.heads import Head
from helpers.effects.networks.steps import InSteps, Steps, nuisance_steps
from helpers.effects.networks.training import predict_network
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.effects.scale import Scale


@dataclass(repr=False, eq=False)
class RankLearner(InSteps, Head, EffectLearner):
    """A score of the features, fitted on pairs of annotated rows, that orders patients by their effect.

    After Rank-Learner (Arno et al., arXiv 2602.03517): with ``d = (tau_i - tau_j) / kappa`` of the plug-in effects
    ``tau = mu1 - mu0``, a pair's label is ::

        sigmoid(d) + sigmoid(d) (1 - sigmoid(d)) ((psi_i - tau_i) - (psi_j - tau_j)) / kappa

    the chance that i's effect is the greater one, softened by ``kappa``, and its first-order correction, so that an
    error of the nuisances enters at second order only. The score g minimises the mean over pairs of
    ``softplus(g_i - g_j) - label (g_i - g_j)``, the logistic loss extended to labels outside [0, 1].

    What may differ from the paper, which was followed by its abstract and summaries of its method, not by its code:

    * nuisances and psi come from the annotated confounders W, the score sees X alone. It learns the order of the
      mean pairwise label given X, which is that of E[tau | X] where the spread of tau given X is alike for all;
    * ``kappa`` is one standard deviation of the plug-in effects unless given;
    * pairs: each row of a shuffled mini-batch with the 8 that follow it;
    * inputs are standardised; Adam and early stopping on held-out patients as for the other networks.

    Parameters
    ----------
    nuisances : Nuisances or None
        Prototype; None: cross-fitted regressions on W with pairwise products.
    hidden : bool
        A layer of 64 ReLU units; else a linear score.
    kappa : float or None
        Softness of the labels, in units of the effect.
    learning_rate, batch, epochs, patience, validation_share, seed
        As :class:`helpers.effects.networks.heads.Head`.
    """

    nuisances: Nuisances | None = None
    hidden: bool = True
    kappa: float | None = None

    per_row = ("psi_", "nuisances_")

    @property
    def network(self) -> str:
        """Name of the score's network."""
        return "rank" if self.hidden else "rank_linear"

    def _learn_steps(self, Y, T, X, W, annotated, groups) -> Steps:
        Y, T, X, W, groups = annotated_rows(Y, T, X, W, annotated, groups)
        stage1 = Nuisances() if self.nuisances is None else self.nuisances
        self.nuisances_ = yield from nuisance_steps(stage1, Y, T, W, groups)
        n = self.nuisances_
        self.psi_ = pseudo_outcome(Y, T, n.mu0_, n.mu1_, n.e_)
        yield from self.rank_steps(X, n.mu1_ - n.mu0_, self.psi_, groups)

    def rank_steps(self, X, plug_in, psi, groups=None) -> Steps:
        """The second stage: order the rows of X by plug-in effects (n,) corrected by pseudo-outcomes (n,)."""
        plug_in, psi = np.asarray(plug_in, float), np.asarray(psi, float)
        self.kappa_ = float(plug_in.std()) if self.kappa is None else self.kappa
        if not self.kappa_ > 1e-9 * max(np.abs(plug_in).max(), psi.std()):
            raise ValueError(f"kappa = {self.kappa_}: must be above 0; the plug-in effects may all be equal.")
        centre = plug_in.mean()  # pairs do not see it, but float32 does
        self.scaler_ = StandardScaler().fit(X)
        self.unit_ = float(np.sign(Scale.of(plug_in).factor))  # so -plug_in and -psi give exactly the negative
        targets = tuple((v - centre) / (self.unit_ * self.kappa_) for v in (plug_in, psi))
        (self.weights_,) = yield [self.problem(self._standardised(X), *targets, groups=groups)]

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) scores: an order (low is treated first), not effects."""
        check_is_fitted(self, "weights_")
        return predict_network(self.weights_, self.network, self._standardised(X))[:, 0] * self.unit_

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        return self.scaler_.transform(np.asarray(X, float)).astype(np.float32)
