"""What a note says about an encounter, before any wording: shared by every style and phrase bank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.data.columns import FEVER_LEVELS
from helpers.data.grammar import read_bank
from helpers.data.replica.mentions import SYMPTOMS, Mention

CONDITIONS = ("asthma", "smoking", "COPD", "hay_fever")
CHRONIC_DESCRIPTORS = ("chronic", "flare")  # descriptors that no duration in days goes with
HISTORY, EXAM = 1, 2  # bits: the part of the note that speaks of fever

# Descriptors by symptom and cause; arXiv 2409.08936. The first present of the leading causes decides alone,
# otherwise the pools of all present causes are put together.
DESCRIPTORS = {
    "dysp": {
        "pneu": "light mild severe no_cause",
        "asthma": "attack night episodes wheezing inhale suffocation night_stuffy exercise light severe unable "
        "air_hunger",
        "smoking": "exercise morning mild",
        "COPD": "chronic flare lying sleep air_hunger",
        "hay_fever": "light mild stuffy closed",
    },
    "cough": {
        "pneu": "week light mild severe purulent",
        "inf": "prickly irritating dry phlegm sputum light mild severe constant day_night",
        "asthma": "attack dry",
        "smoking": "productive morning exercise gurgling",
        "COPD": "phlegm sputum gurgling lying",
    },
    "pain": {
        "pneu": "light mild severe right left breathing",
        "inf": "burning light mild",
        "COPD": "light mild",
        "cough": "muscle burning",
        "asthma": "sternum",
    },
}
LEADING = ("pneu", "inf")
FEVER_TEMPERATURES = {"none": (36.1, 37.4), "low": (37.6, 38.4), "high": (38.5, 40.2)}  # degrees Celsius
FEVER_PLACE = {"none": (0.5, 0.35), "low": (0.35, 0.2), "high": (0.3, 0.12)}  # history only, examination only
LUNGS = ("clear", "wheeze", "crackles", "reduced", "rhonchi")
LUNG_CHANCES = {
    "other": (0.9, 0.02, 0.02, 0.02, 0.04),
    "smoking": (0.78, 0.05, 0.02, 0.03, 0.12),
    "asthma": (0.55, 0.38, 0.01, 0.02, 0.04),
    "COPD": (0.4, 0.25, 0.05, 0.2, 0.1),
    "pneu": (0.35, 0.05, 0.4, 0.15, 0.05),
}


@dataclass(frozen=True, repr=False)
class Facts:
    """Facts of n encounters; arrays have length n. Its ``repr`` shows no record.

    ``level``: fever as text; ``descriptor``: key per symptom or ""; ``fever_place``: bits HISTORY and EXAM, 0 if not
    said; ``condition``: 1 said to be present, 0 said to be absent, -1 not said; ``complaint``: number of an unrelated
    complaint, -1 if there is a symptom to report; ``context`` and ``exam``: for each group the entry and the rank in
    which it would be told (-1: never); ``columns``: slot values for the grammar.
    """

    present: dict[str, np.ndarray]
    said: dict[str, np.ndarray]
    level: np.ndarray
    descriptor: dict[str, np.ndarray]
    fever_place: np.ndarray
    condition: dict[str, np.ndarray]
    complaint: np.ndarray
    lung: np.ndarray
    context: dict[str, tuple[np.ndarray, np.ndarray]]
    exam: dict[str, tuple[np.ndarray, np.ndarray]]
    columns: dict[str, np.ndarray]


def draw_facts(records: pd.DataFrame, seed: int, mention: Mention) -> Facts:
    """Draw what each note will say; every part has a random stream of its own, spawned from `seed`."""
    _check(records)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(8)]
    level = records["fever"].astype(str).to_numpy(dtype=object)
    present = {s: records[s].to_numpy() == 1 for s in SYMPTOMS[:-1]} | {"fever": level != "none"}
    said = _said(present, level, mention, streams[0])
    descriptor = {s: _descriptor(records, s, present[s] & said[s], streams[1]) for s in DESCRIPTORS}
    place = _fever_place(level, said["fever"], streams[2])
    reported = np.any([present[s] & said[s] for s in SYMPTOMS], axis=0)
    complaint = _complaint(records, reported, present, streams[3])
    condition = _conditions(records, complaint, streams[4])
    lung = _lungs(records, streams[5])
    severe = np.any([d == "severe" for d in descriptor.values()], axis=0) | (said["fever"] & (level == "high"))
    slow = np.isin(descriptor["dysp"], CHRONIC_DESCRIPTORS)
    context, exam = _surroundings(complaint, severe, severe | (present["dysp"] & said["dysp"]), slow, streams[6])
    columns = _columns(present, said, level, descriptor, complaint, streams[7])
    return Facts(present, said, level, descriptor, place, condition, complaint, lung, context, exam, columns)


def _check(records: pd.DataFrame) -> None:
    binary = [*SYMPTOMS[:-1], *CONDITIONS, "pneu", "inf"]
    missing = [c for c in (*binary, "fever") if c not in records.columns]
    if missing:
        raise ValueError(f"records: columns {missing} are missing; make records with helpers.data.replica.network")
    wrong = [c for c in binary if not records[c].isin([0, 1]).all()]
    if not records["fever"].astype(str).isin(FEVER_LEVELS).all():
        wrong.append("fever")
    if wrong:
        raise ValueError(f"records: columns {wrong} must hold 0 or 1 (fever: none, low or high) without gaps")


def complaints() -> list[dict]:
    """Unrelated complaints, then those about an underlying condition (key ``condition``)."""
    about = [{**entry, "condition": name} for name, rows in read_bank("conditions").items() for entry in rows]
    return [*read_bank("complaints"), *about]


def _said(present: dict, level: np.ndarray, mention: Mention, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One uniform per symptom, so that lower chances only ever take mentions away."""
    said = {}
    for name in SYMPTOMS:
        chances = np.array(getattr(mention, name))
        code = np.array([FEVER_LEVELS.index(v) for v in level]) if name == "fever" else present[name].astype(int)
        said[name] = rng.random(len(level)) < chances[code]
    return said


