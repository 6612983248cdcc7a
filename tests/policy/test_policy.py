"""Policies: rules by hand, trees and fairness on known answers, files that refuse what is not sound."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save as save_tensors
from sklearn.ensemble import GradientBoostingRegressor
from typer.testing import CliRunner

from helpers import cli, config, policy, privacy, study
from helpers.data.cohort import Cohort, Roles
from helpers.effects.learners import AACE, DRLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.encoders.registry import make_encoder
from helpers.policy.encoding import check_provenance

pytestmark = pytest.mark.slow

FACTS = dict.fromkeys(policy.FACTS)
CANARY = "zebra-7731"
ROLES = Roles(tabular=("smoker", "age", "fever"), annotations=("cough",), treatment="T", outcome="Y")


def make_cohort(n=300, seed=0, lower_is_better=True):
    rng = np.random.default_rng(seed)
    cough, smoker = rng.integers(0, 2, (2, n))
    T = rng.integers(0, 2, n)
    frame = pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(n)],
            "text": [
                f"{'coughs a lot' if c else 'no cough'} seen on day {d}" for c, d in zip(cough, rng.integers(9, size=n))
            ],
            "smoker": smoker.astype(np.int8),
            "age": rng.normal(60, 10, n),
            "fever": pd.Categorical(rng.choice(["none", "low"], n), ["none", "low", "high"]),
            "cough": cough,
            "T": T,
            "Y": T * (1.0 - 2 * cough + 0.5 * smoker) + cough + rng.normal(0, 0.3, n),
        }
    )
    return Cohort(frame, replace(ROLES, lower_is_better=lower_is_better))


@pytest.fixture(scope="module")
def cohort():
    return make_cohort()


@pytest.fixture(scope="module")
def encoder(cohort):
    return make_encoder("tfidf").fit(cohort.texts)


def fitted(cohort, encoder, learner):
    phi = np.hstack([encoder.transform(cohort.texts), cohort.tabular]).astype(np.float32)
    return learner.fit(cohort.Y, cohort.T, phi, W=cohort.W, groups=cohort.ids), phi


@pytest.fixture(scope="module")
def linear(cohort, encoder):
    learner, _ = fitted(cohort, encoder, AACE(ridge(), smoother=ridge()))
    return policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS, {"autoc": -0.5}, date="2026-01-01"))


@pytest.fixture(scope="module")
def saved(linear, tmp_path_factory):
    return policy.save_policy(linear, tmp_path_factory.mktemp("policies") / "linear")


# Rules


def test_the_budget_rule_by_hand():
    priority = np.array([0.1, 0.9, 0.5, 0.5, 0.2])
    assert policy.treat_by_budget(priority, 0.4).tolist() == [False, True, True, False, False]
    assert policy.treat_by_budget(priority, 0.41).tolist() == [False, True, True, True, False]
    assert not policy.treat_by_budget(priority, 0).any() and policy.treat_by_budget(priority, 1).all()


@given(arrays(float, st.integers(1, 40), elements=st.integers(-3, 3).map(float)), st.floats(0, 1))
def test_the_budget_rule_treats_the_first(priority, share):
    treated = policy.treat_by_budget(priority, share)
    assert treated.sum() == np.ceil(share * len(priority) - 1e-9)
    if treated.any() and not treated.all():
        assert priority[treated].min() >= priority[~treated].max()


def test_the_cost_rule_by_hand():
    assert policy.treat_by_cost(np.array([-1.0, -0.5, -0.4, 0.2]), 0.5).tolist() == [True, False, False, False]
    assert policy.treat_by_cost(np.array([-1.0, 0.2]), -0.3).tolist() == [True, True]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: policy.treat_by_budget(np.zeros(3), 1.2), "share = 1.2"),
        (lambda: policy.treat_by_budget(np.array([np.nan]), 0.5), "finite"),
        (lambda: policy.treat_by_cost(np.zeros(3), np.inf), "cost = inf"),
        (lambda: policy.held_out_value({"a": np.ones(2)}, np.zeros(2)), "booleans"),
        (lambda: policy.held_out_value({"a": np.ones(2, bool)}, np.zeros(2), pairs=[("a", "b")]), "pairs: .'b'. not"),
    ],
)
def test_the_rules_refuse(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_the_held_out_value_by_hand():
    scores, all_, first = np.array([-3.0, 1.0, -1.0, 3.0]), np.ones(4, bool), np.arange(4) < 1
    table = policy.held_out_value({"first": first, "all": all_}, scores, cost=1.0, pairs=[("first", "all")])
    assert table["policy"].tolist() == ["first", "all", "first"] and table["baseline"].tolist() == ["", "", "all"]
    assert table["value"].tolist() == [-0.5, 1.0, -1.5] and table["share"].tolist() == [0.25, 1, 0.25]
    half = 3.182446 * np.std([-2, 0, 0, 0], ddof=1) / 2  # Student's with three degrees of freedom
    np.testing.assert_allclose(table.loc[0, ["low", "high"]].astype(float), [-0.5 - half, -0.5 + half], rtol=1e-6)


def test_the_value_of_practice_needs_one_right_nuisance_only():
    """Scores picked by treatment lean on the outcome model; the outcome less the untreated score does not."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=200_000)
    e = 1 / (1 + np.exp(-x))
    T = (rng.random(len(x)) < e).astype(float)
    Y = x + T * (-1 - x) + rng.normal(size=len(x))
    wrong = np.zeros_like(x)  # outcome models that know nothing
    psi, gamma0 = pseudo_outcome(Y, T, wrong, wrong, e), (1 - T) * Y / (1 - e)
    picked, right = (
        policy.held_out_value({"today": T == 1}, psi, 0.5, changes=changes).iloc[0]
        for changes in (None, {"today": Y - gamma0})
    )
    truth = np.mean(T * (-1 - x + 0.5))
    assert right["low"] <= truth <= right["high"] and not picked["low"] <= truth <= picked["high"]


