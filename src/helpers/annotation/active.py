"""Which records to annotate next: the ones whose confounders the model is least sure of."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.special import entr

from helpers.annotation import designs
from helpers.data.cohort import Cohort


class ReadsConfounders(Protocol):
    """What choosing needs of a learner that infers the confounders nobody annotated, such as EM.

    Attributes
    ----------
    levels : tuple of int
        Number of levels of each field.
    marginals_ : (n, sum of levels) array
        Posterior of each field's levels for the rows it was fitted on.
    tau_ : array
        Intercept of the effect, then the effect of each level but a field's first.
    """

    levels: tuple[int, ...]
    marginals_: np.ndarray
    tau_: np.ndarray

    def fit(self, Y, T, X, *, W, annotated, groups) -> ReadsConfounders:
        """Learn from all rows; W is looked at in annotated rows alone."""

    def marginals(self, Y, T, X, W) -> np.ndarray:
        """Posterior of each field's levels given text, T and Y."""


def reading_doubt(chances: np.ndarray) -> np.ndarray:
    """(n,) how unsure a reader is of a record: the entropies of its fields, summed.

    Parameters
    ----------
    chances : (n, sum of levels) array
        Of every level of every field; those of a field sum to 1.
    """
    return entr(chances).sum(axis=1)


def effect_spread(learner: ReadsConfounders, Y, T, X, W) -> np.ndarray:
    """(n,) posterior standard deviation of the effect given text, T and Y, as if nobody had annotated anything.

    By the fields' marginals, which ignores that they depend on each other a little once Y is known. It stands in for
    ``sqrt(Var(psi_x | phi, T, Y))``, what a design should follow (arXiv 2403.03208), without psi's inverse weights.
    """
    chances = learner.marginals(Y, T, X, W)
    weights, variance, start = learner.tau_[1:], np.zeros(len(chances)), 0
    for f, k in enumerate(learner.levels):
        effect, p = np.r_[0.0, weights[start - f : start - f + k - 1]], chances[:, start : start + k]
        variance += p @ effect**2 - (p @ effect) ** 2
        start += k
    return np.sqrt(np.maximum(variance, 0.0))


def annotate_actively(
    learner: ReadsConfounders, Y, T, X, W, ids: np.ndarray, budget: float, seed: int, pilot: float = 1 / 3
) -> np.ndarray:
    """Annotate a random pilot, fit EM, then annotate the patients with the most uncertain posterior.

    The choice depends on the note, the treatment and the outcome, so annotated records are no random sample. EM
    models all three and needs no weights for that; a learner that looks at annotated rows alone is biased by it.

    Parameters
    ----------
    learner : ReadsConfounders
        Prototype; fitted once on the pilot.
    Y, T, X, W : arrays of n rows
        As ``fit`` takes them; of W only the rows annotated so far are looked at.
    ids : (n,) array
        Patient identifiers; all records of a patient are annotated together.
    budget : float
        Share of the patients annotated in the end.
    seed : int
        Order of the pilot.
    pilot : float
        Share of the budget that is drawn at random.

    Returns
    -------
    (n,) bool array
    """
    if not 0 < budget <= 1 or not 0 < pilot <= 1:
        raise ValueError(f"budget = {budget}, pilot = {pilot}: both must lie in (0, 1].")
    patients, row = np.unique(np.asarray(ids), return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(patients))
    first = max(1, round(pilot * budget * len(patients)))
    mask = rank[row] < first
    if budget == 1 or first >= round(budget * len(patients)):
        return rank[row] < max(1, round(budget * len(patients)))
    fitted = learner.fit(Y, T, X, W=W, annotated=mask, groups=ids)
    doubt = np.zeros(len(patients))
    np.add.at(doubt, row, reading_doubt(fitted.marginals_))
    doubt[rank < first] = -1.0
    chosen = np.argsort(-doubt, kind="stable")[: round(budget * len(patients)) - first]
    return mask | np.isin(row, chosen)


def by_spread(
    learner: ReadsConfounders, train: Cohort, phi: np.ndarray, budget: float, seed: int, pilot: float = 1 / 3
) -> tuple[np.ndarray, np.ndarray]:
    """A random pilot, then chances proportional to the effect's posterior spread, a quarter of their mean at least.

    Mask and chance of each record: that of the pilot, or else of the second draw, which is made among all patients.
    The second chance depends on the pilot through EM's fit alone, hence hardly on a single record.
    """
    first, second = (int(s) for s in np.random.SeedSequence(seed).generate_state(2))
    share = pilot * budget
    mask = designs.choose(train.ids, share, first)
    if budget == 1:
        return np.ones(len(train), bool), np.ones(len(train))
    learner.fit(train.Y, train.T, phi, W=train.W, annotated=mask, groups=train.ids)
    left = (budget - share) / (1 - share)
    chance = designs.optimal_probability(effect_spread(learner, train.Y, train.T, phi, train.W), left, left / 4)
    drawn, chance = designs.choose_by_probability(train.ids, chance, second)
    return mask | drawn, share + (1 - share) * chance
