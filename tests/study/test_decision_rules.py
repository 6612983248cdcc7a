"""Rules that treat equally many, their values by two sources, and how far orders agree."""

import numpy as np
import pandas as pd
import pytest

from helpers import config, effects, evaluation, privacy, stats, study
from helpers.study import decision_rules

SETTING = study.RuleSetting(chosen="aace_smooth@phi", published="dr", share=0.25, cost=0.8)


@pytest.fixture(scope="module")
def settings():
    return config.load(n=600, encoder="tfidf", seeds=2)


@pytest.fixture(scope="module")
def results(settings, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return study.repeated(settings, SETTING, progress=False)


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.replications(settings, [1])))


def masks_of(trial):
    rng = np.random.default_rng(0)
    tau_hats = dict(zip(SETTING.strategies, rng.normal(size=(3, len(trial.test))), strict=True))
    trees = study.grow_trees(trial, rng.normal(size=int(trial.annotated.sum())), SETTING.cost)
    return study.rules(trial.test, tau_hats, trees, SETTING), tau_hats


def test_the_recommended_strategy_is_the_policy_and_two_others_stand_beside_it():
    default = study.RuleSetting()
    assert default.strategies == ("risk", "aace", study.RECOMMENDED)
    assert default.owners[default.by_effect] == default.owners[default.machine[0]] == study.RECOMMENDED
    assert set(default.owners) | {*decision_rules.TREES, evaluation.TODAY, evaluation.EVERYBODY} == {
        name for pair in default.pairs for name in pair
    } | set(default.owners)


def test_rules_are_compared_where_they_treat_equally_many(trial):
    masks, tau_hats = masks_of(trial)
    for first, second in SETTING.pairs[:5]:
        assert masks[first].sum() == masks[second].sum(), (first, second)
    effect, today = tau_hats[SETTING.chosen], study.as_many(evaluation.TODAY)
    assert np.array_equal(masks[evaluation.TODAY], trial.test.T == 1) and masks[evaluation.EVERYBODY].all()
    assert effect[masks[today]].max() <= effect[~masks[today]].min()
    assert tau_hats["risk"][masks[SETTING.by_risk]].max() <= tau_hats["risk"][~masks[SETTING.by_risk]].min()


def test_trees_learn_from_annotated_training_patients_alone(settings):
    trial = next(iter(study.replications(settings.model_copy(update={"budget": 0.5}), [0])))
    psi = study.tree_scores(trial)
    train = trial.train.take(np.flatnonzero(trial.annotated))
    fitted = study.on_confounders(trial).fit(train.Y, train.T, train.W, train.ids)
    assert len(psi) == trial.annotated.sum() < len(trial.train)
    expected = effects.pseudo_outcome(train.Y, train.T, fitted.mu0_, fitted.mu1_, fitted.e_)
    np.testing.assert_allclose(psi, expected)


def test_values_by_hand(trial):
    masks, _ = masks_of(trial)
    scores = trial.scores
    table = study.worth(masks, trial.test, scores, SETTING).set_index(["policy", "baseline", "by"])["value"]
    T, tau = trial.test.T, trial.test.tau
    true, told = ((evaluation.TODAY, "", by) for by in (evaluation.TRUTH, evaluation.SCORES))
    assert table[true] == pytest.approx(np.mean(T * (tau + 0.8)))
    assert table[told] == pytest.approx(np.mean(trial.test.Y - scores.gamma0 + 0.8 * T))
    first, second = SETTING.pairs[0]
    gap = np.mean((masks[first].astype(int) - masks[second]) * (tau + 0.8))
    assert table[first, second, evaluation.TRUTH] == pytest.approx(gap)


def test_a_treatment_that_costs_more_is_given_to_fewer(trial):
    masks, tau_hats = masks_of(trial)
    tree = study.grow_trees(trial, np.random.default_rng(0).normal(size=int(trial.annotated.sum())), 0.8)
    table = study.at_costs(trial.test, tau_hats[SETTING.chosen], tree[decision_rules.TREES[-1]], [0.0, 0.8, 3.0])
    share = table[table["policy"] == study.PAID_FOR].set_index("cost")["share"]
    assert share[0.0] >= share[0.8] >= share[3.0]
    all_treated = table[table["policy"] == evaluation.EVERYBODY].set_index("cost")["value"]
    assert all_treated[3.0] == pytest.approx(trial.test.tau.mean() + 3.0)
    assert share[0.8] == pytest.approx(masks[SETTING.by_cost].mean())


def test_every_comparison_is_there_in_every_repetition(results):
    gaps = results[(results["baseline"] != "") & (results["by"] != decision_rules.OVERLAP)]
    for by in (evaluation.SCORES, evaluation.TRUTH):
        for seed in (0, 1):
            part = gaps[(gaps["by"] == by) & (gaps["seed"] == seed)]
            assert sorted(zip(part["policy"], part["baseline"], strict=True)) == sorted(SETTING.pairs)


def test_overlaps_are_those_of_the_orders_and_keep_small_numbers_back(trial, results):
    _, tau_hats = masks_of(trial)
    table = decision_rules.overlaps(tau_hats, SETTING).set_index(["policy", "share"])["value"]
    chosen, risk = (-tau_hats[name] for name in (SETTING.chosen, "risk"))
    assert table["risk", 0.5] == pytest.approx(stats.overlap_at(chosen, risk, [0.5])[0])
    kept_back = decision_rules.overlaps(tau_hats, SETTING, smallest=11).set_index(["policy", "share"])["value"]
    assert np.isnan(kept_back["risk", 0.02]) and kept_back.notna().any()
    pooled = study.pooled_overlaps(results)
    assert set(pooled["strategy"]) == {"risk", "dr"} and pooled["seeds"].eq(2).all()
    assert pooled["low"].ge(0).all() and pooled["high"].le(1).all()
    assert pooled.loc[pooled["at"] == 1, "value"].eq(1).all()


def long(by, values, half=0.1):
    rows = {"policy": "a", "baseline": "b", "by": by, "share": 0.2, "value": values}
    table = pd.DataFrame(rows).assign(seed=range(len(values)))
    return table.assign(low=table["value"] - half, high=table["value"] + half)


def test_pooling_counts_what_single_samples_tell():
    values = [-0.3, -0.05, -0.2, 0.15]
    rows = [long(by, values) for by in (evaluation.TRUTH, evaluation.SCORES, decision_rules.OVERLAP)]
    table = study.pooled_rules(pd.concat(rows))
    assert table["by"].tolist() == [evaluation.TRUTH, evaluation.SCORES], "how far orders agree is no value"
    true, told = table.iloc[0], table.iloc[1]
    assert true["value"] == told["value"] == pytest.approx(-0.1)
    assert told["low"] == pytest.approx(-0.2) and told["high"] == pytest.approx(0.0)
    assert true["high"] - true["low"] > 0.3, "over repetitions, not the mean of the intervals over patients"
    assert (told["gains"], told["loses"], told["seeds"]) == (0.5, 0.25, 4)
    assert len(privacy.check_table(table, "rules").dropna()) == len(table), "a gate for records must not blank it"
