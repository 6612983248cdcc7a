"""PATIENTS, ADMISSIONS, ICUSTAYS, DIAGNOSES_ICD and the two dictionaries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.data.mimic_synthetic.charts import holes
from helpers.data.mimic_synthetic.columns import typed
from helpers.data.mimic_synthetic.items import dictionaries
from helpers.data.mimic_synthetic.people import DAY, DIAGNOSES, HOUR, Block, midnight, moment

SHIFT_S = 300 * 365.2425 * DAY  # those over 89 are born 300 years before their first admission
ADMITTED = (
    "EMERGENCY ROOM ADMIT",
    "TRANSFER FROM HOSP/EXTRAM",
    "CLINIC REFERRAL/PREMATURE",
    "PHYS REFERRAL/NORMAL DELI",
)
DISCHARGED = ("HOME", "HOME HEALTH CARE", "SNF", "REHAB/DISTINCT PART HOSP")
ETHNICITIES = ("WHITE", "BLACK/AFRICAN AMERICAN", "HISPANIC OR LATINO", "ASIAN", "UNKNOWN/NOT SPECIFIED")
ADMISSION_REASONS = (
    "SEPSIS",
    "PNEUMONIA",
    "CONGESTIVE HEART FAILURE",
    "GASTROINTESTINAL BLEED",
    "CHEST PAIN",
    "ALTERED MENTAL STATUS",
)


def patients_table(block: Block, first_row: int, rng: np.random.Generator) -> pa.Table:
    """One row a patient; the birth of those over 89 at their first admission is shifted by 300 years."""
    p = block.patients
    born = np.where(p["age"] > 89, p["dob"] + (p["age"] * 365.2425 * DAY) - SHIFT_S, p["dob"])
    died = p["dod_hosp"].fillna(p["dod_ssn"])
    columns = {
        "ROW_ID": first_row + np.arange(len(p)),
        "SUBJECT_ID": p["subject_id"],
        "GENDER": np.where(p["male"] == 1, "M", "F"),
        "DOB": midnight(born),
        "DOD": midnight(died),
        "DOD_HOSP": midnight(p["dod_hosp"]),
        "DOD_SSN": midnight(p["dod_ssn"]),
        "EXPIRE_FLAG": died.notna().astype(int),
    }
    return typed("PATIENTS", columns, len(p))


def admissions_table(block: Block, first_row: int, rng: np.random.Generator) -> pa.Table:
    """One row an admission."""
    a, n = block.admissions, len(block.admissions)
    subject = block.patients["subject_id"].to_numpy()[a["patient"]]
    emergency, died, newborn = rng.random(n) < 0.8, a["died"] == 1, a["newborn"] == 1
    came = np.where(emergency & ~newborn, a["admit"] - 3 * HOUR, np.nan)
    kind = np.where(emergency, "EMERGENCY", rng.choice(["ELECTIVE", "URGENT"], n, p=[0.8, 0.2]))
    columns = {
        "ROW_ID": first_row + np.arange(n),
        "SUBJECT_ID": subject,
        "HADM_ID": a["hadm_id"],
        "ADMITTIME": moment(a["admit"]),
        "DISCHTIME": moment(a["disch"]),
        "DEATHTIME": moment(np.where(died, a["disch"], np.nan)),
        "ADMISSION_TYPE": np.where(newborn, "NEWBORN", kind),
        "ADMISSION_LOCATION": np.where(emergency, ADMITTED[0], rng.choice(ADMITTED[1:], n)),
        "DISCHARGE_LOCATION": np.where(died, "DEAD/EXPIRED", rng.choice(DISCHARGED, n)),
        "INSURANCE": rng.choice(["Medicare", "Private", "Medicaid"], n, p=[0.55, 0.35, 0.1]),
        "LANGUAGE": some(rng.choice(["ENGL", "SPAN", "RUSS"], n, p=[0.85, 0.1, 0.05]), rng.random(n) < 0.57),
        "RELIGION": some(rng.choice(["CATHOLIC", "NOT SPECIFIED", "JEWISH"], n), rng.random(n) < 0.99),
        "MARITAL_STATUS": some(rng.choice(["MARRIED", "SINGLE", "WIDOWED"], n), rng.random(n) < 0.83),
        "ETHNICITY": rng.choice(ETHNICITIES, n, p=[0.7, 0.1, 0.05, 0.05, 0.1]),
        "EDREGTIME": moment(came),
        "EDOUTTIME": moment(came + 2.5 * HOUR),
        "DIAGNOSIS": np.where(newborn, "NEWBORN", rng.choice(ADMISSION_REASONS, n)),
        "HOSPITAL_EXPIRE_FLAG": a["died"],
        "HAS_CHARTEVENTS_DATA": a["has_stay"].astype(int),
    }
    return typed("ADMISSIONS", columns, n)


def stays_table(block: Block, first_row: int, rng: np.random.Generator) -> pa.Table:
    """One row a stay; a few later stays have no end, as in v1.4."""
    s, n = block.stays, len(block.stays)
    unit = np.where(s["newborn"] == 1, "NICU", rng.choice(["MICU", "SICU", "CCU", "CSRU", "TSICU"], n))
    ward = rng.choice([7, 12, 15, 23, 50, 52, 57], n)
    out = np.where(~s["first"] & (rng.random(n) < 0.01), np.nan, s["outtime"].to_numpy(float))
    columns = {
        "ROW_ID": first_row + np.arange(n),
        "SUBJECT_ID": s["subject_id"],
        "HADM_ID": s["hadm_id"],
        "ICUSTAY_ID": s["icustay_id"],
        "DBSOURCE": np.where(s["metavision"], "metavision", "carevue"),
        "FIRST_CAREUNIT": unit,
        "LAST_CAREUNIT": unit,
        "FIRST_WARDID": ward,
        "LAST_WARDID": ward,
        "INTIME": moment(s["intime"]),
        "OUTTIME": moment(out),
        "LOS": np.round((out - s["intime"].to_numpy()) / DAY, 4),
    }
    return typed("ICUSTAYS", columns, n)


def diagnoses_table(block: Block, first_row: int, rng: np.random.Generator) -> pa.Table:
    """Billing codes of each admission: the patient's four diagnoses, infection where it was one, and others."""
    codes = [code for code, *_ in dictionaries()["codes"]]
    infection, others = dictionaries()["of_infection"], codes[4 + 5 : -1]
    a = block.admissions.merge(block.patients[list(DIAGNOSES)], left_on="patient", right_index=True)
    infected = set(block.stays.loc[block.stays["infection"] == 1, "hadm_id"])
    parts = [a.loc[a[name] == 1, ["hadm_id"]].assign(code=code) for name, code in zip(DIAGNOSES, codes, strict=False)]
    ill = a.loc[a["hadm_id"].isin(infected), ["hadm_id"]]
    parts.append(ill.assign(code=rng.choice(infection, len(ill))))
    parts.append(a.loc[a["newborn"] == 1, ["hadm_id"]].assign(code=codes[-1]))
    for code in others:
        parts.append(a.loc[(rng.random(len(a)) < 0.3) & (a["newborn"] == 0), ["hadm_id"]].assign(code=code))
    parts.append(a.loc[rng.random(len(a)) < 0.001, ["hadm_id"]].assign(code=None))  # a code that is NULL
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.iloc[rng.permutation(len(rows))].sort_values("hadm_id", kind="stable", ignore_index=True)
    subject = a.set_index("hadm_id")["patient"].map(block.patients["subject_id"])
    columns = {
        "ROW_ID": first_row + np.arange(len(rows)),
        "SUBJECT_ID": subject.loc[rows["hadm_id"]].to_numpy(),
        "HADM_ID": rows["hadm_id"],
        "SEQ_NUM": holes(rows.groupby("hadm_id").cumcount() + 1, rows["code"].isna()),
        "ICD9_CODE": rows["code"],
    }
    return typed("DIAGNOSES_ICD", columns, len(rows))


