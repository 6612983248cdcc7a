"""The tables of MIMIC-III: which columns the cohorts need, and how many rows a whole copy has."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.data.mimic.vitals import ITEMS


@dataclass(frozen=True)
class Table:
    """A table as it is kept.

    Parameters
    ----------
    columns : dict of str to str
        Columns kept and their DuckDB types; the others are not read.
    published : int
        Rows in version 1.4.
    demo : int or None
        Rows in the open demo; None: the demo has no such table.
    where : str
        Condition on the rows that are kept.
    group : int
        Rows of one Parquet row group.
    """

    columns: dict[str, str]
    published: int
    demo: int | None
    where: str = "true"
    group: int = 122_880


IDS = {"SUBJECT_ID": "INTEGER", "HADM_ID": "INTEGER"}
STAY = {"ROW_ID": "INTEGER", **IDS, "ICUSTAY_ID": "INTEGER"}
TABLES: dict[str, Table] = {
    "PATIENTS": Table({"SUBJECT_ID": "INTEGER", "GENDER": "VARCHAR", "DOB": "TIMESTAMP"}, 46_520, 100),
    "ADMISSIONS": Table(
        IDS | {"ADMITTIME": "TIMESTAMP", "DEATHTIME": "TIMESTAMP", "HOSPITAL_EXPIRE_FLAG": "INTEGER"}, 58_976, 129
    ),
    "ICUSTAYS": Table(
        IDS | {"ICUSTAY_ID": "INTEGER", "DBSOURCE": "VARCHAR", "FIRST_CAREUNIT": "VARCHAR"}
        | {"INTIME": "TIMESTAMP", "OUTTIME": "TIMESTAMP"}, 61_532, 136
    ),
    "D_ICD_DIAGNOSES": Table({"ICD9_CODE": "VARCHAR", "SHORT_TITLE": "VARCHAR"}, 14_567, 14_567),
    "DIAGNOSES_ICD": Table(IDS | {"ICD9_CODE": "VARCHAR"}, 651_047, 1_761),
    "D_ITEMS": Table({"ITEMID": "INTEGER", "CATEGORY": "VARCHAR", "LINKSTO": "VARCHAR"}, 12_487, 12_487),
    "PRESCRIPTIONS": Table(STAY | {"STARTDATE": "TIMESTAMP", "DRUG": "VARCHAR", "ROUTE": "VARCHAR"}, 4_156_450, 10_398),
    "INPUTEVENTS_MV": Table(
        STAY | {"STARTTIME": "TIMESTAMP", "ITEMID": "INTEGER", "STATUSDESCRIPTION": "VARCHAR"}, 3_618_991, 13_224
    ),
    "CHARTEVENTS": Table(
        STAY | {"ITEMID": "INTEGER", "CHARTTIME": "TIMESTAMP", "VALUENUM": "DOUBLE", "ERROR": "INTEGER"},
        330_712_483, 758_355, where=f"ITEMID in {ITEMS}",
    ),
    # Discharge summaries tell how the stay ended; no cohort reads them, so they are not even kept.
    "NOTEEVENTS": Table(
        {"ROW_ID": "INTEGER", **IDS, "CHARTDATE": "TIMESTAMP", "CHARTTIME": "TIMESTAMP", "STORETIME": "TIMESTAMP"}
        | {"CATEGORY": "VARCHAR", "ISERROR": "INTEGER", "TEXT": "VARCHAR"},
        2_083_180, None, where="lower(trim(CATEGORY)) is distinct from 'discharge summary'", group=16_384,
    ),
}  # fmt: skip
NOTES = "NOTEEVENTS"
TABLES_OF_STAYS = ("PATIENTS", "ADMISSIONS", "ICUSTAYS", "PRESCRIPTIONS", "CHARTEVENTS")
NEEDED = {
    "syn": ("PATIENTS", "ADMISSIONS", "DIAGNOSES_ICD", "D_ICD_DIAGNOSES"),
    "published": TABLES_OF_STAYS,
    "repaired": (*TABLES_OF_STAYS, "INPUTEVENTS_MV", "D_ITEMS"),
}
