"""A whole generated MEDS folder with its ``meds.yml``, given its name when it is complete."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.artifacts.files import new_folder
from helpers.data.meds_synthetic.events import block_events
from helpers.data.meds_synthetic.truth import means_meds
from helpers.data.mimic_synthetic.people import draw_block
from helpers.data.seeds import labelled_sequence

PATIENTS_A_BLOCK, PATIENTS_A_SHARD = 250, 1_000  # patients; fixed, so that who they are does not depend on their number
SPLITS = ("train",) * 8 + ("tuning", "held_out")
CHART_ROWS = 60
SHARD_SCHEMA = pa.schema(
    [
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        ("code", pa.string()),
        ("numeric_value", pa.float32()),
        ("text_value", pa.large_string()),
        ("storetime", pa.timestamp("us")),
    ]
)
TRUTH_COLUMNS = ["subject_id", "mu0", "mu1", "e", "T", "eligible"]


def make_meds_folder(path: str | Path, patients: int, seed: int = 0, chart_rows: int = CHART_ROWS) -> Path:
    """Write generated shards, their metadata, ``meds.yml`` and ``truth.csv``.

    Parameters
    ----------
    path : path
        New folder; it appears when everything is written.
    patients : int
    seed : int
        Same arguments, same rows.
    chart_rows : int
        Mean number of charted rows a stay, beside those that each needs.

    Returns
    -------
    Path of ``meds.yml``. ``truth.csv`` holds the chances of death without and with early antibiotics and of that
    treatment, a first stay of an adult a row.

    Raises
    ------
    FileExistsError
        The folder is there already.
    """
    with new_folder(path) as temporary:
        _write(temporary, patients, seed, chart_rows)
    return Path(path).expanduser().absolute() / "meds.yml"


def _write(folder: Path, patients: int, seed: int, chart_rows: int) -> None:
    (folder / "metadata").mkdir(parents=True)
    blocks = _blocks(patients, seed, chart_rows)
    truths, subjects, numbers = [], [], dict.fromkeys(SPLITS, 0)
    codes: set[str] = set()
    for i in range(-(-patients // PATIENTS_A_SHARD)):
        split = SPLITS[i % len(SPLITS)]
        pieces = [piece for _, piece in zip(range(PATIENTS_A_SHARD // PATIENTS_A_BLOCK), blocks, strict=False)]
        rows = pd.concat([rows for rows, _ in pieces], ignore_index=True).sort_values("subject_id", kind="stable")
        truths += [truth for _, truth in pieces]
        place = folder / "data" / split / f"{numbers[split]}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pandas(rows, SHARD_SCHEMA, preserve_index=False), place, compression="zstd")
        numbers[split] += 1
        subjects.append(pd.DataFrame({"subject_id": rows["subject_id"].unique(), "split": split}))
        codes |= set(rows["code"].unique())
    _describe(folder, pd.concat(subjects), sorted(codes))
    pd.concat(truths).to_csv(folder / "truth.csv", index=False)
    shipped = files("helpers.data.meds_synthetic").joinpath("meds.yml").read_text(encoding="utf-8")
    (folder / "meds.yml").write_text(shipped, encoding="utf-8")


def _blocks(patients: int, seed: int, chart_rows: int):
    """Rows and truth of each block, made when asked for."""
    sizes = [min(PATIENTS_A_BLOCK, patients - start) for start in range(0, patients, PATIENTS_A_BLOCK)]
    roots = labelled_sequence("meds-generator", seed).spawn(len(sizes))
    ids, first_note = {"hadm": 20_000_001, "stay": 30_000_001}, 1
    for i, (size, root) in enumerate(zip(sizes, roots, strict=True)):
        rngs = [np.random.default_rng(child) for child in root.spawn(8)]
        block = draw_block(i * PATIENTS_A_BLOCK, size, ids, rngs[0], world=means_meds, metavision=1.0)
        rows = block_events(block, seed, first_note, chart_rows, rngs[1:])
        first_note += int(rows["text_value"].notna().sum()) * 2
        stays = block.stays[block.stays["first"] & (block.stays["newborn"] == 0)]
        yield rows, stays[TRUTH_COLUMNS].astype({"eligible": int})


def _describe(folder: Path, subjects: pd.DataFrame, codes: list[str]) -> None:
    metadata = {"dataset_name": "generated in the shape of MIMIC-IV", "meds_version": "0.4.1"}
    (folder / "metadata" / "dataset.json").write_text(json.dumps(metadata) + "\n", encoding="utf-8")
    splits = pa.schema([("subject_id", pa.int64()), ("split", pa.string())])
    pq.write_table(
        pa.Table.from_pandas(subjects, splits, preserve_index=False), folder / "metadata" / "subject_splits.parquet"
    )
    kinds = pa.schema([("code", pa.string()), ("description", pa.string()), ("parent_codes", pa.list_(pa.string()))])
    table = pa.table({"code": codes, "description": [None] * len(codes), "parent_codes": [None] * len(codes)}, kinds)
    pq.write_table(table, folder / "metadata" / "codes.parquet")
