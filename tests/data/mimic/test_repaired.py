"""The repaired cohort: times instead of days, both sources, full lists."""

import numpy as np
import pytest
from hospital import SALINE, Hospital, needs_demo

from helpers.data.mimic import consort
from helpers.data.mimic.consort import consort_flow
from helpers.data.mimic.published import published_cohort
from helpers.data.mimic.repaired import repaired_cohort


def with_notes(h):
    for i in h.intime:
        h.note(i, -1, f"note {i}", stored=-1)
    return h


@pytest.mark.parametrize(
    ("infusions", "orders", "found"),
    [
        ([(3, {})], [], 1),
        ([(9, {})], [], 1),
        ([(9.1, {})], [], 0),
        ([(2.9, {})], [], None),
        ([(2.9, {"status": "Rewritten"}), (4, {})], [], 1),
        ([(4, {"item": SALINE})], [], 0),
        ([(4, {"status": None})], [], 1),
        ([(4, {})], [(0, {})], 1),
        ([(4, {})], [(-1, {})], None),
        ([(4, {})], [(-1, {"drug": "Aztreonam", "ICUSTAY_ID": None})], None),
        ([(4, {})], [(-1, {"drug": "Erythromycin", "route": "BOTH EYES"})], 1),
        ([(4, {})], [(-1, {"HADM_ID": 7})], 1),
        ([], [(1, {})], 0),
    ],
)
def test_treatment(opened, infusions, orders, found):
    h = Hospital().patient(1).patient(2)
    for hours, more in infusions:
        h.infusion(1, hours, **more)
    for day, more in orders:
        h.order(1, day, **more)
    assert repaired_cohort(opened(with_notes(h))).frame.set_index("id")["T"].get(1) == found


def test_an_infusion_may_start_at_any_hour(opened):
    h = Hospital()
    for i in range(24):
        h.patient(i + 1, intime=f"2150-03-10 {i:02}:30").infusion(i + 1, 5)
    assert repaired_cohort(opened(with_notes(h))).T.all()


def test_only_metavision(opened):
    h = (
        Hospital()
        .patient(1)
        .patient(2, dbsource="carevue")
        .patient(3, dbsource="both")
        .patient(4, dbsource="metavision ")
    )
    assert repaired_cohort(opened(with_notes(h))).ids.tolist() == [1, 4]


def test_vitals_full_lists_in_range_without_errors(opened):
    h = Hospital().patient(1).patient(2)
    h.chart(1, 1, 220050, 120.0).chart(1, 2, 220179, 70.0, error=1).chart(1, 2.5, 220050, 900.0, error=1)
    h.chart(1, 1, 223762, 37.5, HADM_ID=None).chart(1, 1, 224690, 18.0, ICUSTAY_ID=None)
    h.chart(2, -1, 211, 80.0, ICUSTAY_ID=None).chart(2, -1, 646, 97.0)
    frame = repaired_cohort(opened(with_notes(h))).frame
    assert frame[["sbp", "temperature", "resp_rate"]].iloc[0].tolist() == [120, 37.5, 18]
    assert frame[["heart_rate", "spo2"]].iloc[1].isna().tolist() == [True, False]


def test_notes_that_could_be_read_at_t0(opened):
    h = Hospital().patient(1).patient(2)
    h.note(1, 1, "stored late", stored=4).note(1, 2, "first", stored=2.5).note(1, 2.9, "second", stored=-2)
    h.note(1, 3, "third").note(1, 1, "retracted", stored=1, iserror=1).note(1, None, "no time").note(2, 1, "", stored=9)
    cohort = repaired_cohort(opened(h))
    assert cohort.ids.tolist() == [1] and cohort.texts == ["first\n\nsecond\n\nthird"]


@pytest.mark.parametrize("make", [published_cohort, repaired_cohort])
def test_a_value_with_the_date_of_another_year_is_none(opened, make):
    """It has the stay's number, but nobody knows whether it was before t0; a value of the stay stands beside it."""
    h = Hospital().patient(1).patient(2).patient(3)
    year = 365 * 24
    h.chart(1, -year, 220045, 45.0).chart(2, -year, 220045, 45.0).chart(2, 1, 220045, 88.0).chart(3, -2, 220045, 70.0)
    h.chart(1, -13, 220277, 91.0).chart(1, year, 220045, 46.0)
    frame = make(opened(with_notes(h))).frame
    assert frame["heart_rate"].fillna(-1).tolist() == [-1, 88, 70] and frame["spo2"].isna().all()


