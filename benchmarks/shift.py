"""Copy the tables of chapter 09 that are small enough to commit: ``python benchmarks/shift.py <results folder>``."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

TABLES = ("shifts", "cost", "against_random", "false_alarms", "power", "carried_errors", "worst_case", "bounds")
TABLES += ("remedies", "stress_paired")


def main() -> None:
    """Write ``benchmarks/shift/<table>.csv``, four decimals."""
    results, kept = Path(sys.argv[1]), Path(__file__).parent / "shift"
    kept.mkdir(exist_ok=True)
    for name in TABLES:
        table = pd.read_parquet(results / f"09_{name}.parquet")
        table.to_csv(kept / f"{name}.csv", index=False, float_format="%.4f")


if __name__ == "__main__":
    main()
