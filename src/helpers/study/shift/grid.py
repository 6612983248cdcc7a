"""What a shift costs every strategy, and what each remedy brings: cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from helpers import artifacts, evaluation
from helpers.config import Config
from helpers.effects.learners import EffectLearner
from helpers.study import cell, strategies
from helpers.study.repeat import each_block
from helpers.study.shift import remedies
from helpers.study.shift.pairs import TRAINING_MIXES, Pair, Pairs
from helpers.study.shift.worlds import SHIFTS, Shift
from helpers.study.strategy import features_of
from helpers.study.trials import Trial

WEIGHTED = "reweighted"
MIX_LABELS = {
    "source": "no remedy",
    "few": "a tenth of the training records from the target",
    "mixed": "half of the training records from the target",
    WEIGHTED: "training records reweighted",
    "target": "all training records from the target",
}


def run_shifts(
    config: Config,
    shifts: Iterable[str],
    cells: Iterable[tuple[str, str]],
    progress: bool = True,
    known: Mapping[str, Shift] = SHIFTS,
) -> pd.DataFrame:
    """Results over all repetitions of strategies trained in several ways; every cell is kept in the store.

    Parameters
    ----------
    config : Config
        Its budget is the share of the training records that are annotated.
    shifts : iterable of str
        Names of ``known``.
    cells : iterable of (way, strategy)
        Ways are the keys of ``WAY_LABELS``.
    progress : bool
        Show a progress bar.
    known : mapping of name to Shift

    Returns
    -------
    DataFrame
        Long results with the columns ``shift``, ``way`` and ``where``: ``target`` (judged there), and for way
        ``source`` also ``home`` (judged on test records of the source).
    """
    shifts, cells, bench, blocks = list(shifts), list(cells), Bench(Pairs(config, known)), []
    for index, name, (way, strategy) in product(range(config.seeds), shifts, cells):
        about = {"trial": index, "shift": repr(known[name]), "way": way, "strategy": strategy}
        blocks.append((about, partial(bench.run_cell, name, index, way, strategy), {"shift": name}))
    return each_block(bench.pairs.config, "shift", blocks, artifacts.code_of(__name__), progress)


class Bench:
    """Cells of a grid; what several of them share is made once: a pair, its trials, its weights, fitted learners."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self._place: tuple | None = None
        self._learners: dict[str, EffectLearner] = {}

    def run_cell(self, name: str, index: int, way: str, strategy: str) -> pd.DataFrame:
        """Long results of one strategy trained in one way."""
        self.go_to(name, index)
        share = TRAINING_MIXES.get(way, 0.0)
        trial = self.trials(share)["target"]
        learner = self.learner(trial, share, strategy)
        if way == WEIGHTED:
            X = features_of(trial, strategies.strategy_named(strategy).features, "train")
            learner = remedies.reweighted(learner, X, self._weights(), trial.annotated)
        judged = self.trials(share) if way == "source" else {"target": trial}
        tables = [score_shifted(t, strategy, learner).assign(where=w) for w, t in judged.items()]
        return pd.concat(tables, ignore_index=True).assign(way=way)

    def go_to(self, name: str, index: int) -> None:
        """Take up a shift and a repetition."""
        if self._place == (name, index):
            return
        if self._place is None or self._place[1] != index:
            self._learners = {}
        self._place, self.pair = (name, index), self.pairs.pair(name, index)
        self._made: dict[float | str, object] = {}

    def trials(self, share: float) -> dict[str, Trial]:
        """Of the present pair; see :meth:`Pair.trials`."""
        if share not in self._made:
            self._made[share] = self.pair.trials(share)
        return self._made[share]

    def _weights(self) -> np.ndarray:
        if WEIGHTED not in self._made:
            self._made[WEIGHTED] = training_weights(self.pair)
        return self._made[WEIGHTED]

    def learner(self, trial: Trial, share: float, strategy: str) -> EffectLearner:
        """Fitted, or one that learned from the same records before: two shifts may share their source."""
        records = trial.phi_train if share else self.pair.mixed(0.0)[0]
        key = artifacts.digest(strategy, trial.train.roles.tabular, records)
        if key not in self._learners:
            self._learners[key] = cell.run_strategy(trial, strategies.strategy_named(strategy))
        return self._learners[key]


def training_weights(pair: Pair) -> np.ndarray:
    """Weights of the source's training records, against target records of other patients; held-out."""
    rows, theirs = pair.mixed(0.0), pair.train[1][: pair.size]
    phi, other = pair.features(rows, (rows[1], theirs))
    ids = pair.worlds[0].cohort.ids
    source, target = (evaluation.Sample(z, z[:, 0], groups=g) for z, g in ((phi, ids[rows[0]]), (other, ids[theirs])))
    return evaluation.cross_fitted_ratio(source, target, seed=pair.seed)[0]


def score_shifted(trial: Trial, name: str, learner: EffectLearner) -> pd.DataFrame:
    """Long results of a fitted learner: against the truth, or without it by held-out doubly robust scores."""
    if trial.test.has_truth:
        return cell.score_cell(trial, name, learner)
    strategy = strategies.strategy_named(name)
    tau_hat = cell.bedside_effect(trial, strategy, learner)
    table = evaluation.evaluate_held_out(trial.scores, -tau_hat, tau_hat if strategy.estimates else None)
    return table[["metric", "at", "value"]].assign(strategy=name, seed=trial.index)
