"""Which diagnostic tells how much order is lost? Writes ``benchmarks/ordering.csv``; an interrupted run goes on.

    python benchmarks/ordering.py [--seeds 6] [--nulls 100]

Every setting is a way to lose order: an encoder (sentence vectors, words, sentence vectors projected to 16 dimensions
or drowned in noise, a program that reads the confounders and errs in 2, 10 or 30 %, no text at all; for the last four
the corpus plays no part), a corpus (normal notes, compact ones, or half of the mentions), a share of annotated training
records, errors in the annotations, a learner, a process. The diagnostics see held-out annotated rows and, as a
practitioner would, the annotated training rows; annotators err on both. The true loss is that of the order by the
learner against the order by the true effect given confounders and bedside columns, both valued with the true effects of
the same 1,200 held-out rows. Records (3,000 of 6,000), split, treatment and outcome are drawn anew for each seed. Four
rows form a patient, so folds and standard errors are by patient, and folds are cheap to make.

``kind`` is ``setting`` for the grid, or a null: ``transformed``, the order under test is that of the true effects, on a
bent scale, so nothing is lost, exactly; ``annotations``, phi holds the confounders themselves (beside 30 columns of
noise), so nothing is coarsened and what is lost is the error of the fit. Columns: ``<diagnostic>``,
``p_<diagnostic>``, for order loss and share also ``low_``, ``high_``; ``true_loss, true_share, true_regret``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from helpers import annotation, artifacts, data, effects, encoders, evaluation
from helpers.artifacts.files import replacing
from helpers.config import Config
from helpers.data.processes import MEANS
from helpers.data.replica.mentions import DEFAULT_MENTION
from helpers.data.replica.network import NOISY_OR, P_FEVER, P_INF, P_PNEU, noisy_or
from helpers.data.replica.notes import write_notes
from helpers.data.seeds import derived_seed
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.evaluation import ordering

POOL, TAKEN, TRAINED, VISITS = 6_000, 3_000, 1_800, 4
PROCESSES = ("v3", "v2", "stress")
CORPORA = ("normal", "compact", "fewer mentions")
READERS = {"reader 2 %": 0.02, "reader 10 %": 0.1, "reader 30 %": 0.3}
ENCODERS = ("minilm", "tfidf", "projected", "noisy", *READERS, "none")
LEARNERS = ("aace_smooth", "aace_ridge", "dr", "plug")
BUDGETS, NOISES = (1.0, 0.3, 0.1), (0.0, 0.0, 0.1)
SITUATIONS, EACH = 2, 4  # per seed and process; settings in each
NULLS = ("transformed", "annotations")


def grid(seeds: int, nulls: int) -> list[dict]:
    """All settings, those that share outcomes and annotations beside each other."""
    settings = []
    for seed, process in itertools.product(range(seeds), PROCESSES):
        rng = np.random.default_rng([seed, PROCESSES.index(process)])
        for _ in range(SITUATIONS):
            situation = {"process": process, "seed": seed, "budget": _pick(rng, BUDGETS), "noise": _pick(rng, NOISES)}
            chosen = rng.permutation(list(itertools.product(CORPORA, ENCODERS, LEARNERS)))[:EACH].tolist()
            names = ("corpus", "encoder", "learner")
            settings += [{"kind": "setting", **situation, **dict(zip(names, c, strict=True))} for c in chosen]
    full = {"budget": 1.0, "noise": 0.0, "corpus": "none", "encoder": "none", "learner": "aace_smooth"}
    for process, seed, kind in itertools.product(("v3", "v2"), range(1_000, 1_000 + nulls), NULLS):
        settings.append({"kind": kind, "process": process, "seed": seed, **full})
    return settings


def _pick(rng: np.random.Generator, values: tuple) -> float:
    return float(values[rng.integers(len(values))])


class Corpora:
    """Records, notes and their sentence vectors, each made once."""

    def __init__(self) -> None:
        self.records = data.load_cohort(Config()).take(np.arange(POOL))
        self.notes, self.vectors = {}, {}

    def texts(self, corpus: str) -> list[str]:
        """The notes of the pool."""
        if corpus not in self.notes:
            if corpus == "compact":
                made = data.load_cohort(Config(note_style="compact")).texts[:POOL]
            else:
                chances = DEFAULT_MENTION.scaled(0.5)
                seed = derived_seed("notes", 0)
                fewer = corpus == "fewer mentions"
                made = write_notes(self.records.frame, "normal", seed, chances)["text"] if fewer else self.records.texts
            self.notes[corpus] = list(made)
        return self.notes[corpus]

    def phi(self, setting: dict, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(TAKEN, d) text features of these rows; words are learned on the training rows."""
        corpus, encoder = setting["corpus"], setting["encoder"]
        if encoder == "none":
            return np.empty((len(rows), 0))
        if encoder == "tfidf":
            notes = [self.texts(corpus)[i] for i in rows]
            words = encoders.make_encoder("tfidf", max_features=300).fit(notes[:TRAINED])
            return words.transform(notes)
        if corpus not in self.vectors:
            self.vectors[corpus] = encoders.encode(self.texts(corpus), encoders.make_encoder("minilm"))
        found = self.vectors[corpus][rows].astype(float)
        if encoder == "projected":
            return found @ rng.normal(size=(found.shape[1], 16))
        return found if encoder == "minilm" else found + 1.5 * found.std(axis=0) * rng.normal(size=found.shape)


