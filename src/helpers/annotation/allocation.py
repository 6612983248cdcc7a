"""Who is annotated under a budget: the four designs by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.annotation.active import ReadsConfounders, annotate_actively, by_spread
from helpers.annotation.designs import choose, choose_by_probability, optimal_probability
from helpers.data.cohort import Cohort

DESIGNS = ("random", "known", "spread", "active")


def annotate_by(
    design: str,
    cohort: Cohort,
    budget: float,
    seed: int,
    phi: np.ndarray | None = None,
    reader: Callable[[], ReadsConfounders] | None = None,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Which training records are annotated, and their chance of it.

    Parameters
    ----------
    design : {"random", "known", "spread", "active"}
        ``random``: a share of the patients; where a cohort comes with annotations for some of its records, only these
        can be chosen, and the chance takes them for a random sample. ``known``: records with an outcome above the
        median are three times as likely as the others. ``spread``: see :func:`helpers.annotation.active.by_spread`.
        ``active``: see :func:`helpers.annotation.active.annotate_actively`.
    cohort : Cohort
        The n training records.
    budget : float
        Share of the patients annotated, in (0, 1].
    seed : int
    phi : (n, d) array or None
        Features, which ``spread`` and ``active`` choose by.
    reader : callable or None
        Gives the unfitted learner that ``spread`` and ``active`` fit on their pilot.

    Returns
    -------
    annotated : (n,) bool array
    pi : (n,) array or None
        None for ``active``, since the choice follows from the pilot.

    Raises
    ------
    ValueError
        If the design is unknown, has nothing to choose by, or only some records of the cohort have annotations.
    """
    if design not in DESIGNS:
        raise ValueError(f"design = {design!r}: must be one of {list(DESIGNS)}.")
    if design == "random":
        chosen = choose(cohort.ids, budget, seed) & cohort.annotated
        return chosen, np.full(len(cohort), budget * cohort.annotated.mean())
    if not cohort.annotated.all():
        raise ValueError(
            f"design = {design!r}: cohort {cohort.name!r} has annotations for some of its records only, so the "
            f"study cannot choose who is annotated; use design='random'."
        )
    if design == "known":
        spread = np.where(cohort.Y > np.median(cohort.Y), 3.0, 1.0)
        return choose_by_probability(cohort.ids, optimal_probability(spread, budget, floor=budget / 10), seed)
    if phi is None or reader is None:
        raise ValueError(
            f"design = {design!r} chooses by the text vectors, which are not there before the annotations where the "
            f"encoder learns from them; use design='random' or 'known', or another encoder."
        )
    if design == "spread":
        return by_spread(reader(), cohort, phi, budget, seed)
    return annotate_actively(reader(), cohort.Y, cohort.T, phi, cohort.W, cohort.ids, budget, seed), None
