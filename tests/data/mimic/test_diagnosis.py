"""What the diagnosis shows, and what it hides."""

import pandas as pd
import pytest
from hospital import Hospital, needs_demo

from helpers.data import mimic
from helpers.data.mimic import diagnosis
from helpers.data.mimic.consort import consort_flow
from helpers.data.mimic.folder import open_folder
from helpers.data.mimic.published import published_cohort
from helpers.data.mimic.repaired import repaired_cohort
from helpers.data.mimic_synthetic.folder import make_folder


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    root = tmp_path_factory.mktemp("generated")
    make_folder(root / "data", 500, seed=1, chart_rows_per_stay=20)
    return open_folder(root / "data", cache=root / "cache", progress=False)


def visible(table):
    """All integers a reader sees."""
    numbers = [table[c].dropna().astype(int).tolist() for c in table if str(table[c].dtype) == "Int64"]
    return [n for column in numbers for n in column]


@needs_demo
def test_demo_treatment_by_band(demo):
    table = mimic.treated_by_band(demo).set_index("band")
    assert table.loc["other", ["stays", "treated", "share"]].tolist() == [33, 0, 0]
    assert table.loc["15:00-21:00", "stays"] == 31 and pd.isna(table.loc["15:00-21:00", "treated"])


@needs_demo
def test_demo_labels_against_infusions(demo, monkeypatch):
    monkeypatch.setattr(diagnosis, "suppress", lambda frame, *a, **k: frame)
    table = mimic.label_agreement(demo).set_index("infusion")
    assert table.loc["within", ["stays", "treated"]].tolist() == [14, 3]
    missing = mimic.missing_vitals(demo).set_index(["items", "dbsource", "vital"])["share"]
    assert missing["published", "carevue", "sbp"] > 0.6 and missing["full", "carevue", "sbp"] < 0.1


def test_tables_agree_with_the_cohort(generated, monkeypatch):
    cohort = published_cohort(generated, notes="optional").frame
    monkeypatch.setattr(diagnosis, "suppress", lambda frame, *a, **k: frame)
    hours = mimic.treated_by_hour(generated).set_index("hour")
    assert len(hours) == 24 and hours["treated"].sum() >= cohort["T"].sum() and hours["stays"].sum() >= len(cohort)
    outside = hours[~hours.index.isin(range(15, 22))]
    assert outside["treated"].sum() == 0 < hours["treated"].sum()
    assert mimic.treated_by_hour(generated, "repaired").set_index("hour").loc[outside.index, "treated"].sum() > 0
    missing = mimic.missing_vitals(generated).set_index(["items", "dbsource", "vital"])["share"]
    assert missing["full"].unstack().loc["carevue", "sbp"] < missing["published"].unstack().loc["carevue", "sbp"]
    labels = mimic.label_agreement(generated)
    assert (labels[["left_out", "untreated", "treated"]].sum(axis=1) == labels["stays"]).all()


def test_last_values_out_of_range_are_counted_among_the_missing(opened, monkeypatch):
    h = Hospital()
    for i in range(30):
        h.patient(i + 1).chart(i + 1, 1, 220045, 80.0)
        if i < 12:
            h.chart(i + 1, 2, 220045, 999.0)
    folder = opened(h)

    def heart_rate():
        return mimic.missing_vitals(folder).set_index(["items", "vital"]).loc[("full", "heart_rate")]

    assert heart_rate()[["stays", "missing", "implausible"]].tolist() == [30, 12, 12]
    for i in range(12, 15):
        h.chart(i + 1, 2, 220045, 999.0)
    for row in h.rows["CHARTEVENTS"][:1]:  # one patient is left without any number: 15 missing, 1 of them uncharted
        row["VALUENUM"] = None
    h.rows["CHARTEVENTS"] = [r for r in h.rows["CHARTEVENTS"] if r["SUBJECT_ID"] != 1 or r["VALUENUM"] is None]
    folder = opened(h)
    assert heart_rate()["missing"] == 15 and pd.isna(heart_rate()["implausible"])
    monkeypatch.setattr(diagnosis, "suppress", lambda frame, *a, **k: frame)
    assert heart_rate()[["missing", "implausible"]].tolist() == [15, 14]


@pytest.mark.parametrize("kind", ["syn", "published", "repaired"])
def test_no_small_count_is_shown(generated, kind):
    tables = [consort_flow(generated, kind)]
    if kind != "syn":
        tables += [mimic.treated_by_hour(generated, kind), mimic.treated_by_band(generated, kind)]
    tables += [mimic.missing_vitals(generated), mimic.label_agreement(generated)]
    for table in tables:
        assert not any(0 < n < 11 for n in visible(table))
    steps = tables[0]["patients"].dropna().tolist()
    assert all(a == b or a - b > 10 for a, b in zip(steps, steps[1:])) and len(steps) > 1


def test_the_flow_ends_at_the_cohort(generated):
    for kind, make in (("published", published_cohort), ("repaired", repaired_cohort)):
        assert consort_flow(generated, kind)["patients"].iloc[-1] == len(make(generated))


def test_unknown_kinds(generated):
    with pytest.raises(ValueError, match="kind = 'syn'"):
        mimic.treated_by_hour(generated, "syn")
    with pytest.raises(ValueError, match="kind = 'real'"):
        consort_flow(generated, "real")


def test_nobody_at_all(opened):
    folder = opened(Hospital().patient(1, age=3))
    assert mimic.treated_by_hour(folder)["stays"].tolist() == [0] * 24
    assert consort_flow(folder, "syn")["patients"].tolist()[-1] == 0
