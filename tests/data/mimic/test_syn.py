"""MIMIC-Syn: first admission, its notes, its diagnoses."""

import pytest
from hospital import Hospital, needs_demo

from helpers.data import mimic
from helpers.data.mimic.syn import syn_cohort
from helpers.data.mimic_process import MIMIC_SYN_COLUMNS
from helpers.privacy.errors import DataError
from helpers.study.shift.worlds import split_by


def diagnosed(hospital, i, *codes, hadm=None):
    for code in codes:
        hospital.add("DIAGNOSES_ICD", SUBJECT_ID=i, HADM_ID=hadm or 1000 + i, ICD9_CODE=code)
    return hospital


def test_one_row_a_patient_from_the_first_admission(opened):
    h = Hospital().patient(1, age=70).patient(2, gender="F")
    later = {"SUBJECT_ID": 1, "HADM_ID": 9001}
    h.add("ADMISSIONS", **later, ADMITTIME="2151-01-01 00:00:00", HOSPITAL_EXPIRE_FLAG=0)
    diagnosed(diagnosed(h, 1, "4019", "0019"), 1, "4280", hadm=9001)
    h.note(1, 2, "first").note(1, 9000, "of the later admission", HADM_ID=9001).note(2, 1, "x")
    cohort = syn_cohort(opened(h))
    assert cohort.frame.set_index("id")[["hadm_id", "hyp", "chf", "gender"]].values.tolist() == [
        [1001, 1, 0, 1],
        [1002, 0, 0, 0],
    ]
    assert cohort.texts == ["first", "x"] and cohort.tags["notes"] == "present"
    assert cohort.frame["age"][0] == pytest.approx(70, abs=0.01) and cohort.frame["decades"][0] == pytest.approx(
        0.5, abs=1e-3
    )
    assert set(MIMIC_SYN_COLUMNS) <= set(cohort.frame) and cohort.W.shape == (2, 6)


def test_every_diagnosis_by_its_title(opened):
    h = Hospital()
    for i, code in enumerate(("4019", "41401", "42731", "4280"), 1):
        diagnosed(h.patient(i).note(i, 1, "x"), i, code, code)
    frame = syn_cohort(opened(h)).frame
    assert frame[["hyp", "cor", "afib", "chf"]].to_numpy().tolist() == [
        [int(i == j) for j in range(4)] for i in range(4)
    ]


def test_ages_are_capped_and_the_young_left_out(opened):
    h = Hospital()
    for i, age in enumerate((300, 95, 17.5, 18.5, 0), 1):
        h.patient(i, age=age, intime="2150-06-01 12:00").note(i, 1, "x")
    h.patient(6).note(6, 1, "x").rows["PATIENTS"][-1]["DOB"] = None  # nobody's age is 91.4 because it is not known
    frame = syn_cohort(opened(h)).frame
    assert frame["id"].tolist() == [1, 2, 4] and frame["age"].tolist()[:2] == [91.4, 91.4]


def test_notes_in_order_of_time_without_summaries_and_errors(opened):
    h = Hospital().patient(1).patient(2).patient(3)
    h.note(1, 5, "third").note(1, 1, "second").note(1, None, "of the day", category="Echo").note(1, 1, "tie")
    h.note(1, 6, "summary", category="Discharge summary ").note(1, 7, "wrong", iserror=1)
    h.note(2, 1, "summary", category="Discharge summary").note(3, 1, "elsewhere", HADM_ID=None)
    cohort = syn_cohort(opened(h))
    assert cohort.ids.tolist() == [1] and cohort.texts == ["of the day\n\nsecond\n\ntie\n\nthird"]


def test_without_notes_only_if_asked(opened):
    folder = opened(Hospital().patient(1).patient(2), without=["NOTEEVENTS"])
    with pytest.raises(DataError, match="needs NOTEEVENTS.*notes='optional'"):
        syn_cohort(folder)
    cohort = syn_cohort(folder, notes="optional")
    assert cohort.texts == ["", ""] and cohort.tags["notes"] == "none"
    with pytest.raises(ValueError, match="notes = 'some'"):
        syn_cohort(folder, notes="some")


def test_optional_notes_are_used_where_they_are(opened):
    folder = opened(Hospital().patient(1).patient(2).note(1, 1, "x"))
    assert syn_cohort(folder, notes="optional").texts == ["x"]


def test_the_charting_system_is_that_of_all_stays_of_the_admission(opened):
    """One row a patient, however many stays; both systems, or an unknown one, are neither."""
    stays = {
        1: ["carevue"],
        2: ["metavision ", "MetaVision"],
        3: ["carevue", "metavision"],
        4: ["both"],
        5: [None],
        6: ["carevue", ""],
        7: [],
    }
    h = Hospital()
    for i, systems in stays.items():
        h.patient(i).note(i, 1, "x")
        h.rows["ICUSTAYS"].pop()
        for k, system in enumerate(systems):
            h.add("ICUSTAYS", **(h.ids(i) | {"ICUSTAY_ID": 10 * i + k}), DBSOURCE=system, INTIME=h.intime[i])
    h.add("ICUSTAYS", **(h.ids(1) | {"HADM_ID": 9001, "ICUSTAY_ID": 99}), DBSOURCE="metavision", INTIME=h.intime[1])
    cohort = syn_cohort(opened(h))
    assert cohort.ids.tolist() == list(stays)
    found = dict(zip(cohort.ids.tolist(), cohort.frame["dbsource"].fillna("-")))
    assert found == {1: "carevue", 2: "metavision"} | dict.fromkeys([3, 4, 5, 6, 7], "-")
    assert "dbsource" not in cohort.roles.columns()
    ours, theirs = split_by(cohort, "dbsource", "carevue", "metavision")
    assert (ours.tolist(), theirs.tolist()) == ([True] + [False] * 6, [False, True] + [False] * 5)


def test_without_stays_there_is_a_cohort_and_no_split(opened):
    h = Hospital().patient(1).note(1, 1, "x")
    cohort = syn_cohort(opened(h, without=["ICUSTAYS"]))
    assert cohort.ids.tolist() == [1] and "dbsource" not in cohort.frame


@needs_demo
def test_demo(demo):
    cohort = syn_cohort(demo)
    assert len(cohort) == 99 == len(set(cohort.ids)) and cohort.texts == [""] * 99
    assert 18 < cohort.frame["age"].min() and cohort.frame["age"].max() == 91.4
    assert mimic.consort_flow(demo, "syn")["patients"].tolist()[-1] == 99
    eras = cohort.frame["dbsource"].value_counts()
    assert eras.sum() == 99 and eras.min() >= 49  # of 100 first admissions 50 each, as counted in the files
    with pytest.raises(DataError, match="NOTEEVENTS"):
        syn_cohort(demo, notes="required")
