"""How many records to annotate, and how long that takes an expert: from a pilot, or from the table alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import effects, encoders, evaluation, stats
from helpers.data.cohort import Cohort

TARGETS = ("effect", "policy", "benefit")
LEAST_PILOT = 90  # annotated records that carry outcome models
FIRST_PILOT = 200  # records to begin with where nothing is known
SUBSETS = (0.4, 0.6, 0.8, 1.0)
REPEATS = 6


@dataclass(frozen=True)
class Plan:
    """What annotating takes.

    Attributes
    ----------
    target : str
    wanted : float
        Width of the interval, or share of the benefit.
    now : float or None
        What the pilot has: the width of its interval, or its share; None without a pilot.
    have, records : int
        Annotated records there are, and that are needed in all.
    low, high : int or None
        Of ``records``, where the plan has an interval.
    minutes : float
        Of the expert for those that are missing, double annotation counted.
    words : str
        What it rests on.
    """

    target: str
    wanted: float
    now: float | None
    have: int
    records: int
    low: int | None
    high: int | None
    minutes: float
    words: str

    @property
    def missing(self) -> int:
        """Records still to annotate."""
        return max(0, self.records - self.have)

    def lines(self, of: int) -> list[str]:
        """The plan in sentences, for a table of so many records."""
        what = {"effect": "interval of the mean effect", "policy": "interval of a policy's value"}.get(self.target)
        asked = f"{what} of width {self.wanted:g}" if what else f"{self.wanted:.0%} of the benefit with all annotated"
        span = f" ({self.low:,} to {self.high:,})" if self.low is not None and self.high is not None else ""
        found = [f"{asked}: about {self.records:,} annotated records{span}; there are {self.have:,} of {of:,}."]
        if self.now is not None:
            found.append(f"The pilot has {self.now:.3g}. {self.words}")
        else:
            found.append(self.words)
        if self.records > of:
            found.append(f"That is more than the {of:,} records of the table: the target is out of its reach.")
        found.append(f"Still to annotate: {self.missing:,} records, about {self.minutes:,.0f} minutes of an expert.")
        return found


def with_medians(cohort: Cohort) -> Cohort:
    """The cohort with empty bedside numbers filled by their medians."""
    empty = [c for c in cohort.roles.tabular if cohort.frame[c].isna().any()]
    frame = cohort.frame
    return replace(cohort, frame=frame.assign(**frame[empty].fillna(frame[empty].median()))) if empty else cohort


def pilot_scores(cohort: Cohort) -> evaluation.HeldOutScores | None:
    """Doubly robust scores of the annotated records, cross-fitted; None where there are too few of them."""
    rows = np.flatnonzero(cohort.annotated & ~cohort.frame[list(cohort.roles.annotations)].isna().any(axis=1))
    if len(rows) < LEAST_PILOT:
        return None
    try:
        return evaluation.held_out_scores(with_medians(cohort).take(rows))
    except ValueError:  # an arm has a single patient
        return None


def plan_annotation(
    cohort: Cohort,
    target: str = "effect",
    wanted: float | None = None,
    minutes: float = 2.0,
    double: float = 0.1,
    encoder: str = "tfidf",
    seed: int = 0,
) -> Plan:
    """How many annotated records a target takes.

    Parameters
    ----------
    cohort : Cohort
        With treatment and outcome; its annotated records are the pilot.
    target : {"effect", "policy", "benefit"}
        Width of the 95 % interval of the mean effect, or of the value of a policy, in units of the outcome; or share of
        the benefit that a policy would have with every record annotated.
    wanted : float or None
        None: half of the width that the pilot has, or .95 of the benefit.
    minutes : float
        For one record.
    double : float
        Share of the records that two annotators see.
    encoder, seed
        Of the learning curve of ``benefit``.

    Raises
    ------
    ValueError
        An unknown target, numbers out of range, or ``benefit`` without a pilot.
    """
    if target not in TARGETS or minutes <= 0 or not 0 <= double <= 1 or (wanted is not None and wanted <= 0):
        raise ValueError(
            f"target = {target!r}, wanted = {wanted}, minutes = {minutes}, double = {double}: the target is one of "
            f"{list(TARGETS)}, wanted and minutes are above 0, double lies in [0, 1]."
        )
    scores = pilot_scores(cohort)
    if scores is None:
        found = _without_pilot(cohort, target, wanted)
    elif target == "benefit":
        found = _by_curve(cohort, scores, wanted or 0.95, encoder, seed)
    else:
        found = _by_width(scores, cohort, target, wanted)
    return replace(found, minutes=found.missing * minutes * (1 + double))


def width_of(scores: evaluation.HeldOutScores, target: str, W: np.ndarray) -> dict[str, float]:
    """Interval of the mean effect, or of the gain of treating whom a rule on the confounders picks, cross-fitted."""
    if target == "effect":
        return stats.mean_interval(scores.psi, scores.groups)
    halves = np.unique(scores.groups, return_inverse=True)[1] % 2
    treated = np.zeros(len(scores), bool)
    for side in (0, 1):
        model = effects.ridge().fit(W[halves != side], scores.psi[halves != side])
        treated[halves == side] = model.predict(W[halves == side]) < 0
    return stats.mean_interval(treated * scores.psi, scores.groups)


def _by_width(scores: evaluation.HeldOutScores, cohort: Cohort, target: str, wanted: float | None) -> Plan:
    rows = np.flatnonzero(cohort.annotated & ~cohort.frame[list(cohort.roles.annotations)].isna().any(axis=1))
    found = width_of(scores, target, with_medians(cohort).take(rows).W)
    now, m = found["high"] - found["low"], len(rows)
    wanted = now / 2 if wanted is None else wanted
    patients = len(np.unique(scores.groups))
    needed = int(np.ceil(m * (now / wanted) ** 2))
    slack = 1.96 * np.sqrt(2 / max(patients - 1, 1))  # of a variance estimated from so many patients
    ends = (int(np.ceil(needed * max(1 - slack, 0.1))), int(np.ceil(needed * (1 + slack))))
    words = "The width shrinks with the root of the number of annotated patients."
    return Plan(target, wanted, now, m, needed, *ends, 0.0, words)


def _without_pilot(cohort: Cohort, target: str, wanted: float | None) -> Plan:
    """As a comparison of the arms without any annotation would take: that is all that can be known beforehand."""
    if target == "benefit":
        raise ValueError(
            f"target = 'benefit': a learning curve needs a pilot of {LEAST_PILOT} annotated records or more; annotate "
            f"some {FIRST_PILOT} at random first."
        )
    e, have = float(np.mean(cohort.T)), int(cohort.annotated.sum())
    spread = float(np.std(cohort.Y)) / np.sqrt(max(e * (1 - e), 1e-3))
    if wanted is None:
        wanted = 2 * 1.96 * spread / np.sqrt(FIRST_PILOT)
    needed = int(np.ceil((2 * 1.96 * spread / wanted) ** 2))
    words = (
        "There is no pilot: the number is that of comparing the arms as they are, by the spread of the outcome and the "
        f"share of the treated. Annotate {min(FIRST_PILOT, needed)} records first, then plan again."
    )
    return Plan(target, wanted, None, have, needed, None, None, 0.0, words)


def _by_curve(cohort: Cohort, scores: evaluation.HeldOutScores, share: float, encoder: str, seed: int) -> Plan:
    """A learning curve from subsets of the pilot, carried on to all records."""
    if share >= 1:
        raise ValueError(f"wanted = {share:g}: a share of the benefit lies below 1.")
    rows = np.flatnonzero(cohort.annotated & ~cohort.frame[list(cohort.roles.annotations)].isna().any(axis=1))
    pilot = with_medians(cohort).take(rows)
    notes = encoders.make_encoder(encoder).fit(cohort.texts).transform(pilot.texts)
    phi = np.hstack([notes, pilot.tabular])
    sizes, values = _gains(phi, scores, seed)
    at = np.unique(np.geomspace(sizes[0], max(len(cohort), sizes[-1] + 1), 200).astype(int))
    curve = evaluation.forecast(sizes, values, at, seed=seed)
    full = curve["value"].iloc[-1]
    reached = curve.loc[curve["value"] >= share * full, "size"] if full > 0 else pd.Series(dtype=float)
    needed = max(LEAST_PILOT, int(reached.iloc[0])) if len(reached) else len(cohort)
    now = float(np.interp(len(rows), curve["size"], curve["value"]) / full) if full > 0 else float("nan")
    words = "By a learning curve of subsets of the pilot; few subsets make it rough."
    return Plan("benefit", share, now, len(rows), needed, None, None, 0.0, words)


def _gains(phi: np.ndarray, scores: evaluation.HeldOutScores, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gain of treating half by ridge regressions of psi on phi, from subsets of one side, judged on the other."""
    patients, row = np.unique(scores.groups, return_inverse=True)
    values, half = np.empty((len(SUBSETS), REPEATS)), len(patients) // 2
    for r in range(REPEATS):
        rank = np.random.default_rng([seed, r]).permutation(len(patients))[row]
        held = rank >= half
        for s, subset in enumerate(SUBSETS):
            rows = rank < max(2, round(subset * half))
            tau_hat = effects.ridge().fit(phi[rows], scores.psi[rows]).predict(phi[held])
            first = stats.first_treated(-tau_hat, 0.5)
            values[s, r] = -np.mean(first * scores.psi[held]) + 0.5 * np.mean(scores.psi[held])
    sizes = np.array([max(2, round(subset * half)) for subset in SUBSETS]) * len(row) / len(patients)
    return sizes, values