class Situation:
    """Outcomes and annotations of one seed, and what does not depend on the notes."""

    def __init__(self, setting: dict, corpora: Corpora) -> None:
        seed = setting["seed"]
        self.rows = np.random.default_rng([seed, 0]).permutation(POOL)[:TAKEN]
        cohort = data.draw_outcomes(corpora.records.take(self.rows), setting["process"], seed)
        cohort = replace(cohort, frame=cohort.frame.assign(id=np.arange(TAKEN) // VISITS))
        self.truth, levels = data.codes(cohort)
        written = annotation.flip(self.truth, annotation.symmetric(levels, setting["noise"]), seed)
        self.written = data.to_indicators(written, levels)
        self.W, self.levels = np.hstack([self.written, cohort.tabular]), levels
        self.train, self.test = cohort.take(np.arange(TRAINED)), cohort.take(np.arange(TRAINED, TAKEN))
        self.annotated = annotation.choose(self.train.ids, setting["budget"], seed)
        self.tau_x = effect_given_annotations(self.test, setting["process"])
        self.tested = (self.test.Y, self.test.T, self.W[TRAINED:])
        nuisances = Nuisances(ridge(), logistic(), seed=seed).fit(*self.tested, self.test.ids)
        fitted = (nuisances.mu0_, nuisances.mu1_, nuisances.e_)
        self.scores = evaluation.HeldOutScores(self.test.Y, self.test.T, *fitted, self.test.ids)
        more = tuple(a[self.annotated] for a in (self.train.Y, self.train.T, self.W[:TRAINED], self.train.ids))
        self.reference = ordering.confounder_effects(self.scores, self.W[TRAINED:], more, seed=seed)


def effect_given_annotations(cohort, process: str) -> np.ndarray:
    """(n,) ``E[tau | X, W]``: under stress the effects averaged over cold and pneumonia, which nobody annotates."""
    if process != "stress":
        return cohort.tau
    total, mass = np.zeros((2, len(cohort)))
    for inf, pneu in itertools.product((0, 1), (0, 1)):
        frame = cohort.frame.assign(inf=np.int8(inf), pneu=np.int8(pneu))
        a, b = P_INF[frame["winter"]], P_PNEU[4 * frame["COPD"] + 2 * frame["asthma"] + frame["winter"]]
        chance = (a if inf else 1 - a) * (b if pneu else 1 - b) * P_FEVER[2 * pneu + inf][frame["fever"].cat.codes]
        for symptom, (leak, causes) in NOISY_OR.items():
            p = noisy_or(frame, leak, causes)
            chance = chance * np.where(frame[symptom] == 1, p, 1 - p)
        mu0, mu1, _ = MEANS[process](frame)
        total, mass = total + chance * (mu1 - mu0), mass + chance
    return total / mass


def learner(setting: dict, levels: tuple[int, ...]):
    """The learner of a setting, unfitted."""
    seed = setting["seed"]
    stage1 = Nuisances(folds=2, seed=seed)
    return {
        "aace_smooth": effects.AACE(ridge(), stage1, ridge()),
        "aace_ridge": effects.AACE(ridge(), stage1),
        "dr": effects.DRLearner(ridge(), Nuisances(ridge(), logistic(), folds=2, seed=seed)),
        "plug": effects.EMLearner(levels, "plug", iterations=0, seed=seed),
    }[setting["learner"]]


def run(setting: dict, situation: Situation, corpora: Corpora) -> pd.DataFrame:
    """One row: the setting, every diagnostic, the truth."""
    s, kind = situation, setting["kind"]
    codes = [list(c).index(setting[n]) for n, c in (("encoder", ENCODERS), ("learner", LEARNERS))]
    rng = np.random.default_rng([setting["seed"], *codes, 1])
    exact = np.hstack([s.written, rng.normal(size=(TAKEN, 30))])
    if setting["encoder"] in READERS:
        rates = annotation.symmetric(s.levels, READERS[setting["encoder"]])
        text = data.to_indicators(annotation.flip(s.truth, rates, int(rng.integers(2**31))), s.levels)
    else:
        text = corpora.phi(setting, s.rows, rng) if kind == "setting" else exact
    phi = np.hstack([text, s.W[:, s.written.shape[1] :]])
    tau_hat = -np.exp(-s.test.tau)
    if kind != "transformed":
        seen = (s.train.Y, s.train.T, phi[:TRAINED], s.W[:TRAINED], s.annotated, s.train.ids)
        tau_hat = learner(setting, s.levels).fit(*seen).effect(phi[TRAINED:])
    psi_phi = scores_on(phi[TRAINED:], s, setting["seed"]) if kind in ("setting", "annotations") else None
    table = ordering.diagnose(s.scores, s.reference, tau_hat, psi_phi, seed=setting["seed"]).set_index("diagnostic")
    row = setting | table["value"].to_dict() | table["p"].dropna().add_prefix("p_").to_dict()
    limits = itertools.product(("low", "high"), ("order_loss", "order_share"))
    row |= {f"{end}_{name}": table.loc[name, end] for end, name in limits}
    if kind == "setting":
        row["recoverability"] = unreadable(phi, s.written)
    best = ordering.true_loss(s.test.tau, -s.tau_x)
    own = ordering.true_loss(s.test.tau, -tau_hat)
    row |= {f"true_{name}": own[name] - best[name] for name in own}
    return pd.DataFrame([row])


def scores_on(phi: np.ndarray, s: Situation, seed: int) -> np.ndarray:
    """psi of the held-out rows from nuisances on phi."""
    fitted = Nuisances(ridge(), logistic(), folds=2, seed=seed).fit(s.test.Y, s.test.T, phi, s.test.ids)
    return pseudo_outcome(s.test.Y, s.test.T, fitted.mu0_, fitted.mu1_, fitted.e_)


def unreadable(phi: np.ndarray, annotations: np.ndarray) -> float:
    """1 less the mean AUROC at which phi predicts the annotations, chapter 03's measure."""
    predicted = ridge().fit(phi[:TRAINED], annotations[:TRAINED]).predict(phi[TRAINED:])
    return 1 - roc_auc_score(annotations[TRAINED:], predicted, average="macro")


def table_of(settings: list[dict]) -> pd.DataFrame:
    """Rows of all settings, from the store where they were computed before."""
    store, version, corpora, rows = artifacts.Store(), artifacts.code_of(Path(__file__)), Corpora(), []
    held: dict = {}
    for setting in tqdm(settings, desc="settings"):
        key = {name: setting[name] for name in ("process", "seed", "budget", "noise")}

        def make(setting=setting, key=key) -> pd.DataFrame:
            if held.get("key") != key:
                held.update(key=key, situation=Situation(setting, corpora))
            return run(setting, held["situation"], corpora)

        rows.append(store.frame("ordering", {"setting": setting, "code": version}, make))
    return pd.concat(rows, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--nulls", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    began = time.process_time()
    result = table_of(grid(options.seeds, options.nulls))
    with replacing(options.out) as temporary:
        result.round(5).to_csv(temporary, index=False)
    print(f"{len(result)} rows, {time.process_time() - began:.0f} CPU-s")


if __name__ == "__main__":
    main()