def test_rows_of_a_patient_count_once():
    rng = np.random.default_rng(0)
    scores, treated, ids = rng.normal(size=50), rng.random(50) < 0.5, np.arange(50)
    once = policy.held_out_value({"a": treated}, scores)
    thrice = policy.held_out_value({"a": np.tile(treated, 3)}, np.tile(scores, 3), groups=np.tile(ids, 3))
    pd.testing.assert_frame_equal(once, thrice)


def test_the_interval_of_the_value_covers():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        tau = rng.normal(-0.2, 1, 200)
        row = policy.held_out_value({"a": tau + rng.normal(0, 1, 200) < 9}, tau).iloc[0]
        hits += row["low"] <= -0.2 <= row["high"]
    assert 0.92 <= hits / 400 <= 0.98


# Tree


def simulated(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "smoker": rng.integers(0, 2, n),
            "age": rng.uniform(20, 90, n),
            "fever": pd.Categorical(rng.choice(["none", "low", "high"], n), ["none", "low", "high"]),
        }
    )
    # Treatment helps the old, and of the young those with high fever
    tau = np.where(frame["age"] > 65, -1.0, np.where(frame["fever"] == "high", -0.6, 0.8))
    return frame, tau, tau + rng.normal(0, 1, n)


def test_the_tree_finds_the_known_rule():
    frame, _, psi = simulated(2_000, 0)
    held, tau, scores = simulated(1_000, 1)
    tree = policy.tree_policy(frame, psi)
    assert "if age > 6" in tree.rules and "if fever = high" in tree.rules and "smoker" not in tree.rules
    assert (tree.treat(held) == (tau < 0)).mean() > 0.97
    table = policy.held_out_value({"tree": tree.treat(held), "best": tau < 0}, scores, pairs=[("tree", "best")])
    assert table["low"].iloc[2] <= 0.02 and table["high"].iloc[0] < -0.2


def test_a_dear_treatment_is_given_to_nobody():
    frame, _, psi = simulated(800, 0)
    tree = policy.tree_policy(frame, psi, cost=5.0)
    assert set(tree.root) == {"treat", "n", "effect"} and not tree.treat(frame).any()
    assert tree.rules.startswith("do not treat (mean effect") and "800 training patients" in tree.rules


def test_the_tree_is_plain_repeatable_and_never_cuts_small_groups():
    frame, _, psi = simulated(300, 2)
    tree = policy.tree_policy(frame, psi, smallest=0.001)
    again = policy.tree_policy(frame, psi, smallest=0.001)
    assert json.loads(json.dumps(tree.root)) == again.root

    def leaves(node):
        return [node["n"]] if "treat" in node else leaves(node["yes"]) + leaves(node["no"])

    assert sum(leaves(tree.root)) == 300 and min(leaves(tree.root)) >= 11


