"""Does a reader that learned at home read other hands? Writes ``benchmarks/transfer.csv``.

    python benchmarks/transfer.py [--n 10000] [--seeds 5] [--budgets 1 0.1 0.02]

Generated notes only. One corpus of n records; every seed draws anew which 1,000 of the first 3,000 records are held
out, treatment, outcome, and who of the others is annotated. Readers learn from notes in the normal style. They are
judged on the held-out patients' notes as written at ``home``, in ``compact`` style, and in wordings that the grammar of
the training notes never produces, in both styles: ``new``, ``new compact``. All four say the same.

* ``embedding``: the reader of sentences that sees their embedding; ``marks``: it sees what the keyword rules say of
  them; ``marked``: three readers heard as one, by embedding, marks and both.
* ``share``: AUTOC of the plug-in learner on what was read and the bedside columns, over that of the expected effect
  given what the notes say; 1 is all that they allow.
* ``auroc:``, ``f1:``, ``ece:`` and a level: of the reader's chances; the threshold of F1 is the best one on the
  annotated training notes, read by readers that did not learn from them. ``ece``: calibration error.
* ``cpu_seconds`` of learning, embeddings and marks at hand; ``marks_cpu_seconds``: of marking the training notes once.

A finished seed is kept in the user's cache: an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers import annotation, data, encoders, evaluation, study
from helpers.artifacts.code import code_of
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store
from helpers.config import load
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes
from helpers.data.seeds import derived_seed
from helpers.encoders.features import Features
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.crossfit import Supervised, probabilities_in
from helpers.encoders.supervised.mean_reader import three_sources
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.study.trials import Trial

SETTINGS = {"home": ("normal", False), "compact": ("compact", False)}
SETTINGS |= {"new": ("normal", True), "new compact": ("compact", True)}
POOL, HELD_OUT, BINS = 3_000, 1_000, 10
THRESHOLDS = np.linspace(0.02, 0.98, 97)


def readers() -> dict:
    """Prototypes by name."""
    base = encoders.make_encoder("minilm")
    return {
        "embedding": SentenceReader(base),
        "marks": SentenceReader(base, hidden=32, sees="marks"),
        "marked": three_sources(base),
    }


class World:
    """Records and their notes in every setting; of the other settings those of the records that can be held out."""

    def __init__(self, n: int) -> None:
        self.config = load(n=n)
        self.cohort = data.load_cohort(self.config)
        records, seed = sample_network(n, self.config.seed), derived_seed("notes", self.config.seed)
        told = {k: write_notes(records, style, seed, paraphrase=new) for k, (style, new) in SETTINGS.items()}
        self.home = Notes(self.cohort.texts)
        self.notes = {k: Notes(frame["text"].iloc[:POOL].tolist()) for k, frame in told.items()}
        began = time.process_time()
        self.marked = len(self.home.marks)
        self.marking = time.process_time() - began

    def sides(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the training and of the held-out records."""
        rng = np.random.default_rng(derived_seed("split", seed))
        held = np.sort(rng.permutation(min(POOL, len(self.cohort) // 2))[:HELD_OUT])
        return np.setdiff1d(np.arange(len(self.cohort)), held), held


def repetition(world: World, seed: int, budget: float) -> pd.DataFrame:
    """Results of all readers with one draw."""
    rows = world.sides(seed)
    drawn = data.draw_outcomes(world.cohort, world.config.process, derived_seed("outcome", seed))
    train, test = (drawn.take(r) for r in rows)
    annotated = annotation.choose(train.ids, budget, derived_seed("annotate", seed))
    written = np.where(annotated[:, None], train.annotations, np.nan)
    best, tables = autoc(test, data.expected_effect(test)), []
    for name, reader in readers().items():
        began = time.process_time()
        found = Supervised(reader, name, seed=seed)
        found.fit(world.home.take(rows[0]), written, train.levels, annotated, train.ids)
        spent = time.process_time() - began
        seen = {k: found.transform(notes.take(rows[1])) for k, notes in world.notes.items()}
        learner = learned(world, train, test, found.training_vectors_, seen["home"], annotated, seed)
        blocks = [pd.DataFrame({"setting": ["home"], "metric": ["cpu_seconds"], "value": [spent]})]
        for setting, vectors in seen.items():
            share = autoc(test, learner.effect(Features(vectors, test.tabular).phi)) / best
            values = {"share": share, **recovered(found.training_vectors_, train, annotated, vectors, test)}
            blocks.append(pd.DataFrame({"setting": setting, "metric": list(values), "value": list(values.values())}))
        tables.append(pd.concat(blocks).assign(reader=name))
    return pd.concat(tables, ignore_index=True).assign(seed=seed, budget=budget)


def learned(world: World, train, test, own, home, annotated, seed):
    """The plug-in learner on what was read."""
    sides = train, test, Features(own, train.tabular), Features(home, test.tabular)
    trial = Trial(world.config, *sides, annotated, None, seed, seed, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner = study.strategy_named("plug").make(trial)
        return learner.fit(train.Y, train.T, trial.phi_train, train.W, annotated, train.ids)


def autoc(test, tau_hat: np.ndarray) -> float:
    table = evaluation.evaluate(test, -tau_hat, tau_hat)
    return float(table.loc[table["metric"] == "autoc", "value"].iloc[0])


def recovered(own: np.ndarray, train, annotated: np.ndarray, vectors: np.ndarray, test) -> dict[str, float]:
    """How well every level but each field's first is read."""
    from sklearn.metrics import f1_score, roc_auc_score

    out, fields = {}, data.fields_of(train)
    names = [label for field in fields.names for k, label in fields.shown(field) if k]
    for j, name in enumerate(names):
        known, chance = train.annotations[annotated, j] > 0, levels_in(own, train.levels)[annotated, j]
        cut = THRESHOLDS[np.argmax([f1_score(known, chance >= t, zero_division=0) for t in THRESHOLDS])]
        truth, p = test.annotations[:, j] > 0, levels_in(vectors, test.levels)[:, j]
        out |= {f"auroc:{name}": roc_auc_score(truth, p), f"f1:{name}": f1_score(truth, p >= cut)}
        out[f"ece:{name}"] = calibration_error(p, truth)
    return out


def levels_in(vectors: np.ndarray, levels: tuple[int, ...]) -> np.ndarray:
    """(n, q) probabilities of the levels but each field's first."""
    first = np.r_[0, np.cumsum(levels)[:-1]]
    return np.delete(probabilities_in(vectors, levels), first, axis=1)


def calibration_error(p: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance between chance and frequency over ten bins of chances, weighted by their notes."""
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = [abs(p[place == b].sum() - truth[place == b].sum()) for b in range(BINS)]
    return float(np.sum(gaps) / len(p))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budgets", nargs="+", type=float, default=[1.0, 0.1, 0.02])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    world, store, version, tables = World(options.n), Store(), code_of(Path(__file__)), []
    for seed in tqdm(range(options.seeds), desc="seeds"):
        for budget in options.budgets:
            key = {"n": options.n, "seed": seed, "budget": budget, "code": version}
            tables.append(store.frame("transfer", key, lambda s=seed, b=budget: repetition(world, s, b)))
            table = pd.concat(tables, ignore_index=True).assign(n=options.n)
            cost = {"setting": "home", "metric": "marks_cpu_seconds", "value": world.marking, "reader": "marks"}
            table = pd.concat([table, pd.DataFrame([cost | {"seed": 0, "budget": 1.0, "n": options.n}])])
            columns = ["n", "budget", "reader", "setting", "seed", "metric", "value"]
            with replacing(options.out) as temporary:
                table[columns].sort_values(columns[:-1]).to_csv(temporary, index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
