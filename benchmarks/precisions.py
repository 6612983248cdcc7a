"""Does a cheaper precision of the encoder change what matters? Writes ``benchmarks/precisions.csv``.

    python benchmarks/precisions.py [--n 3000] [--seeds 5]

The sentences of generated notes are embedded in every precision that this processor has, the recommended reader is
trained on the vectors, and the recommended learner on what it reads, in repetitions that draw split, treatment and
outcome anew. Rows: ``precision``, ``seed``, ``metric``, ``value``, with the metrics

* ``loss``: mean negative log-likelihood of a confounder of a held-out note, nats;
* ``autoc``, ``policy_value``: of the order by the learner, by the true effects of the same held-out records;
* ``moved``: share of the held-out patients whose treatment is another than with fp32, a fifth being treated;
* ``cpu_s``: processor seconds of embedding the distinct sentences of the notes of a repetition, from a sample.

``precision`` is also ``another start``: fp32 with another seed of the reader, which says what moves by chance alone.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers import encoders, evaluation, study
from helpers.artifacts.files import replacing
from helpers.config import Config, load
from helpers.data.fields import one_hot
from helpers.encoders.features import Features
from helpers.encoders.sentences import bags_of
from helpers.privacy.errors import DataError
from helpers.study.trials import Trial

TABLE = Path(__file__).with_suffix(".csv")
LADDER, CHANCE = ("fp32", "bf16", "int8"), "another start"
TREATED, SAMPLE = 0.2, 3_000  # share of the patients; sentences


def available() -> list[str]:
    """The precisions that can be had here."""
    found = []
    for precision in LADDER:
        try:
            encoders.resolve("cpu", precision)
            found.append(precision)
        except DataError:
            continue
    return found


def judged(trial: Trial, name: str, rung: str) -> tuple[dict[str, float], np.ndarray]:
    """Metrics of one precision in one repetition, and who is treated."""
    train, test, strategy = trial.train, trial.test, study.strategy_named(study.RECOMMENDED)
    reader = encoders.make_encoder(name, device="cpu", precision="fp32" if rung == CHANCE else rung)
    reader.set_params(seed=reader.seed + (rung == CHANCE))
    about = {"levels": train.levels, "annotated": trial.annotated, "groups": train.ids}
    reader.fit(train.texts, annotations=train.annotations, **about)
    seen = Features(reader.training_vectors_, train.tabular)
    learner = strategy.make(trial).fit(
        Y=train.Y, T=train.T, X=seen.phi, W=train.W, annotated=trial.annotated, groups=train.ids
    )
    priority = -learner.effect(Features(reader.transform(test.texts), test.tabular).phi)
    right = one_hot(np.asarray(test.annotations), test.levels)
    found = {"loss": -(reader.log_proba(test.texts) * right).sum() / right.sum()}
    table = evaluation.evaluate(test, priority)
    areas = table[table["at"].isna()].set_index("metric")["value"]
    found |= {metric: areas[metric] for metric in ("autoc", "policy_value")}
    treated = np.argsort(-priority, kind="stable")[: round(TREATED * len(priority))]
    return found, np.isin(np.arange(len(priority)), treated)


def cpu_s(trial: Trial, base: str, precision: str) -> float:
    """Processor seconds of embedding what is different in a repetition's notes, from a sample."""
    sentences = bags_of([*trial.train.texts, *trial.test.texts]).unique
    some = np.random.default_rng(0).permutation(len(sentences))[:SAMPLE]
    encoder = encoders.make_encoder(base, device="cpu", precision=precision)
    encoder.transform([sentences[i] for i in some[:8]])  # loads the model
    began = time.process_time()
    encoder.transform([sentences[i] for i in some])
    return (time.process_time() - began) * len(sentences) / len(some)


def rows(config: Config) -> Iterator[dict]:
    """The table, row by row."""
    name, ladder = encoders.reading_encoder(config.encoder, config.reader), available()
    for index, trial in tqdm(enumerate(study.replications(config)), total=config.seeds, desc="repetitions"):
        plain = None
        for rung in (*ladder, CHANCE):
            found, treated = judged(trial, name, rung)
            plain = treated if plain is None else plain
            found |= {"moved": (treated != plain).mean()}
            if index == 0 and rung != CHANCE:
                found["cpu_s"] = cpu_s(trial, encoders.base_of(name), rung)
            yield from ({"precision": rung, "seed": index, "metric": m, "value": v} for m, v in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    table = pd.DataFrame(rows(load(n=options.n, seeds=options.seeds, encoder="minilm:mean")))
    with replacing(TABLE) as temporary:
        table.to_csv(temporary, index=False, float_format="%.5f")
    print(table.groupby(["metric", "precision"])["value"].mean().unstack().to_string())


if __name__ == "__main__":
    main()