def test_the_tree_refuses():
    frame, _, psi = simulated(100, 0)
    with pytest.raises(ValueError, match="scores: shape"):
        policy.tree_policy(frame, psi[:5])
    with pytest.raises(ValueError, match="1 of 100 values are missing"):
        policy.tree_policy(frame.assign(age=frame["age"].where(frame.index > 0)), psi)
    with pytest.raises(ValueError, match="expected numbers or a category"):
        policy.tree_policy(frame.assign(age="old"), psi)
    tree = policy.tree_policy(frame, psi)
    with pytest.raises(ValueError, match="no column named"):
        tree.treat(frame.drop(columns="age"))


# Fairness


def grouped(*sizes):
    """Treated mask and frame of groups given as (name, treated, untreated)."""
    rows = [(name, mark) for name, k, rest in sizes for mark in [True] * k + [False] * rest]
    return np.array([mark for _, mark in rows]), pd.DataFrame({"group": [name for name, _ in rows]})


def test_the_fairness_table_by_hand():
    table = policy.fairness_table(*grouped(("a", 30, 70), ("b", 50, 50)), ["group"]).set_index("group")
    assert table.loc["a", "n"] == 100 and table.loc["a", "treated"] == 30 and table.loc["a", "share"] == 0.3
    # Wilson intervals of 30 and 50 of 100, worked by hand
    np.testing.assert_allclose(table["low"].astype(float), [0.2189489, 0.4038315], atol=1e-6)
    np.testing.assert_allclose(table["high"].astype(float), [0.3958485, 0.5961685], atol=1e-6)


def test_small_groups_stay_hidden_and_cannot_be_worked_out():
    table = policy.fairness_table(*grouped(("a", 60, 60), ("b", 30, 30), ("c", 4, 3)), ["group"]).set_index("group")
    assert table["n"].isna().tolist() == [False, True, True] and table["hidden"].tolist() == [False, True, True]
    assert table.loc[["b", "c"], ["treated", "share", "low", "high"]].isna().to_numpy().all()
    table = policy.fairness_table(*grouped(("a", 60, 60), ("b", 3, 300), ("c", 40, 40)), ["group"]).set_index("group")
    assert table["n"].tolist() == [120, 303, 80] and table["hidden"].tolist() == [False, True, True]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(any), min_size=1, max_size=6))
def test_no_small_count_is_ever_shown(counts):
    table = policy.fairness_table(*grouped(*[(f"g{i}", *c) for i, c in enumerate(counts)]), ["group"])
    shown = table[~table["hidden"]]
    assert (table["n"].dropna() >= 11).all() and (shown["treated"] >= 11).all()
    assert (shown["n"] - shown["treated"] >= 11).all()
    assert table["hidden"].sum() != 1 or len(table) == 1


def test_of_public_records_nothing_is_hidden():
    table = policy.fairness_table(*grouped(("a", 3, 2), ("b", 30, 30)), ["group"], smallest=0).set_index("group")
    assert table.loc["a", "n"] == 5 and table.loc["a", "share"] == 0.6 and not table["hidden"].any()


def test_small_sizes_read_as_such_and_withheld_columns_show_no_share():
    treated, frame = grouped(("a", 30, 30), ("b", 3, 3))
    frame["other"] = np.where(np.arange(66) % 2, "x", "y")
    tables = {"rule": policy.fairness_table(treated, frame, ["group", "other"], withheld=("other",))}
    shown = policy.shares_shown(tables)
    assert shown["patients"].tolist() == ["hidden", "<11", "33", "33"] and set(shown["rule"]) == {"hidden"}
    alone = policy.shares_shown({"rule": policy.fairness_table(treated, frame, ["group"], smallest=0)})
    assert alone.loc[("group", "a"), "rule"].replace("\u00a0", " ") == "50% [38%, 62%]"


def test_the_summary_names_the_least_and_the_most_treated():
    treated, frame = grouped(("a", 10, 90), ("b", 45, 55), ("c", 80, 20), ("d", 1, 0))
    lines = policy.widest_gaps(policy.fairness_table(treated, frame.assign(one="x"), ["group", "one"], smallest=0))
    assert lines == ["group: treated 10% of a and 80% of c", "too few patients to show: one"]


