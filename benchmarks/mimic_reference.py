"""The MIMIC-III cohorts once more, with pandas: what the benchmark compares with.

Nothing but the names of the drugs is taken from the package.

``charted`` reads CHARTEVENTS in chunks; ``stays`` builds the cohorts of intensive care from it; ``syn_by_rows`` builds
MIMIC-Syn the way published code does: a loop over the admissions that looks up everything of each.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.data import mimic

FULL = {
    "temperature": [676, 677, 678, 679, 223761, 223762],
    "heart_rate": [211, 220045],
    "sbp": [51, 442, 455, 6701, 220179, 220050],
    "map": [456, 52, 6702, 443, 220052, 220181, 225312],
    "resp_rate": [615, 618, 220210, 224690],
    "spo2": [646, 220277],
}
PUBLISHED = FULL | {
    "sbp": [51, 220179],
    "map": [456, 220052, 220181],
    "resp_rate": [618, 220210],
}
RANGES = {"heart_rate": 300, "sbp": 400, "map": 300, "resp_rate": 70, "spo2": 100}
TITLES = {"hyp": "Hypertension NOS", "cor": "Crnry athrscl natve vssl", "afib": "Atrial fibrillation", "chf": "CHF NOS"}
KEYS = ["SUBJECT_ID", "HADM_ID", "ICUSTAY_ID"]
OLDEST, CHUNK = 91.4, 1_000_000
TIMES = ["INTIME", "OUTTIME", "ADMITTIME", "DEATHTIME", "DOB", "STARTDATE", "STARTTIME"]
TIMES += ["CHARTDATE", "CHARTTIME", "STORETIME"]


def table(folder: Path, name: str, **types) -> pd.DataFrame:
    """A whole table with its times parsed."""
    frame = pd.read_csv(folder / f"{name}.csv", dtype=types, keep_default_na=False, na_values=[""])
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in TIMES if c in frame})


def age(born: pd.Series, at: pd.Series) -> pd.Series:
    """Years, at most 91.4."""
    return np.minimum((at.dt.normalize() - born.dt.normalize()).dt.days / 365.2425, OLDEST)


def charted(folder: Path, lists: dict, whole_keys: bool, drop_errors: bool) -> pd.DataFrame:
    """The last value of each vital sign up to 3 hours after each admission to intensive care, one row a stay."""
    stays = table(folder, "ICUSTAYS")[[*KEYS, "INTIME"]]
    stays = stays.assign(t0=stays["INTIME"] + pd.Timedelta(hours=3))
    vital = {item: name for name, items in lists.items() for item in items}
    columns = {"ROW_ID": "int64", "SUBJECT_ID": "int64", "HADM_ID": "float64", "ICUSTAY_ID": "float64"}
    columns |= {"ITEMID": "int64", "CHARTTIME": "str", "VALUENUM": "float64", "ERROR": "float64"}
    kept = []
    file = folder / "CHARTEVENTS.csv"
    for part in pd.read_csv(file, usecols=list(columns), dtype=columns, chunksize=CHUNK):
        part = part[part["ITEMID"].isin(vital) & part["VALUENUM"].notna()]
        part = part[part["ERROR"] != 1] if drop_errors else part
        part = part.assign(CHARTTIME=pd.to_datetime(part["CHARTTIME"]), vital=part["ITEMID"].map(vital))
        kept.append(_of_stays(part, stays, whole_keys))
    rows = in_range(pd.concat(kept), lists is PUBLISHED).sort_values(["CHARTTIME", "ROW_ID"])
    return rows.groupby(["stay", "vital"])["x"].last().unstack().reindex(columns=list(lists))


def _of_stays(part: pd.DataFrame, stays: pd.DataFrame, whole_keys: bool) -> pd.DataFrame:
    """Rows up to t0: by all three keys, or by patient with the stay's number or none."""
    if whole_keys:
        rows = part.merge(stays, on=KEYS).assign(stay=lambda r: r["ICUSTAY_ID"].astype("int64"))
        return rows[rows["CHARTTIME"] <= rows["t0"]]
    rows = part.merge(stays.rename(columns={"ICUSTAY_ID": "stay"}).drop(columns="HADM_ID"), on="SUBJECT_ID")
    own = (rows["ICUSTAY_ID"] == rows["stay"]) | (rows["ICUSTAY_ID"].isna() & (rows["CHARTTIME"] >= rows["INTIME"]))
    return rows[own & (rows["CHARTTIME"] <= rows["t0"])]


