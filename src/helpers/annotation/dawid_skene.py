"""Several annotators, no truth: their error matrices, the prevalence and the likely truth by EM.

A. P. Dawid, A. M. Skene, Applied Statistics 28 (1979). Given the truth, annotators err independently; fields are
treated one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import logsumexp

from helpers.data.fields import MISSING, checked_codes

START = 0.8  # annotators are right more often than not: picks the one of two mirrored solutions that means so


@dataclass(frozen=True, repr=False)
class AnnotatorModel:
    """What was learned about one field.

    Attributes
    ----------
    errors : (A, K, K) array
        ``P(written level | true level)`` of each annotator, rows true.
    prevalence : (K,) array
        Of the true levels; under a prior per record, the mean posterior.
    posterior : (n, K) array
        Of the truth of each record, given all its answers.
    log_likelihood : tuple of float
        Penalised by the pseudo-counts, at the start and after each step; never falls.
    converged : bool
    """

    errors: np.ndarray
    prevalence: np.ndarray
    posterior: np.ndarray
    log_likelihood: tuple[float, ...]
    converged: bool

    @property
    def rates(self) -> np.ndarray:
        """(A,) share of wrong answers at this prevalence."""
        return 1 - np.einsum("akk,k->a", self.errors, self.prevalence)


@dataclass(frozen=True, repr=False)
class _Data:
    """Distinct rows of one field: said (u, A, K) indicators, log_known (u, K), counts (u,), of (n,)."""

    said: np.ndarray
    log_known: np.ndarray
    counts: np.ndarray
    of: np.ndarray


def dawid_skene(
    answers: np.ndarray,
    levels: tuple[int, ...],
    symmetric: bool = False,
    same: bool = False,
    prior: np.ndarray | None = None,
    gold: np.ndarray | None = None,
    iterations: int = 2000,
    tolerance: float = 1e-9,
    pseudo: float = 0.01,
) -> tuple[AnnotatorModel, ...]:
    """Error matrices of annotators from the records that several of them annotated.

    Parameters
    ----------
    answers : (n, A, F) int array
        Level that annotator a wrote for field f, -1 where missing. Records with one answer count too.
    levels : tuple of int
        Number of levels of each field.
    symmetric : bool
        One error rate an annotator, all wrong levels alike, instead of a free matrix.
    same : bool
        All annotators share one matrix.
    prior : (n, sum of levels) array or None
        ``p(level | text)`` of each record, field after field, from a model whose probabilities can be trusted: it is
        held fixed and identifies what two annotators alone cannot. A model fitted to the same faulty answers as if
        they were right has learned the faults and hides them.
    gold : (n, F) int array or None
        Levels known for sure, -1 elsewhere.
    iterations, tolerance : int, float
        Stop after so many steps or when the log-likelihood per record gains less.
    pseudo : float
        Added to every expected count, above 0; keeps rare levels off the boundary.

    Returns
    -------
    tuple of AnnotatorModel, one a field.

    Raises
    ------
    ValueError
        Shapes or values do not fit; or the model has more parameters than the answers have degrees of freedom and
        neither prior nor gold is given. Two annotators of a binary field need ``symmetric=True``.
    """
    answers = checked_codes(answers, levels, "answers")
    if answers.ndim != 3:
        raise ValueError(f"answers has shape {answers.shape}: must be (records, annotators, fields).")
    if not pseudo > 0:
        raise ValueError(f"pseudo = {pseudo}: must be above 0.")
    priors, known = _priors(prior, answers, levels), _gold(gold, answers, levels)
    models = []
    for f, k in enumerate(levels):
        if prior is None and (known[:, f] == MISSING).all():
            _check_identified(answers[:, :, f], f, k, symmetric, same)
        data = _data(answers[:, :, f], k, priors[f], known[:, f])
        models.append(_fit(data, priors[f] is not None, symmetric, same, iterations, tolerance, pseudo))
    return tuple(models)


def _fit(data: _Data, fixed: bool, symmetric, same, iterations, tolerance, pseudo) -> AnnotatorModel:
    """EM for one field; fixed: a prior per record takes the place of the prevalence."""
    _, annotators, k = data.said.shape
    errors = np.tile(np.where(np.eye(k, dtype=bool), START, (1 - START) / (k - 1)), (annotators, 1, 1))
    prevalence, path, converged = np.full(k, 1 / k), [], False
    for _ in range(iterations):
        joint = data.log_known + np.einsum("uaj,akj->uk", data.said, np.log(errors))
        joint = joint if fixed else joint + np.log(prevalence)
        total = logsumexp(joint, axis=1, keepdims=True)
        posterior = np.exp(joint - total)
        penalty = pseudo * (np.log(errors).sum() + (0.0 if fixed else np.log(prevalence).sum()))
        path.append(float(data.counts @ total[:, 0] + penalty))
        converged = len(path) > 1 and path[-1] - path[-2] < tolerance * data.counts.sum()
        if converged:
            break
        weights = posterior * data.counts[:, None]
        errors = _constrained(np.einsum("uk,uaj->akj", weights, data.said) + pseudo, symmetric, same)
        prevalence = (weights.sum(0) + pseudo) / (weights.sum() + k * pseudo)
    return AnnotatorModel(errors, prevalence, posterior[data.of], tuple(path), converged)


def _constrained(counts: np.ndarray, symmetric: bool, same: bool) -> np.ndarray:
    """Error matrices that maximise the expected log-likelihood of (A, K, K) counts under the constraints."""
    annotators, k, _ = counts.shape
    counts = np.broadcast_to(counts.sum(0), counts.shape) if same else counts
    if not symmetric:
        return counts / counts.sum(axis=2, keepdims=True)
    rate = 1 - np.einsum("akk->a", counts) / counts.sum(axis=(1, 2))
    return np.where(np.eye(k, dtype=bool), 1 - rate[:, None, None], rate[:, None, None] / (k - 1))


def _data(answers: np.ndarray, k: int, prior: np.ndarray | None, gold: np.ndarray) -> _Data:
    """Equal rows are put together; with a prior per record there are none."""
    if prior is None:
        rows, of, counts = np.unique(np.column_stack([answers, gold]), axis=0, return_inverse=True, return_counts=True)
        log_known = np.zeros((len(rows), k))
    else:
        rows, of, counts = np.column_stack([answers, gold]), np.arange(len(answers)), np.ones(len(answers))
        with np.errstate(divide="ignore"):
            log_known = np.log(prior / prior.sum(axis=1, keepdims=True))
    sure = rows[:, -1] != MISSING
    log_known[sure] = np.where(np.eye(k, dtype=bool)[rows[sure, -1]], log_known[sure], -np.inf)
    said = (rows[:, :-1, None] == np.arange(k)).astype(float)
    return _Data(said, log_known, counts.astype(float), of.ravel())


def _check_identified(answers: np.ndarray, field: int, k: int, symmetric: bool, same: bool) -> None:
    """Parameters against degrees of freedom of the answers: a necessary condition."""
    answered = np.unique(answers != MISSING, axis=0)
    most = int(answered.sum(axis=1).max(initial=0))
    each = 1 if symmetric else k * (k - 1)
    parameters = k - 1 + each * (1 if same else answers.shape[1])
    freedom = comb(k + most - 1, most) - 1 if same else _freedom(answered, k)
    if most < 2 or parameters > freedom:
        raise ValueError(
            f"field {field}: {parameters} parameters, but the answers, at most {most} to a record, determine at most "
            f"{freedom} numbers. Use symmetric=True, get a third annotator, or give a prior or gold."
        )


def _freedom(answered: np.ndarray, k: int) -> int:
    """Margins and interactions (up to three annotators) that some record shows: (K - 1)^size for each."""
    groups = [np.flatnonzero(row) for row in answered]
    seen = {group for members in groups for size in (1, 2, 3) for group in combinations(members.tolist(), size)}
    return sum((k - 1) ** len(group) for group in seen)


def _priors(prior, answers: np.ndarray, levels: tuple[int, ...]) -> list[np.ndarray | None]:
    if prior is None:
        return [None] * len(levels)
    prior = np.asarray(prior, float)
    if prior.shape != (len(answers), sum(levels)):
        raise ValueError(f"prior has shape {prior.shape}: must be ({len(answers)}, {sum(levels)}), field after field.")
    blocks = np.split(prior, np.cumsum(levels)[:-1], axis=1)
    if not (prior >= 0).all() or not all(np.allclose(b.sum(1), 1, atol=1e-4) for b in blocks):
        raise ValueError("prior: the levels of a field must have probabilities that sum to 1 in every record.")
    return [np.clip(block, 1e-9, None) for block in blocks]


def _gold(gold, answers: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    if gold is None:
        return np.full((len(answers), len(levels)), MISSING)
    gold = checked_codes(gold, levels, "gold")
    if gold.shape != (len(answers), len(levels)):
        raise ValueError(f"gold has shape {gold.shape}: must be ({len(answers)}, {len(levels)}).")
    return gold