@given(st.integers(0, 10_000), st.integers(30, 200), st.integers(2, 4))
def test_no_difference_of_two_tables_points_at_a_few(seed, n, levels):
    rng = np.random.default_rng(seed)
    column = pd.Series(rng.integers(levels, size=n))
    masks = {name: rng.random(n) < rng.random() for name in "abc"}
    shown = not privacy.risky_columns(pd.DataFrame({"c": column}), masks)
    counts = [
        (column[(x == v) & (y == w)] == level).sum()
        for (x, y) in ((masks["a"], masks["b"]), (masks["a"], masks["c"]), (masks["b"], masks["c"]))
        for v in (True, False)
        for w in (True, False)
        for level in range(levels)
    ]
    assert shown == all(c == 0 or c >= 11 for c in counts)
    assert privacy.risky_columns(pd.DataFrame({"c": column}), masks, smallest=0) == ()


def test_one_rule_within_another_gives_the_rest_away():
    smoker = pd.DataFrame({"smoker": np.repeat([1, 0], [60, 200])})
    first, more = (np.isin(np.arange(260), np.r_[:20, 60 : 60 + k]) for k in (40, 80))
    more[20:25] = True
    assert privacy.risky_columns(smoker, {"first": first}) == privacy.risky_columns(smoker, {"more": more}) == ()
    assert privacy.risky_columns(smoker, {"first": first, "more": more}) == ("smoker",)
    with pytest.raises(ValueError, match="no rule"):
        privacy.risky_columns(smoker, {})


def test_quarters_hide_the_extremes():
    people = privacy.in_groups(pd.DataFrame({"age": np.arange(18, 99), "sex": np.arange(81) % 2}), ["age", "sex"])
    assert people["age"].cat.categories.tolist() == ["up to 38", "38 to 58", "58 to 78", "above 78"]
    assert people["sex"].nunique() == 2 and people["age"].value_counts().min() >= 20


def test_missing_values_are_a_group_and_many_values_are_refused():
    treated, frame = grouped(("a", 30, 30), (None, 20, 20))
    assert policy.fairness_table(treated, frame, ["group"])["group"].tolist() == ["a", "(missing)"]
    with pytest.raises(ValueError, match="pandas.cut"):
        policy.fairness_table(np.ones(99, bool), pd.DataFrame({"age": range(99)}), ["age"])
    with pytest.raises(ValueError, match="columns: \\['x'\\]"):
        policy.fairness_table(treated, frame, ["x"])
    with pytest.raises(ValueError, match="expected 100 booleans"):
        policy.fairness_table(treated.astype(int), frame, ["group"])


# Export


def test_the_policy_gives_the_learners_effects(cohort, encoder):
    fresh = make_cohort(50, seed=1)
    for learner in (AACE(ridge(), smoother=ridge()), DRLearner(ridge())):
        learner, _ = fitted(cohort, encoder, learner)
        exported = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS))
        phi = np.hstack([encoder.transform(fresh.texts), fresh.tabular]).astype(np.float32)
        scores = exported.score(fresh.frame)
        np.testing.assert_allclose(scores["effect"], learner.effect(phi), atol=1e-4)
        assert scores["id"].tolist() == fresh.ids.tolist()
        assert scores.sort_values("rank")["priority"].is_monotonic_decreasing


def test_a_head_is_exported_exactly(cohort, encoder, tmp_path):
    from helpers.effects.networks.heads import HeadRegressor

    learner, phi = fitted(cohort, encoder, AACE(HeadRegressor(epochs=3)))
    exported = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS))
    again = policy.load_policy(policy.save_policy(exported, tmp_path / "head"))
    assert exported.kind == "head"
    assert np.array_equal(again.score(cohort.frame)["effect"], learner.effect(phi))


def test_an_outcome_where_higher_is_better_is_turned_back(encoder):
    turned = make_cohort(lower_is_better=False)
    learner, phi = fitted(turned, encoder, AACE(ridge()))
    scores = policy.from_learner(learner, turned, encoder, policy.make_card(FACTS)).score(turned.frame)
    np.testing.assert_allclose(scores["effect"], -learner.effect(phi), atol=1e-4)
    assert np.array_equal(scores["effect"], scores["priority"])


