"""Columns of the generated tables, in the order of v1.4's files, and their types."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

TABLE_COLUMNS = {
    "PATIENTS": "ROW_ID SUBJECT_ID GENDER DOB DOD DOD_HOSP DOD_SSN EXPIRE_FLAG",
    "ADMISSIONS": "ROW_ID SUBJECT_ID HADM_ID ADMITTIME DISCHTIME DEATHTIME ADMISSION_TYPE ADMISSION_LOCATION "
    "DISCHARGE_LOCATION INSURANCE LANGUAGE RELIGION MARITAL_STATUS ETHNICITY EDREGTIME EDOUTTIME DIAGNOSIS "
    "HOSPITAL_EXPIRE_FLAG HAS_CHARTEVENTS_DATA",
    "ICUSTAYS": "ROW_ID SUBJECT_ID HADM_ID ICUSTAY_ID DBSOURCE FIRST_CAREUNIT LAST_CAREUNIT FIRST_WARDID LAST_WARDID "
    "INTIME OUTTIME LOS",
    "CHARTEVENTS": "ROW_ID SUBJECT_ID HADM_ID ICUSTAY_ID ITEMID CHARTTIME STORETIME CGID VALUE VALUENUM VALUEUOM "
    "WARNING ERROR RESULTSTATUS STOPPED",
    "NOTEEVENTS": "ROW_ID SUBJECT_ID HADM_ID CHARTDATE CHARTTIME STORETIME CATEGORY DESCRIPTION CGID ISERROR TEXT",
    "PRESCRIPTIONS": "ROW_ID SUBJECT_ID HADM_ID ICUSTAY_ID STARTDATE ENDDATE DRUG_TYPE DRUG DRUG_NAME_POE "
    "DRUG_NAME_GENERIC FORMULARY_DRUG_CD GSN NDC PROD_STRENGTH DOSE_VAL_RX DOSE_UNIT_RX FORM_VAL_DISP FORM_UNIT_DISP "
    "ROUTE",
    "INPUTEVENTS_MV": "ROW_ID SUBJECT_ID HADM_ID ICUSTAY_ID STARTTIME ENDTIME ITEMID AMOUNT AMOUNTUOM RATE RATEUOM "
    "STORETIME CGID ORDERID LINKORDERID ORDERCATEGORYNAME SECONDARYORDERCATEGORYNAME ORDERCOMPONENTTYPEDESCRIPTION "
    "ORDERCATEGORYDESCRIPTION PATIENTWEIGHT TOTALAMOUNT TOTALAMOUNTUOM ISOPENBAG CONTINUEINNEXTDEPT CANCELREASON "
    "STATUSDESCRIPTION COMMENTS_EDITEDBY COMMENTS_CANCELEDBY COMMENTS_DATE ORIGINALAMOUNT ORIGINALRATE",
    "DIAGNOSES_ICD": "ROW_ID SUBJECT_ID HADM_ID SEQ_NUM ICD9_CODE",
    "D_ICD_DIAGNOSES": "ROW_ID ICD9_CODE SHORT_TITLE LONG_TITLE",
    "D_ITEMS": "ROW_ID ITEMID LABEL ABBREVIATION DBSOURCE LINKSTO CATEGORY UNITNAME PARAM_TYPE CONCEPTID",
    "TRUTH": "SUBJECT_ID HADM_ID ICUSTAY_ID MU0 MU1 E T INFECTION ELIGIBLE",
}
WHOLE_COLUMNS = {"ITEMID", "SEQ_NUM", "WARNING", "ERROR", "ISERROR", "EXPIRE_FLAG", "HOSPITAL_EXPIRE_FLAG", "ORDERID"}
WHOLE_COLUMNS |= {"HAS_CHARTEVENTS_DATA", "LINKORDERID", "ISOPENBAG", "CONTINUEINNEXTDEPT", "CANCELREASON", "CGID"}
WHOLE_COLUMNS |= {"FIRST_WARDID", "LAST_WARDID", "ROW_ID", "SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "CONCEPTID", "T"}
WHOLE_COLUMNS |= {"INFECTION", "ELIGIBLE"}
REAL_COLUMNS = {"LOS", "VALUENUM", "AMOUNT", "RATE", "PATIENTWEIGHT", "TOTALAMOUNT", "ORIGINALAMOUNT", "ORIGINALRATE"}
REAL_COLUMNS |= {"MU0", "MU1", "E"}
MOMENTS = {"DOB", "DOD", "DOD_HOSP", "DOD_SSN", "CHARTDATE", "STARTDATE", "ENDDATE", "COMMENTS_DATE"}


def schema(table: str) -> pa.Schema:
    """Arrow types of a table's columns, in order."""
    return pa.schema([(name, _kind(name)) for name in TABLE_COLUMNS[table].split()])


def typed(table: str, columns: dict, rows: int) -> pa.Table:
    """The table of these columns (arrays, Arrow arrays or one value for all rows); those not given are empty."""
    fields = schema(table)
    unknown = sorted(set(columns) - set(fields.names))
    if unknown:
        raise ValueError(f"{table} has no column {unknown}; it has {fields.names}.")
    return pa.table([_array(columns.get(f.name), f.type, rows) for f in fields], schema=fields)


def _kind(name: str) -> pa.DataType:
    if name in WHOLE_COLUMNS:
        return pa.int64()
    if name in REAL_COLUMNS:
        return pa.float64()
    return pa.timestamp("s") if name in MOMENTS or name.endswith("TIME") else pa.string()


def _array(values, kind: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    if values is None or isinstance(values, str | int | float):
        return pa.repeat(pa.scalar(values, kind), rows)
    return pa.Array.from_pandas(pd.Series(values), type=kind, safe=False)
