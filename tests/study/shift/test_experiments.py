"""The chapter's experiments on a small study."""

import numpy as np
import pytest

from helpers import stats
from helpers.study import shift
from helpers.study.shift.grid import Bench
from helpers.study.shift.pairs import Pairs


def test_samples_are_held_out_and_the_truth_is_that_of_the_target(pairs):
    bench = Bench(pairs)
    bench.go_to("season", 0)
    source, target, home, truth = shift.samples(bench, "aace_smooth")
    taught = bench.trials(0.0)["target"].train.ids
    assert not np.isin(source.groups, taught).any() and not np.isin(target.groups, taught).any()
    assert len(home) == len(source.phi) and target.gamma0 is None
    learner = bench.learner(bench.trials(0.0)["target"], 0.0, "aace_smooth")
    rows = np.union1d(bench.pair.judged, bench.pair.train[1])
    there = bench.pair.cohort((rows[:0], rows))
    assert (there.frame["winter"] == 0).all()
    phi = bench.pair.features(bench.pair.mixed(0.0), (rows[:0], rows))[1]
    assert truth == pytest.approx(stats.policy_value(there.mu0, there.mu1, learner.priority(phi)))


@pytest.mark.filterwarnings("error::UserWarning")
def test_carried_values_stand_beside_the_truth(small):
    table = shift.carried(small, ("compact", "asthma"), "aace_smooth", progress=False)
    assert table.groupby(["shift", "seed"]).size().tolist() == [4] * 4
    assert not table.loc[table["shift"] == "compact", "trusted"].any()  # no overlap, said in the table
    error = shift.transport_errors(table).set_index(["shift", "estimator"])
    rows = table[(table["shift"] == "asthma") & (table["estimator"] == "both")]
    assert error.loc[("asthma", "both"), "value"] == pytest.approx((rows["value"] - rows["truth"]).mean())
    assert error.loc[("asthma", "both"), "covered"] in (0, 0.5, 1)
    assert error.loc[("compact", "both"), "overlap"] == 0 and error.loc[("compact", "both"), "imbalance"] > 1


def test_the_worst_case_starts_at_the_value_at_home(small):
    worst = shift.worst_cases(small, "compact", ("random", "aace_smooth"), progress=False)
    assert worst.groupby(["strategy", "seed"]).size().tolist() == [len(shift.RADII)] * 4
    assert (worst.groupby(["strategy", "seed"])["value"].diff().dropna() > 0).all()


def test_power_and_silence_are_tidy(small):
    power = shift.alarms(small, ("compact",), repeats=4, progress=False)
    assert power["n"].tolist() == [25, 50, 100] and power["power"].iloc[-1] == 1
    quiet = shift.silence(small, "compact", repeats=30, progress=False)
    assert (np.diff(quiet["value"]) >= 0).all() and quiet["value"].iloc[-1] > 0.8


def test_pools_hold_training_records_only(pairs):
    pair = Pairs(pairs.config).pair("asthma", 0)
    ours, theirs = shift.pools(pair)
    assert (len(ours), len(theirs)) == tuple(map(len, pair.train))
