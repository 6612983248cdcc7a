"""The words of intensive care notes, drawn column-wise from the phrase file."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from helpers.data.grammar import Grammar, read_bank

OLDEST_NAMED = 89
# Chance that a kind of note affirms a diagnosis that is there, and that it denies one that is not.
SAID = {
    "nursing": (0.7, 0.15),
    "nursing_cv": (0.65, 0.1),
    "physician": (0.92, 0.35),
    "progress": (0.25, 0.02),
    "progress_cv": (0.25, 0.02),
    "chart": (0.4, 0.05),
    "discharge": (1.0, 0.2),
}
NOTE_CUES = {
    "nursing": 0.75,
    "nursing_cv": 0.75,
    "physician": 0.85,
    "chart": 0.5,
    "discharge": 0.9,
}  # of infection or none
VITALS_SAID = {"nursing": 0.8, "nursing_cv": 0.8, "physician": 0.75, "progress": 0.5, "progress_cv": 0.5}
NOTE_HEADERS = {"nursing": "nursing_header", "nursing_cv": "nursing_header", "physician": "physician_header"}
NOTE_HEADERS |= {"progress": "progress_header", "progress_cv": "progress_header", "chart": "chart_header"}
NOTE_HEADERS |= {"xray": "radiology_header", "discharge": "discharge_header"}
FILLERS = {"neuro": 0.9, "chest": 0.7, "belly": 0.8, "lines": 0.6, "labs": 0.5, "social": 0.7}
FIRSTS = ("nursing", "nursing_cv", "physician", "discharge")
LATER = ("progress", "progress_cv", "chart")
SPOKEN = {
    "temperature": "temp_said",
    "heart_rate": "hr_said",
    "sbp": "bp_said",
    "resp_rate": "rr_said",
    "spo2": "spo2_said",
}


@cache
def grammar() -> Grammar:
    """The compiled phrases."""
    return Grammar(read_bank("icu"))


class Words:
    """Writes m notes.

    Parameters
    ----------
    stays : DataFrame
        m rows: the stay that each note speaks of.
    plan : DataFrame
        m rows with ``kind``, ``late`` and ``when``.
    rng : numpy.random.Generator
    """

    def __init__(self, stays: pd.DataFrame, plan: pd.DataFrame, rng: np.random.Generator) -> None:
        self.stays, self.kind, self.rng, self.m = stays, plan["kind"].to_numpy(object), rng, len(plan)
        self.late = plan["late"].to_numpy(bool)
        self.columns = _slots(stays, rng)

    def texts(self) -> list[str]:
        """The m texts: header, then sentences in order, some lines broken."""
        header = self._draw(np.array([NOTE_HEADERS.get(k, "") for k in self.kind], object))
        parts = [self._when(self._is(*FIRSTS), "opener")]
        parts += [self._diagnosis(name) for name in ("hyp", "cor", "afib", "chf")]
        parts += [self._vital(name, rule) for name, rule in SPOKEN.items()]
        parts += [self._infection(), *self._tests(), *self._course()]
        parts += [self._when(self._is(*FIRSTS, *LATER) & (self.rng.random(self.m) < p), r) for r, p in FILLERS.items()]
        parts += [self._when(self._is("nursing", "nursing_cv"), "plan_nursing")]
        parts += [
            self._when(self._is("physician", "chart"), "plan_physician"),
            self._when(self._is("xray"), "xray_end"),
        ]
        return self._assemble(header, parts)

    def _is(self, *kinds: str) -> np.ndarray:
        return np.isin(self.kind, kinds)

    def _draw(self, rules: np.ndarray) -> np.ndarray:
        return grammar().draw_by(rules, self.rng, self.columns)

    def _when(self, mask, rule: str) -> np.ndarray:
        return self._draw(np.where(mask, rule, "").astype(object))

    def _chance(self, by_kind: dict) -> np.ndarray:
        return np.array([by_kind.get(k, 0.0) for k in self.kind])

    def _stated(self, present, chance, name: str) -> np.ndarray:
        """``<name>_yes`` or ``<name>_no`` with a chance, else nothing."""
        rule = np.where(present, f"{name}_yes", f"{name}_no").astype(object)
        return self._draw(np.where(self.rng.random(self.m) < chance, rule, "").astype(object))

    def _diagnosis(self, name: str) -> np.ndarray:
        present = self.stays[name].to_numpy() == 1
        yes, no = (self._chance({k: v[i] for k, v in SAID.items()}) for i in (0, 1))
        return self._stated(present, np.where(present, yes, no), name)

    def _vital(self, name: str, rule: str) -> np.ndarray:
        known = ~self.stays[f"no_{name}"].to_numpy() & (self.stays["newborn"] == 0).to_numpy()
        return self._when(known & (self.rng.random(self.m) < self._chance(VITALS_SAID)), rule)

    def _infection(self) -> np.ndarray:
        infected = self.stays["infection"].to_numpy() == 1
        return self._stated(infected, self._chance(NOTE_CUES), "infection")

    def _tests(self) -> list[np.ndarray]:
        infected, xray = self.stays["infection"].to_numpy() == 1, self._is("xray")
        chf, cor, afib = (self.stays[c].to_numpy() == 1 for c in ("chf", "cor", "afib"))
        seen = np.where(self.rng.random(self.m) < 0.75, infected, False)
        return [
            self._stated(seen, xray * 0.9, "xray_infection"),
            self._stated(chf, xray * 0.7, "xray_chf"),
            self._when(xray & cor & (self.rng.random(self.m) < 0.5), "xray_cor_yes"),
            self._stated(afib, self._is("ecg") * 1.0, "ecg_afib"),
            self._stated(chf, self._is("echo") * 1.0, "echo_chf"),
        ]

    def _course(self) -> list[np.ndarray]:
        """What came after t0, which no note written before it may tell."""
        treated, died = self.stays["antibiotic"].notna().to_numpy(), self.stays["dies"].to_numpy(bool)
        after = self.late | self._is(*LATER, "discharge")
        later = self._is(*LATER) & (self.rng.random(self.m) < 0.7)
        end = np.where(died, "died", "lived").astype(object)
        return [
            self._when(after & treated & (self.rng.random(self.m) < 0.8), "antibiotics_given"),
            self._draw(np.where(later, np.where(died, "worse", "better"), "").astype(object)),
            self._draw(np.where(self._is("discharge"), end, "").astype(object)),
        ]

    def _assemble(self, header: np.ndarray, parts: list[np.ndarray]) -> list[str]:
        breaks = (self.rng.random((self.m, len(parts))) < 0.25).tolist()
        out = []
        for head, row, cuts in zip(header, zip(*parts, strict=True), breaks, strict=True):
            said = [text + ("\n" if cut else " ") for text, cut in zip(row, cuts, strict=True) if text]
            out.append((f"{head}\n" if head else "") + "".join(said).strip())
        return out


def _slots(stays: pd.DataFrame, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Values of the slots, de-identification marks among them, for m notes."""
    m = len(stays)
    number = rng.integers(1, 400, (4, m))
    male, age = stays["male"].to_numpy() == 1, stays["age"].to_numpy()
    who = np.array([["female", "woman", "F", "lady"], ["male", "man", "M", "gentleman"]], object)
    marks = {
        "name": ("Known lastname", number[0]),
        "hospital": ("Hospital", number[1] % 40),
        "doctor": ("Name (NI)", number[2]),
    }
    columns = {k: np.array([f"[**{word} {i}**]" for i in n], object) for k, (word, n) in marks.items()}
    columns["problem"] = grammar().draw("problem", np.arange(m), rng, columns)  # one, whenever the note names it
    columns["day"] = np.array(
        [f"[**21{a % 100:02d}-{b % 12 + 1}-{a % 28 + 1}**]" for a, b in zip(number[3], number[0], strict=True)], object
    )
    years = [
        f"{a:.0f}{yo}" for a, yo in zip(np.floor(age), rng.choice([" yo", " year old", "yo", "y/o"], m), strict=True)
    ]
    columns["age"] = np.where(age > OLDEST_NAMED, "[**Age over 90 **] yo", np.array(years, object))
    columns["who"] = who[male.astype(int), rng.integers(0, 4, m)]
    columns["unit"] = rng.choice(np.array(["MICU", "SICU", "CCU", "ICU"], object), m)
    fahrenheit = stays["temperature"].to_numpy(float) * 1.8 + 32
    columns["temp"] = np.array([f"{t:.1f}" for t in fahrenheit], object)
    columns["temp_c"] = np.array([f"{t:.1f}" for t in stays["temperature"]], object)
    for slot, name in (("hr", "heart_rate"), ("rr", "resp_rate"), ("sbp", "sbp"), ("mbp", "mbp"), ("spo2", "spo2")):
        columns[slot] = np.array([f"{v:.0f}" for v in stays[name]], object)
    return columns