def test_tabular_and_text_policies_read_only_what_they_need(cohort, encoder):
    X = cohort.tabular.astype(np.float32)
    learner = DRLearner(ridge()).fit(cohort.Y, cohort.T, X)
    exported = policy.from_learner(learner, cohort, None, policy.make_card(FACTS), "tabular")
    np.testing.assert_allclose(
        exported.score(cohort.frame.drop(columns="text"))["effect"], learner.effect(X), atol=1e-4
    )
    X = encoder.transform(cohort.texts)
    learner = DRLearner(ridge()).fit(cohort.Y, cohort.T, X)
    exported = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS), "text")
    np.testing.assert_allclose(exported.score(cohort.frame[["id", "text"]])["effect"], learner.effect(X), atol=1e-4)


@pytest.mark.parametrize(
    "learner", [RandomOrder(), RiskRanker(), KnownEffect(), AACE(GradientBoostingRegressor(n_estimators=3))]
)
def test_what_cannot_be_exported_is_refused_with_what_can(cohort, encoder, learner):
    learner, _ = fitted(cohort, encoder, learner)
    with pytest.raises(ValueError, match="Can be exported.*ridge.*plug.*heads"):
        policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS))


def test_features_and_encoder_must_fit(cohort, encoder):
    with pytest.raises(ValueError, match="features = 'truth'"):
        policy.from_learner(KnownEffect(), cohort, encoder, {}, "truth")
    with pytest.raises(ValueError, match="encoder: None"):
        policy.from_learner(KnownEffect(), cohort, None, {})


# Records


def spoilt(records, column, value, rows=3):
    values = records[column].astype(object).to_list()
    values[:rows] = [value] * rows
    return records.assign(**{column: pd.Series(values, index=records.index, dtype=object)})


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("text", None, "text: the note is missing in 3 of 300"),
        ("text", "  \n", "text: the note is empty in 3 of 300"),
        ("text", 7, "text: the note is no text in 3 of 300"),
        ("id", None, "id: the identifier is missing in 3 of 300"),
        ("smoker", 2, "smoker: neither yes nor no in 3 of 300"),
        ("smoker", CANARY, "smoker: neither yes nor no in 3 of 300"),
        ("age", CANARY, "age: no finite number in 3 of 300"),
        ("age", np.inf, "age: no finite number in 3 of 300"),
    ],
)
def test_records_that_cannot_be_scored_are_refused(linear, cohort, column, value, said):
    records = spoilt(cohort.frame.assign(text=cohort.frame["text"] + CANARY), column, value)
    with pytest.raises(ValueError, match=said) as refused:
        linear.score(records)
    assert CANARY not in str(refused.value) and "cough" not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value"), [("fever", CANARY), ("fever", "high"), ("fever", None), ("age", None), ("smoker", None)]
)
def test_what_training_had_not_is_marked_and_the_others_are_scored(linear, cohort, column, value):
    scores, sound = linear.score(spoilt(cohort.frame, column, value)), linear.score(cohort.frame)
    assert scores["unseen"].tolist() == [column] * 3 + [""] * 297 and set(sound["unseen"]) == {""}
    assert scores.loc[:2, ["effect", "priority", "rank"]].isna().all(axis=None)
    np.testing.assert_array_equal(scores["effect"][3:], sound["effect"][3:])
    checked = linear.inputs.check(spoilt(cohort.frame, column, value))
    pd.testing.assert_frame_equal(linear.score(checked), scores)
    assert CANARY not in checked[column].astype(str).str.cat() + scores.to_csv()


def test_a_yes_that_no_training_record_had_is_marked(cohort, encoder):
    nobody = replace(cohort, frame=cohort.frame.assign(smoker=0))
    learner, _ = fitted(nobody, encoder, AACE(ridge()))
    found = policy.from_learner(learner, nobody, encoder, policy.make_card(FACTS))
    scores = found.score(cohort.frame.assign(age=cohort.frame["age"].where(cohort.frame.index != 0)))
    smoker = cohort.frame["smoker"].tolist()
    expected = [", ".join(["smoker"] * s + ["age"] * (i == 0)) for i, s in enumerate(smoker)]
    assert scores["unseen"].tolist() == expected and scores["effect"].isna().tolist() == [bool(e) for e in expected]


def test_all_faults_are_told_at_once(linear, cohort):
    records = spoilt(spoilt(cohort.frame, "text", "", 2), "age", np.inf, 5)
    with pytest.raises(ValueError, match=r"(?s)text: .* 2 of 300 .*age: .* 5 of 300"):
        linear.score(records)


