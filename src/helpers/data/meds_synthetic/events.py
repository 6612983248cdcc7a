"""Rows of MEDS from generated stays, with the codes that the public extraction of MIMIC-IV gives them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.mimic_synthetic import notes, orders
from helpers.data.mimic_synthetic.charts import chart_events
from helpers.data.mimic_synthetic.items import dictionaries
from helpers.data.mimic_synthetic.people import DAY, DIAGNOSES, EPOCH, HOUR, Block, moment
from helpers.data.mimic_synthetic.tables import diagnoses_table

P_ANNOTATED = 0.8
P_LACTATE, P_LACTATE_LATE = 0.6, 0.3
LACTATE = "LAB//50813//mmol/L"
ANNOTATED_FIELDS = ("infection", *DIAGNOSES)


def block_events(block: Block, seed: int, first_note: int, per_stay: int, rngs: list) -> pd.DataFrame:
    """All rows of a block: ``subject_id, time, code, numeric_value, text_value, storetime``, as MEDS sorts them."""
    chosen = orders.choose_antibiotics(block, rngs[0])
    parts = [
        _people(block),
        _hospital(block),
        _stays(block),
        _charted(block, per_stay, rngs[1]),
        _lactate(block, rngs[2]),
        _given(block, chosen, rngs[3]),
        _diagnoses(block, rngs[4]),
        _notes(block, seed, first_note, rngs[5]),
        _annotations(block, rngs[6]),
    ]
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values(["subject_id", "time"], kind="stable", na_position="first", ignore_index=True)


def _rows(subject, time, code, **more) -> pd.DataFrame:
    frame = pd.DataFrame({"subject_id": np.asarray(subject), "time": np.asarray(time, "datetime64[us]")})
    frame["code"] = np.broadcast_to(np.asarray(code, object), len(frame))
    empty = {"numeric_value": np.nan, "text_value": None, "storetime": np.datetime64("NaT", "us")}
    return frame.assign(**{**empty, **more})


def _people(block: Block) -> pd.DataFrame:
    p = block.patients
    static = np.full(len(p), np.datetime64("NaT"))
    died = p["dod_hosp"].fillna(p["dod_ssn"])
    dead = died.notna().to_numpy()
    sex = np.where(p["male"] == 1, "GENDER//M", "GENDER//F")
    birth = moment(p["dob"]).astype("datetime64[Y]")  # the extraction knows the year alone
    return pd.concat(
        [
            _rows(p["subject_id"], static, sex),
            _rows(p["subject_id"], birth, "MEDS_BIRTH"),
            _rows(p["subject_id"][dead], moment(died[dead]), "MEDS_DEATH"),
        ]
    )


def _hospital(block: Block) -> pd.DataFrame:
    a = block.admissions
    subject = block.patients["subject_id"].to_numpy()[a["patient"]]
    where = np.where(a["died"] == 1, "HOSPITAL_DISCHARGE//DIED", "HOSPITAL_DISCHARGE//HOME")
    came = np.where(a["newborn"] == 1, "HOSPITAL_ADMISSION//NEWBORN//NURSERY", "HOSPITAL_ADMISSION//EW EMER.//ED")
    return pd.concat([_rows(subject, moment(a["admit"]), came), _rows(subject, moment(a["disch"]), where)])


def _stays(block: Block) -> pd.DataFrame:
    s = block.stays
    unit = np.where(s["newborn"] == 1, "NICU", "MICU")
    came, left = (np.array([f"{what}//{u}" for u in unit], object) for what in ("ICU_ADMISSION", "ICU_DISCHARGE"))
    return pd.concat(
        [
            _rows(s["subject_id"], moment(s["intime"]), came),
            _rows(s["subject_id"], moment(s["outtime"]), left),
        ]
    )


def _charted(block: Block, per_stay: int, rng: np.random.Generator) -> pd.DataFrame:
    """Vital signs; rows that were withdrawn are not in MIMIC-IV. They are stored within minutes."""
    table = chart_events(block.stays, per_stay, 1, rng).select(
        ["SUBJECT_ID", "ITEMID", "CHARTTIME", "VALUENUM", "VALUEUOM", "ERROR"]
    )
    c = table.to_pandas()
    c = c[c["ERROR"].fillna(0) != 1]
    units = c["VALUEUOM"].fillna("UNK").str.replace("?", "\N{DEGREE SIGN}", regex=False)
    kinds = c["ITEMID"].astype(str) + "//" + units
    when = c["CHARTTIME"].to_numpy("datetime64[us]")
    stored = when + rng.integers(0, 10, len(c)) * np.timedelta64(60_000_000, "us")
    codes = ("LAB//" + kinds).to_numpy(object)
    return _rows(c["SUBJECT_ID"], when, codes, numeric_value=c["VALUENUM"].to_numpy(float), storetime=stored)


def _lactate(block: Block, rng: np.random.Generator) -> pd.DataFrame:
    """Drawn an hour before the decision; some are stored hours after it, and tell who was to die."""
    s = block.stays
    n, drawn = len(s), s["intime"].to_numpy(float) + 2 * HOUR
    usual = np.maximum(0.4, 1.4 + 0.02 * (110 - s["sbp"].to_numpy(float)) + 0.4 * rng.standard_normal(n))
    known, late = rng.random(n) < P_LACTATE, rng.random(n) < P_LACTATE_LATE
    telling = usual + 3.0 * s["dies"].to_numpy(float)
    early = _rows(s["subject_id"][known], moment(drawn[known]), LACTATE, numeric_value=usual[known])
    after = _rows(s["subject_id"][late], moment(drawn[late] + 60), LACTATE, numeric_value=telling[late])
    return pd.concat(
        [
            early.assign(storetime=moment(drawn[known] + 1_800).astype("datetime64[us]")),
            after.assign(storetime=moment(drawn[late] + 5 * HOUR).astype("datetime64[us]")),
        ]
    )


def _given(block: Block, chosen: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Infusions by their time, doses of before the stay, and orders that are dated by the day alone."""
    infusions = orders.inputs_table(block, chosen, 1, rng).to_pandas()
    infusions = infusions[infusions["STATUSDESCRIPTION"] != "Rewritten"]  # MIMIC-IV has none of them
    s = block.stays
    before = (s["prior"] & s["first"] & (s["newborn"] == 0)).to_numpy(bool)
    drug = np.array([a[1] for a in dictionaries()["antibiotics"]], object)[chosen]
    dose = s["intime"].to_numpy(float) - rng.uniform(1.0, 1.1, len(s)) * DAY
    ordered = s["antibiotic"].notna().to_numpy()
    day = moment(np.floor(s["antibiotic"].to_numpy(float) / DAY) * DAY)
    return pd.concat(
        [
            _rows(
                infusions["SUBJECT_ID"], infusions["STARTTIME"], [f"INFUSION_START//{i}" for i in infusions["ITEMID"]]
            ),
            _rows(
                s["subject_id"][before], moment(dose[before]), [f"MEDICATION//{d}//Administered" for d in drug[before]]
            ),
            _rows(s["subject_id"][ordered], day[ordered], [f"MEDICATION//START//{d}" for d in drug[ordered]]),
        ]
    )


