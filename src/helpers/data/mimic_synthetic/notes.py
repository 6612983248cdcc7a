"""NOTEEVENTS: what nurses, physicians and radiologists write about the state of a stay, each note with its canary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.data.mimic_synthetic.canary import canaries, with_canary
from helpers.data.mimic_synthetic.charts import holes
from helpers.data.mimic_synthetic.columns import typed
from helpers.data.mimic_synthetic.people import DAY, HOUR, Block, midnight, moment
from helpers.data.mimic_synthetic.words import Words

P_ERROR_NOTE = 0.02
P_WRITTEN_LATE = 0.1


@dataclass(frozen=True)
class NoteKind:
    """A kind of note: its category (some end in a blank), description, and whether times are recorded."""

    category: str
    description: str
    charted: bool = True  # CHARTTIME is there
    stored: bool = True  # STORETIME and CGID are there


NOTE_KINDS = {
    "xray": NoteKind("Radiology", "CHEST (PORTABLE AP)", stored=False),
    "nursing": NoteKind("Nursing", "Nursing Progress Note"),
    "nursing_cv": NoteKind("Nursing/other", "Report"),
    "physician": NoteKind("Physician ", "Physician Resident Admission Note"),
    "progress": NoteKind("Nursing", "Nursing Progress Note"),
    "progress_cv": NoteKind("Nursing/other", "Report"),
    "chart": NoteKind("Physician ", "Physician Resident Progress Note"),
    "ecg": NoteKind("ECG", "Report", charted=False, stored=False),
    "echo": NoteKind("Echo", "Report", charted=False, stored=False),
    "discharge": NoteKind("Discharge summary", "Report", charted=False, stored=False),
}


def note_events(block: Block, seed: int, first_row: int, rng: np.random.Generator) -> pa.Table:
    """The notes of these patients' stays.

    Notes charted before t0 may have been stored after it and then tell of the treatment; a few are marked as errors and
    hold another patient's words; discharge summaries tell the outcome.
    """
    stays = block.stays.reset_index(drop=True)
    plan = _plan(stays, rng)
    plan = plan.iloc[rng.permutation(len(plan))].sort_values("stay", kind="stable", ignore_index=True)
    shown = stays.iloc[plan["speaks_of"]].reset_index(drop=True)
    texts = Words(shown, plan, rng).texts()
    row_ids = first_row + np.arange(len(plan))
    texts = [with_canary(text, token) for text, token in zip(texts, canaries(seed, row_ids), strict=True)]
    return _table(stays, plan, texts, row_ids, rng)


def _plan(stays: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Which notes each stay gets, and when: columns ``stay, kind, when, stored, error, speaks_of, late``."""
    n, adult = len(stays), (stays["newborn"] == 0).to_numpy()
    mv, intime = stays["metavision"].to_numpy(bool) & adult, stays["intime"].to_numpy()
    carevue = ~mv
    out = stays["outtime"].to_numpy()

    def hours(low, high):
        return intime + rng.uniform(low, high, n) * HOUR

    first_words = adult & (rng.random(n) < 0.97)
    parts = [
        _notes("xray", adult & (rng.random(n) < 0.7), hours(-4, -0.4)),
        _notes("nursing", mv & first_words, hours(0.4, 2.3)),
        _notes("nursing_cv", carevue & (first_words | ~adult), hours(0.4, 2.3)),
        _notes("physician", mv & (rng.random(n) < 0.85), hours(0.8, 4.0)),
        _notes("nursing_cv", carevue & adult & (rng.random(n) < 0.5), hours(0.8, 4.0)),
        _notes("ecg", adult & (rng.random(n) < 0.5), hours(-3, 5)),
        _notes("echo", adult & (rng.random(n) < 0.25), hours(12, 60)),
        _notes("discharge", stays["number"].diff().ne(0).to_numpy() | (stays["patient"].diff() != 0), stays["disch"]),
    ]
    for day in range(1, 4):
        there = out > intime + day * DAY
        parts.append(_notes("progress", mv & there, hours(24 * day - 10, 24 * day)))
        parts.append(_notes("progress_cv", carevue & there, hours(24 * day - 10, 24 * day)))
        parts.append(_notes("chart", mv & there & (rng.random(n) < 0.6), hours(24 * day - 6, 24 * day)))
    plan = pd.concat(parts, ignore_index=True)
    return _mishaps(plan, intime, n, rng)


def _notes(kind: str, mask, when) -> pd.DataFrame:
    at = np.flatnonzero(np.asarray(mask))
    return pd.DataFrame({"stay": at, "kind": kind, "when": np.asarray(when, float)[at] // 60 * 60})


def _mishaps(plan: pd.DataFrame, intime: np.ndarray, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Storage times, some after t0 for a note about before; and notes in error, about somebody else."""
    m = len(plan)
    t0 = intime[plan["stay"]] + 3 * HOUR
    early = (plan["when"] < t0).to_numpy() & (plan["when"] > intime[plan["stay"]]).to_numpy()
    late = early & (rng.random(m) < P_WRITTEN_LATE)
    stored = np.where(late, t0 + rng.uniform(2, 9, m) * HOUR, plan["when"] + rng.uniform(2, 30, m) * 60)
    error = plan["kind"].isin(["nursing", "nursing_cv"]).to_numpy() & (rng.random(m) < P_ERROR_NOTE)
    plan = plan.assign(stored=stored // 60 * 60, late=late, error=0, speaks_of=plan["stay"])
    wrong = plan[error].assign(error=1, late=False)
    wrong["speaks_of"] = rng.integers(0, n, len(wrong))
    wrong["when"], wrong["stored"] = wrong["when"] + 300, wrong["when"] + 600
    return pd.concat([plan, wrong], ignore_index=True)


def _table(stays, plan, texts, row_ids, rng) -> pa.Table:
    n, at = len(plan), plan["stay"].to_numpy()
    kinds = {name: i for i, name in enumerate(NOTE_KINDS)}
    codes = plan["kind"].map(kinds).to_numpy()
    by_kind = {f: np.array([getattr(k, f) for k in NOTE_KINDS.values()]) for f in NoteKind.__dataclass_fields__}
    charted, stored = by_kind["charted"][codes], by_kind["stored"][codes]
    outside = (plan["kind"] == "xray").to_numpy() & (rng.random(n) < 0.1)
    columns = {
        "ROW_ID": row_ids,
        "SUBJECT_ID": stays["subject_id"].to_numpy()[at],
        "HADM_ID": holes(stays["hadm_id"].to_numpy()[at], outside),
        "CHARTDATE": midnight(plan["when"]),
        "CHARTTIME": moment(np.where(charted, plan["when"], np.nan)),
        "STORETIME": moment(np.where(stored, plan["stored"], np.nan)),
        "CATEGORY": by_kind["category"][codes],
        "DESCRIPTION": by_kind["description"][codes],
        "CGID": holes(rng.integers(14_000, 21_600, n), ~stored),
        "ISERROR": holes(np.ones(n), plan["error"] == 0),
        "TEXT": texts,
    }
    return typed("NOTEEVENTS", columns, n)