def test_columns_must_be_there_once(linear, cohort):
    with pytest.raises(ValueError, match=r"missing: \['age', 'fever'\]"):
        linear.score(cohort.frame.drop(columns=["age", "fever"]))
    with pytest.raises(ValueError, match=r"twice: \['age'\]"):
        linear.score(pd.concat([cohort.frame, cohort.frame[["age"]]], axis=1))
    with pytest.raises(ValueError, match="no rows"):
        linear.score(cohort.frame.head(0))


def test_harmless_differences_change_nothing(linear, cohort):
    expected = linear.score(cohort.frame)["effect"]
    other = cohort.frame.assign(
        fever=cohort.frame["fever"].astype(str), smoker=cohort.frame["smoker"].astype(bool), extra=1
    )
    other = other[other.columns[::-1]].set_index(np.arange(len(other)) + 99)
    assert np.array_equal(linear.score(other)["effect"], expected)


def test_a_record_scores_the_same_alone_and_among_others(linear, cohort):
    among = linear.score(cohort.frame)["effect"]
    alone = [linear.score(cohort.frame.iloc[[i]])["effect"].item() for i in (0, 7, 299)]
    assert alone == among.iloc[[0, 7, 299]].tolist()


def test_nothing_of_a_record_shows_in_a_repr(linear):
    assert "cough" not in repr(linear)


# Files

FRESH = """
import sys, numpy as np, pandas as pd
from helpers.policy import load_policy
np.save(sys.argv[3], load_policy(sys.argv[1]).score(pd.read_parquet(sys.argv[2]))[["effect", "priority", "rank"]])
"""


def test_a_fresh_process_gives_the_same_bits(linear, saved, tmp_path):
    records = make_cohort(700, seed=5).frame
    records.to_parquet(tmp_path / "r.parquet")
    command = [sys.executable, "-c", FRESH, saved, tmp_path / "r.parquet", tmp_path / "out.npy"]
    subprocess.run(command, check=True)
    expected = linear.score(records)[["effect", "priority", "rank"]].to_numpy()
    assert np.load(tmp_path / "out.npy").tobytes() == expected.tobytes()


def test_what_is_saved_comes_back(linear, saved, cohort):
    again = policy.load_policy(saved)
    assert again.inputs == linear.inputs and again.card == linear.card and again.kind == "linear"
    pd.testing.assert_frame_equal(again.score(cohort.frame), linear.score(cohort.frame), check_exact=True)
    assert sorted(p.name for p in saved.iterdir()) == sorted((*policy.POLICY_FILES, policy.SUMS))
    written = (saved / "CARD.md").read_text()
    assert "| AUTOC | -0.500 |" in written and "must not be used" in written and "without a clinician" in written


def test_saving_twice_gives_the_same_files(linear, saved, tmp_path):
    again = policy.save_policy(linear, tmp_path / "again")
    assert all((again / name).read_bytes() == (saved / name).read_bytes() for name in policy.POLICY_FILES)


@pytest.mark.parametrize("name", policy.POLICY_FILES)
def test_a_changed_file_is_refused(linear, tmp_path, name):
    folder = policy.save_policy(linear, tmp_path / "p")
    content = bytearray((folder / name).read_bytes())
    content[-20] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} changed since it was saved"):
        policy.load_policy(folder)


@pytest.mark.parametrize("name", [*policy.POLICY_FILES, policy.SUMS])
def test_a_missing_file_is_named(linear, tmp_path, name):
    folder = policy.save_policy(linear, tmp_path / "p")
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"no {name}"):
        policy.load_policy(folder)


def test_nothing_is_overwritten_unless_told(linear, tmp_path):
    folder = policy.save_policy(linear, tmp_path / "p")
    with pytest.raises(FileExistsError, match="overwrite"):
        policy.save_policy(linear, folder)
    policy.save_policy(replace(linear, lower_is_better=False), folder, overwrite=True)
    assert not policy.load_policy(folder).lower_is_better
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all of it")
    with pytest.raises(FileExistsError, match="not a policy and nothing else"):
        policy.save_policy(linear, mine, overwrite=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not a policy and nothing else"):
        policy.save_policy(linear, folder, overwrite=True)
    assert (mine / "thesis.txt").read_text() == "all of it"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "p"]


