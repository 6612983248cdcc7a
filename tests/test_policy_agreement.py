"""Overlap of two policies, by hand and by sets, and a case-mix table that gives no small group away."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.agreement import agreement, case_mix, first_treated
from helpers.schema import Cohort, Roles


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
    assert table.loc[["age", "pain"], ["only_a", "only_b", "gap"]].isna().all().all()
    assert table.loc["age", ["both", "neither"]].notna().all()


def test_a_rare_column_shows_no_mean():
    records = cohort()
    records.frame["pain"] = (np.arange(400) < 5).astype(int)
    table = case_mix(records, np.arange(400.0), -np.arange(400.0), 0.5).set_index("variable")
    assert np.isnan(table.loc["pain", "only_b"]) and table.loc["pain", "only_a"] == 0


def test_errors():
    with pytest.raises(ValueError, match="budget = 2"):
        first_treated(np.arange(3), 2)
    with pytest.raises(ValueError, match="expected 400 rows"):
        case_mix(cohort(), np.arange(3.0), np.arange(3.0), 0.5)
