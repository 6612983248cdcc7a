"""The repaired cohort: times instead of days, both sources, full lists."""

import pytest
from hospital import SALINE, Hospital, needs_demo

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
    h.chart(1, 1, 220050, 120.0).chart(1, 2, 220050, 900.0).chart(1, 2, 220179, 70.0, error=1)
    h.chart(1, 1, 223762, 37.5, HADM_ID=None).chart(1, 1, 224690, 18.0, ICUSTAY_ID=None)
    h.chart(2, -1, 211, 80.0, ICUSTAY_ID=None).chart(2, -1, 646, 97.0)
    frame = repaired_cohort(opened(with_notes(h))).frame
    assert frame[["sbp", "temperature", "resp_rate"]].iloc[0].tolist() == [120, 37.5, 18]
    assert frame[["heart_rate", "spo2"]].iloc[1].isna().tolist() == [True, False]


def test_notes_that_could_be_read_at_t0(opened):
    h = Hospital().patient(1).patient(2)
    h.note(1, 1, "stored late", stored=4).note(1, 2, "second", stored=2.5).note(1, 2.9, "first", stored=-2)
    h.note(1, 3, "third").note(1, 1, "retracted", stored=1, iserror=1).note(1, None, "no time").note(2, 1, "", stored=9)
    cohort = repaired_cohort(opened(h))
    assert cohort.ids.tolist() == [1] and cohort.texts == ["first\n\nsecond\n\nthird"]


@needs_demo
def test_demo(demo):
    cohort = repaired_cohort(demo)
    assert len(cohort) == 41 == len(set(cohort.ids)) and cohort.T.sum() == 11
    assert set(cohort.frame["dbsource"]) == {"metavision"}
    assert cohort.T[~cohort.frame["hour"].between(15, 21)].any()