def _diagnoses(block: Block, rng: np.random.Generator) -> pd.DataFrame:
    """Billing codes, dated at discharge: after every decision."""
    d = diagnoses_table(block, 1, rng).select(["SUBJECT_ID", "HADM_ID", "ICD9_CODE"]).to_pandas().dropna()
    when = block.admissions.set_index("hadm_id")["disch"]
    return _rows(
        d["SUBJECT_ID"], moment(when.loc[d["HADM_ID"]]), ("DIAGNOSIS//ICD//9//" + d["ICD9_CODE"]).to_numpy(object)
    )


def _notes(block: Block, seed: int, first: int, rng: np.random.Generator) -> pd.DataFrame:
    """Notes by the time they are about; those of the ECG and the echo tell nobody when they were written."""
    table = notes.note_events(block, seed, first, rng).to_pandas()
    n = table[table["ISERROR"].fillna(0) != 1]
    kind = n["CATEGORY"].str.strip()
    when = n["CHARTTIME"].fillna(n["CHARTDATE"]).to_numpy("datetime64[us]")
    later = when + rng.integers(20, 240, len(n)) * np.timedelta64(60_000_000, "us")
    reported = kind.isin(["Radiology", "Discharge summary"]).to_numpy()
    stored = np.where(
        reported, later + np.where(kind == "Radiology", 0, 2 * DAY) * np.timedelta64(1_000_000, "us"), n["STORETIME"]
    )
    codes = ("NOTE//" + kind).to_numpy(object)
    return _rows(
        n["SUBJECT_ID"], when, codes, text_value=n["TEXT"].to_numpy(object), storetime=stored.astype("datetime64[us]")
    )


def _annotations(block: Block, rng: np.random.Generator) -> pd.DataFrame:
    """What an expert says who read all notes of a first stay, years later."""
    s = block.stays[block.stays["first"] & (block.stays["newborn"] == 0)]
    s = s[rng.random(len(s)) < P_ANNOTATED]
    when = np.full(len(s), EPOCH + np.timedelta64(200 * 366, "D"))
    words = [np.where(s[name] == 1, f"ANNOTATION//{name}//yes", f"ANNOTATION//{name}//no") for name in ANNOTATED_FIELDS]
    return pd.concat([_rows(s["subject_id"], when, word.astype(object)) for word in words])
