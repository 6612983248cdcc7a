"""A whole folder of generated tables, written block by block and given its name when it is complete."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from helpers.artifacts.files import new_folder
from helpers.data.mimic.reader import MADE_UP
from helpers.data.mimic_synthetic import notes, orders, tables
from helpers.data.mimic_synthetic.charts import chart_events
from helpers.data.mimic_synthetic.columns import TABLE_COLUMNS, schema
from helpers.data.mimic_synthetic.people import draw_block
from helpers.data.seeds import labelled_sequence

VERSION = "2"
PATIENTS_AT_ONCE = 250  # patients; fixed, so that who they are does not depend on the amount of charting


def make_folder(
    path: str | Path,
    patients: int,
    seed: int = 0,
    *,
    chart_rows_per_stay: int = 200,
    compress: bool = True,
    progress: bool = False,
) -> Path:
    """Write generated tables in the shape of MIMIC-III v1.4: ``TABLE.csv.gz``, the truth and a marker.

    Parameters
    ----------
    path : path
        New folder; it appears when everything is written.
    patients : int
        At least 1; about 1.27 admissions and 1.3 stays each.
    seed : int
        Root of all randomness: same arguments, same files.
    chart_rows_per_stay : int
        Mean number of chart rows, beside those each stay needs.
    compress : bool
        ``.csv.gz`` or ``.csv``.
    progress : bool
        Show a bar over the patients.

    Returns
    -------
    Path of the folder. ``mimic-synthetic.json`` in it holds the version, the arguments and the rows of every table;
    ``TRUTH.csv(.gz)`` the chances of death with and without early antibiotics and of that treatment, a patient a row,
    ``ELIGIBLE`` where the repaired definition of treatment applies.

    Raises
    ------
    FileExistsError
        The folder is there already.
    ValueError
        An argument is out of its rule.
    """
    for name, value in (("patients", patients), ("chart_rows_per_stay", chart_rows_per_stay)):
        if int(value) != value or value < 1:
            raise ValueError(f"{name} = {value!r}: must be a whole number of at least 1.")
    with new_folder(path) as temporary:
        rows = _write_tables(temporary, patients, seed, chart_rows_per_stay, compress, progress)
        marker = {"version": VERSION, "seed": seed, "patients": patients, "chart_rows_per_stay": chart_rows_per_stay}
        (temporary / MADE_UP).write_text(json.dumps({**marker, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return Path(path).expanduser().absolute()


def _write_tables(folder: Path, patients: int, seed: int, per_stay: int, compress: bool, progress: bool) -> dict:
    from tqdm.auto import tqdm

    sizes = [min(PATIENTS_AT_ONCE, patients - start) for start in range(0, patients, PATIENTS_AT_ONCE)]
    roots = labelled_sequence("mimic-generator", seed).spawn(len(sizes))
    ids, rows = {"hadm": 100_001, "stay": 200_001}, dict.fromkeys(TABLE_COLUMNS, 0)
    with ExitStack() as stack, tqdm(total=patients, desc="generating", unit="patient", disable=not progress) as bar:
        writers = {name: _writer(stack, folder, name, compress) for name in TABLE_COLUMNS}
        for name, table in tables.dictionary_tables().items():
            writers[name].write_table(table)
            rows[name] += len(table)
        for i, (size, root) in enumerate(zip(sizes, roots, strict=True)):
            for name, table in _block_tables(i * PATIENTS_AT_ONCE, size, ids, rows, root, seed, per_stay).items():
                writers[name].write_table(table)
                rows[name] += len(table)
            bar.update(size)
    return rows


def _block_tables(first, size, ids, rows, root, seed, per_stay) -> dict[str, pa.Table]:
    """The tables of one block of patients, each from a stream of its own."""
    rngs = [np.random.default_rng(child) for child in root.spawn(8)]
    block = draw_block(first, size, ids, rngs[0])
    chosen = orders.choose_antibiotics(block, rngs[7])
    return {
        "PATIENTS": tables.patients_table(block, rows["PATIENTS"] + 1, rngs[1]),
        "ADMISSIONS": tables.admissions_table(block, rows["ADMISSIONS"] + 1, rngs[1]),
        "ICUSTAYS": tables.stays_table(block, rows["ICUSTAYS"] + 1, rngs[1]),
        "DIAGNOSES_ICD": tables.diagnoses_table(block, rows["DIAGNOSES_ICD"] + 1, rngs[2]),
        "PRESCRIPTIONS": orders.prescriptions_table(block, chosen, rows["PRESCRIPTIONS"] + 1, rngs[3]),
        "INPUTEVENTS_MV": orders.inputs_table(block, chosen, rows["INPUTEVENTS_MV"] + 1, rngs[4]),
        "NOTEEVENTS": notes.note_events(block, seed, rows["NOTEEVENTS"] + 1, rngs[5]),
        "CHARTEVENTS": chart_events(block.stays, per_stay, rows["CHARTEVENTS"] + 1, rngs[6]),
        "TRUTH": tables.truth_table(block),
    }


def _writer(stack: ExitStack, folder: Path, name: str, compress: bool) -> pa.csv.CSVWriter:
    """A writer of v1.4's dialect: header and strings quoted, quotes doubled, NULL an empty field, UTF-8."""
    out: io.BufferedIOBase = stack.enter_context(open(folder / f"{name}.csv{'.gz' if compress else ''}", "wb"))
    if compress:  # without name and time in its head, so that the same tables are the same bytes
        out = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=2, fileobj=out, mtime=0))
    return stack.enter_context(pa.csv.CSVWriter(out, schema(name)))
