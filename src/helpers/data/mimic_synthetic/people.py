"""Patients, their admissions and their stays in intensive care, with everything that is decided before any table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.data.mimic_synthetic.state import draw_state
from helpers.data.mimic_synthetic.truth import expit, means

DIAGNOSES = ("hyp", "cor", "afib", "chf")
MOST_ADMISSIONS = 5
LEAD_H, WINDOW_H = 3.0, 6.0  # t0 after INTIME, and the length of the treatment window
HOUR, DAY = 3_600, 86_400
P_NEWBORN, P_VERY_OLD = 0.04, 0.05
EPOCH = np.datetime64("2100-06-01T00:00:00", "s")


@dataclass(frozen=True)
class Block:
    """A run of patients; ``stays`` carries the state, the truth and the treatment beside the times."""

    patients: pd.DataFrame
    admissions: pd.DataFrame
    stays: pd.DataFrame


def draw_block(
    first: int, n: int, ids: dict[str, int], rng: np.random.Generator, world=means, metavision: float = 0.5
) -> Block:
    """n patients.

    Parameters
    ----------
    first : int
        Number of patients in the blocks before.
    n : int
    ids : dict
        Next HADM_ID and ICUSTAY_ID; moved on in place.
    rng : numpy.random.Generator
    world : function
        The chances that :func:`helpers.data.mimic_synthetic.truth.means` gives, of a frame of stays.
    metavision : float
        Share of the patients who were charted in MetaVision.
    """
    patients = _draw_patients(first, n, rng, metavision)
    admissions, stays = [], []
    alive, free = np.arange(n), np.zeros(n)  # positions of patients who may come (again), and their next free second
    for number in range(MOST_ADMISSIONS):
        if not len(alive):
            break
        new, inside = _admit(patients.iloc[alive].reset_index(drop=True), alive, free[alive], number, rng, world)
        admissions.append(new)
        stays.append(inside)
        free[alive] = new["disch"].to_numpy() + rng.exponential(200 * DAY, len(new)) + 5 * DAY
        again = (new["died"] == 0).to_numpy() & (rng.random(len(new)) < 0.21) & (new["newborn"] == 0).to_numpy()
        alive = alive[again]
    adm, stay = pd.concat(admissions, ignore_index=True), pd.concat(stays, ignore_index=True)
    adm["hadm_id"] = ids["hadm"] + rng.permutation(len(adm))
    stay["icustay_id"] = ids["stay"] + rng.permutation(len(stay))
    ids["hadm"] += len(adm)
    ids["stay"] += len(stay)
    stay = stay.merge(adm[["patient", "number", "hadm_id", "admit", "disch", "died"]], on=["patient", "number"])
    stay = stay.sort_values(["patient", "intime"], kind="stable", ignore_index=True)
    stay["first"] = ~stay["patient"].duplicated()
    adm = adm.sort_values(["patient", "number"], kind="stable", ignore_index=True)
    return Block(_deaths(patients, adm, rng), adm, stay)


def _draw_patients(first: int, n: int, rng: np.random.Generator, metavision: float) -> pd.DataFrame:
    newborn, very_old = rng.random(n) < P_NEWBORN, rng.random(n) < P_VERY_OLD
    age = np.clip(rng.normal(63, 16, n), 18.2, 88.9)
    age = np.where(very_old, rng.uniform(89.1, 98, n), age)
    age = np.where(newborn, 0.0, age)
    old = (age - 65) / 10
    male = rng.random(n) < 0.56
    hyp = rng.random(n) < expit(-0.3 + 0.35 * old) * ~newborn
    cor = rng.random(n) < expit(-1.5 + 0.35 * old + 0.5 * male + 0.5 * hyp) * ~newborn
    afib = rng.random(n) < expit(-1.9 + 0.6 * old) * ~newborn
    chf = rng.random(n) < expit(-2.0 + 0.4 * old + 0.7 * cor + 0.6 * afib) * ~newborn
    frame = pd.DataFrame({"male": male, "hyp": hyp, "cor": cor, "afib": afib, "chf": chf}).astype(int)
    frame["age"], frame["newborn"] = age, newborn.astype(int)
    frame["subject_id"] = 3 + 2 * (first + rng.permutation(n)) + rng.integers(0, 2, n)
    frame["metavision"] = rng.random(n) < metavision
    frame["start"] = rng.integers(0, 36_000, n) * DAY
    return frame


def _admit(people, patient, free, number, rng, world) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One admission of each of these people, and its stays; times are seconds since the epoch."""
    n = len(people)
    day = np.maximum(people["start"] + number * 40 * DAY, np.ceil(free / DAY) * DAY + 5 * DAY).to_numpy()
    hour = np.where(rng.random(n) < 0.35, rng.uniform(0, 24, n), rng.normal(17.5, 3.2, n) % 24)
    intime = (day + hour * HOUR).astype(np.int64)
    stay = pd.concat([people, draw_state(people, rng)], axis=1)
    stay["age"] = people["age"] + (day - people["start"]) / (365.2425 * DAY)
    stay = stay.assign(patient=patient, number=number, intime=intime)
    stay = _treat(stay, rng, world)
    stay = _leave(stay, rng)
    ward = np.where(stay["prior"], rng.uniform(1.2, 4, n) * DAY, rng.uniform(0.2, 8, n) * HOUR)
    ward = np.where(~stay["prior"] & (rng.random(n) < 0.08), rng.uniform(1, 3, n) * DAY, ward)
    died = stay["dies"].astype(int)
    disch = np.where(died, stay["death"], stay["outtime"] + rng.exponential(3.5 * DAY, n) + 3 * HOUR)
    admission = pd.DataFrame({"patient": patient, "number": number, "newborn": people["newborn"], "died": died})
    admission["admit"] = (intime - ward).astype(np.int64) // 60 * 60
    admission["disch"] = disch.astype(np.int64) // 60 * 60
    admission["has_stay"] = rng.random(n) > 0.02
    kept = stay[admission["has_stay"] | (died == 1)]
    admission["has_stay"] |= died == 1
    return admission, pd.concat([kept, _back_again(kept, admission, rng)], ignore_index=True)


