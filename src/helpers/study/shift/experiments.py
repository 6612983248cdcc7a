"""The chapter's experiments: what a detector sees, and what can be said about a policy before it is used elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from helpers import artifacts, evaluation, stats
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.evaluation.shift.density_ratio import Sample, cross_fitted_ratio
from helpers.evaluation.shift.transport import share_treated, transported_value
from helpers.study.repeat import each_block
from helpers.study.shift.grid import Bench
from helpers.study.shift.pairs import Pair, Pairs, RowPairs
from helpers.study.strategies import strategy_named
from helpers.study.strategy import features_of
from helpers.study.trials import filled

SIZES = (25, 50, 100, 200, 400, 800)
RADII = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1)
COVERAGE_LEVELS = np.round(np.arange(0.05, 1.0, 0.05), 2)
CHECKS = ("trusted", "overlap", "balanced", "mass", "share", "imbalance")


def alarms(config: Config, shifts: Iterable[str], repeats: int = 20, progress: bool = True) -> pd.DataFrame:
    """Power of the two-sample test on phi for each shift, by the number of records a side; see :func:`detect.power`."""

    def make(bench: Bench, name: str) -> pd.DataFrame:
        return evaluation.power(*pools(bench.pair), SIZES, repeats, seed=config.seed)

    cells = [(name, 0, {"repeats": repeats}, partial(make, name=name)) for name in shifts]
    return _kept(config, "alarms", cells, progress)


def silence(config: Config, shift: str, repeats: int = 200, progress: bool = True) -> pd.DataFrame:
    """Where nothing has changed: the share of p-values at or below each level, with its Wilson interval.

    Both samples come from the source's training records; ``n`` is the size of each.
    """

    def make(bench: Bench) -> pd.DataFrame:
        pool = pools(bench.pair)[0]
        n = min(len(pool) // 2, 400)
        p = evaluation.false_alarms(pool, n, repeats, seed=config.seed)
        hits = [int((p <= level).sum()) for level in COVERAGE_LEVELS]
        low, high = stats.wilson(np.array(hits) / repeats, repeats)
        return pd.DataFrame(
            {"at": COVERAGE_LEVELS, "value": np.array(hits) / repeats, "low": low, "high": high, "n": n}
        )

    return _kept(config, "silence", [(shift, 0, {"repeats": repeats}, make)], progress)


def carried(config: Config, shifts: Iterable[str], strategy: str, progress: bool = True) -> pd.DataFrame:
    """The value of a policy in the target, estimated without its outcomes, beside what it turns out to be.

    Returns
    -------
    DataFrame
        As :func:`transported_value`, a block a shift and repetition, with ``shift, seed``, the ``truth`` (from the
        records of the target that taught nothing; by held-out scores where effects are not known), ``divergence``
        (Kullback-Leibler, of phi, by the classifier), ``radius`` (the smallest whose worst case is as bad as the
        truth) and ``worst`` (the worst case within ``divergence``).
    """

    def make(bench: Bench) -> pd.DataFrame:
        source, target, home, truth = samples(bench, strategy)
        with warnings.catch_warnings():  # the column ``trusted`` says it
            warnings.filterwarnings("ignore", evaluation.UNTRUSTED, UserWarning)
            table = transported_value(source, target, seed=bench.pair.seed)
        distance = evaluation.divergence(cross_fitted_ratio(source, target, seed=bench.pair.seed)[1])
        w = policy_weights_at_home(source, home)
        radius = evaluation.implied_radius(home.Y, truth, w)
        worst = evaluation.kl_worst_case(home.Y, [distance], w, home.groups)["value"][0]
        return table.assign(truth=truth, divergence=distance, radius=radius, worst=worst)

    cells = [(name, index, {"strategy": strategy}, make) for index in range(config.seeds) for name in shifts]
    return _kept(config, "carried", cells, progress)


def worst_cases(config: Config, shift: str, strategies: Iterable[str], progress: bool = True) -> pd.DataFrame:
    """Worst value of policies trained on the source within each radius of ``RADII``, on its test records."""

    def make(bench: Bench, strategy: str) -> pd.DataFrame:
        source, _, home, _ = samples(bench, strategy)
        table = evaluation.kl_worst_case(home.Y, RADII, policy_weights_at_home(source, home), home.groups)
        return table.assign(strategy=strategy)

    cells = [
        (shift, index, {"strategy": s}, partial(make, strategy=s)) for index in range(config.seeds) for s in strategies
    ]
    return _kept(config, "worst", cells, progress)


def pools(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """phi of the training records of source and target, of different patients."""
    none = pair.judged[:0]
    return tuple(pair.features((pair.train[0], none), (none, pair.train[1])))


def samples(bench: Bench, strategy: str) -> tuple[Sample, Sample, evaluation.HeldOutScores, float]:
    """Test records of both worlds with the priority of a policy trained on the source; scores; its true value."""
    pair, none, trials = bench.pair, bench.pair.judged[:0], bench.trials(0.0)
    learner, home = bench.learner(trials["target"], 0.0, strategy), trials["home"]
    places = (none, pair.test[1]), (none, np.union1d(pair.judged, pair.train[1]))
    phi = [home.phi_test, *pair.features(pair.mixed(0.0), *places)[1:]]
    away, there = (pair.cohort(rows) for rows in places)
    order, scores = [learner.priority(z) for z in bedside_views(bench, strategy, *places)], home.scores
    source = Sample(phi[0], order[0], scores.gamma0, scores.gamma1, scores.groups)
    return source, Sample(phi[1], order[1], groups=away.ids), scores, true_value(there, order[2])


def bedside_views(bench: Bench, strategy: str, *places: RowPairs) -> list[np.ndarray]:
    """What a strategy trained on the source sees of its test records at home, and of records elsewhere."""
    pair, trial, seen = bench.pair, bench.trials(0.0)["home"], strategy_named(strategy).features
    worlds = filled(pair.records(pair.mixed(0.0)), *(pair.records(rows) for rows in places))[1:]
    if seen == "read":
        away = [trial.reading.of(world.cohort).phi for world in worlds]
    elif seen == "tabular":
        away = [world.cohort.tabular for world in worlds]
    else:
        away = pair.features(pair.mixed(0.0), *places)[1:]
    return [features_of(trial, seen, "test"), *away]


def true_value(cohort: Cohort, priority: np.ndarray) -> float:
    """Policy value by the true means, or where nobody knows them by doubly robust scores of these records."""
    if cohort.has_truth:
        return stats.policy_value(cohort.mu0, cohort.mu1, priority)
    scores = evaluation.held_out_scores(cohort)
    return stats.policy_value(scores.gamma0, scores.gamma1, priority)


def policy_weights_at_home(source: Sample, home: evaluation.HeldOutScores) -> np.ndarray:
    """(n,) weights of the source's records for a policy averaged over all budgets."""
    return evaluation.policy_weights(home.T, home.e, share_treated(source.priority, source.priority))


