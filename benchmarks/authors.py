"""What a reader keeps on notes of an author it has never read. Writes ``benchmarks/authors.csv``.

    python benchmarks/authors.py [--n 10000] [--seeds 5] [--readers sentences words]

Generated notes by eight authors; each is left out in turn, the reader learns from the others' notes and is judged on
held-out patients of the others (``home``) and of the one left out (``target``), all records annotated. Every repetition
has a split, treatments and outcomes of its own. Rows of other readers and sizes that are in the table stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from helpers import config
from helpers.study import RECOMMENDED, shift

OUT = Path(__file__).with_name("authors.csv")
KEYS = ["n", "reader", "author", "where", "seed", "metric"]
ENCODERS = {"words": "tfidf"}  # a reader of words embeds nothing


def measured(n: int, seeds: int, reader: str) -> pd.DataFrame:
    """Long results of one reader."""
    encoder = ENCODERS.get(reader, "minilm:mean")
    settings = config.load(n=n, seeds=seeds, note_style="authors", encoder=encoder, reader=reader)
    return shift.authors_left_out(settings, RECOMMENDED).assign(n=n, reader=reader)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--readers", nargs="+", default=["sentences", "words"])
    given = parser.parse_args()
    kept = [pd.read_csv(OUT)] if OUT.exists() else []
    for reader in given.readers:
        kept.append(measured(given.n, given.seeds, reader)[[*KEYS, "value"]])
        table = pd.concat(kept, ignore_index=True).drop_duplicates(KEYS, keep="last").sort_values(KEYS)
        table.to_csv(OUT, index=False, float_format="%.4f")
        print(shift.author_shares(kept[-1], ("where",)))


if __name__ == "__main__":
    main()
