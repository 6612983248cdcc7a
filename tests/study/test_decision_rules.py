"""Rules that treat equally many, their values by two sources, and what is said of them."""

import numpy as np
import pandas as pd
import pytest

from helpers import config, evaluation, privacy, report, study

SETTING = study.RuleSetting(share=0.25, cost=0.8)


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
    risk, effect = rng.normal(size=(2, len(trial.test)))
    trees = study.grow_trees(trial, rng.normal(size=int(trial.annotated.sum())), SETTING.cost)
    return study.rules(trial.test, risk, effect, trees, SETTING), effect


def test_rules_are_compared_where_they_treat_equally_many(trial):
    masks, effect = masks_of(trial)
    for first, second in SETTING.pairs[:-2]:
        assert masks[first].sum() == masks[second].sum(), (first, second)
    today = study.as_many(evaluation.TODAY)
    assert np.array_equal(masks[evaluation.TODAY], trial.test.T == 1) and masks[evaluation.EVERYBODY].all()
    assert effect[masks[today]].max() <= effect[~masks[today]].min()


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


def test_every_comparison_is_there_in_every_repetition(results):
    gaps = results[results["baseline"] != ""]
    for by in (evaluation.SCORES, evaluation.TRUTH):
        for seed in (0, 1):
            part = gaps[(gaps["by"] == by) & (gaps["seed"] == seed)]
            assert sorted(zip(part["policy"], part["baseline"], strict=True)) == sorted(SETTING.pairs)


def long(by, values, half=0.1):
    rows = {"policy": "a", "baseline": "b", "by": by, "share": 0.2, "value": values}
    table = pd.DataFrame(rows).assign(seed=range(len(values)))
    return table.assign(low=table["value"] - half, high=table["value"] + half)


def test_pooling_counts_what_single_samples_tell():
    values = [-0.3, -0.05, -0.2, 0.15]
    table = study.pooled_rules(pd.concat([long(by, values) for by in (evaluation.TRUTH, evaluation.SCORES)]))
    true, told = table.iloc[0], table.iloc[1]
    assert true["value"] == told["value"] == pytest.approx(-0.1)
    assert told["low"] == pytest.approx(-0.2) and told["high"] == pytest.approx(0.0)
    assert true["high"] - true["low"] > 0.3, "over repetitions, not the mean of the intervals over patients"
    assert (told["gains"], told["loses"], told["seeds"]) == (0.5, 0.25, 4)
    assert len(privacy.check_table(table, "rules").dropna()) == len(table), "a gate for records must not blank it"


def test_words_follow_the_intervals():
    sure = pd.concat([long(evaluation.TRUTH, [-0.3, -0.31, -0.29]), long(evaluation.SCORES, [-0.3, -0.05, -0.02])])
    (said,) = report.rule_sentences(study.pooled_rules(sure), [("a", "b"), ("c", "d")])
    assert "it **gains** (-0.300\xa0[" in said and "that it gains in 1 of 3 samples" in said
    open_ = pd.concat([long(evaluation.TRUTH, [-0.3, 0.31, -0.09]), long(evaluation.SCORES, [0.01, 0.0, 0.02])])
    (said,) = report.rule_sentences(study.pooled_rules(open_), [("a", "b")])
    assert "**cannot be told apart**" in said and "nothing in any sample" in said


def test_the_tables_for_the_page(results):
    found = study.pooled_rules(results)
    values = report.rules_wide(found[found["baseline"] == ""])
    assert values.columns.tolist() == ["treated", "by held-out scores", "by true effects"]
    assert values.loc[SETTING.by_effect, "treated"] == "25%" and len(values) == 10
    gaps = report.rules_wide(found[found["baseline"] != ""])
    assert gaps["compared with"].tolist()[1:4] == [evaluation.AS_MANY] * 3
