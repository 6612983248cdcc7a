"""Generated tables: v1.4's shape and pitfalls, and a truth that holds."""

import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest

from helpers import privacy
from helpers.data import mimic
from helpers.data.mimic.reader import MADE_UP
from helpers.data.mimic.tables import TABLES
from helpers.data.mimic_synthetic import folder
from helpers.data.mimic_synthetic.canary import CANARY
from helpers.data.mimic_synthetic.columns import TABLE_COLUMNS, typed
from helpers.data.mimic_synthetic.folder import make_folder
from helpers.data.mimic_synthetic.people import draw_block

pytestmark = pytest.mark.slow

PATIENTS = 500


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("mimic") / "folder", PATIENTS, seed=3, chart_rows_per_stay=60)


@pytest.fixture(scope="module")
def tables(path):
    keep = {"ICD9_CODE": str, "GSN": str, "NDC": str}
    return {name: pd.read_csv(path / f"{name}.csv.gz", dtype=keep, low_memory=False) for name in TABLE_COLUMNS}


@pytest.fixture(scope="module")
def stays():
    """Many stays without their tables."""
    rng = np.random.default_rng(5)
    return draw_block(0, 30_000, {"hadm": 100_001, "stay": 200_001}, rng).stays


def test_columns_are_those_the_reader_wants_and_the_marker_counts_them(path, tables):
    assert all(set(t.columns) <= set(TABLE_COLUMNS[name].split()) for name, t in TABLES.items())
    assert all(list(tables[name].columns) == columns.split() for name, columns in TABLE_COLUMNS.items())
    marker = json.loads((path / MADE_UP).read_text(encoding="utf-8"))
    assert marker["rows"] == {name: len(t) for name, t in tables.items()}
    assert (marker["patients"], marker["seed"]) == (PATIENTS, 3) and len(tables["PATIENTS"]) == PATIENTS


def test_the_dialect_is_that_of_the_published_files(path):
    raw = gzip.decompress((path / "NOTEEVENTS.csv.gz").read_bytes()).decode("utf-8")
    assert raw.startswith('"ROW_ID","SUBJECT_ID","HADM_ID",') and '""' in raw
    assert raw.count("\n") > 3 * len(pd.read_csv(path / "NOTEEVENTS.csv.gz")), "notes have several lines"
    patients = gzip.decompress((path / "PATIENTS.csv.gz").read_bytes()).decode("utf-8").splitlines()
    assert re.fullmatch(r'\d+,\d+,"[FM]",\d{4}-\d\d-\d\d 00:00:00(,|,[\d :-]{19}){3},[01]', patients[1])
    assert any(",,,,0" in line for line in patients), "NULL is an empty field without quotes"


def test_the_same_arguments_give_the_same_bytes_and_other_seeds_others(tmp_path):
    made = [make_folder(tmp_path / str(i), 40, seed, chart_rows_per_stay=20) for i, seed in enumerate((1, 1, 2))]
    for name in TABLE_COLUMNS:
        contents = [(m / f"{name}.csv.gz").read_bytes() for m in made]
        assert contents[0] == contents[1]
        assert contents[0] != contents[2] or name.startswith("D_")


def test_charting_more_does_not_change_who_the_patients_are(tmp_path):
    made = [make_folder(tmp_path / str(n), 30, 1, chart_rows_per_stay=n, compress=False) for n in (5, 50)]
    for name in set(TABLE_COLUMNS) - {"CHARTEVENTS"}:
        assert len({(m / f"{name}.csv").read_bytes() for m in made}) == 1


