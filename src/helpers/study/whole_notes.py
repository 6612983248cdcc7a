"""The published pairing on vectors of whole notes, from the committed table of the full-size run.

To embed 10,000 whole notes takes longer than the rest of the book. ``benchmarks/whole_notes.py`` does it once; its
repetitions have the splits and draws of everybody else's with the same seeds, so differences to it are paired.
"""

from __future__ import annotations

import pandas as pd

from helpers.config import Config, project_root

WHOLE_NOTES = ("dr", "aace", "aace_ridge@phi", "aace_smooth@phi", "plug@phi")
WHOLE_NOTES_TABLE = "benchmarks/whole_notes.csv"
SAME = ("dataset", "process", "note_style", "n", "test_share", "folds", "clip", "seed", "hidden", "design")


def whole_notes(config: Config) -> pd.DataFrame:
    """Areas of :data:`WHOLE_NOTES` on vectors of whole notes, with everything annotated.

    Parameters
    ----------
    config : Config

    Returns
    -------
    DataFrame
        Columns ``process, strategy, metric, seed, value``; no rows where the table does not hold the very records,
        splits and draws of the configuration. Repetitions beyond those of the configuration are left out.
    """
    path = project_root() / WHOLE_NOTES_TABLE
    found = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["process", "strategy", "metric", "seed"])
    made_of = Config(encoder="minilm").model_copy(update={"process": config.process})
    alike = all(getattr(config, name) == getattr(made_of, name) for name in SAME)
    return found[(found["process"] == config.process) & (found["seed"] < config.seeds) & alike].reset_index(drop=True)
