"""The grid: every cell in every world, learners shared where their records are, scores without truth."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import data, evaluation, stats, study
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.study import cell, shift
from helpers.study.shift.grid import Bench, run_shifts
from helpers.study.shift.pairs import Pairs
from helpers.study.shift.worlds import SHIFTS

pytestmark = pytest.mark.slow

CELLS = [("source", "random"), ("source", "aace_smooth"), ("target", "aace_smooth"), ("reweighted", "aace_smooth")]


@pytest.fixture(scope="module")
def table(small):
    return run_shifts(small, ("compact", "season"), CELLS, progress=False)


def test_every_cell_is_there_and_home_only_for_the_source(table):
    areas = table[table["metric"] == "policy_value"]
    counts = areas.groupby(["way", "where"]).size()
    assert counts.to_dict() == {
        ("source", "target"): 8,
        ("source", "home"): 8,
        ("target", "target"): 4,
        ("reweighted", "target"): 4,
    }
    assert not areas.duplicated(["shift", "way", "where", "strategy", "seed"]).any()


def test_a_cell_is_what_its_trial_gives(table, small):
    pair = Pairs(small).pair("season", 1)
    trial = pair.trials(1.0)["target"]
    alone = study.run_cell(trial, "aace_smooth").set_index(["metric", "at"])["value"]
    mask = (table["shift"] == "season") & (table["way"] == "target") & (table["seed"] == 1)
    np.testing.assert_array_equal(table[mask].set_index(["metric", "at"])["value"], alone)


def test_a_rerun_is_the_same_and_computes_nothing(table, small, monkeypatch):
    monkeypatch.setattr(Bench, "run_cell", lambda *_: pytest.fail("computed again"))
    again = run_shifts(small, ("compact", "season"), CELLS, progress=False)
    assert again.equals(table)


def test_two_shifts_share_a_source_learner(pairs, monkeypatch):
    fits, real = [], study.run_strategy
    monkeypatch.setattr(cell, "run_strategy", lambda *a: fits.append(1) or real(*a))
    bench = Bench(pairs)
    for name, expected in (("compact", 1), ("mentions", 1), ("season", 2)):
        bench.run_cell(name, 0, "source", "aace_smooth")
        assert len(fits) == expected, name
    bench.run_cell("compact", 0, "target", "aace_smooth")
    bench.run_cell("mentions", 0, "target", "aace_smooth")
    bench.run_cell("compact", 1, "source", "aace_smooth")
    assert len(fits) == 5


def test_weights_come_from_other_patients_than_the_training_records(pairs, monkeypatch):
    pair, asked = pairs.pair("compact", 0), {}
    monkeypatch.setattr(evaluation, "cross_fitted_ratio", lambda s, t, seed: asked.update(s=s, t=t) or (s.phi, t.phi))
    shift.training_weights(pair)
    assert not np.isin(asked["t"].groups, asked["s"].groups).any()
    assert not np.isin(asked["t"].groups, pair.worlds[0].cohort.ids[pair.judged]).any()
    assert len(asked["s"].phi) == pair.size


def test_without_truth_scores_of_held_out_rows_are_used(pairs, small):
    own = data.draw_outcomes(pairs.cohort, "v3", 1)
    blind = replace(own, roles=replace(own.roles, truth=()))
    prototype = Nuisances(ridge(), logistic(), small.folds, small.clip)
    for cohort in (blind, own):
        bench = Bench(Pairs(small, SHIFTS, cohort))
        found = bench.run_cell("season", 0, "source", "aace_smooth@phi")
        found = found[found["metric"] == "policy_value"].set_index("where")["value"]
        for where, trial in bench.trials(0.0).items():
            tau_hat = bench.learner(trial, 0.0, "aace_smooth@phi").effect(trial.phi_test)
            scores = evaluation.held_out_scores(trial.test, prototype)
            arms = (trial.test.mu0, trial.test.mu1) if cohort is own else (scores.gamma0, scores.gamma1)
            assert found[where] == pytest.approx(stats.policy_value(*arms, -tau_hat))


def test_the_cost_is_paired(table):
    rows = table[
        (table["metric"] == "policy_value") & (table["where"] == "target") & table["strategy"].eq("aace_smooth")
    ]
    rows = rows[rows["way"].isin(["source", "target"])]
    cost = evaluation.paired(rows, "target", "way", ("metric", "shift", "strategy"))
    wide = rows.pivot(index=["shift", "seed"], columns="way", values="value")
    expected = (wide["source"] - wide["target"]).groupby("shift").mean()
    np.testing.assert_allclose(cost.set_index("shift")["value"][expected.index], expected)
