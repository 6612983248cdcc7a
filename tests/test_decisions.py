"""Rules that treat equally many, their values by two sources, and what is said of them."""

import numpy as np
import pandas as pd
import pytest

from helpers import aggregate, config, decisions, study

SETTING = decisions.Setting(share=0.25, cost=0.8)


@pytest.fixture(scope="module")
def settings():
    return config.load(n=600, encoder="tfidf", seeds=2)


@pytest.fixture(scope="module")
def results(settings, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return decisions.repeated(settings, SETTING, progress=False)


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.trials(settings, [1])))


def masks_of(trial):
    rng = np.random.default_rng(0)
    risk, effect = rng.normal(size=(2, len(trial.test)))
    trees = decisions.grow_trees(trial, rng.normal(size=int(trial.annotated.sum())), SETTING.cost)
    return decisions.rules(trial.test, risk, effect, trees, SETTING), effect


def test_rules_are_compared_where_they_treat_equally_many(trial):
    masks, effect = masks_of(trial)
    for first, second in SETTING.pairs[:-2]:
        assert masks[first].sum() == masks[second].sum(), (first, second)
    today = decisions.as_many(decisions.TODAY)
    assert np.array_equal(masks[decisions.TODAY], trial.test.T == 1) and masks[decisions.EVERYBODY].all()
    assert effect[masks[today]].max() <= effect[~masks[today]].min()


def test_values_by_hand(settings, trial):
    masks, _ = masks_of(trial)
    scores = study.held_out(settings, trial)
    table = decisions.worth(masks, trial.test, scores, SETTING).set_index(["policy", "baseline", "by"])["value"]
    T, tau = trial.test.T, trial.test.tau
    true, told = ((decisions.TODAY, "", by) for by in (decisions.TRUTH, decisions.SCORES))
    assert table[true] == pytest.approx(np.mean(T * (tau + 0.8)))
    assert table[told] == pytest.approx(np.mean(trial.test.Y - scores.gamma0 + 0.8 * T))
    first, second = SETTING.pairs[0]
    gap = np.mean((masks[first].astype(int) - masks[second]) * (tau + 0.8))
    assert table[first, second, decisions.TRUTH] == pytest.approx(gap)


def test_every_comparison_is_there_in_every_repetition(results):
    gaps = results[results["baseline"] != ""]
    for by in (decisions.SCORES, decisions.TRUTH):
        for seed in (0, 1):
            part = gaps[(gaps["by"] == by) & (gaps["seed"] == seed)]
            assert sorted(zip(part["policy"], part["baseline"], strict=True)) == sorted(SETTING.pairs)


def long(by, values, half=0.1):
    rows = {"policy": "a", "baseline": "b", "by": by, "share": 0.2, "value": values}
    table = pd.DataFrame(rows).assign(seed=range(len(values)))
    return table.assign(low=table["value"] - half, high=table["value"] + half)


def test_pooling_counts_what_single_samples_tell():
    values = [-0.3, -0.05, -0.2, 0.15]
    table = decisions.pooled(pd.concat([long(by, values) for by in (decisions.TRUTH, decisions.SCORES)]))
    true, told = table.iloc[0], table.iloc[1]
    assert true["value"] == told["value"] == pytest.approx(-0.1)
    assert told["low"] == pytest.approx(-0.2) and told["high"] == pytest.approx(0.0)
    assert true["high"] - true["low"] > 0.3, "over repetitions, not the mean of the intervals over patients"
    assert (told["gains"], told["loses"], told["seeds"]) == (0.5, 0.25, 4)
    assert len(aggregate.checked(table, "rules").dropna()) == len(table), "a gate for records must not blank it"


def test_words_follow_the_intervals():
    sure = pd.concat([long(decisions.TRUTH, [-0.3, -0.31, -0.29]), long(decisions.SCORES, [-0.3, -0.05, -0.02])])
    (said,) = decisions.in_words(decisions.pooled(sure), [("a", "b"), ("c", "d")])
    assert "it **gains** (-0.300 [" in said and "that it gains in 1 of 3 samples" in said
    open_ = pd.concat([long(decisions.TRUTH, [-0.3, 0.31, -0.09]), long(decisions.SCORES, [0.01, 0.0, 0.02])])
    (said,) = decisions.in_words(decisions.pooled(open_), [("a", "b")])
    assert "**cannot be told apart**" in said and "nothing in any sample" in said


def test_the_tables_for_the_page(results):
    found = decisions.pooled(results)
    values = decisions.side_by_side(found[found["baseline"] == ""])
    assert values.columns.tolist() == ["treated", "by held-out scores", "by true effects"]
    assert values.loc[SETTING.by_effect, "treated"] == "25%" and len(values) == 10
    gaps = decisions.side_by_side(found[found["baseline"] != ""])
    assert gaps["compared with"].tolist()[1:4] == [decisions.AS_MANY] * 3
