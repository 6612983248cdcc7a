"""The published pairing, and other learners, on vectors of whole notes at full size.

    python benchmarks/whole_notes.py

10,000 generated records, MiniLM on whole notes, everything annotated, ten repetitions of both processes. Writes
``benchmarks/whole_notes.csv``, which chapter 12 sets beside what it computes itself on the mean over sentences and on
the reader; see ``helpers.study.whole_notes``.
"""

from __future__ import annotations

import time

from helpers import study
from helpers.artifacts.files import replacing
from helpers.config import Config, project_root
from helpers.study.whole_notes import WHOLE_NOTES_TABLE

SEEDS = 10


def main() -> None:
    """Compute, and write the table."""
    began = time.process_time()
    config = Config(encoder="minilm", seeds=SEEDS)
    both = [config.model_copy(update={"process": process}) for process in ("v3", "v2")]
    areas = study.run_areas(both, study.WHOLE_NOTES)
    table = areas[["process", "strategy", "metric", "seed", "value"]]
    with replacing(project_root() / WHOLE_NOTES_TABLE) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    print(f"{len(table)} rows, {time.process_time() - began:.0f} CPU seconds")


if __name__ == "__main__":
    main()
