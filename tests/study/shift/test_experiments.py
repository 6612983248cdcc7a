"""The chapter's experiments on a small study."""

import numpy as np
import pandas as pd
import pytest

from helpers import encoders, stats
from helpers.encoders.tfidf import TfidfEncoder
from helpers.study import shift
from helpers.study.shift.grid import Bench
from helpers.study.shift.pairs import Pairs

pytestmark = pytest.mark.slow


def test_samples_are_held_out_and_the_truth_is_that_of_the_target(pairs):
    bench = Bench(pairs)
    bench.go_to("season", 0)
    source, target, home, truth = shift.samples(bench, "aace_smooth@phi")
    taught = bench.trials(0.0)["target"].train.ids
    assert not np.isin(source.groups, taught).any() and not np.isin(target.groups, taught).any()
    assert len(home) == len(source.phi) and target.gamma0 is None
    learner = bench.learner(bench.trials(0.0)["target"], 0.0, "aace_smooth@phi")
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
    inside = [row.low <= row.truth <= row.high for row in rows.itertuples()]
    assert error.loc[("asthma", "both"), "covered"] == sum(inside) / len(inside)
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


def test_coverage_and_checks_are_shares_of_the_repetitions():
    ends = [(0.0, 1.0), (0.4, 0.6), (0.6, 0.9), (0.5, 0.5)]  # the truth is .5: on, in, above, on both ends
    rows = [{"shift": "s", "estimator": "e", "seed": i, "low": low, "high": high} for i, (low, high) in enumerate(ends)]
    table = pd.DataFrame(rows).assign(truth=0.5, value=[0.5, 0.5, 0.7, 0.5], trusted=[True, True, False, False])
    table = table.assign(overlap=True, balanced=False, mass=1.0, share=0.25, imbalance=0.1, se=[0.1, 0.2, 0.3, 0.4])
    (found,) = shift.transport_errors(table).to_dict("records")
    assert found["covered"] == 0.75 and found["trusted"] == 0.5 and found["overlap"] == 1 and found["balanced"] == 0
    assert found["value"] == pytest.approx(0.05) and found["se"] == pytest.approx(0.25)


def test_pools_hold_the_training_records_of_either_world_and_nobody_else(small, monkeypatch):
    pairs = Pairs(small)
    place = {text: i for i, text in enumerate(pairs.cohort.texts)}
    assert len(place) == len(pairs.cohort), "notes tell the records apart"

    class Places(TfidfEncoder):
        frozen = True
        provenance = {"name": "places"}

        def transform(self, texts):
            return np.array([[place[t]] for t in texts], np.float32)

    monkeypatch.setattr(encoders, "make_encoder", lambda *_, **__: Places())
    pair = pairs.pair("asthma", 0)
    ours, theirs = (pool[:, 0].astype(int) for pool in shift.pools(pair))
    np.testing.assert_array_equal(ours, pair.train[0])
    np.testing.assert_array_equal(theirs, pair.train[1])
    ids, taught = pairs.cohort.ids, np.concatenate([ours, theirs])
    judged = np.concatenate([*pair.test, pair.judged])
    assert not np.isin(ids[taught], ids[judged]).any() and not np.isin(ids[ours], ids[theirs]).any()
