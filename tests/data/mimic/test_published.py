"""The published cohort, its mechanism included."""

import numpy as np
import pandas as pd
import pytest
from hospital import DEMO, Hospital, needs_demo

from helpers.data.mimic.published import published_cohort
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.privacy.errors import DataError


def with_notes(h):
    for i in h.intime:
        h.note(i, -1, f"note {i}")
    return h


@pytest.mark.parametrize(
    ("intime", "day", "found"),
    [
        ("2150-03-10 15:00", 1, 1),
        ("2150-03-10 18:00", 1, 1),
        ("2150-03-10 21:00", 1, 1),
        ("2150-03-10 14:59", 1, 0),
        ("2150-03-10 21:01", 1, None),
        ("2150-03-10 18:00", 0, None),
        ("2150-03-10 18:00", 2, 0),
        ("2150-03-10 10:00", 1, 0),
        ("2150-03-10 18:00", None, 0),
    ],
)
def test_only_midnight_in_the_window_is_treatment(opened, intime, day, found):
    h = Hospital().patient(1, intime=intime).patient(2)
    if day is not None:
        h.order(1, day)
    frame = published_cohort(opened(with_notes(h))).frame.set_index("id")
    assert frame["T"].get(1) == found


def test_who_is_left_out(opened):
    h = Hospital().patient(1).patient(2, age=17).patient(3, hours=9).patient(4, hours=None)
    h.patient(5, death=8.9, hours=10).patient(6, death=9.1).patient(7, hours=9.1)
    h.patient(8, dbsource="carevue").patient(9)
    h.add("ICUSTAYS", SUBJECT_ID=9, HADM_ID=1009, ICUSTAY_ID=1, DBSOURCE="metavision", INTIME="2140-01-01 00:00:00",
          OUTTIME="2140-01-01 02:00:00", FIRST_CAREUNIT="MICU")  # fmt: skip
    frame = published_cohort(opened(with_notes(h))).frame
    assert frame["id"].tolist() == [1, 6, 7, 8]
    assert frame["Y"].tolist() == [0, 1, 0, 0] and frame["hour"].tolist() == [16] * 4


def test_orders_count_by_stay_and_by_the_published_names(opened):
    h = Hospital()
    for i, (drug, route, stay) in enumerate(
        [
            ("Vancomycin", "PO", True),
            ("Zosyn", "IV", True),
            ("Cefepime", "IV", False),
            ("Erythromycin Oint", "OU", True),
        ],
        1,
    ):
        h.patient(i, intime="2150-03-10 18:00").order(i, 1, drug, route, **({} if stay else {"ICUSTAY_ID": None}))
    assert published_cohort(opened(with_notes(h))).T.tolist() == [1, 0, 0, 1]


def test_vitals_up_to_t0_and_only_with_all_three_keys(opened):
    h = Hospital().patient(1).patient(2)
    h.chart(1, 1, 211, 80.0).chart(1, 3, 211, 81.0).chart(1, 3.1, 211, 99.0).chart(1, 2.9, 220045, 50.0, HADM_ID=None)
    h.chart(2, 1, 442, 120.0).chart(2, 1, 223762, 37.0).chart(2, 1, 646, 98.0, error=1)
    cohort = published_cohort(opened(with_notes(h)))
    assert cohort.frame["heart_rate"][0] == 81 and cohort.frame["spo2"][1] == 98
    assert cohort.frame[["sbp", "temperature"]].isna().all(axis=None)
    assert cohort.roles.annotations == ("temperature", "heart_rate", "sbp", "map", "resp_rate", "spo2")


def test_notes_charted_up_to_t0(opened):
    h = Hospital().patient(1).patient(2)
    h.note(1, 2, "late", stored=5).note(1, -30, "earlier", HADM_ID=None).note(1, 3.1, "after")
    h.note(1, None, "no time").note(2, 4, "after")
    h.note(1, 1, "retracted", iserror=1)
    cohort = published_cohort(opened(h))
    assert cohort.ids.tolist() == [1] and cohort.texts == ["earlier\n\nretracted\n\nlate"]


def test_missing_tables(opened):
    with pytest.raises(DataError, match="'published' needs CHARTEVENTS"):
        published_cohort(opened(Hospital().patient(1), without=["CHARTEVENTS"]))


@needs_demo
def test_demo_no_stay_outside_15_to_21_is_treated(demo):
    cohort = published_cohort(demo)
    inside = cohort.frame["hour"].between(15, 21)
    assert len(cohort) == 64 and not cohort.T[~inside].any() and cohort.T[inside].sum() == 10
    assert (cohort.tags["release"], cohort.tags["notes"]) == ("demo", "none")


@needs_demo
def test_demo_vitals_against_pandas(demo):
    cohort = published_cohort(demo)
    keys = ["SUBJECT_ID", "HADM_ID", "ICUSTAY_ID"]
    columns = [*keys, "ITEMID", "CHARTTIME", "ROW_ID", "VALUENUM"]
    chart = pd.read_csv(DEMO / "CHARTEVENTS.csv.gz", usecols=columns, parse_dates=["CHARTTIME"])
    stays = pd.read_csv(DEMO / "ICUSTAYS.csv.gz", usecols=[*keys, "INTIME"], parse_dates=["INTIME"])
    chart = chart[chart["ITEMID"].isin([51, 220179]) & chart["VALUENUM"].notna()].merge(stays, on=keys)
    chart = chart.rename(columns=str.lower)
    chart = chart[chart["charttime"] <= chart["intime"] + pd.Timedelta(hours=3)].sort_values(["charttime", "row_id"])
    last = chart.groupby("icustay_id")["valuenum"].last()
    expected = cohort.frame["icustay_id"].map(last).to_numpy(float)
    np.testing.assert_array_equal(cohort.frame["sbp"].to_numpy(float), expected)
    assert np.isnan(expected).sum() == 22


@needs_demo
def test_demo_nuisances_take_it(demo):
    cohort = published_cohort(demo)
    assert np.isnan(cohort.W).any()
    fitted = Nuisances(folds=2).fit(cohort.Y, cohort.T, cohort.W, cohort.ids)
    assert np.isfinite(fitted.mu0_).all() and np.isfinite(fitted.e_).all()
