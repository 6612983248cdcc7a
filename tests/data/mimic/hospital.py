"""A hospital written by hand: tables in the layout of MIMIC-III, a patient or an event at a time."""

import csv
import gzip
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.data.mimic.tables import TABLES

DEMO = Path(__file__).resolve().parents[4] / "shared" / "data" / "mimic-iii-demo"
needs_demo = pytest.mark.skipif(not DEMO.is_dir(), reason=f"the open MIMIC-III demo is not at {DEMO}")
VANCOMYCIN, SALINE = 225798, 225158


class Hospital:
    """Patients of 60 years, one admission and one MetaVision stay each; anything else is said."""

    def __init__(self):
        self.rows = {name: [] for name in TABLES}
        self.intime = {}
        for code, title in {
            "4019": "Hypertension NOS ",
            "41401": "Crnry athrscl natve vssl",
            "42731": "Atrial fibrillation",
            "4280": "CHF NOS",
            "0019": "Cholera NOS",
        }.items():
            self.add("D_ICD_DIAGNOSES", ICD9_CODE=code, SHORT_TITLE=title)
        self.add("D_ITEMS", ITEMID=VANCOMYCIN, CATEGORY="Antibiotics", LINKSTO="inputevents_mv")
        self.add("D_ITEMS", ITEMID=SALINE, CATEGORY="Fluids/Intake", LINKSTO="inputevents_mv")

    def add(self, table, **values):
        self.rows[table].append({"ROW_ID": len(self.rows[table]) + 1} | values)

    def ids(self, i):
        return {"SUBJECT_ID": i, "HADM_ID": 1000 + i, "ICUSTAY_ID": 2000 + i}

    def patient(self, i, intime="2150-03-10 16:00", age=60.0, gender="M", hours=48, death=None, dbsource="metavision"):
        """A patient, by the hours in intensive care and, if so, from its start to death in hospital."""
        start = self.intime[i] = datetime.fromisoformat(intime)
        out = start + timedelta(hours=hours) if hours is not None else None
        self.add("PATIENTS", SUBJECT_ID=i, GENDER=gender, DOB=start - timedelta(days=round(age * 365.2425)))
        self.add(
            "ADMISSIONS", SUBJECT_ID=i, HADM_ID=1000 + i, ADMITTIME=start - timedelta(hours=5),
            HOSPITAL_EXPIRE_FLAG=int(death is not None),
            DEATHTIME=None if death is None else start + timedelta(hours=death),
        )  # fmt: skip
        self.add("ICUSTAYS", **self.ids(i), DBSOURCE=dbsource, FIRST_CAREUNIT="MICU", INTIME=start, OUTTIME=out)
        return self

    def order(self, i, day, drug="Vancomycin", route="IV", **ids):
        """An order dated so many days after the day of admission to intensive care."""
        midnight = datetime.combine(self.intime[i].date() + timedelta(days=day), datetime.min.time())
        self.add("PRESCRIPTIONS", **(self.ids(i) | ids), STARTDATE=midnight, DRUG=drug, ROUTE=route)
        return self

    def infusion(self, i, hours, item=VANCOMYCIN, status="FinishedRunning"):
        start = self.intime[i] + timedelta(hours=hours)
        self.add("INPUTEVENTS_MV", **self.ids(i), STARTTIME=start, ITEMID=item, STATUSDESCRIPTION=status)
        return self

    def chart(self, i, hours, item, value, error=0, **ids):
        at = self.intime[i] + timedelta(hours=hours)
        self.add("CHARTEVENTS", **(self.ids(i) | ids), ITEMID=item, CHARTTIME=at, VALUENUM=value, ERROR=error)
        return self

    def note(self, i, hours, text, stored=None, category="Nursing", iserror=None, day=0, **ids):
        """A note charted (None: on the day only) and stored so many hours after admission to intensive care."""
        at = None if hours is None else self.intime[i] + timedelta(hours=hours)
        kept = None if stored is None else self.intime[i] + timedelta(hours=stored)
        date = datetime.combine(self.intime[i].date(), datetime.min.time()) + timedelta(days=day)
        self.add(
            "NOTEEVENTS", **({"SUBJECT_ID": i, "HADM_ID": 1000 + i} | ids), CHARTDATE=date, CHARTTIME=at,
            STORETIME=kept, CATEGORY=category, ISERROR=iserror, TEXT=text,
        )  # fmt: skip
        return self

    def write(self, path, gz=False, lower=False, turned=False, without=()):
        """The folder, with its marker; names in lower case or columns in reverse order if wanted."""
        path.mkdir(parents=True, exist_ok=True)
        for name, rows in self.rows.items():
            if name in without:
                continue
            header = ["ROW_ID", *(c for c in TABLES[name].columns if c != "ROW_ID"), "UNUSED"]
            header = header[::-1] if turned else header
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([h.lower() if lower else h for h in header])
            writer.writerows([["" if row.get(c) is None else row[c] for c in header] for row in rows])
            file = path / ((name.lower() if lower else name) + (".csv.gz" if gz else ".csv"))
            content = text.getvalue().encode()
            file.write_bytes(gzip.compress(content) if gz else content)
        counts = {name: len(rows) for name, rows in self.rows.items()}
        (path / "mimic-synthetic.json").write_text(json.dumps({"rows": counts}))
        return path
