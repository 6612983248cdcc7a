"""Do the 95 % intervals cover? Simulated, over seeds and over patients; writes ``benchmarks/coverage.csv``.

    python benchmarks/coverage.py [--replications 500] [--seed 0] [--patients 600]

Process: U, V, N standard normal; ``mu0 = U + V / 2``, ``tau = -1/2 + .8 V``, ``logit e = .8 U``, Y with unit noise.
Two fixed orders see V through noise: ``a = -(V + N / 2)``, ``b = -(V + 1.5 N')``. With one effect of deviation s and
correlation r between order and effect, AUTOC is ``-.90320 s r`` (.90320 the mean over q of phi(z_q) / q), Qini
``-s r / (2 sqrt(pi))``, and the mean outcome at budget q ``E mu0 + q E tau - s r phi(z_q)``: the truth needs no
simulation.

* Patients: in every replication new test rows, nuisances cross-fitted on them, intervals of ``heldout``, once with one
  row a patient and once with one to three rows that share U and V in part.
* Seeds: 700 fixed records of eight columns; T and Y of 200 of them drawn anew for each seed; two T-learners on some of
  the columns, judged on the other 500; ``evaluation.paired`` of their AUTOC. The truth is the mean over 40,000 further
  seeds, whose own error is about a hundredth of an interval's width. The interval is about new draws of T and Y for
  these records, not about new patients. The last design is a stress case: one strategy ranks by the only column that
  matters and cannot do better, the other's loss is a square, so differences are as skewed as a chi-square variable.
  Student's interval, without the correction for skewness, is shown beside the study's.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats
from scipy.integrate import quad
from sklearn.linear_model import LinearRegression
from tqdm import tqdm

from helpers import evaluation
from helpers.artifacts.files import replacing
from helpers.data.cohort import Cohort, Roles
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic
from helpers.evaluation.held_out import compare_held_out, evaluate_held_out, held_out_scores
from helpers.stats.intervals import budget_interval

SPREAD, NOISE, EARLY, BUDGET, DRAWS = 0.8, {"a": 0.5, "b": 1.5}, 0.05, 0.3, 300
ROLES = Roles("id", "text", ("U",), ("V",), "T", "Y")
LINEAR = Nuisances(LinearRegression(), logistic(C=1.0), folds=5)


def truth() -> dict[str, float]:
    """Population values of the metrics of order a, and of its AUTOC less that of order b."""
    top = quad(lambda q: stats.norm.pdf(stats.norm.isf(q)) / q, 0, 1)[0]
    r = {name: 1 / np.sqrt(1 + s**2) for name, s in NOISE.items()}
    at = -0.5 * BUDGET - SPREAD * r["a"] * stats.norm.pdf(stats.norm.isf(BUDGET))
    qini = -SPREAD * r["a"] / (2 * np.sqrt(np.pi))
    autoc = {name: -SPREAD * top * value for name, value in r.items()}
    return {
        "mean_effect": -0.5,
        f"policy value at {BUDGET}, influence": at,
        f"policy value at {BUDGET}, half-samples": at,
        "policy_value": -0.25 + qini,
        "autoc": autoc["a"],
        "qini": qini,
        f"toc at {EARLY}": -SPREAD * r["a"] * stats.norm.pdf(stats.norm.isf(EARLY)) / EARLY,
        "autoc, a less b": autoc["a"] - autoc["b"],
    }


def draw(rng: np.random.Generator, n: int, clustered: bool) -> tuple[Cohort, dict[str, np.ndarray]]:
    """Test rows and the two orders; clustered: half of the variance of U, V and N is the patient's."""
    ids = np.repeat(np.arange(n), rng.integers(1, 4, n))[:n] if clustered else np.arange(n)
    shared = 0.5 if clustered else 0.0
    both = (np.sqrt(shared) * rng.normal(size=(4, n))[:, ids], np.sqrt(1 - shared) * rng.normal(size=(4, n)))
    U, V, noise_a, noise_b = both[0] + both[1]
    T = (rng.random(n) < 1 / (1 + np.exp(-0.8 * U))).astype(int)
    Y = U + 0.5 * V + T * (-0.5 + SPREAD * V) + rng.normal(size=n)
    frame = pd.DataFrame({"id": ids, "text": "", "U": U, "V": V, "T": T, "Y": Y})
    return Cohort(frame, ROLES), {"a": -(V + NOISE["a"] * noise_a), "b": -(V + NOISE["b"] * noise_b)}


def patient_intervals(rng: np.random.Generator, n: int, clustered: bool) -> dict[str, tuple[float, float]]:
    """Every interval over patients of one replication."""
    test, orders = draw(rng, n, clustered)
    scores, seed = held_out_scores(test, LINEAR), int(rng.integers(2**31))
    table = evaluate_held_out(scores, orders["a"], budgets=[EARLY, BUDGET], draws=DRAWS, seed=seed)
    table = table.fillna({"at": 0}).set_index(["metric", "at"])
    gap = compare_held_out(scores, orders, "b", budgets=[], draws=DRAWS, seed=seed).set_index("metric").loc["autoc"]
    at = budget_interval(scores.gamma0, scores.gamma1, orders["a"], BUDGET, scores.groups)
    found = {m: table.loc[(m, 0)] for m in ("mean_effect", "policy_value", "autoc", "qini")}
    found |= {f"policy value at {BUDGET}, influence": at, "autoc, a less b": gap}
    found |= {f"policy value at {BUDGET}, half-samples": table.loc[("policy_curve", BUDGET)]}
    found[f"toc at {EARLY}"] = table.loc[("toc", EARLY)]
    return {name: (row["low"], row["high"]) for name, row in found.items()}