def dictionary_tables() -> dict[str, pa.Table]:
    """D_ITEMS and D_ICD_DIAGNOSES: the items and codes that occur."""
    items = pd.DataFrame(
        dictionaries()["items"],
        columns=["ITEMID", "LABEL", "ABBREVIATION", "DBSOURCE", "LINKSTO", "CATEGORY", "UNITNAME", "PARAM_TYPE"],
    )
    codes = pd.DataFrame(dictionaries()["codes"], columns=["ICD9_CODE", "SHORT_TITLE", "LONG_TITLE"])
    numbered = {"D_ITEMS": items.replace("", None), "D_ICD_DIAGNOSES": codes}
    return {
        name: typed(name, {"ROW_ID": np.arange(1, len(t) + 1), **{c: t[c] for c in t}}, len(t))
        for name, t in numbered.items()
    }


def truth_table(block: Block) -> pa.Table:
    """What no reader of MIMIC has: chances of death and of treatment, of each patient's first stay as an adult."""
    s = block.stays[block.stays["first"] & (block.stays["newborn"] == 0)]
    columns = {"SUBJECT_ID": s["subject_id"], "HADM_ID": s["hadm_id"], "ICUSTAY_ID": s["icustay_id"], "MU0": s["mu0"]}
    columns |= {"MU1": s["mu1"], "E": s["e"], "T": s["T"], "INFECTION": s["infection"]}
    return typed("TRUTH", columns | {"ELIGIBLE": s["eligible"].astype(int)}, len(s))


def some(values: np.ndarray, given: np.ndarray) -> pa.Array:
    """Strings, NULL where not ``given``."""
    return pa.array(np.asarray(values, object), pa.string(), mask=~np.asarray(given, bool))
