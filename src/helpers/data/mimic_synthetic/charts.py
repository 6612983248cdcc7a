"""CHARTEVENTS: vital signs and other charted items, with the pitfalls that readers must survive."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.data.mimic_synthetic.columns import typed
from helpers.data.mimic_synthetic.items import dictionaries
from helpers.data.mimic_synthetic.people import moment
from helpers.data.mimic_synthetic.state import CHARTED, NORMAL

T0_MINUTE = 180
SHARE_OF_VITALS = 0.33
SPREAD = {"temperature": 0.35, "heart_rate": 7.0, "sbp": 9.0, "mbp": 6.0, "resp_rate": 2.5, "spo2": 1.3}
ABSURD = {"temperature": 0.0, "heart_rate": 999.0, "sbp": 650.0, "mbp": -4.0, "resp_rate": 150.0, "spo2": 155.0}
MINUTE = 60


@dataclass
class ChartRows:
    """Chart rows before they are sorted: arrays that grow part by part."""

    parts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, stay, minute, item, number, text=-1, last=0, error=0) -> None:
        """Rows of stays (positions); ``last`` orders rows of the same minute."""
        frame = {"stay": stay, "minute": minute, "item": item, "number": number, "text": text}
        self.parts.append(pd.DataFrame({**frame, "last": last, "error": error}))


def chart_events(stays: pd.DataFrame, per_stay: int, first_row: int, rng: np.random.Generator) -> pa.Table:
    """The chart rows of these stays, by stay and time.

    The last valid value of a vital before t0 is the state of the stay, a few temperatures in the other unit; around it
    lie values that must not be taken: an earlier one of the same minute with a smaller ROW_ID, one marked ERROR, some
    out of range before, later ones. Of the stays whose state was not charted, some have a value out of range as their
    last one, after an older one that is not their state.
    """
    rows, items = ChartRows(), _items_of(stays, rng)
    anchors = {v: rng.integers(100, T0_MINUTE - 12, len(stays)) for v in CHARTED}
    for vital in CHARTED:
        _anchor(rows, stays, vital, items[vital], anchors[vital], rng)
    counts = rng.poisson(per_stay, len(stays))
    bulk = np.repeat(np.arange(len(stays)), counts)
    is_vital = rng.random(len(bulk)) < SHARE_OF_VITALS
    _vital_rows(rows, stays, bulk[is_vital], items, anchors, rng)
    texts = _other_rows(rows, stays, bulk[~is_vital], rng)
    frame = pd.concat(rows.parts, ignore_index=True)
    key = (frame["stay"].to_numpy(np.int64) << 32) + (frame["minute"].to_numpy(np.int64) << 4) + frame["last"]
    return _table(stays, frame.iloc[np.argsort(key.to_numpy(), kind="stable")], texts, first_row, rng)


def _items_of(stays: pd.DataFrame, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The item under which a stay charts each vital."""
    chosen = {}
    metavision = stays["metavision"].to_numpy(bool)
    for vital, sources in dictionaries()["vitals"].items():
        draws = {s: rng.choice(list(p), size=len(stays), p=list(p.values())) for s, p in sources.items()}
        chosen[vital] = np.where(metavision, draws["metavision"], draws["carevue"])
    return chosen


def _charted(vital: str, value: np.ndarray, item: np.ndarray, other: np.ndarray | bool = False) -> np.ndarray:
    """A value in the unit of its item (where ``other``: in the other unit), rounded as nurses chart it."""
    if vital != "temperature":
        return np.round(value)
    fahrenheit = np.isin(item, dictionaries()["fahrenheit"]) != other
    return np.round(np.where(fahrenheit, value * 1.8 + 32, value), 1)


def _anchor(rows: ChartRows, stays, vital, item, minute, rng) -> None:
    grown = (stays["newborn"] == 0).to_numpy()
    unknown = stays[f"no_{vital}"].to_numpy()
    here, hidden = np.flatnonzero(grown & ~unknown), np.flatnonzero(grown & unknown)
    hidden = hidden[rng.random(len(hidden)) < 0.3]
    usual = _charted(vital, np.full(len(hidden), NORMAL[vital]), item[hidden])
    rows.add(hidden, 60, item[hidden], usual)
    rows.add(hidden, 120, item[hidden], ABSURD[vital])
    value, item, minute = stays[vital].to_numpy(float)[here], item[here], minute[here]
    rows.add(here, minute, item, _charted(vital, value, item, rng.random(len(here)) < 0.02), last=8)
    noise = rng.standard_normal((2, len(here))) * 2 * SPREAD[vital]
    tie, wrong, absurd = (rng.random(len(here)) < p for p in (0.05, 0.03, 0.02))
    rows.add(here[tie], minute[tie], item[tie], _charted(vital, value + noise[0], item)[tie], last=4)
    wrong &= stays["metavision"].to_numpy(bool)[here]  # CareVue has no such mark
    rows.add(here[wrong], minute[wrong] + 3, item[wrong], _charted(vital, value + noise[1], item)[wrong], error=1)
    rows.add(here[absurd], minute[absurd] - 5, item[absurd], ABSURD[vital])


