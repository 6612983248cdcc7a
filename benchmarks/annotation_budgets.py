"""Committed evidence of chapters 07 and 08: their result tables as small text files.

Usage, after the chapters have run with ``results`` as their result folder::

    python benchmarks/annotation_budgets.py <results>

writes ``benchmarks/annotation_budgets/*.csv``. Long tables keep one row a repetition, so that every interval and
verdict of the chapters can be computed from them again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

OUT = Path(__file__).with_suffix("")
METRICS = ("captured", "policy_value", "autoc")
CONSTANT = ("at", "dataset", "process", "note_style", "encoder")


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Without curves, other metrics and columns that never vary in these chapters; four decimals."""
    if "metric" in table and "seed" in table:
        table = table[table["metric"].isin(METRICS)]
    return table.drop(columns=[c for c in CONSTANT if c in table]).round(4)


def main(results: Path) -> None:
    """Write every table of the two chapters that is in the result folder."""
    found = sorted(p for p in results.glob("0[78]_*.parquet"))
    if not found:
        sys.exit(f"{results}: no result table 07_*.parquet or 08_*.parquet; run the chapters first.")
    OUT.mkdir(exist_ok=True)
    for path in found:
        tidy(pd.read_parquet(path)).to_csv(OUT / f"{path.stem}.csv", index=False, lineterminator="\n")
        print(OUT / f"{path.stem}.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
