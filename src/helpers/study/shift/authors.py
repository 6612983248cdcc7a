"""Leave one author out: what a reader finds in the notes of somebody it has never read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from helpers import artifacts, data, encoders, stats
from helpers.config import Config
from helpers.data.fields import Fields
from helpers.effects.learners import EffectLearner
from helpers.study import cell
from helpers.study.repeat import each_block
from helpers.study.shift.pairs import Pair, Pairs
from helpers.study.shift.worlds import AUTHORS_OUT
from helpers.study.strategies import strategy_named
from helpers.study.trials import Trial, assemble, frozen_encoder

CUTS = np.arange(0.05, 1.0, 0.05)
AT = {"home": "authors it has read", "target": "the author it has not"}


def authors_left_out(
    config: Config, strategy: str, authors: Iterable[str] | None = None, progress: bool = True
) -> pd.DataFrame:
    """Train on the notes of all authors but one, and judge on patients of the others and of that one.

    Parameters
    ----------
    config : Config
        With ``note_style="authors"``.
    strategy : str
        One that sees what a reader finds; its order of the patients is compared with the ceiling of the notes.
    authors : iterable of str or None
        Whom to leave out, one at a time; None: each.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        Columns ``author, where`` (``home``, ``target``), ``seed, metric, value``: ``autoc`` and its ``ceiling``; means
        over the levels of the confounders of ``auroc``, of ``f1`` at thresholds chosen on training notes, and of the
        calibration error ``ece``.

    Raises
    ------
    ValueError
        The notes are by no known authors.
    """
    if config.note_style != "authors":
        raise ValueError(f"note_style = {config.note_style!r}: only notes by known authors can be left out; 'authors'.")
    pairs, blocks = Pairs(config, AUTHORS_OUT), []
    for index in range(config.seeds):
        for name in AUTHORS_OUT if authors is None else authors:
            about = {"kind": "author", "shift": repr(AUTHORS_OUT[name]), "trial": index, "strategy": strategy}
            blocks.append((about, partial(_judged, pairs, name, index, strategy), {"author": name, "seed": index}))
    return each_block(pairs.config, "shift", blocks, artifacts.code_of(__name__), progress)


def author_shares(table: pd.DataFrame, by: tuple[str, ...] = ("where", "seed")) -> pd.DataFrame:
    """What :func:`authors_left_out` found, over authors: columns of ``by``, ``metric, value``.

    ``share`` is the sum of the AUTOC over that of the ceilings, since few patients of one author make a poor ratio.
    """
    means = table.groupby([*by, "metric"], sort=False)["value"].mean().unstack()
    wide = means.assign(share=means["autoc"] / means["ceiling"])[["share", "auroc", "f1", "ece"]]
    return wide.rename_axis(columns="metric").stack().rename("value").reset_index()


def _judged(pairs: Pairs, name: str, index: int, strategy: str) -> pd.DataFrame:
    trials = trials_without(pairs.pair(name, index))
    learner = cell.run_strategy(trials["target"], strategy_named(strategy))
    cuts = best_cuts(trials["target"])
    return pd.concat([_scores(trials[where], learner, strategy, cuts).assign(where=where) for where in AT])


def trials_without(pair: Pair) -> dict[str, Trial]:
    """Trained on all training records of the authors kept; judged on test records of theirs, and on all of the other's.

    Nothing is learned from the author left out, so none of these records has to be kept for training.
    """
    none, theirs = pair.judged[:0], np.union1d(pair.train[1], pair.judged)
    rows = ((pair.train[0], none), (none, theirs), (pair.test[0], none))
    sides = [pair.records(part) for part in rows]
    return dict(
        zip(("target", "home"), assemble(pair.config, frozen_encoder(pair.config), pair.index, *sides), strict=True)
    )


def _scores(trial: Trial, learner: EffectLearner, strategy: str, cuts: np.ndarray) -> pd.DataFrame:
    test, fields = trial.test, data.fields_of(trial.train)
    tau_hat = cell.bedside_effect(trial, strategy_named(strategy), learner)
    truth, proba = data.labels_of(test, fields), encoders.probabilities_in(trial.read_test.text, trial.train.levels)
    means = encoders.score_fields(fields, truth, proba).groupby("metric")["value"].mean()
    found = {
        "autoc": stats.autoc(test.tau, -tau_hat),
        "ceiling": stats.autoc(test.tau, -data.expected_effect(test)),
        "auroc": means["auroc"],
        "f1": f1_at(cuts, fields, truth, proba).mean(),
        "ece": means["ece"],
    }
    return pd.DataFrame({"metric": list(found), "value": [float(v) for v in found.values()]})


def best_cuts(trial: Trial) -> np.ndarray:
    """(levels,) thresholds with the best F1 on training notes, each read by a reader that had not seen it."""
    fields = data.fields_of(trial.train)
    truth = data.labels_of(trial.train, fields)
    proba = encoders.probabilities_in(trial.read_train.text, trial.train.levels)
    scores = [f1_at(np.full(truth.shape[1], cut), fields, truth, proba) for cut in CUTS]
    return CUTS[np.argmax(scores, axis=0)]


def f1_at(cuts: np.ndarray, fields: Fields, truth: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """(levels,) F1 of the levels that are scored, a patient having one whose probability reaches its threshold."""
    has, guess = (encoders.shown_levels(fields, array).to_numpy() for array in (truth, proba))
    pairs = zip(has.T, guess.T, cuts, strict=False)
    return np.array([f1_score(is_true == 1, p >= cut, zero_division=0) for is_true, p, cut in pairs])