def _treat(stay: pd.DataFrame, rng: np.random.Generator, world) -> pd.DataFrame:
    """Truth, the time of the first antibiotic (missing: none), and T among those who had none before t0."""
    n, infection = len(stay), stay["infection"].to_numpy()
    mu0, mu1, e = world(stay)
    t0 = stay["intime"].to_numpy() + LEAD_H * HOUR
    prior = rng.random(n) < expit(-2.8 + 1.2 * infection)
    early = ~prior & (rng.random(n) < expit(-3.2 + 1.2 * infection))
    T = ~prior & ~early & (rng.random(n) < e)
    late = ~prior & ~early & ~T & (rng.random(n) < 0.2 + 0.35 * infection)
    when = np.full(n, np.nan)
    when[early] = (t0 - rng.uniform(0.2, 2.8, n) * HOUR)[early]
    when[T] = (t0 + rng.uniform(0.1, WINDOW_H - 0.1, n) * HOUR)[T]
    when[late] = (t0 + WINDOW_H * HOUR + rng.uniform(0.3, 20, n) * HOUR)[late]
    minute = np.floor(when / 60) * 60
    return stay.assign(mu0=mu0, mu1=mu1, e=e, prior=prior, early=early, T=T.astype(int), antibiotic=minute)


def _leave(stay: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """When the stay ends and whether in death; some leave or die before the window has passed."""
    n, intime = len(stay), stay["intime"].to_numpy()
    end_of_window = intime + (LEAD_H + WINDOW_H) * HOUR
    risk = np.where(stay["prior"] | stay["early"] | (stay["T"] == 1), stay["mu1"], stay["mu0"])
    dies = rng.random(n) < np.where(stay["newborn"], 0.01, risk)
    length = np.clip(rng.lognormal(0.75, 0.8, n), 0.55, 40) * DAY
    leaves = rng.random(n) < 0.03
    dies_soon = ~leaves & (rng.random(n) < 0.015)
    death = end_of_window + rng.uniform(1, 12, n) * HOUR + rng.exponential(3 * DAY, n)
    soon = intime + rng.uniform(4, 8.5, n) * HOUR
    dies, death = dies | dies_soon, np.where(dies_soon, soon, death)
    outtime = np.where(leaves, soon, intime + length)
    outtime = np.where(dies, np.minimum(outtime, death), outtime)
    stays_on = ~leaves & ~dies_soon
    eligible = stay["metavision"] & ~stay["prior"] & ~stay["early"] & stays_on & (stay["newborn"] == 0)
    whole = {"outtime": outtime.astype(np.int64), "death": death.astype(np.int64) // 60 * 60}
    return stay.assign(dies=dies, eligible=eligible, **whole)


def _back_again(stay: pd.DataFrame, admission: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Second stays of the same admission, for a few of those who left intensive care alive and stay long enough."""
    left = admission["disch"].to_numpy()[stay.index] - stay["outtime"].to_numpy()
    chosen = (left > 1.5 * DAY) & (rng.random(len(stay)) < 0.15)
    back, gap = stay[chosen], left[chosen]
    intime = back["outtime"] + (gap * rng.uniform(0.1, 0.4, len(back))).astype(np.int64)
    outtime = intime + (gap * rng.uniform(0.2, 0.5, len(back))).astype(np.int64)
    return back.assign(intime=intime, outtime=outtime, antibiotic=np.nan, prior=True, eligible=False)


def _deaths(patients: pd.DataFrame, admissions: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Date of death: in hospital, or afterwards for some."""
    last = admissions.groupby("patient").last()
    later = rng.random(len(patients)) < np.where(patients["newborn"], 0.0, 0.3)
    after = last["disch"].to_numpy() + rng.exponential(500 * DAY, len(patients)) + 2 * DAY
    hospital = np.where(last["died"] == 1, last["disch"], np.nan)
    ssn = np.where(last["died"] == 1, np.where(rng.random(len(patients)) < 0.7, hospital, np.nan), np.nan)
    ssn = np.where((last["died"] == 0) & later, after, ssn)
    first = admissions.groupby("patient")["admit"].first().to_numpy()
    return patients.assign(dod_hosp=hospital, dod_ssn=ssn, dob=first - (patients["age"] * 365.2425 * DAY).to_numpy())


def moment(seconds) -> np.ndarray:
    """Seconds since the generator's epoch as datetimes; missing stays missing."""
    seconds = np.asarray(seconds, float)
    whole = np.where(np.isnan(seconds), 0, seconds).astype("timedelta64[s]")
    return np.where(np.isnan(seconds), np.datetime64("NaT", "s"), EPOCH + whole)


def midnight(seconds) -> np.ndarray:
    """The day of :func:`moment`, at 00:00:00, as day-resolved columns have it."""
    return moment(np.floor(np.asarray(seconds, float) / DAY) * DAY)
