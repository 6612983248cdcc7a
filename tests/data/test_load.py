"""Cohorts from a configuration, and splits by patient."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simsum_file import published_layout

import helpers.data.load as loading
from helpers import data
from helpers.config import load
from helpers.data.cohort import Cohort, Roles
from helpers.data.folds import split
from helpers.data.load import fingerprint, is_public, load_cohort
from helpers.data.processes import draw_outcomes
from helpers.data.replica.network import sample_network


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))


def of_patients(ids) -> Cohort:
    return Cohort(pd.DataFrame({"id": ids, "text": ""}), Roles())


def test_replica(monkeypatch):
    made = []
    make = data.make_replica
    monkeypatch.setattr(loading, "make_replica", lambda *a: made.append(a) or make(*a))
    config = load(n=300, seed=2, note_style="compact")
    cohort, again = load_cohort(config), load_cohort(config)
    assert made == [(300, "compact", 2)]
    pd.testing.assert_frame_equal(cohort.frame, again.frame)
    pd.testing.assert_frame_equal(cohort.frame, make(300, "compact", 2))
    pd.testing.assert_frame_equal(cohort.frame.iloc[:, :17], sample_network(300, 2))
    assert cohort.tags == {"style": "compact", "seed": 2, "dataset": "replica"}
    assert {f"said_{s}" for s in cohort.roles.annotations} <= set(cohort.frame.columns)
    assert all(cohort.frame[f"said_{s}"].dtype == bool for s in cohort.roles.annotations)
    assert cohort.roles.treatment is None and all(cohort.texts)


def test_other_settings_are_other_cohorts():
    base = load_cohort(load(n=300))
    assert load_cohort(load(n=300, note_style="compact")).texts != base.texts
    assert not load_cohort(load(n=300, seed=1)).frame.drop(columns="text").equals(base.frame.drop(columns="text"))


def test_simsum_takes_the_first_rows(tmp_path):
    path = tmp_path / "mine.csv"
    published_layout(350).to_csv(path, sep=";")
    first = load_cohort(load(dataset="simsum", simsum_path=str(path), n=200))
    assert first.ids.tolist() == list(range(200)) and first.tags["dataset"] == "simsum"
    assert len(load_cohort(load(dataset="simsum", simsum_path=str(path)))) == 350


@given(
    ids=st.lists(st.integers(0, 40), min_size=2, max_size=120).filter(lambda x: len(set(x)) > 1),
    share=st.floats(0.001, 0.999),
    seed=st.integers(0, 1000),
)
def test_split_by_patient(ids, share, seed):
    cohort = of_patients(ids)
    train, test = split(cohort, share, seed)
    assert sorted([*train, *test]) == list(range(len(ids)))
    assert len(train) and len(test)
    held_out, kept = set(cohort.ids[test]), set(cohort.ids[train])
    assert not held_out & kept
    patients = len(set(ids))
    assert abs(len(held_out) - share * patients) <= 1
    assert all(np.array_equal(a, b) for a, b in zip((train, test), split(cohort, share, seed), strict=True))


def test_split_does_not_depend_on_the_order_of_rows():
    ids = np.arange(100)
    shuffled = np.random.default_rng(0).permutation(ids)
    held_out = [set(c.ids[split(c, 0.3, 1)[1]]) for c in (of_patients(ids), of_patients(shuffled))]
    assert held_out[0] == held_out[1] and len(held_out[0]) == 30


def test_seeds_split_differently():
    cohort = of_patients(np.arange(100))
    assert not np.array_equal(split(cohort, 0.3, 0)[1], split(cohort, 0.3, 1)[1])


def test_text_ids():
    train, test = split(of_patients([f"p{i % 10}" for i in range(30)]), 0.2, 0)
    assert len(test) == 6


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_refuses_a_bad_share(share):
    with pytest.raises(ValueError, match="test_share = "):
        split(of_patients([1, 2, 3]), share, 0)


def test_refuses_one_patient():
    with pytest.raises(ValueError, match="at least 2"):
        split(of_patients([1, 1, 1]), 0.5, 0)


def treated_visits(patients: int, n: int = 600, visits: int = 60, annotated=None) -> Cohort:
    """The first ``visits`` rows are treated and belong to so many patients; all others have one row each."""
    ids = [f"Q{k % patients}" if k < visits else f"P{k}" for k in range(n)]
    frame = pd.DataFrame({"id": ids, "text": "", "T": np.arange(n) < visits, "Y": 0.0})
    roles = Roles(treatment="T", outcome="Y", annotated=None if annotated is None else "annotated")
    return Cohort(frame if annotated is None else frame.assign(annotated=annotated), roles)


@pytest.mark.parametrize("patients", [2, 3, 4, 10, 20])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
def test_both_arms_are_on_both_sides(patients, share):
    cohort = treated_visits(patients)
    for seed in range(20):
        train, test = split(cohort, share, seed)
        assert sorted([*train, *test]) == list(range(600)) and not set(cohort.ids[train]) & set(cohort.ids[test])
        assert len(set(cohort.ids[test])) == round(share * (540 + patients))
        assert all(set(cohort.T[rows]) == {0, 1} for rows in (train, test))


def test_both_arms_count_among_annotated_records():
    annotated = np.r_[np.arange(60) < 30, np.arange(540) % 20 == 0]
    cohort = treated_visits(60, annotated=annotated)
    for seed in range(50):
        for rows in split(cohort, 0.05, seed):
            assert set(cohort.T[rows][cohort.annotated[rows]]) == {0, 1}


def test_a_split_that_has_both_arms_is_that_of_the_patients_alone():
    cohort = treated_visits(60)
    plain = of_patients(cohort.ids)
    same = 0
    for seed in range(30):
        expected, found = split(plain, 0.1, seed), split(cohort, 0.1, seed)
        if all(len(set(cohort.T[rows])) == 2 for rows in expected):
            same += 1
            assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))
    assert same > 25


@pytest.mark.parametrize(("patients", "share"), [(1, 0.3), (10, 0.001), (10, 0.999)])
def test_arms_that_cannot_be_on_both_sides_are_named_by_patients(patients, share):
    said = f"the 60 treated records belong to {patients} patients, the 540 untreated ones to 540. Choose another test"
    with pytest.raises(ValueError, match=said):
        split(treated_visits(patients), share, 0)


@pytest.mark.parametrize("kind", ["syn", "repaired"])
def test_mimic_cohorts_from_a_generated_folder(kind, tmp_path):
    config = load(dataset=f"mimic-{kind}", mimic_path="synthetic", mimic_patients=150, results=str(tmp_path))
    cohort = load_cohort(config)
    assert cohort.tags["public"] and len(set(cohort.ids)) == len(cohort) > 20
    drawn = draw_outcomes(cohort, config.process, 1)
    assert drawn.has_truth == (kind == "syn") and set(np.unique(drawn.T)) <= {0, 1}
    if kind == "syn":
        spread = np.std(drawn.Y - np.where(drawn.T == 1, drawn.mu1, drawn.mu0))
        assert spread == pytest.approx(1, abs=0.2) and not np.array_equal(drawn.Y, draw_outcomes(cohort, "mimic", 2).Y)
    else:
        assert drawn is cohort
    assert fingerprint(config) == fingerprint(config) != fingerprint(config.model_copy(update={"mimic_patients": 160}))
    few = load_cohort(config.model_copy(update={"n": 20}))
    assert len(few) == 20 and few.tags["rows_left_out"] == len(cohort) - 20


def test_who_may_see_the_records(tmp_path):
    assert is_public(load()) and is_public(load(dataset="mimic-syn", mimic_path="synthetic"))
    assert is_public(load(dataset="own", own_spec="example"))
    assert not is_public(load(mimic_path=str(tmp_path))), "chapter 15 would read it"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        is_public(load(mimic_path=str(tmp_path / "absent")))


def test_the_spec_of_generated_meds_is_known_without_making_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))
    made_up = load(dataset="meds", meds_path="synthetic")
    assert is_public(made_up) and data.annotated_fields(made_up) == ("infection", "hyp", "cor", "afib", "chf")
    data.check_readable(made_up)
    assert not list(tmp_path.iterdir())
