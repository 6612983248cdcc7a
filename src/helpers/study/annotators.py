"""Annotators who err, and learners that ignore, know or estimate their errors.

Only the simulation of an annotator, of a panel that settles some records, and the way ``known`` look at the true
annotations. Learners see what was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy, deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from helpers import annotation, artifacts, data
from helpers.annotation.annotators import Annotator
from helpers.config import Config
from helpers.data import fields
from helpers.data.fields import MISSING
from helpers.effects.em.fit import tuned_penalty
from helpers.effects.em.learner import EMLearner
from helpers.study import cell, strategies, trials
from helpers.study.reading import Reading
from helpers.study.repeat import each_block, made

DOUBLY_ANNOTATED = 0.05  # share of the training records that a second annotator, or a panel, looks at


@dataclass(frozen=True, repr=False)
class Answers:
    """What is on the table for a learner; -1 where nothing was written.

    Attributes
    ----------
    first : (n, F) int array
        By the annotator, for the annotated records.
    second : (n, F) int array
        By a second annotator: of the same kind for ``TWICE`` of the records, or another one for all annotated.
    settled : (n, F) int array
        What a panel holds to be true for the records that were annotated twice.
    levels : tuple of int
        Number of levels of each field.
    """

    first: np.ndarray
    second: np.ndarray
    settled: np.ndarray
    levels: tuple[int, ...]


def annotate(trial: trials.Trial, annotator: Annotator, other: Annotator | None = None) -> Answers:
    """Answers for the training records of a trial.

    Parameters
    ----------
    trial : Trial
        Its ``annotated`` records are annotated; its seed decides about errors and who is annotated twice.
    annotator : Annotator
    other : Annotator or None
        Annotates all of these records too. None: a second annotator of the same kind looks at ``TWICE`` of the
        training records, or at all annotated ones if they are fewer.
    """
    truth, levels = data.codes(trial.train)
    one, two, pick = (int(s) for s in np.random.SeedSequence([trial.seed, 8]).generate_state(3))
    rows = np.flatnonzero(trial.annotated)
    few = np.random.default_rng(pick).permutation(rows)[: round(DOUBLY_ANNOTATED * len(truth))]
    first = _only(annotator.write(trial.train, one), rows)
    second, again = np.full_like(first, MISSING), few if other is None else rows
    second[again] = (other or annotator).write(trial.train.take(again), two)
    return Answers(first, second, _only(truth, few), levels)


def ignore(answers: Answers) -> tuple[np.ndarray, None]:
    """The first annotator's answers, as if they were right."""
    return answers.first, None


def from_disagreement(answers: Answers) -> tuple[np.ndarray, list[np.ndarray]]:
    """The first annotator's answers, with a symmetric rate a field from the records annotated twice."""
    table = annotation.error_rates_from_double(answers.first, answers.second, answers.levels)
    rates = table["rate"].to_numpy()[:-1]
    return answers.first, [annotation.symmetric((k,), r)[0] for k, r in zip(answers.levels, rates, strict=True)]


def from_panel(answers: Answers) -> tuple[np.ndarray, list[np.ndarray]]:
    """The first annotator's answers, with free error matrices from the records that a panel settled."""
    models = annotation.dawid_skene(answers.first[:, None], answers.levels, gold=answers.settled)
    return answers.first, [model.errors[0] for model in models]


def from_both(answers: Answers) -> tuple[np.ndarray, list[np.ndarray]]:
    """What two annotators agree on, blank elsewhere; Dawid-Skene gives each a symmetric rate a field.

    With symmetric errors the chance to agree is the same for every true level of a binary field, so blanks tell
    nothing.
    """
    pair = np.stack([answers.first, answers.second], axis=1)
    models = annotation.dawid_skene(pair, answers.levels, symmetric=True)
    agreed = np.where(answers.first == answers.second, answers.first, MISSING)
    chances = [model.errors.prod(axis=0) for model in models]
    return agreed, [chance / chance.sum(axis=1, keepdims=True) for chance in chances]


