"""What scoring costs beyond the embedding: CPU seconds of a saved policy on a file of records, part by part.

    python benchmarks/scoring.py [--records 10000] [--distinct 1000] [--encoder minilm] [--seed 0]

Exports the recommended strategy, trained on 600 records of the replica, and scores other records of it with an empty
memory: the study's own notes, whose sentences repeat, and notes of which every sentence is one of its own, as nearly
all are in real notes (each has a number of its own put before). ``embed`` is the time inside the frozen encoder's
``vectors``; ``beyond`` all the rest: reading and checking the file, cutting notes into sentences, how much of each was
read, readers, effects, and writing the scores. CPU seconds are over all cores. Rows are added to ``scoring.csv``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from helpers import config, data, policy, study
from helpers.data.sentences import split_sentences
from helpers.encoders.transformer import TransformerEncoder

TABLE = Path(__file__).with_name("scoring.csv")
TRAINED_ON = 600


def timed(call) -> tuple[float, float]:
    """CPU seconds of the call, and of the embedding in it."""
    real, inside = TransformerEncoder.vectors, []

    def vectors(self, texts):
        start = time.process_time()
        try:
            return real(self, texts)
        finally:
            inside.append(time.process_time() - start)

    TransformerEncoder.vectors = vectors
    try:
        start = time.process_time()
        call()
        return time.process_time() - start, sum(inside)
    finally:
        TransformerEncoder.vectors = real


def all_distinct(frame: pd.DataFrame) -> pd.DataFrame:
    """The records with notes none of whose sentences stands in another."""
    notes = [
        " ".join(f"Line {i} {k}: {sentence}" for k, sentence in enumerate(split_sentences(note)))
        for i, note in enumerate(frame["text"])
    ]
    return frame.assign(text=notes)


def measure(folder: Path, saved: Path, frame: pd.DataFrame, notes: str) -> dict:
    """One row of the table."""
    records = folder / f"{len(frame)}.csv"
    frame.to_csv(records, index=False)
    policy.load_policy(saved).score(frame.head(5))  # imports and the model's files
    total, embed = timed(lambda: policy.score_file(saved, records, folder / "scores.csv", overwrite=True))
    sentences = [s for note in frame["text"] for s in split_sentences(note)]
    return {
        "notes": notes,
        "records": len(frame),
        "sentences": len(sentences),
        "distinct_sentences": len(set(sentences)),
        "embed_cpu_s": round(embed, 1),
        "beyond_cpu_s": round(total - embed, 1),
        "beyond_share_of_embed": round((total - embed) / embed, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, default=1_000)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--strategy", default="plug@read")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    fresh = data.load_cohort(config.load(n=given.records, seed=given.seed + 1)).frame
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = config.load(n=TRAINED_ON, encoder=given.encoder, seed=given.seed)
        saved = study.export_policy(settings, given.strategy, folder / "policy")
        rows = [
            measure(folder, saved, fresh, "the study's own"),
            measure(folder, saved, all_distinct(fresh.head(given.distinct)), "every sentence once"),
        ]
    table = pd.DataFrame(rows)
    table.insert(0, "strategy", given.strategy)
    table.insert(0, "encoder", given.encoder)
    keys = ["encoder", "strategy", "notes", "records"]
    old = pd.read_csv(TABLE) if TABLE.exists() else table.head(0)
    pd.concat([old, table]).drop_duplicates(keys, keep="last").to_csv(TABLE, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