def test_a_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="patients = 0"):
        make_folder(tmp_path / "none", 0)
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError, match="there"):
        make_folder(tmp_path / "there", 5)
    monkeypatch.setattr(folder, "chart_events", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_folder(tmp_path / "broken", 5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["there"]


def test_a_column_that_a_table_has_not_is_refused():
    with pytest.raises(ValueError, match="PATIENTS has no column"):
        typed("PATIENTS", {"SEX": ["F"]}, 1)


PITFALLS = {
    "born 300 years ago": lambda t: (pd.to_datetime(t["PATIENTS"].DOB).dt.year < 1950).mean() > 0.02,
    "several admissions": lambda t: t["ADMISSIONS"].SUBJECT_ID.duplicated().any(),
    "several stays of an admission": lambda t: t["ICUSTAYS"].HADM_ID.duplicated().any(),
    "admissions without a stay": lambda t: (~t["ADMISSIONS"].HADM_ID.isin(t["ICUSTAYS"].HADM_ID)).any(),
    "newborns": lambda t: (t["ADMISSIONS"].ADMISSION_TYPE == "NEWBORN").any(),
    "deaths in hospital": lambda t: 0.08 < t["ADMISSIONS"].HOSPITAL_EXPIRE_FLAG.mean() < 0.3,
    "both charting systems": lambda t: 0.4 < (t["ICUSTAYS"].DBSOURCE == "metavision").mean() < 0.6,
    "orders have days only": lambda t: t["PRESCRIPTIONS"].STARTDATE.str.endswith("00:00:00").all(),
    "orders without a stay": lambda t: 0.25 < t["PRESCRIPTIONS"].ICUSTAY_ID.isna().mean() < 0.4,
    "orders for the eye": lambda t: t["PRESCRIPTIONS"].ROUTE.isin(["OU", "BOTH EYES"]).any(),
    "codes of drugs as text": lambda t: t["PRESCRIPTIONS"].GSN.str.startswith("0").any(),
    "rewritten infusions": lambda t: (t["INPUTEVENTS_MV"].STATUSDESCRIPTION == "Rewritten").any(),
    "codes of diagnoses as text": lambda t: t["DIAGNOSES_ICD"].ICD9_CODE.str.startswith("0").any(),
    "both units of temperature": lambda t: {676, 678, 223761, 223762} <= set(t["CHARTEVENTS"].ITEMID),
    "Fahrenheit under Celsius": lambda t: (t["CHARTEVENTS"].query("ITEMID in (676, 223762)").VALUENUM > 90).any(),
    "Celsius under Fahrenheit": lambda t: (
        t["CHARTEVENTS"].query("ITEMID in (678, 223761)").VALUENUM.between(34, 42).any()
    ),
    "charting errors": lambda t: (t["CHARTEVENTS"].ERROR == 1).any(),
    "CareVue knows no errors": lambda t: t["CHARTEVENTS"].query("ITEMID < 220000").ERROR.isna().all(),
    "implausible values": lambda t: (t["CHARTEVENTS"].query("ITEMID in (211, 220045)").VALUENUM == 999).any(),
    "chart rows without admission": lambda t: t["CHARTEVENTS"].HADM_ID.isna().any(),
    "chart rows without stay": lambda t: t["CHARTEVENTS"].ICUSTAY_ID.isna().any(),
    "two values of one minute": lambda t: t["CHARTEVENTS"].duplicated(["ICUSTAY_ID", "ITEMID", "CHARTTIME"]).any(),
    "values that are words": lambda t: t["CHARTEVENTS"].VALUENUM.isna().mean() > 0.2,
    "blanks behind categories": lambda t: (t["NOTEEVENTS"].CATEGORY == "Physician ").any(),
    "notes without a time": lambda t: t["NOTEEVENTS"].CHARTTIME.isna().any(),
    "notes in error": lambda t: (t["NOTEEVENTS"].ISERROR == 1).any(),
    "notes without admission": lambda t: t["NOTEEVENTS"].HADM_ID.isna().any(),
    "notes stored hours after": lambda t: (_hours(t["NOTEEVENTS"]) > 2).any(),
    "discharge summaries": lambda t: (t["NOTEEVENTS"].CATEGORY == "Discharge summary").any(),
    "de-identification marks": lambda t: t["NOTEEVENTS"].TEXT.str.contains(r"\[\*\*Hospital \d+\*\*\]").any(),
    "ages over 89 not told": lambda t: t["NOTEEVENTS"].TEXT.str.contains("Age over 90").any(),
}


def _hours(notes):
    return (pd.to_datetime(notes.STORETIME) - pd.to_datetime(notes.CHARTTIME)).dt.total_seconds() / 3600


@pytest.mark.parametrize("name", PITFALLS)
def test_it_has_the_pitfalls(tables, name):
    assert PITFALLS[name](tables)


def test_items_are_those_of_the_charting_system(tables):
    source = tables["CHARTEVENTS"].ICUSTAY_ID.map(tables["ICUSTAYS"].set_index("ICUSTAY_ID").DBSOURCE)
    known = source.notna()
    assert ((tables["CHARTEVENTS"].ITEMID >= 220_000) == (source == "metavision"))[known].all()


def test_every_note_has_a_canary_of_its_own(tables):
    tokens = tables["NOTEEVENTS"].TEXT.map(CANARY.findall)
    assert (tokens.map(len) == 2).all() and (tokens.map(lambda t: len(set(t))) == 1).all()
    assert tokens.map(lambda t: t[0]).is_unique


@pytest.mark.parametrize(
    ("name", "words"),
    [("chf", "CHF|heart failure|EF (?:20|25|30|35)"), ("afib", "AF on|fib|, AF by"), ("cor", "CAD|oronary|Prior MI")],
)
def test_notes_tell_of_the_diagnoses_and_do_not_invent_them(path, name, words, tmp_path):
    cohort = mimic.syn_cohort(mimic.open_folder(path, cache=tmp_path, progress=False)).frame
    affirmed = cohort.text.str.replace(r"(?:No hx of|Denies|clean|no|Never in)[^.]*\.", "", regex=True)
    said = affirmed.str.contains(words)
    assert said[cohort[name] == 1].mean() > 0.7 > 0.12 > said[cohort[name] == 0].mean()


def test_the_repaired_cohort_finds_the_true_treatment_and_the_published_one_only_an_hour(path, tables, tmp_path):
    opened = mimic.open_folder(path, cache=tmp_path, progress=False)
    truth = tables["TRUTH"].set_index("SUBJECT_ID")
    frame = mimic.repaired_cohort(opened).frame.set_index("id")
    matched = truth.loc[frame.index]
    assert len(frame) > 0.25 * PATIENTS and (matched.ELIGIBLE == 1).all()
    assert (frame["T"] == matched["T"]).all()
    published = mimic.published_cohort(opened).frame
    inside = published.hour.between(15, 20)
    assert published[~inside]["T"].sum() == 0 and published[inside]["T"].mean() > 0.05


def test_the_repaired_vitals_are_the_state_of_the_stay_or_missing(path, tmp_path):
    """Other units, ties, withdrawn rows and values out of range included: temperatures are all those of a patient."""
    frame = mimic.repaired_cohort(mimic.open_folder(path, cache=tmp_path, progress=False)).frame
    seen = frame["temperature"].dropna()
    assert seen.between(33, 42).all() and len(seen) > 0.85 * len(frame)
    assert frame["heart_rate"].max() < 200 and frame["map"].min() >= 35


def test_what_the_diagnosis_shows_passes_the_gate(path, tmp_path):
    opened = mimic.open_folder(path, cache=tmp_path, progress=False)
    for make in (mimic.treated_by_hour, mimic.treated_by_band, mimic.missing_vitals):
        assert len(privacy.check_table(make(opened), make.__name__))
    assert privacy.suppress.__globals__["LEAST_SHOWN"] == privacy.SMALLEST


def test_the_truth_is_what_happens(stays):
    rows = stays[stays["eligible"] & stays["first"]]
    T, Y = rows["T"].to_numpy(), rows["dies"].to_numpy(float)
    e, tau = rows["e"].to_numpy(), (rows["mu1"] - rows["mu0"]).to_numpy()
    assert abs(T.mean() - e.mean()) < 4 * np.sqrt(np.mean(e * (1 - e)) / len(T))
    mu = np.where(T == 1, rows["mu1"], rows["mu0"])
    assert abs(Y.mean() - mu.mean()) < 4 * np.sqrt(np.mean(mu * (1 - mu)) / len(T))
    weighted = Y * (T - e) / (e * (1 - e))
    assert abs(weighted.mean() - tau.mean()) < 4 * weighted.std() / np.sqrt(len(T))


def test_antibiotics_help_some_and_the_treated_are_the_sicker(stays):
    rows = stays[stays["eligible"] & stays["first"]]
    tau, T, Y = rows["mu1"] - rows["mu0"], rows["T"] == 1, rows["dies"].astype(float)
    assert tau.mean() < -0.02 and 0.3 < (tau > 0).mean() < 0.8
    assert Y[T].mean() - Y[~T].mean() > tau.mean() + 0.03, "the naive difference is confounded"
    assert 0.25 < T.mean() < 0.5 and 0.1 < Y.mean() < 0.3
    assert rows["e"].between(0.05, 0.92).all()
