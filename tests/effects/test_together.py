"""Learners fitted together against the same learners fitted one by one."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from helpers.data.canonical import in_order, upright
from helpers.effects.learners import AACE, DRLearner, RiskRanker
from helpers.effects.metalearners import DragonNet, TARNet, TLearner
from helpers.effects.networks.heads import HeadClassifier, HeadRegressor, holdout
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.effects.networks.steps import nuisance_steps, trains_networks
from helpers.effects.networks.training import fit_together, train
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.ranking import RankLearner
from helpers.effects.two_phase import TwoPhase

FAST = {"epochs": 4, "learning_rate": 5e-3}


def simulate(n, seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 3))
    X = np.column_stack([W + 0.3 * rng.normal(size=(n, 3)), rng.normal(size=(n, 2))]).astype(np.float32)
    T = (rng.random(n) < 1 / (1 + np.exp(-W[:, 0]))).astype(int)
    Y = W[:, 0] + T * (W[:, 1] - 1) + rng.normal(size=n)
    return {"Y": Y, "T": T, "X": X, "W": W, "annotated": rng.random(n) < 0.7, "groups": np.arange(n) // 2}


def heads(folds=1):
    return Nuisances(HeadRegressor(seed=1, **FAST), HeadClassifier(seed=2, **FAST), folds=folds, clip=0.01, seed=4)


LEARNERS = {
    "tarnet": TARNet(seed=3, **FAST),
    "dragonnet": DragonNet(seed=3, **FAST),
    "t_heads": TLearner(HeadRegressor(seed=3, **FAST)),
    "dr_heads": DRLearner(HeadRegressor(seed=3, **FAST), heads(3)),
    "aace": AACE(HeadRegressor(seed=3, **FAST), heads()),
    "rank": RankLearner(seed=3, **FAST),
    "rank_heads": RankLearner(nuisances=heads(2), hidden=False, seed=3, **FAST),
}


def test_together_equals_one_by_one_whatever_the_company():
    trials = [simulate(n, seed) for n, seed in ((300, 0), (420, 1))]
    jobs = [(clone(learner), data) for data in trials for learner in (*LEARNERS.values(), RiskRanker(), AACE())]
    jobs = [job for job in jobs if hasattr(job[0], "fit_steps")]
    for learner, data in list(zip(fit_together(jobs), [d for _, d in jobs])):
        alone = clone(learner).fit(**data)
        np.testing.assert_allclose(learner.effect(data["X"]), alone.effect(data["X"]), atol=2e-4, err_msg=repr(learner))


@pytest.mark.parametrize("name", list(LEARNERS))
def test_network_learners_clone_pickle_and_repeat(name):
    data = simulate(250, 2)
    first, second = (clone(LEARNERS[name]).fit(**data) for _ in range(2))
    effect = first.effect(data["X"])
    assert effect.std() > 0 and np.array_equal(effect, second.effect(data["X"]))
    assert np.array_equal(effect, pickle.loads(pickle.dumps(first)).effect(data["X"]))


def test_each_stage_is_one_call_and_shared_features_are_held_once(monkeypatch):
    calls = []

    def watched(problems, **options):
        calls.append(problems)
        return train(problems, **options)

    monkeypatch.setattr("helpers.effects.networks.training.train", watched)
    data = simulate(250, 3)
    fit_together([(clone(LEARNERS[name]), data) for name in ("tarnet", "t_heads", "dr_heads", "aace")])
    assert [len(c) for c in calls] == [1 + 2 + 9 + 3, 1 + 1]  # DR learner: 3 folds of mu0, mu1, e
    width = data["X"].shape[1]
    held = {id(p.X) for c in calls for p in c if p.X.shape[1] == width}
    assert len(held) == 1


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize("propensity", [HeadClassifier(seed=2, **FAST), LogisticRegression()])
def test_nuisances_in_steps_equal_the_plain_fit(folds, propensity):
    data = simulate(300, 4)
    given = {k: data[k] for k in ("Y", "T", "W", "groups")}
    prototype = Nuisances(HeadRegressor(seed=1, **FAST), propensity, folds=folds, clip=0.05, seed=4)

    class InSteps:
        def fit_steps(self, **data):
            self.fitted = yield from nuisance_steps(prototype, **data)

    order, codes, _ = in_order((upright(given["Y"]), given["W"], given["T"]), given["groups"])
    given = {name: a[order] for name, a in given.items()} | {"groups": codes}
    stepped = fit_together([(InSteps(), given)])[0].fitted
    plain = clone(prototype).fit(**given)
    for name in ("mu0_", "mu1_", "e_raw_", "e_"):
        np.testing.assert_allclose(getattr(stepped, name), getattr(plain, name), atol=2e-5, err_msg=name)
    for ours, theirs in zip(stepped.predict(data["W"]), plain.predict(data["W"])):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_rows_of_a_shared_array_equal_an_array_of_those_rows():
    data, rows = simulate(300, 5), np.arange(7, 300, 2)
    shared, apart = HeadRegressor(seed=1, **FAST), HeadRegressor(seed=1, **FAST)
    shared.weights_ = train([shared.begin(data["X"], data["Y"][rows], rows)])[0]
    apart.fit(data["X"][rows], data["Y"][rows])
    assert np.array_equal(shared.predict(data["X"]), apart.predict(data["X"]))


def test_little_memory_gives_the_same_networks_in_turns():
    data = simulate(300, 6)
    problems = [HeadRegressor(seed=s, **FAST).begin(data["X"], data["Y"]) for s in range(5)]
    for one, other in zip(train(problems), train(problems, memory=1)):
        for name in one:
            np.testing.assert_allclose(one[name], other[name], atol=2e-5)


def test_problems_keep_their_own_settings():
    data = simulate(200, 7)
    rows = np.arange(200)
    own = [TrainingOptions(epochs=2), TrainingOptions(epochs=5)]
    given = [Problem(data["X"], (data["Y"],), rows[:150], rows[150:], "squared", 0, s) for s in own]
    plain = Problem(data["X"], (data["Y"],), rows[:150], rows[150:], "squared", 0)
    for s, weights in zip(own, train(given, TrainingOptions(epochs=1))):
        assert np.array_equal(weights["out.w"], train([plain], s)[0]["out.w"])


def test_who_trains_networks():
    assert all(trains_networks(learner) for name, learner in LEARNERS.items())
    assert not any(trains_networks(learner) for learner in (AACE(), DRLearner(), TLearner(), RiskRanker()))


def test_a_head_refuses_targets_it_cannot_use():
    data = simulate(100, 8)
    with pytest.raises(ValueError, match="inconsistent"):
        HeadRegressor().fit(data["X"], data["Y"][:50])
    with pytest.raises(ValueError, match="NaN"):
        HeadRegressor().fit(data["X"], np.where(np.arange(100) == 3, np.nan, data["Y"]))


def test_cuda_gives_the_same_up_to_rounding():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    data = simulate(600, 9)
    for name, learner in LEARNERS.items():
        cpu, gpu = (fit_together([(clone(learner), data)], device=d)[0].effect(data["X"]) for d in ("cpu", "cuda"))
        assert np.abs(cpu - gpu).max() < 0.02 * max(cpu.std(), 0.1), name


@pytest.mark.parametrize("learner", [*LEARNERS.values(), TwoPhase(second_stage=HeadRegressor(seed=3, **FAST))])
def test_no_patient_decides_when_to_stop_on_rows_it_was_trained_on(learner, monkeypatch):
    """In nuisances, outcomes of an arm and second stages alike."""
    data, split = simulate(240, 5), []

    def watched(n, share, seed, groups=None):
        sides = holdout(n, share, seed, groups)
        split.append((groups, *sides))
        return sides

    monkeypatch.setattr("helpers.effects.networks.heads.holdout", watched)
    clone(learner).fit(**data)
    assert split
    for groups, train_rows, valid_rows in split:
        assert not set(groups[train_rows]) & set(groups[valid_rows])
