"""PRESCRIPTIONS, with days only, and INPUTEVENTS_MV, with times: two unlike records of the same antibiotics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.data.mimic_synthetic.charts import holes
from helpers.data.mimic_synthetic.columns import typed
from helpers.data.mimic_synthetic.items import dictionaries
from helpers.data.mimic_synthetic.people import DAY, HOUR, Block, midnight, moment
from helpers.data.mimic_synthetic.tables import some

ORDER = ("DRUG", "FORMULARY_DRUG_CD", "GSN", "NDC", "PROD_STRENGTH", "DOSE_VAL_RX", "DOSE_UNIT_RX", "ROUTE")
P_NEXT_DAY = 0.45  # an order that is dated the day after it was carried out
ORDERS_A_STAY, INPUTS_A_STAY = 12, 14
INPUT_ITEMS = (225158, 220949, 225828, 222168, 221906, 225943)


def choose_antibiotics(block: Block, rng: np.random.Generator) -> np.ndarray:
    """Which antibiotic of the dictionary each stay's first one is; the same in both tables."""
    return rng.integers(0, len(dictionaries()["antibiotics"]), len(block.stays))


def prescriptions_table(block: Block, chosen: np.ndarray, first_row: int, rng: np.random.Generator) -> pa.Table:
    """Orders by day: ordinary drugs, the antibiotics, and orders that only look like antibiotics."""
    s, lists = block.stays, dictionaries()
    names = [a[1:] for a in lists["antibiotics"]] + lists["not_systemic"] + lists["drugs"]
    shift = len(lists["antibiotics"])
    given = s["antibiotic"].notna().to_numpy()
    day = np.where(given, s["antibiotic"] + DAY * (rng.random(len(s)) < P_NEXT_DAY), np.nan)
    adult = (s["newborn"] == 0).to_numpy()
    before = s["prior"].to_numpy() & s["first"].to_numpy() & adult
    early = s["intime"] - rng.uniform(1.0, 1.1, len(s)) * DAY  # the day before the stay
    parts = [_orders(np.flatnonzero(given), chosen[given], day[given])]
    parts.append(_orders(np.flatnonzero(before), chosen[before], early.to_numpy()[before]))
    eye = np.flatnonzero(adult & (rng.random(len(s)) < 0.06))
    kinds = shift + rng.integers(0, len(lists["not_systemic"]), len(eye))
    when = (s["intime"] + rng.uniform(-1, 2, len(s)) * DAY).to_numpy()[eye]
    parts.append(_orders(eye, kinds, when))  # before the window too: none of them is an antibiotic in the blood
    usual = np.repeat(np.arange(len(s)), rng.poisson(ORDERS_A_STAY, len(s)))
    kinds = rng.integers(shift + len(lists["not_systemic"]), len(names), len(usual))
    length = (s["outtime"] - s["intime"]).to_numpy()[usual]
    parts.append(_orders(usual, kinds, s["intime"].to_numpy()[usual] + rng.random(len(usual)) * length))
    rows = pd.concat(parts, ignore_index=True).sort_values(["stay", "when"], kind="stable", ignore_index=True)
    return _prescriptions(s, rows, np.array(names, object), first_row, rng)


def _orders(stay, kind, when) -> pd.DataFrame:
    return pd.DataFrame({"stay": stay, "kind": kind, "when": np.asarray(when, float)})


def _prescriptions(s, rows, names, first_row, rng) -> pa.Table:
    n, at = len(rows), rows["stay"].to_numpy()
    order = dict(zip(ORDER, names[rows["kind"]].T, strict=True))
    route = some(order.pop("ROUTE"), rng.random(n) > 0.0005)
    columns = {
        "ROW_ID": first_row + np.arange(n),
        "SUBJECT_ID": s["subject_id"].to_numpy()[at],
        "HADM_ID": s["hadm_id"].to_numpy()[at],
        "ICUSTAY_ID": holes(s["icustay_id"].to_numpy()[at], rng.random(n) < 0.33),
        "STARTDATE": midnight(rows["when"]),
        "ENDDATE": midnight(np.where(rng.random(n) < 0.001, np.nan, rows["when"] + rng.integers(0, 5, n) * DAY)),
        "DRUG_TYPE": np.where(rng.random(n) < 0.75, "MAIN", "BASE"),
        "DRUG_NAME_POE": some(order["DRUG"], rng.random(n) < 0.55),
        "DRUG_NAME_GENERIC": some(order["DRUG"], rng.random(n) < 0.55),
        "FORM_VAL_DISP": "1",
        "FORM_UNIT_DISP": "BAG",
        "ROUTE": route,
        **{c: some(v, np.array([bool(x) for x in v])) for c, v in order.items()},
    }
    return typed("PRESCRIPTIONS", columns, n)


