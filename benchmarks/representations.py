"""Which representation of the note keeps what decides? Writes ``benchmarks/representations.csv``.

    python benchmarks/representations.py [--n 10000] [--records 10000] [--seeds 5] [--budgets 1 0.1] [--encoders ...]

One split of the first ``records`` of ``n`` generated records, a tenth of the patients held out. Every seed draws
treatment, outcome and who is annotated anew; what is learned sees the training notes in the normal style only. The
learners are then judged on the held-out patients' notes in four settings: ``home`` (same style), ``compact`` (the other
style), ``paraphrase`` and ``compact paraphrase`` (wordings that the grammar of the training notes never produces).
Notes in all settings say the same about the symptoms, so all have the same ceiling: the true effect averaged over what
is not known, given which symptoms the note affirms or denies and the bedside columns (rows ``ceiling``).

Metrics ``embed_cpu_minutes`` and ``learn_cpu_minutes`` are processor time of embedding the training notes without a
cache (from a sample) and of learning to read them. Every cell is kept in the user's cache: an interrupted run goes on.
Rows of other runs that are already in the table stay.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers import annotation, data, encoders, evaluation, study
from helpers.artifacts.code import code_of
from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store
from helpers.config import Config, load
from helpers.data.cohort import Cohort
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes
from helpers.data.seeds import derived_seed
from helpers.encoders.features import Features
from helpers.encoders.sentences import bags_of
from helpers.study.cell import cell_key
from helpers.study.reading import Reading
from helpers.study.trials import Trial

SETTINGS = {"home": ("normal", False), "compact": ("compact", False)}
SETTINGS |= {"paraphrase": ("normal", True), "compact paraphrase": ("compact", True)}
ENCODERS = ("minilm:reader", "minilm:sentences", "minilm:words", "minilm:projection", "minilm", "minilm:max")
ENCODERS += ("tfidf", "minilm:sections", "minilm:tfidf")
LEARNERS = {1.0: ("plug", "dr"), 0.1: ("em", "plug")}
METRICS = ("autoc", "pehe", "policy_value")


@dataclass(frozen=True)
class World:
    """The records, their split, and the held-out notes of every setting."""

    config: Config
    records: int

    @cached_property
    def cohort(self) -> Cohort:
        return data.load_cohort(self.config).take(np.arange(self.records))

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        return data.split(self.cohort, self.config.test_share, derived_seed("split", self.config.seed))

    @cached_property
    def notes(self) -> dict[str, list[str]]:
        """Held-out notes by setting."""
        records = sample_network(self.config.n, self.config.seed)
        seed = derived_seed("notes", self.config.seed)
        told = {name: write_notes(records, *way[:1], seed, paraphrase=way[1]) for name, way in SETTINGS.items()}
        return {name: frame["text"].iloc[self.rows[1]].tolist() for name, frame in told.items()}

    def draw(self, seed: int) -> tuple[Cohort, Cohort]:
        """Training and test side with treatment and outcome."""
        drawn = data.draw_outcomes(self.cohort, self.config.process, derived_seed("outcome", seed))
        return drawn.take(self.rows[0]), drawn.take(self.rows[1])


class Bench:
    """One encoder at one budget; what it learned is kept for the next seed where it does not depend on the seed."""

    def __init__(self, world: World, name: str, budget: float) -> None:
        self.world, self.name, self.budget = world, name, budget
        self.key, self.vectors, self.minutes = None, None, np.nan

    def trial(self, seed: int) -> tuple[Trial, dict[str, Features]]:
        """The repetition, and the features of the held-out notes in every setting."""
        train, test = self.world.draw(seed)
        annotated = annotation.choose(train.ids, self.budget, derived_seed("annotate", seed))
        reading = Reading(self.world.config.model_copy(update={"encoder": self.name}), train, annotated)
        text, by_setting = self._vectors(reading)
        seen = {name: Features(vectors, test.tabular) for name, vectors in by_setting.items()}
        sides = (train, test, Features(text, train.tabular), seen["home"])
        return Trial(self.world.config, *sides, annotated, np.full(len(train), self.budget), seed, seed, reading), seen

    def _vectors(self, reading: Reading):
        encoder, train = encoders.make_encoder(self.name), reading.train
        supervised = getattr(encoder, "supervised", False)
        key = digest(reading.annotated) if supervised else self.name
        if key != self.key:
            began = time.process_time()
            if supervised:
                encoder = reading.encoder
                text = encoder.training_vectors_
            else:
                text = encoders.encode(train.texts, encoder.fit(train.texts), progress=False)
            self.minutes = (time.process_time() - began) / 60
            settings = {s: encoders.encode(notes, encoder, progress=False) for s, notes in self.world.notes.items()}
            self.key, self.vectors = key, (text, settings)
        return self.vectors


def cell(world: World, bench: Bench, learner: str, seed: int) -> pd.DataFrame:
    """Results of a learner in one repetition, in every setting."""
    trial, seen = bench.trial(seed)
    strategy = study.strategy_named(learner)
    fitted = strategy.make(trial)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted.fit(trial.train.Y, trial.train.T, trial.phi_train, trial.train.W, trial.annotated, trial.train.ids)
    blocks = []
    for setting, features in seen.items():
        tau_hat = fitted.effect(features.phi)
        table = evaluation.evaluate(trial.test, -tau_hat, tau_hat)
        table = table[table["metric"].isin(METRICS)][["metric", "value"]]
        if learner == "plug":
            table = pd.concat([table, recovered(trial, fitted.fit_.fields.predict_proba(features.phi))])
        blocks.append(table.assign(setting=setting))
    return pd.concat(blocks, ignore_index=True)


def recovered(trial: Trial, proba: np.ndarray) -> pd.DataFrame:
    """AUROC, F1 and calibration error of every level of the confounders, as metrics ``auroc:pain`` and so on."""
    fields = data.fields_of(trial.train)
    scores = encoders.score_fields(fields, data.labels_of(trial.test, fields), proba)
    scores = scores[scores["metric"].isin(("auroc", "f1", "ece"))]
    return pd.DataFrame({"metric": scores["metric"] + ":" + scores["level"], "value": scores["value"]})


def ceiling(world: World, seed: int) -> pd.DataFrame:
    """What a perfect reader of the mentions would reach who knows the effect of every symptom."""
    train, test = world.draw(seed)
    tau_hat = data.expected_effect(test)
    table = evaluation.evaluate(test, -tau_hat, tau_hat)
    table = table[table["metric"].isin(METRICS)][["metric", "value"]]
    return pd.concat([table.assign(setting=s) for s in SETTINGS], ignore_index=True)


def embedding_minutes(world: World, name: str, sample: int = 400) -> float:
    """Processor minutes of embedding the training notes without a cache, from a sample of what must be embedded."""
    encoder, notes = encoders.make_encoder("minilm"), world.cohort.take(world.rows[0]).texts
    if name in ("tfidf", "minilm:words"):
        return 0.0
    whole = name in ("minilm", "minilm:tfidf", "minilm:sections", "minilm:projection")
    pieces = notes if whole else bags_of(notes).unique
    some = np.random.default_rng(0).permutation(len(pieces))[: sample if whole else 10 * sample]
    encoder.transform([pieces[i] for i in some[:8]])  # loads the model
    began = time.process_time()
    encoder.transform([pieces[i] for i in some])
    return (time.process_time() - began) / 60 * len(pieces) / len(some)


def run(world: World, names: list[str], budgets: list[float], seeds: int, store: Store) -> pd.DataFrame:
    """All cells, from the store where they are known."""
    tables, about = (
        [],
        {"config": cell_key(world.config), "code": code_of(Path(__file__)), "records": world.records, "table": 2},
    )
    jobs = [(name, budget) for budget in budgets for name in names]
    with tqdm(total=seeds * len(jobs), desc="encoder x budget x seed") as bar:
        for name, budget in jobs:
            bench = Bench(world, name, budget)
            for seed in range(seeds):
                for learner in LEARNERS[budget]:
                    key = {**about, "encoder": name, "budget": budget, "learner": learner, "seed": seed}
                    table = store.frame("representations", key, lambda b=bench, q=learner, s=seed: cell(world, b, q, s))
                    tables.append(table.assign(encoder=name, budget=budget, learner=learner, seed=seed))
                bar.update()
            cost = store.frame("representations", {**about, "encoder": name, "budget": budget, "cost": 1},
                               lambda b=bench, n=name: costs(world, b, n))  # fmt: skip
            tables.append(cost.assign(encoder=name, budget=budget, learner="", setting="home", seed=0))
    best = [ceiling(world, s).assign(encoder="ceiling", budget=1.0, learner="", seed=s) for s in range(seeds)]
    return pd.concat([*tables, *best], ignore_index=True).assign(n=world.records)


def costs(world: World, bench: Bench, name: str) -> pd.DataFrame:
    """Processor minutes: embedding, and learning to read."""
    bench.trial(0)
    values = {"embed_cpu_minutes": embedding_minutes(world, name), "learn_cpu_minutes": bench.minutes}
    return pd.DataFrame({"metric": list(values), "value": list(values.values())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--records", type=int, help="use the first so many of them (default: all)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--encoders", nargs="+", default=list(ENCODERS))
    parser.add_argument("--budgets", nargs="+", type=float, default=[1.0, 0.1])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    config = load(n=options.n, test_share=0.1)
    table = run(
        World(config, min(options.records or options.n, options.n)),
        options.encoders,
        options.budgets,
        options.seeds,
        Store(),
    )
    order = ["n", "encoder", "budget", "learner", "setting", "seed", "metric", "value"]
    if options.out.exists():  # rows of other runs stay
        old = pd.read_csv(options.out, keep_default_na=False)
        table = pd.concat([old, table]).drop_duplicates(order[:-1], keep="last")
    with replacing(options.out) as temporary:
        table[order].sort_values(order[:-1]).to_csv(temporary, index=False, float_format="%.6f")


if __name__ == "__main__":
    main()