def _descriptor(records: pd.DataFrame, symptom: str, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    pools = {cause: words.split() for cause, words in DESCRIPTORS[symptom].items()}
    keys = sorted({word for words in pools.values() for word in words})
    allowed = np.zeros((len(rows), len(keys)), dtype=bool)
    open_rows = rows.copy()
    for cause in [c for c in LEADING if c in pools] + [c for c in pools if c not in LEADING]:
        hit = open_rows & (records[cause].to_numpy() == 1)
        allowed[np.ix_(hit, np.isin(keys, pools[cause]))] = True
        if cause in LEADING:
            open_rows &= ~hit
    best = np.where(allowed, rng.random(allowed.shape), -1.0).argmax(axis=1)
    return np.where(allowed.any(axis=1), np.array(keys, dtype=object)[best], "").astype(object)


def _fever_place(level: np.ndarray, said: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    u, place = rng.random(len(level)), np.zeros(len(level), dtype=int)
    for name, (history, exam) in FEVER_PLACE.items():
        chosen = np.select([u < history, u < history + exam], [HISTORY, EXAM], HISTORY | EXAM)
        place = np.where(said & (level == name), chosen, place)
    return place


def _complaint(records: pd.DataFrame, reported: np.ndarray, present: dict, rng: np.random.Generator) -> np.ndarray:
    """A condition's own visit only for patients who have it and no symptom at all."""
    entries = complaints()
    n_free = len(read_bank("complaints"))
    number = rng.integers(n_free, size=len(reported))
    none_present = ~np.any([present[s] for s in SYMPTOMS], axis=0)
    for i, entry in enumerate(entries[n_free:], start=n_free):
        has = (records[entry["condition"]].to_numpy() == 1) & none_present
        number = np.where(has & (rng.random(len(reported)) < 0.3), i, number)
    return np.where(reported, -1, number)


def _conditions(records: pd.DataFrame, complaint: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Left out where the visit itself is about the condition."""
    absent = {"asthma": 0.12, "smoking": 0.22, "COPD": 0.05, "hay_fever": 0.05}
    topic = np.array([c.get("condition", "") for c in complaints()] + [""], dtype=object)[complaint]
    out = {}
    for name in CONDITIONS:
        has = records[name].to_numpy() == 1
        tell = (rng.random(len(has)) < np.where(has, 0.6, absent[name])) & (topic != name)
        out[name] = np.where(tell, has.astype(int), -1)
    return out


def _lungs(records: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Auscultation: depends on the disease, but imperfectly; the last rule that holds decides."""
    chances = np.tile(LUNG_CHANCES["other"], (len(records), 1))
    for cause in ("smoking", "asthma", "COPD", "pneu"):
        chances[records[cause].to_numpy() == 1] = LUNG_CHANCES[cause]
    pick = (rng.random(len(records))[:, None] > np.cumsum(chances, axis=1)).sum(axis=1).clip(max=len(LUNGS) - 1)
    return np.array(LUNGS, dtype=object)[pick]


def _surroundings(complaint, severe, ill, slow, rng: np.random.Generator) -> tuple[dict, dict]:
    """Context and examination entries that cannot contradict the complaint or how ill the patient is."""
    barred = [set(c.get("bars", ())) for c in complaints()] + [set()]
    bars = {name: np.array([name in b for b in barred])[complaint] for b in barred for name in b}
    context_bars = {**bars, "impact": bars["impact"] | severe, "course": bars["course"] | slow}
    context = _ranked(read_bank("context"), context_bars, rng)
    who, where = context["contacts"][1], context["home"][1]  # who lives at home is told once
    context["home"] = (context["home"][0], np.where((where > who) & (who >= 0), -1, where))
    context["contacts"] = (context["contacts"][0], np.where((who > where) & (where >= 0), -1, who))
    exam_bars = {**bars, "general": bars["general"] | ill, "general_ill": bars["general"] | ~ill}
    return context, _ranked(read_bank("exam"), exam_bars, rng)


def _ranked(bank: dict, bars: dict, rng: np.random.Generator) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each group one entry and its place in a random order; barred groups get place -1."""
    n = len(next(iter(bars.values())))
    keys = rng.random((n, len(bank)))
    for j, group in enumerate(bank):
        if group in bars:
            keys[bars[group], j] = 2.0
    rank = keys.argsort(axis=1).argsort(axis=1)
    rank[keys >= 2.0] = -1
    return {g: (rng.integers(len(entries), size=n), rank[:, j]) for j, (g, entries) in enumerate(bank.items())}


def _columns(present, said, level, descriptor, complaint, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Numbers that go into sentences; vital signs follow only what the note says."""
    n = len(level)
    short_of_breath, hot = present["dysp"] & said["dysp"], said["fever"] & (level == "high")
    days = np.minimum(2 + rng.geometric(0.25, size=n), 14)
    days = np.where(np.isin(descriptor["cough"], ("week", "purulent")), rng.integers(8, 16, size=n), days)
    low = np.array([FEVER_TEMPERATURES[v][0] for v in level])
    high = np.array([FEVER_TEMPERATURES[v][1] for v in level])
    warmth = {k: np.round(low + (high - low) * rng.beta(2, 2, size=n), 1) for k in ("temp", "home")}
    numbers = {
        "days": days,
        "cigs": rng.integers(1, 6, size=n) * 5,
        "weight": rng.normal(75, 12, size=n).clip(48, 115).round(),
        "hr": rng.normal(74 + 14 * hot + 4 * short_of_breath, 8).clip(52, 128).round(),
        "rr": rng.normal(14.5 + 2.5 * short_of_breath + hot, 1.8).clip(11, 28).round(),
        "spo2": rng.normal(97.8 - 1.4 * short_of_breath, 1.1).clip(90, 100).round(),
    }
    columns = {k: np.array([str(int(v)) for v in values], dtype=object) for k, values in numbers.items()}
    columns |= {k: np.array([f"{v:.1f}" for v in values], dtype=object) for k, values in warmth.items()}
    upper, lower = rng.normal(126, 11, size=n).clip(98, 165), rng.normal(78, 7, size=n).clip(58, 98)
    columns["bp"] = np.array([f"{u:.0f}/{v:.0f}" for u, v in zip(upper, lower, strict=True)], dtype=object)
    columns["label"] = np.array([c["h"] for c in complaints()] + [""], dtype=object)[complaint]
    return columns
