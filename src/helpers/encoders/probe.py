"""What a model, or a perfect reader, knows of the annotated confounders."""

from __future__ import annotations

import numpy as np

from helpers.annotation.imputation import SoftmaxFields, choose_penalty
from helpers.data.cohort import Cohort
from helpers.data.fields import Fields, labels_of, mentions_of

PROBE_PENALTIES = (30.0, 300.0)
TRIAL_ROWS = 3_000  # enough to choose a penalty, which acts as a prior and does not grow with the records


def predict_fields(
    fields: Fields, X_train: np.ndarray, labels: np.ndarray, X_test: np.ndarray, seed: int, penalty: float | None = None
) -> np.ndarray:
    """(n_test, sum of sizes) probabilities from penalised regressions; rows of zeros in ``labels`` are missing.

    ``penalty`` None: chosen among ``PENALTIES`` by cross-validation on the training rows.
    """
    if penalty is None:
        rows = np.random.default_rng(seed).permutation(len(X_train))[:TRIAL_ROWS]
        penalty = choose_penalty(np.asarray(X_train[rows], float), labels[rows], fields.sizes, PROBE_PENALTIES, seed)
    return SoftmaxFields(fields.sizes, penalty).fit(X_train, labels).predict_proba(X_test)


def read_perfectly(fields: Fields, train: Cohort, test: Cohort) -> np.ndarray | None:
    """What a reader would know who misses nothing that a note says about the confounders.

    The truth where it is said. Where it is not, a probability learned on the silent training records, from what
    is said about the other confounders and the tabular columns.

    Returns
    -------
    (n_test, sum of sizes) probabilities, or None where mentions were not recorded.
    """
    said = [mentions_of(c, fields) for c in (train, test)]
    if said[0] is None or said[1] is None:
        return None
    truth = [labels_of(c, fields) for c in (train, test)]
    known = [np.hstack([t * s, c.tabular]) for t, s, c in zip(truth, said, (train, test), strict=True)]
    guess = predict_fields(fields, known[0], truth[0] * ~said[0], known[1], seed=0, penalty=1.0)
    return np.where(said[1], truth[1], guess)
