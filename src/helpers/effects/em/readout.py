"""From a fit to effects: what treatment does given confounders, and what that is on average given the features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.effects.em.fit import EMFit

EFFECTS_AT_ONCE = 500


@dataclass(frozen=True, repr=False)
class PlugIn:
    """Effects from features alone: the chances of each field's levels, then the mean effect they give.

    Attributes
    ----------
    levels : tuple of int
        Levels of each field.
    weight, constant : (d, sum of levels) and (sum of levels,) arrays
        Logits of the levels, linear in the features.
    tau : (1 + sum of levels - fields + k,) array
        Intercept of the effect, then what each level but a field's first adds, then each of the k bedside columns.
    """

    levels: tuple[int, ...]
    weight: np.ndarray
    constant: np.ndarray
    tau: np.ndarray

    @classmethod
    def of(cls, fit: EMFit, tau: np.ndarray) -> PlugIn:
        """Preparation of the features and regressions as one linear map."""
        fields = fit.fields
        slopes = fields.axes_.astype(float) @ fields.coefficients_[:-1] / fields.scale_.astype(float)[:, None]
        constant = fields.coefficients_[-1] - fields.mean_.astype(float) @ slopes
        return cls(tuple(fields.levels), slopes, constant, tau)

    def effect(self, X: np.ndarray) -> np.ndarray:
        """(n,) effects of (n, d) features, whose last columns are the bedside ones.

        Products and sums row by row: unlike those of a matrix product their bits depend on no other row and no thread.
        """
        X = np.asarray(X)
        starts = range(0, len(X), EFFECTS_AT_ONCE)
        return np.concatenate([np.empty(0), *(self._effect(X[i : i + EFFECTS_AT_ONCE].astype(float)) for i in starts)])

    def _effect(self, X: np.ndarray) -> np.ndarray:
        logits = np.add.reduce(X[:, :, None] * self.weight, axis=1) + self.constant
        chances = [_softmax(part)[:, 1:] for part in np.split(logits, np.cumsum(self.levels)[:-1], axis=1)]
        known = len(self.tau) - 1 - sum(c.shape[1] for c in chances)
        indicators = np.hstack([*chances, X[:, X.shape[1] - known :]])
        return self.tau[0] + np.add.reduce(indicators * self.tau[1:], axis=1)


def effect_given_cells(fit: EMFit, clip: float) -> np.ndarray:
    """Effect given (x, w), as :class:`PlugIn` has it: ridge of the cells' doubly robust scores.

    ``clip`` bounds the propensity.
    """
    if fit.models.sums is None:
        raise ValueError("fit: its models stand in the cells of other records than those they were fitted on.")
    (n0, y0), (n1, y1) = fit.models.sums
    n, (mu0, mu1) = n0 + n1, fit.models.mu
    e = np.clip(fit.models.e, clip, 1 - clip)
    total = n * (mu1 - mu0) + (y1 - n1 * mu1) / e - (y0 - n0 * mu0) / (1 - e)
    return _in_units(fit, fit.scale.factor * fit.cells.linear(n, total))


def _in_units(fit: EMFit, tau: np.ndarray) -> np.ndarray:
    """The same effect of bedside columns as they are."""
    tau[len(tau) - fit.known :] /= fit.bedside.factor_
    tau[0] -= tau[len(tau) - fit.known :] @ fit.bedside.centre_
    return tau


def effect_of_marginals(tau: np.ndarray, levels: tuple[int, ...], marginals: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(n,) mean effects; being linear in the indicators they need the chances of the fields' levels only."""
    firsts = np.r_[0, np.cumsum(levels)[:-1]]
    return tau[0] + np.hstack([np.delete(marginals, firsts, axis=1), w]) @ tau[1:]


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