def in_range(rows: pd.DataFrame, published: bool) -> pd.DataFrame:
    """Values in one unit as ``x``, the impossible ones dropped (as published: of the temperature only)."""
    value, item, hot = rows["VALUENUM"], rows["ITEMID"], rows["vital"] == "temperature"
    as_f = item.isin([679, 223762]) | (hot & ~item.isin([679, 223762]) & (value > 50))
    as_f = as_f if published else item.isin([678, 679, 223761])
    x = value.where(~as_f, (value - 32) / 1.8)
    top = rows["vital"].map({} if published else RANGES).astype(float)
    good = np.where(hot, x.between(10, 50), top.isna() | ((x >= 0) & (x <= top)))
    return rows.assign(x=x)[good]


def stays(folder: Path, kind: str) -> pd.DataFrame:
    """The cohort ``published`` or ``repaired``, texts included."""
    first = table(folder, "ICUSTAYS").sort_values(["INTIME", "ICUSTAY_ID"]).groupby("SUBJECT_ID").head(1)
    first = first.merge(table(folder, "ADMISSIONS").drop(columns=["ROW_ID", "SUBJECT_ID"]), on="HADM_ID")
    first = first.merge(table(folder, "PATIENTS").drop(columns="ROW_ID"), on="SUBJECT_ID")
    first = first.assign(t0=first["INTIME"] + pd.Timedelta(hours=3), t1=first["INTIME"] + pd.Timedelta(hours=9))
    first = first.assign(age=age(first["DOB"], first["INTIME"]))
    published = kind == "published"
    first["start"] = first_order(folder, first) if published else first_dose(folder, first)
    if not published:
        first = first[first["DBSOURCE"].str.strip() == "metavision"]
    late_death = first["DEATHTIME"].isna() | (first["DEATHTIME"] > first["t1"])
    untreated = first["start"].isna() | (first["start"] >= first["t0"])
    first = first[(first["age"] >= 18) & (first["OUTTIME"] > first["t1"]) & late_death & untreated]
    text = notes_up_to(folder, first, published)
    first = first[first["SUBJECT_ID"].isin(text.index)].sort_values("SUBJECT_ID")
    vitals = charted(folder, PUBLISHED if published else FULL, published, not published)
    treated = (first["start"] <= first["t1"]).astype("int8")
    made = pd.DataFrame({"id": first["SUBJECT_ID"], "age": first["age"], "T": treated})
    made = made.assign(Y=first["HOSPITAL_EXPIRE_FLAG"].astype(float), text=first["SUBJECT_ID"].map(text))
    return pd.concat([made, vitals.reindex(first["ICUSTAY_ID"]).set_axis(made.index)], axis=1).reset_index(drop=True)


def first_order(folder: Path, first: pd.DataFrame) -> pd.Series:
    """Of each stay, the day of its first order by the published names."""
    orders = table(folder, "PRESCRIPTIONS", NDC=str, GSN=str)
    orders = orders[orders["DRUG"].str.lower().str.contains("|".join(mimic.PUBLISHED_DRUGS), na=False)]
    return first["ICUSTAY_ID"].map(orders.groupby("ICUSTAY_ID")["STARTDATE"].min())