def transport_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Of :func:`carried`: mean error of each estimator with its interval over repetitions, coverage, mean checks."""
    gaps = table.assign(
        value=table["value"] - table["truth"],
        covered=(table["low"] <= table["truth"]) & (table["truth"] <= table["high"]),
    )
    by, means = ["shift", "estimator"], ["covered", *CHECKS, "se"]
    more = gaps.groupby(by, sort=False)[means].mean()
    return evaluation.summarise(gaps, tuple(by)).merge(more.reset_index(), on=by)


def _kept(config: Config, kind: str, cells: Sequence[tuple[str, int, dict, Callable]], progress: bool) -> pd.DataFrame:
    """Blocks of (shift, repetition, what else matters, how to make it), each kept in the store."""
    bench = Bench(Pairs(config))

    def at(name: str, index: int, make: Callable[[Bench], pd.DataFrame]) -> pd.DataFrame:
        bench.go_to(name, index)
        return make(bench)

    blocks = [
        (
            {"kind": kind, "shift": repr(bench.pairs.shifts[name]), "trial": index, **more},
            partial(at, name, index, make),
            {"shift": name, "seed": index},
        )
        for name, index, more, make in cells
    ]
    return each_block(bench.pairs.config, "shift", blocks, artifacts.code_of(__name__), progress)