def _vital_rows(rows: ChartRows, stays, stay, items, anchors, rng) -> None:
    """Values before the anchor and after t0, drifting to normal; none between, so that the anchor is the last."""
    kind = rng.integers(0, len(CHARTED), len(stay))
    length = ((stays["outtime"] - stays["intime"]) // MINUTE).to_numpy()
    for k, vital in enumerate(CHARTED):
        s = stay[kind == k]
        minute = (rng.random(len(s)) * length[s]).astype(np.int64)
        early = minute <= T0_MINUTE + 1
        never = stays[f"no_{vital}"].to_numpy()[s]
        before = (rng.random(len(s)) * anchors[vital][s]).astype(np.int64)
        minute = np.where(early, np.where(never, T0_MINUTE + 2 + minute % 30, before), minute)
        pull = 1 - np.exp(-np.maximum(minute - T0_MINUTE, 0) / (36 * 60))
        value = stays[vital].to_numpy(float)[s] * (1 - pull) + NORMAL[vital] * pull
        value = value + SPREAD[vital] * rng.standard_normal(len(s))
        value = np.minimum(value, 100) if vital == "spo2" else value
        rows.add(s, minute, items[vital][s], _charted(vital, value, items[vital][s]))


def _other_rows(rows: ChartRows, stays, stay, rng) -> list[str]:
    """Items that are no vital sign; returns the texts that ``text`` counts through."""
    length = ((stays["outtime"] - stays["intime"]) // MINUTE).to_numpy()
    metavision = stays["metavision"].to_numpy(bool)[stay]
    texts: list[str] = []
    for source, items in dictionaries()["charted"].items():
        own = stay[metavision == (source == "metavision")]
        kind = rng.integers(0, len(items), len(own))
        for k, (item, values) in enumerate(items.items()):
            s = own[kind == k]
            minute = (rng.random(len(s)) * length[s]).astype(np.int64)
            if isinstance(values[0], int):
                rows.add(s, minute, item, rng.integers(values[0], values[1], len(s)).astype(float))
            else:
                rows.add(s, minute, item, np.nan, text=len(texts) + rng.integers(0, len(values), len(s)))
                texts += [str(v) for v in values]
    return texts


def _table(stays, frame, texts, first_row, rng) -> pa.Table:
    n, s = len(frame), frame["stay"].to_numpy()
    base = -(-stays["intime"].to_numpy() // MINUTE) * MINUTE
    when = base[s] + frame["minute"].to_numpy() * MINUTE
    metavision = stays["metavision"].to_numpy(bool)[s]
    number = pa.array(frame["number"].to_numpy(float), from_pandas=True)
    code = frame["text"].to_numpy(np.int64)
    words = pa.array([*texts, None]).take(pa.array(np.where(code < 0, len(texts), code)))
    unit = {i[0]: i[6] for i in dictionaries()["items"]} | {211: "BPM", 618: "BPM", 615: "BPM", 646: "%"}
    levels, where = np.unique(frame["item"].to_numpy(), return_inverse=True)
    units = pa.array([unit[i] or None for i in levels.tolist()], pa.string()).take(pa.array(where))
    columns = {
        "ROW_ID": first_row + np.arange(n),
        "SUBJECT_ID": stays["subject_id"].to_numpy()[s],
        "HADM_ID": holes(stays["hadm_id"].to_numpy()[s], rng.random(n) < 0.004),
        "ICUSTAY_ID": holes(stays["icustay_id"].to_numpy()[s], (rng.random(n) < 0.002) & (frame["last"] == 0)),
        "ITEMID": frame["item"].to_numpy(),
        "CHARTTIME": moment(when),
        "STORETIME": moment(when + rng.integers(0, 40, n) * MINUTE),
        "CGID": rng.integers(14_000, 21_600, n),
        "VALUE": pc.coalesce(words, number.cast(pa.string())),
        "VALUENUM": number,
        "VALUEUOM": units,
        "WARNING": holes(rng.random(n) < 0.02, ~metavision),
        "ERROR": holes(frame["error"].to_numpy(), ~metavision),
        "STOPPED": pa.array(["NotStopd", None]).take(pa.array(metavision.astype(np.int8))),
    }
    return typed("CHARTEVENTS", columns, n)


def holes(values: np.ndarray, empty: np.ndarray) -> pa.Array:
    """Whole numbers, NULL where ``empty``."""
    return pa.array(np.asarray(values, np.int64), mask=np.asarray(empty, bool))