def first_dose(folder: Path, first: pd.DataFrame) -> pd.Series:
    """Of each patient, the first infusion of the admission, or the day of an order before the day of t0."""
    items = table(folder, "D_ITEMS")
    items = items.loc[items["CATEGORY"].str.strip() == "Antibiotics", "ITEMID"]
    given = table(folder, "INPUTEVENTS_MV")
    given = given[given["ITEMID"].isin(items) & (given["STATUSDESCRIPTION"] != "Rewritten")]
    orders = table(folder, "PRESCRIPTIONS", NDC=str, GSN=str)
    route = orders["ROUTE"].fillna("").str.lower()
    local = route.str.strip().isin("ou os od au as ad tp".split()) | route.str.contains(r"\b(?:eye|ear)s?\b")
    orders = orders[orders["DRUG"].str.lower().str.contains("|".join(mimic.UNION), na=False) & ~local]
    orders = orders.merge(first[["SUBJECT_ID", "HADM_ID", "t0"]], on=["SUBJECT_ID", "HADM_ID"])
    orders = orders[orders["STARTDATE"].dt.normalize() < orders["t0"].dt.normalize()]
    given = given.merge(first[["SUBJECT_ID", "HADM_ID"]], on=["SUBJECT_ID", "HADM_ID"])
    times = pd.concat([given[["SUBJECT_ID", "STARTTIME"]].set_axis(["id", "at"], axis=1),
                       orders[["SUBJECT_ID", "STARTDATE"]].set_axis(["id", "at"], axis=1)])  # fmt: skip
    return first["SUBJECT_ID"].map(times.groupby("id")["at"].min())


def notes_up_to(folder: Path, first: pd.DataFrame, published: bool) -> pd.Series:
    """Texts joined in order of time, by patient."""
    notes = table(folder, "NOTEEVENTS")
    notes = notes[notes["CATEGORY"].str.strip().str.lower().ne("discharge summary") & notes["TEXT"].notna()]
    notes = notes.assign(at=notes["CHARTTIME"] if published else notes["STORETIME"].fillna(notes["CHARTTIME"]))
    notes = notes if published else notes[notes["ISERROR"] != 1]
    notes = notes.merge(first[["SUBJECT_ID", "t0"]], on="SUBJECT_ID")
    notes = notes[notes["at"] <= notes["t0"]].sort_values(["at", "ROW_ID"])
    return notes.groupby("SUBJECT_ID")["TEXT"].agg("\n\n".join)


def syn_by_rows(folder: Path) -> pd.DataFrame:
    """MIMIC-Syn by a loop over admissions, one row a patient."""
    admissions, patients = table(folder, "ADMISSIONS"), table(folder, "PATIENTS")
    notes, codes = table(folder, "NOTEEVENTS"), table(folder, "DIAGNOSES_ICD", ICD9_CODE=str)
    titles = table(folder, "D_ICD_DIAGNOSES", ICD9_CODE=str)
    admissions, seen, made = admissions.sort_values(["ADMITTIME", "HADM_ID"]), set(), []
    for _, admission in admissions.iterrows():
        subject = admission["SUBJECT_ID"]
        if subject in seen:
            continue
        seen.add(subject)
        patient = patients[patients["SUBJECT_ID"] == subject].iloc[0]
        days = (admission["ADMITTIME"].normalize() - patient["DOB"].normalize()).days
        years = min(days / 365.2425, OLDEST)
        own = notes[notes["HADM_ID"] == admission["HADM_ID"]]
        own = own[(own["CATEGORY"].str.strip().str.lower() != "discharge summary") & (own["ISERROR"] != 1)]
        own = own.assign(at=own["CHARTTIME"].fillna(own["CHARTDATE"])).sort_values(["at", "ROW_ID"])
        text = [note["TEXT"] for _, note in own.iterrows() if isinstance(note["TEXT"], str)]
        if not (18 < years < 100 and text):
            continue
        found = {name: 0 for name in TITLES}
        for _, row in codes[codes["HADM_ID"] == admission["HADM_ID"]].iterrows():
            for title in titles.loc[titles["ICD9_CODE"] == row["ICD9_CODE"], "SHORT_TITLE"]:
                found |= {name: 1 for name, wanted in TITLES.items() if title.strip() == wanted}
        row = {"id": subject, "hadm_id": admission["HADM_ID"], "age": years, "gender": int(patient["GENDER"] == "M")}
        made.append(row | found | {"text": "\n\n".join(text)})
    return pd.DataFrame(made).sort_values("id").reset_index(drop=True)
