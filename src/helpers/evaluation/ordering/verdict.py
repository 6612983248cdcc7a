"""The verdict on an order, in words: what a practitioner asks of held-out annotated records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers import stats
from helpers.data.cohort import Cohort
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.evaluation.held_out import held_out_scores
from helpers.evaluation.ordering.loss import OrderLoss, order_loss
from helpers.evaluation.ordering.reference import confounder_effects

TOLERANCE = 0.1


@dataclass(frozen=True)
class Verdict:
    """Whether an order survives, and the loss it rests on.

    Attributes
    ----------
    answer : {"survives", "slightly lost", "lost", "open"}
        ``survives``: the upper limit of the share lost is within the tolerance. ``lost``: the lower limit is beyond
        it. ``slightly lost``: order is lost, and the tolerance lies between the limits. ``open``: neither a loss nor
        its absence can be shown with these rows.
    loss : OrderLoss
    rows : int
        Held-out annotated rows.
    tolerance : float
    """

    answer: str
    loss: OrderLoss
    rows: int
    tolerance: float

    @property
    def words(self) -> str:
        """The verdict in one or two sentences."""
        found = self.loss
        amount = (
            f"It loses {found.share:.0%} of the benefit of ordering that the annotations allow (90 % interval "
            f"{found.share_low:.0%} to {found.share_high:.0%}; one-sided p = {found.p_value:.3f}; {self.rows} rows)."
        )
        return f"{MEANING[self.answer].format(tolerance=f'{self.tolerance:.0%}')} {amount}"


MEANING = {
    "survives": "The order survives: at most {tolerance} is lost.",
    "lost": "The order does not survive: more than {tolerance} is lost.",
    "slightly lost": "Some of the order is lost; whether more than {tolerance} cannot be told with these rows.",
    "open": "No loss can be shown, nor can one of more than {tolerance} be excluded: annotate more held-out rows.",
}


def check_order(
    test: Cohort,
    priority: np.ndarray,
    train: Cohort | None = None,
    annotated: np.ndarray | None = None,
    nuisances: Nuisances | None = None,
    metric: Callable = stats.autoc,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Verdict:
    """Does an order of treatment survive that was made without the confounders? No true effect is looked at.

    Parameters
    ----------
    test : Cohort
        Annotated records, held out from everything the order was learned on.
    priority : (n,) array
        High is treated first.
    train : Cohort or None
        Training records of other patients, whose annotations steady the reference.
    annotated : (m,) bool array or None
        Which of them are annotated; None: all.
    nuisances : Nuisances or None
        Prototype for the held-out scores, see :func:`helpers.evaluation.held_out.held_out_scores`.
    metric : callable of (effects, priority)
        ``metrics.autoc``, or ``metrics.qini`` for the regret in policy value.
    tolerance : float in (0, 1)
        Share of the attainable that may be lost.
    seed : int

    Raises
    ------
    ValueError
        Tolerance out of range; patients on both sides; too few rows for the nuisances.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance = {tolerance}: must be a share between 0 and 1.")
    scores = held_out_scores(test, nuisances)
    reference = confounder_effects(scores, test.W, _annotated(train, annotated, test), seed=seed)
    loss = order_loss(scores, reference, priority, metric)
    return Verdict(_answer(loss, tolerance), loss, len(test), tolerance)


def _answer(loss: OrderLoss, tolerance: float) -> str:
    if loss.share_high <= tolerance:
        return "survives"
    if loss.share_low > tolerance:
        return "lost"
    return "slightly lost" if loss.slope_low > 0 else "open"


def _annotated(train: Cohort | None, annotated: np.ndarray | None, test: Cohort) -> tuple | None:
    """Outcome, treatment, confounders and patients of the annotated training rows."""
    if train is None:
        return None
    shared = len(np.intersect1d(train.ids, test.ids))
    if shared:
        raise ValueError(f"train and test share {shared} patients; a reference for test rows must not have seen them.")
    mask = np.ones(len(train), bool) if annotated is None else np.asarray(annotated)
    if mask.dtype != bool or mask.shape != (len(train),):
        raise ValueError(
            f"annotated: expected a mask of {len(train)} booleans, got {mask.dtype} of shape {mask.shape}."
        )
    return train.Y[mask], train.T[mask], train.W[mask], train.ids[mask]