@pytest.mark.parametrize("step", ["write_bytes", "rename"])
def test_a_failure_leaves_the_old_policy(linear, tmp_path, monkeypatch, step):
    folder, real = policy.save_policy(linear, tmp_path / "p"), getattr(Path, step)

    def fail(path, *args):
        if step == "rename" and path.name != "new":
            return real(path, *args)
        raise OSError("disk full")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(OSError, match="disk full"):
        policy.save_policy(replace(linear, lower_is_better=False), folder, overwrite=True)
    monkeypatch.undo()
    assert policy.load_policy(folder).lower_is_better
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def resealed(folder, change):
    """The folder with another policy.json and sums that fit, as a newer version might write it."""
    import hashlib

    plain = json.loads((folder / "policy.json").read_text())
    change(plain)
    (folder / "policy.json").write_text(json.dumps(plain))
    sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in policy.POLICY_FILES]
    (folder / policy.SUMS).write_text("".join(sums))
    return folder


def test_another_format_or_encoder_is_refused_with_a_remedy(linear, tmp_path, cohort):
    folder = policy.save_policy(linear, tmp_path / "p")
    resealed(folder, lambda plain: plain["encoder"]["provenance"]["libraries"].update({"scikit-learn": "0.1"}))
    with pytest.raises(ValueError, match=r"(?s)libraries.*pip install scikit-learn==0.1.*--other-versions"):
        policy.load_policy(folder)
    accepted = policy.load_policy(folder, other_versions=True)
    assert np.array_equal(accepted.score(cohort.frame)["effect"], linear.score(cohort.frame)["effect"])
    resealed(folder, lambda plain: plain.update(format=99))
    with pytest.raises(ValueError, match="format 99"):
        policy.load_policy(folder)


def test_another_model_is_refused_whatever_is_accepted():
    trained = {"model": "a", "revision": "1", "precision": "fp32 on cpu", "libraries": {"torch": "2"}}
    check_provenance(trained, dict(trained))
    with pytest.raises(ValueError, match="revision: '2' here, '1' in training"):
        check_provenance(trained, trained | {"revision": "2"}, other_versions=True)


def test_a_frozen_encoder_is_found_again(cohort, tmp_path):
    minilm = make_encoder("minilm", device="cpu", precision="fp32")
    few = cohort.take(np.arange(60))
    learner, _ = fitted(few, minilm, DRLearner(ridge()))
    exported = policy.from_learner(learner, few, minilm, policy.make_card(FACTS))
    folder = policy.save_policy(exported, tmp_path / "p")
    again = policy.load_policy(folder)
    assert np.array_equal(again.score(few.frame)["effect"], exported.score(few.frame)["effect"])
    resealed(folder, lambda plain: plain["encoder"]["provenance"].update(revision="sha256:0"))
    with pytest.raises(ValueError, match="Put the model of the training in place"):
        policy.load_policy(folder)


def test_the_card_says_how_sure_it_is_and_what_it_is_for():
    ends, said = {"autoc": (-0.6, -0.4)}, {"meant_for": ["the first fifth"], "rests_on": ["overlap"]}
    card = policy.make_card(FACTS, {"autoc": -0.5, "pehe": 1.5}, intervals=ends, statements=said)
    text = policy.as_markdown(card, True, False)
    assert "| AUTOC | -0.500 | -0.600 to -0.400 |" in text and "| PEHE | 1.500 |  |" in text
    assert "## What it is meant for\n\n* the first fifth\n" in text and "Whom it treats" not in text
    old = {k: v for k, v in card.items() if k not in ("intervals", "statements")}
    assert "meant for" not in policy.as_markdown(old, True, False)
    for wrong in ({"intervals": {"qini": (0, 1)}}, {"statements": {"praise": []}}):
        with pytest.raises(ValueError, match="no section of"):
            policy.make_card(FACTS, {"autoc": -0.5}, **wrong)


def test_the_card_states_every_fact():
    with pytest.raises(ValueError, match="a card states exactly"):
        policy.make_card({"dataset": "replica"})
    assert policy.make_card(FACTS, {"pehe": np.nan})["metrics"] == {"pehe": None}