@pytest.mark.parametrize("make", [published_cohort, repaired_cohort])
def test_a_note_dated_before_the_admission_it_is_filed_under_is_left_out(opened, make):
    h = Hospital().patient(1).patient(2)
    year = 365 * 24
    h.note(1, -20, "in the emergency room", stored=-20, day=-1)
    h.note(1, -year, "of an earlier year", stored=-year, day=-365, HADM_ID=None)
    for i in (1, 2):
        h.note(i, -year, "wrong year", stored=-year, day=-365)
    cohort = make(opened(h))
    assert cohort.ids.tolist() == [1] and cohort.texts == ["of an earlier year\n\nin the emergency room"]


def test_a_note_is_known_when_it_is_both_charted_and_stored(opened):
    h = Hospital().patient(1).patient(2).patient(3).patient(4)
    h.note(1, 17, "charted a day later", stored=-14, day=1).note(1, 1, "known", stored=2)
    h.note(2, None, "dated the day after", stored=1, day=1).note(2, None, "stored only", stored=1)
    h.note(3, 1, "charted only").note(4, 2, "later", stored=1).note(4, 1, "earlier", stored=1.5)
    assert repaired_cohort(opened(h)).texts == ["known", "stored only", "charted only", "earlier\n\nlater"]


def test_an_antibiotic_dated_outside_the_admission_leaves_the_patient_out_in_a_line_of_its_own(opened, monkeypatch):
    h = Hospital().patient(1).patient(2).patient(3).patient(4).patient(5)
    h.infusion(1, -365 * 24).infusion(1, 4).order(2, -300).infusion(3, -1).infusion(4, 4)
    h.infusion(5, 4).infusion(5, 20).rows["INPUTEVENTS_MV"][-1]["STARTTIME"] = None  # at a time that nobody knows
    folder = opened(with_notes(h))
    monkeypatch.setattr(consort, "suppress_nested", list)
    left = consort_flow(folder, "repaired").set_index("step")["patients"]
    assert left["alive beyond the window"] == 5 and left["antibiotics dated within the admission"] == 2
    assert left["no antibiotic before the window"] == 1 and repaired_cohort(folder).ids.tolist() == [4]


@pytest.mark.parametrize(
    ("charted", "found"),
    [
        ([(2, 223762, 98.9)], 37.17),
        ([(1, 223762, 36.8), (2, 223762, 102.9)], 39.39),
        ([(2, 223761, 37.0)], 37.0),
        ([(1, 223761, 98.6), (2, 223761, 39.4)], 39.4),
        ([(1, 223762, 36.8), (2, 223762, 1013.0)], None),
        ([(1, 223762, 36.8), (2, 223761, 1013.0)], None),
        ([(1, 223762, 36.8), (2, 223762, 60.0)], None),
        ([(1, 223762, 36.8), (2, 223762, 0.0)], None),
        ([(1, 223762, 36.8), (2, 223762, None)], 36.8),
    ],
)
def test_the_last_temperature_in_either_unit_or_none(opened, charted, found):
    h = Hospital().patient(1).patient(2)
    for hours, item, value in charted:
        h.chart(1, hours, item, value)
    h.chart(2, 1, 223762, 36.8).chart(2, 2, 223762, 102.9, error=1)
    got = repaired_cohort(opened(with_notes(h))).frame["temperature"].tolist()
    assert got[0] == pytest.approx(np.nan if found is None else found, abs=0.01, nan_ok=True) and got[1] == 36.8


def test_orders_that_bring_nothing_into_the_blood_do_not_leave_a_patient_out(opened):
    h = Hospital()
    orders = [("Metronidazole Gel 0.75%-Vaginal", "VG"), ("Vancomycin Enema", "PR"), ("Gentamicin Cream", None)]
    orders += [("Tobramycin Inhalation Soln", "IH"), ("Erythromycin", "IR"), ("Vancomycin Oral Liquid", "PO")]
    for i, (drug, route) in enumerate([*orders, ("Metronidazole", "PO"), ("Vancomycin", None)], 1):
        h.patient(i).order(i, -1, drug, route).infusion(i, 4)
    assert repaired_cohort(opened(with_notes(h))).ids.tolist() == [1, 2, 3, 4, 5, 6]


@needs_demo
def test_demo(demo):
    cohort = repaired_cohort(demo)
    assert len(cohort) == 41 == len(set(cohort.ids)) and cohort.T.sum() == 11
    assert set(cohort.frame["dbsource"]) == {"metavision"}
    assert cohort.T[~cohort.frame["hour"].between(15, 21)].any()
