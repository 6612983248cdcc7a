"""Overlap of two policies, by hand and by sets, and a case-mix table that gives no small group away."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.cohort import Cohort, Roles
from helpers.evaluation.policy_agreement import agreement, case_mix, first_treated
from helpers.report.policies import mix_in_words
from helpers.report.tables import at_shares, mix_shown


def cohort(n=400, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"id": np.arange(n), "text": "", "age": rng.normal(60, 10, n), "pain": rng.integers(2, size=n)}
    )
    return Cohort(frame, Roles(tabular=("age",), annotations=("pain",)))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 30), seed=st.integers(0, 99), budget=st.sampled_from([0.1, 0.3, 0.5, 1.0]))
def test_shares_equal_sets(n, seed, budget):
    a, b = np.random.default_rng(seed).integers(5, size=(2, n)).astype(float)
    table = agreement(a, b, [budget]).set_index("metric")["value"]
    treated_a, treated_b = (set(np.flatnonzero(first_treated(p, budget))) for p in (a, b))
    assert table["overlap"] == pytest.approx(len(treated_a & treated_b) / len(treated_a))
    assert table["same_decision"] == pytest.approx(1 - len(treated_a ^ treated_b) / n)


def test_same_opposite_and_unrelated_orders():
    a, b = np.random.default_rng(0).normal(size=(2, 20_000))
    same, opposite, unrelated = (agreement(a, p, [0.5, 1.0]) for p in (2 * a + 1, -a, b))
    first = [
        t.set_index(["metric", "at"])["value"].droplevel("at").groupby("metric", sort=False).first()
        for t in (same, opposite, unrelated)
    ]
    assert first[0].to_numpy() == pytest.approx(1)
    assert first[1][["spearman", "kendall", "kappa"]].to_numpy() == pytest.approx(-1) and first[1]["overlap"] == 0
    assert first[2].loc[["spearman", "kendall", "kappa"]].abs().max() < 0.03
    everyone = same[(same["at"] == 1) & (same["metric"] == "kappa")]["value"]
    assert everyone.isna().all()


def test_case_mix_is_the_mean_of_each_set():
    records = cohort()
    age, noise = records.tabular[:, 0], np.random.default_rng(1).normal(size=400)
    table = case_mix(records, age, noise, 0.4).set_index("variable")
    a, b = first_treated(age, 0.4), first_treated(noise, 0.4)
    assert table.loc["patients", "only_a"] == str((a & ~b).sum()) == table.loc["patients", "only_b"]
    assert table.loc["age", "only_b"] == pytest.approx(age[b & ~a].mean())
    assert table.loc["pain", "neither"] == pytest.approx(records.annotations[~a & ~b].mean())
    assert table.loc["age", "gap"] == pytest.approx((age[a & ~b].mean() - age[b & ~a].mean()) / age.std())


def test_small_groups_hide_every_size_that_would_give_them_away():
    records = cohort()
    age = records.tabular[:, 0]
    near = np.where(first_treated(age, 0.4), age, age - 100)
    order = np.argsort(-age)
    near[order[159]], near[order[160]] = age[order[160]], age[order[159]]
    table = case_mix(records, age, near, 0.4).set_index("variable")
    assert table.loc["patients", ["both", "only_a", "only_b", "neither"]].tolist() == ["hidden", "<11", "<11", "hidden"]
    means = ["both", "only_a", "only_b", "neither", "gap"]
    assert table.loc[["age", "pain"], means].isna().all().all(), "means of the rest and of all give the others away"
    public = case_mix(records, age, near, 0.4, smallest=0).set_index("variable")
    assert public.loc["patients", "only_a"] == "1" and public.loc["age", means].notna().all()


def test_a_rare_column_shows_no_mean():
    records = cohort()
    records.frame["pain"] = (np.arange(400) < 5).astype(int)
    table = case_mix(records, np.arange(400.0), -np.arange(400.0), 0.5).set_index("variable")
    assert table.loc["pain", ["both", "only_a", "only_b", "neither"]].isna().all()
    shown = case_mix(records, np.arange(400.0), -np.arange(400.0), 0.5, smallest=0).set_index("variable")
    assert shown.loc["pain", "only_b"] == 5 / 200 and shown.loc["pain", "only_a"] == 0


def test_a_withheld_column_shows_nothing_and_the_words_say_so():
    records = cohort()
    age, noise = records.tabular[:, 0], np.random.default_rng(1).normal(size=400)
    table = case_mix(records, age, noise, 0.4, withheld=("age",))
    assert table.set_index("variable").loc["age", ["both", "only_a", "only_b", "neither"]].isna().all()
    assert mix_shown(table, "mine", "yours").loc["age", ["both", "mine", "yours", "gap"]].tolist() == ["hidden"] * 3 + [
        ""
    ]
    assert mix_in_words(table, "mine", "yours").startswith("Of the columns shown, ")
    said = mix_in_words(case_mix(records, age, noise, 0.4), "mine", "yours")
    assert said.startswith("What sets") and "`age` of those mine (mean" in said


def test_the_words_name_the_largest_gap_of_each_side():
    mix = pd.DataFrame(
        {
            "variable": ["patients", "a", "b", "c"],
            "both": ["50", 0, 0, 0],
            "only_a": ["50", 0.5, 0.1, 0.01],
            "only_b": ["50", 0.3, 0.2, 0.76],
            "neither": ["50", 0, 0, 0],
            "gap": [np.nan, 0.4, -0.8, -2.4],
        }
    )
    said = mix_in_words(mix, "mine", "yours")
    assert "`a` of those mine (mean 0.50 against 0.30, 0.4" in said and "`b`" not in said
    assert "`c` of those yours (mean 0.76 against 0.01, 2.4" in said


def test_agreement_hides_where_few_are_treated_together_or_apart():
    a = np.arange(100.0)
    b = np.where(a >= 85, a, -a)  # the first 15 alike, then the other way round
    shares = [0.05, 0.15, 0.2, 0.4]
    open_, closed = (agreement(a, b, shares, smallest) for smallest in (0, 11))
    assert open_.loc[open_["metric"] == "overlap", "value"].tolist() == [1, 1, 0.75, 0.375]
    hidden = closed[closed["metric"] == "kappa"]["value"].isna().tolist()
    assert hidden == [True, False, True, False], "5 together; 15 together, none apart; 5 apart; 15 and 25"


def test_each_policy_is_shown_at_its_own_share():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 500))
    practice = (rng.random(500) < 0.37).astype(float)
    share = practice.mean()
    tables = [agreement(a, b, [0.2, 0.5]).assign(strategy="b")]
    tables.append(agreement(a, practice, [share]).dropna().assign(strategy="t"))
    shown = at_shares(pd.concat(tables), {"b": 0.5, "t": share}, {"b": "the other", "t": "today"})
    assert shown.index.tolist() == ["the other", "today"] and shown["treated"].tolist() == ["50%", f"{share:.0%}"]
    both = (first_treated(a, share) & (practice == 1)).sum()
    assert shown.loc["today", "overlap"] == f"{both / practice.sum():.0%}"
    assert shown.loc["today", "Spearman"] == "\u2013"


def test_errors():
    with pytest.raises(ValueError, match="budget = 2"):
        first_treated(np.arange(3), 2)
    with pytest.raises(ValueError, match="expected 400"):
        case_mix(cohort(), np.arange(3.0), np.arange(3.0), 0.5)


def test_a_column_that_is_equal_but_for_rounding_has_no_gap():
    records = cohort()
    flat = np.where(np.arange(400) % 2, 0.3, 0.1 + 0.2)
    records = Cohort(records.frame.assign(age=flat), records.roles)
    table = case_mix(records, np.arange(400.0), np.arange(400) % 7, 0.4, smallest=0).set_index("variable")
    assert np.isnan(table.loc["age", "gap"]) and np.isfinite(table.loc["age", "only_a"])