# Command line


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "policy"
    done = CliRunner().invoke(
        cli.app,
        ["export", "--strategy", "aace_smooth@phi", "--out", str(folder), "--share", "0.3", "--cost", "0.5"]
        + ["-p", "n=400", "-p", "encoder=tfidf"],
    )
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def replica():
    from helpers import data

    return data.load_cohort(config.load(n=400, seed=9)).frame


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_records_are_scored_from_the_command_line(exported, replica, tmp_path, suffix):
    source, out = tmp_path / f"r{suffix}", tmp_path / "s.csv"
    replica.to_csv(source, index=False) if suffix == ".csv" else replica.to_parquet(source)
    command = ["score", "--policy", str(exported), "--records", str(source), "--out", str(out)]
    done = CliRunner().invoke(cli.app, command)
    assert done.exit_code == 0, done.output
    expected = policy.load_policy(exported).score(replica)
    found = pd.read_csv(out, dtype={"unseen": str}).fillna({"unseen": ""})
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)
    again = CliRunner().invoke(cli.app, command)
    assert again.exit_code == 1 and "--overwrite" in again.output
    assert CliRunner().invoke(cli.app, [*command, "--overwrite"]).exit_code == 0


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("asthma", CANARY, "asthma: neither yes nor no in 1 of 400"),
        ("text", " ", "text: the note is empty in 1 of 400"),
    ],
)
def test_a_bad_file_is_refused_and_nothing_written(exported, replica, tmp_path, column, value, said):
    spoilt(replica.assign(text=replica["text"] + CANARY), column, value, 1).to_csv(tmp_path / "r.csv", index=False)
    out = tmp_path / "s.csv"
    command = ["score", "--policy", str(exported), "--records", str(tmp_path / "r.csv"), "--out", str(out)]
    done = CliRunner().invoke(cli.app, command)
    assert done.exit_code == 1 and said in done.output and CANARY not in done.output and not out.exists()


def test_files_of_another_kind_are_refused(exported, tmp_path):
    loaded = policy.load_policy(exported)
    (tmp_path / "r.parquet").write_bytes(CANARY.encode() * 9)
    (tmp_path / "r.xlsx").touch()
    for name, error, said in [
        ("r.parquet", ValueError, "cannot be read as a parquet table"),
        ("r.xlsx", ValueError, ".csv or .parquet"),
        ("absent.csv", FileNotFoundError, "no such file"),
    ]:
        with pytest.raises(error, match=said) as refused:
            policy.read_records(tmp_path / name, loaded.inputs)
        assert CANARY not in str(refused.value)
    with pytest.raises(ValueError, match="written as .csv"):
        policy.score_file(exported, tmp_path / "r.csv", tmp_path / "s.xlsx")


def test_export_gives_the_policy_of_the_study(exported):
    settings = config.load(n=400, encoder="tfidf")
    trial = next(iter(study.replications(settings, [0])))
    strategy = study.strategy_named("aace_smooth@phi")
    effect = study.bedside_effect(trial, strategy, study.run_strategy(trial, strategy))
    loaded = policy.load_policy(exported)
    np.testing.assert_allclose(loaded.score(trial.test.frame)["effect"], effect, atol=1e-4)
    assert loaded.card["training_records"] == len(trial.train) and "autoc" in loaded.card["metrics"]
    assert any("simulated" in line for line in loaded.card["not_for"])
    written = (exported / "CARD.md").read_text()
    assert "the first 30% of a list" in written and "plus cost of 0.5" in written and "## Whom it treats" in written
    assert loaded.card["encoder_model"] == "tfidf" and loaded.card["encoder_revision"] is None
    assert set(loaded.card["intervals"]) == set(loaded.card["metrics"]) - {"test_records"}


def test_export_refuses_what_cannot_be_used_at_the_bedside(tmp_path, exported):
    for name in ("oracle", "risk", "dr@confounders"):
        with pytest.raises(ValueError, match="Can be exported"):
            study.train_policy(config.load(n=400, encoder="tfidf"), name)
    done = CliRunner().invoke(cli.app, ["export", "--out", str(exported), "-p", "n=400"])
    assert done.exit_code == 1 and "is there already" in done.output


def test_weights_are_plain_tensors(saved, linear):
    from safetensors.numpy import load_file

    found = load_file(saved / "weights.safetensors")
    assert set(found) == {"encoder/idf", "model/weight", "model/constant"}
    assert save_tensors({"w": found["model/weight"]}) == save_tensors({"w": linear.weights["weight"]})