ERROR_REMEDIES = {"ignored": ignore, "disagreement": from_disagreement, "panel": from_panel, "both": from_both}
REMEDY_LABELS = {
    "ignored": "errors ignored",
    "known": "error rates known",
    "disagreement": "error rates from double annotation",
    "panel": "error matrices from a panel",
    "both": "two annotators, Dawid-Skene",
}


def with_errors(ignoring: EMLearner, errors: list[np.ndarray], data: dict) -> EMLearner:
    """EM with error matrices, from where the same learner ended that took the same annotations to be right.

    Labels full of errors make the text model's penalty too large, so it is chosen anew on what EM holds to be true.

    Parameters
    ----------
    ignoring : EMLearner
        Fitted on ``data`` with ``errors=None``; it is left as it is.
    errors : list of (K, K) arrays
    data : dict
        What ``fit`` takes.
    """
    learner = deepcopy(ignoring).set_params(errors=errors, warm_start=True, iterations=2 * ignoring.iterations)
    learner.fit(**data)
    labels = np.where(np.asarray(data["annotated"])[:, None], learner.marginals_, 0.0)
    model = copy(learner.fit_.fields)
    model.penalty = tuned_penalty(model.standardise(data["X"]), labels, learner.levels, learner.seed)
    learner.fit_ = replace(learner.fit_, fields=model)
    return learner.fit(**data)


def run_annotator_cell(
    trial: trials.Trial,
    name: str,
    annotator: Annotator,
    way: str,
    other: Annotator | None = None,
    fitted: dict | None = None,
) -> pd.DataFrame:
    """Long results of one strategy that was given these annotations; see :func:`run_grid`.

    ``fitted`` remembers EM learners that ignore errors, which the other ways start from.
    """
    answers, strategy = annotate(trial, annotator, other), strategies.strategy_named(name)
    learner, fitted = strategy.make(trial), {} if fitted is None else fitted
    if way != "ignored" and not isinstance(learner, EMLearner):
        raise ValueError(f"strategy {name!r}, way {way!r}: only EM learners take error rates; others ignore errors.")
    known = way == "known"
    written, errors = (answers.first, annotator.errors(answers.levels)) if known else ERROR_REMEDIES[way](answers)
    indicators = fields.to_indicators(written, answers.levels)
    trial = replace(trial, reading=Reading(trial.config, trial.train, trial.annotated, indicators))
    W = np.hstack([indicators, trial.train.tabular])
    data = cell.training_data(trial, strategy) | {"W": W}
    key = artifacts.digest(cell.cell_key(trial.config), trial.index, name, written)
    if key not in fitted:
        fitted.clear()  # each holds its prepared features: one at a time
        fitted[key] = learner.fit(**data)
    learner = fitted[key] if errors is None else with_errors(fitted[key], errors, data)
    return cell.score_cell(trial, name, learner).assign(noise=annotator.noise, way=way)


def run_annotators(config: Config, cells: Iterable[tuple], progress: bool = True) -> pd.DataFrame:
    """Results of cells over all repetitions; every cell is kept, so a rerun computes only what is new.

    Parameters
    ----------
    config : Config
        Its budget is the share of the training records that the annotator annotates.
    cells : iterable of (label, Annotator, strategy, way) or with another Annotator at the end
        The label is for the result table; ways are the keys of ``WAY_LABELS``.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Long results with the columns ``annotator`` (the label), ``noise`` (flip rate) and ``way``.
    """
    lazy, fitted, blocks = trials.LazyTrials(config), {}, []
    for index, (label, annotator, name, way, *rest) in product(range(config.seeds), list(cells)):
        other = rest[0] if rest else None
        about = {"trial": index, "strategy": name, "way": way, "annotator": asdict(annotator)}
        about["other"] = None if other is None else asdict(other)
        make = partial(made, run_annotator_cell, lazy, index, name, annotator, way, other, fitted)
        blocks.append((about, make, {"annotator": label}))
    return each_block(config, "annotators", blocks, artifacts.code_of(__name__), progress)


def _only(codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Codes of these rows, -1 elsewhere."""
    out = np.full_like(codes, MISSING)
    out[rows] = codes[rows]
    return out