def patients(n: int, clustered: bool, replications: int, seed: int) -> pd.DataFrame:
    """Coverage of the intervals over patients."""
    targets, hits, widths = truth(), {}, {}
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, n, clustered]).spawn(replications)]
    for rng in tqdm(rngs, desc=f"patients, n={n}, clustered={clustered}"):
        for name, (low, high) in patient_intervals(rng, n, clustered).items():
            hits.setdefault(name, []).append(low <= targets[name] <= high)
            widths.setdefault(name, []).append(high - low)
    design = "patients, 1 to 3 rows each" if clustered else "patients, one row each"
    return pd.DataFrame([row(design, name, n, hits[name], widths[name]) for name in hits])


def seed_autocs(X: np.ndarray, effect: np.ndarray, columns: list[list[int]], draws: int, rng) -> np.ndarray:
    """(draws, 2) AUTOC of two T-learners; the first 200 records train, the rest are the test set."""
    e, mu0, tau = 1 / (1 + np.exp(-0.8 * X[:, 0])), X[:, :4].sum(axis=1) / 2, X @ effect - 0.5
    T = (rng.random((draws, 200)) < e[:200]).astype(float)
    Y = mu0[:200] + T * tau[:200] + rng.normal(size=(draws, 200))
    areas = np.empty((draws, 2))
    for j, chosen in enumerate(columns):
        design = np.column_stack([np.ones(len(X)), X[:, chosen]])
        control, treated = (least_squares(design[:200], Y, arm) for arm in (1 - T, T))
        areas[:, j] = autocs(tau[200:], (treated - control) @ design[200:].T)
    return areas


def least_squares(X: np.ndarray, Y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(draws, p) coefficients on the rows kept in each draw, all at once."""
    left = np.einsum("np,sn,nq->spq", X, kept, X, optimize=True)
    return np.linalg.solve(left, ((kept * Y) @ X)[..., None])[..., 0]


def autocs(tau: np.ndarray, tau_hats: np.ndarray) -> np.ndarray:
    """AUTOC of many orders without ties: patient i counts in every k from its rank on."""
    weight = np.cumsum(1 / np.arange(len(tau), 0, -1))[::-1] / len(tau)
    return tau[np.argsort(tau_hats, axis=1)] @ weight - tau.mean()


SEED_DESIGNS = {
    "8 columns less 4": ([0.4, 0.4, 0, 0, 0.4, 0.4, 0, 0], [[0, 1, 4, 5], list(range(8))]),
    "7 columns less 8": ([0.4, 0.4, 0, 0, 0.4, 0.4, 0, 0], [list(range(8)), [0, 1, 2, 3, 4, 6, 7]]),
    "stress: 2 columns less the only one that matters": ([0, 0.8, 0, 0, 0, 0, 0, 0], [[1], [0, 1]]),
}


def seeds(replications: int, seed: int, each: tuple[int, ...] = (10, 30)) -> pd.DataFrame:
    """Coverage of the intervals over seeds, paired between two strategies: the study's, and Student's."""
    rows = []
    for i, (name, (effect, columns)) in enumerate(SEED_DESIGNS.items()):
        rng = np.random.default_rng([seed, 1, i])
        X, effect = rng.normal(size=(700, 8)), np.array(effect)
        target = np.diff(np.vstack([seed_autocs(X, effect, columns, 4_000, rng) for _ in range(10)])).mean()
        for number in each:
            blocks = [seed_autocs(X, effect, columns, number, rng) for _ in range(replications)]
            found = {how: [] for how in ("", ", Student's instead")}
            for block in tqdm(blocks, desc=f"{number} seeds, {name}"):
                found[""].append(paired_interval(block))
                found[", Student's instead"].append(student_interval(block))
            for how, intervals in found.items():
                hits = [low <= target <= high for low, high in intervals]
                rows.append(row(f"{number} seeds, paired{how}", f"autoc, {name}", 500, hits, np.ptp(intervals, axis=1)))
    return pd.DataFrame(rows)


def paired_interval(block: np.ndarray) -> tuple[float, float]:
    """The library's paired interval of the second column less the first."""
    wide = pd.DataFrame(block, columns=["first", "second"]).rename_axis("seed").reset_index()
    found = evaluation.paired(wide.melt("seed", var_name="strategy").assign(metric="autoc"), "first").iloc[0]
    return found["low"], found["high"]


def student_interval(block: np.ndarray) -> tuple[float, float]:
    """Student's interval of the same differences."""
    found = stats.ttest_1samp(np.diff(block).ravel(), 0).confidence_interval(0.95)
    return found.low, found.high


def row(design: str, metric: str, n: int, hits: list[bool], widths: np.ndarray) -> dict:
    """One line of the result: coverage and its Monte-Carlo standard error."""
    share = float(np.mean(hits))
    error = np.sqrt(share * (1 - share) / len(hits))
    within = "yes" if 0.93 <= share <= 0.97 else "no"
    result = {"design": design, "metric": metric, "n": n, "replications": len(hits), "coverage": share}
    return {
        **result,
        "monte_carlo_se": round(error, 4),
        "mean_width": round(float(np.mean(widths)), 4),
        "93_to_97": within,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patients", type=int, default=600, help="test rows")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    began, args = time.process_time(), (options.replications, options.seed)
    tables = [seeds(*args), patients(options.patients, False, *args), patients(options.patients, True, *args)]
    result = pd.concat(tables, ignore_index=True)
    with replacing(options.out) as temporary:
        result.to_csv(temporary, index=False)
    print(result.to_string(index=False), f"\n{time.process_time() - began:.0f} CPU-s", sep="\n")


if __name__ == "__main__":
    main()