def inputs_table(block: Block, chosen: np.ndarray, first_row: int, rng: np.random.Generator) -> pa.Table:
    """Infusions of MetaVision stays: fluids, the antibiotics as given, and entries that were rewritten afterwards."""
    s, items = block.stays, np.array([a[0] for a in dictionaries()["antibiotics"]])
    here = s["metavision"].to_numpy(bool) & (s["newborn"] == 0).to_numpy()
    given = here & (s["antibiotic"] < s["outtime"]).to_numpy()
    start = s["antibiotic"].to_numpy(float)
    parts = [_inputs(given, items[chosen], start, "FinishedRunning")]
    again = given & (start + 8 * HOUR < s["outtime"].to_numpy())
    parts.append(_inputs(again, items[chosen], start + 8 * HOUR, "FinishedRunning"))
    # An entry that was rewritten was never given: in the window of some who had none, and before some true ones.
    window = s["intime"].to_numpy() + rng.uniform(3.1, 8.9, len(s)) * HOUR
    parts.append(_inputs(here & (rng.random(len(s)) < 0.06), rng.choice(items, len(s)), window // 60 * 60, "Rewritten"))
    usual = np.repeat(np.flatnonzero(here), rng.poisson(INPUTS_A_STAY, int(here.sum())))
    length = (s["outtime"] - s["intime"]).to_numpy()[usual]
    when = (s["intime"].to_numpy()[usual] + rng.random(len(usual)) * length) // 60 * 60
    status = rng.choice(
        ["FinishedRunning", "Rewritten", "Changed", "Stopped", "Paused"], len(usual), p=[0.6, 0.22, 0.12, 0.04, 0.02]
    )
    frame = {"stay": usual, "item": rng.choice(INPUT_ITEMS, len(usual)), "when": when, "status": status}
    rows = pd.concat([*parts, pd.DataFrame(frame)], ignore_index=True)
    return _inputs_rows(s, rows.sort_values(["stay", "when"], kind="stable", ignore_index=True), first_row, rng)


def _inputs(mask, item, when, status) -> pd.DataFrame:
    at = np.flatnonzero(mask)
    return pd.DataFrame({"stay": at, "item": item[at], "when": when[at], "status": status})


def _inputs_rows(s, rows, first_row, rng) -> pa.Table:
    n, at = len(rows), rows["stay"].to_numpy()
    antibiotic = np.isin(rows["item"], [a[0] for a in dictionaries()["antibiotics"]])
    amount = np.where(antibiotic, 1.0, np.round(rng.gamma(2, 60, n), 2))
    lasts = np.where(antibiotic, 60, rng.integers(1, 300, n) * 60)
    rate = np.where(antibiotic, np.nan, np.round(amount / lasts * HOUR, 3))
    edited = (rows["status"] == "Rewritten").to_numpy()
    columns = {
        "ROW_ID": first_row + np.arange(n),
        "SUBJECT_ID": s["subject_id"].to_numpy()[at],
        "HADM_ID": s["hadm_id"].to_numpy()[at],
        "ICUSTAY_ID": s["icustay_id"].to_numpy()[at],
        "STARTTIME": moment(rows["when"]),
        "ENDTIME": moment(rows["when"] + lasts),
        "ITEMID": rows["item"],
        "AMOUNT": amount,
        "AMOUNTUOM": np.where(antibiotic, "dose", "ml"),
        "RATE": rate,
        "RATEUOM": some(np.full(n, "mL/hour"), ~antibiotic),
        "STORETIME": moment(rows["when"] + rng.integers(0, 50, n) * 60),
        "CGID": rng.integers(14_000, 21_600, n),
        "ORDERID": rng.integers(1, 9_999_999, n),
        "LINKORDERID": rng.integers(1, 9_999_999, n),
        "ORDERCATEGORYNAME": np.where(antibiotic, "08-Antibiotics (IV)", "02-Fluids (Crystalloids)"),
        "ORDERCOMPONENTTYPEDESCRIPTION": "Main order parameter",
        "ORDERCATEGORYDESCRIPTION": np.where(antibiotic, "Drug Push", "Continuous IV"),
        "PATIENTWEIGHT": np.round(rng.normal(80, 15, n), 1),
        "TOTALAMOUNT": np.where(antibiotic, 250.0, amount),
        "TOTALAMOUNTUOM": "ml",
        "ISOPENBAG": 0,
        "CONTINUEINNEXTDEPT": 0,
        "CANCELREASON": edited.astype(int),
        "STATUSDESCRIPTION": rows["status"],
        "COMMENTS_EDITEDBY": some(np.full(n, "RN"), edited),
        "COMMENTS_DATE": moment(np.where(edited, rows["when"] + HOUR, np.nan)),
        "ORIGINALAMOUNT": amount,
        "ORIGINALRATE": np.where(antibiotic, 1.0, np.nan_to_num(rate)),
    }
    return typed("INPUTEVENTS_MV", columns, n)
