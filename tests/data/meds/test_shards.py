"""What is wrong with a folder is said with file, column and remedy, without a record; nothing is half read."""

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest

from helpers.config import load
from helpers.data import load_cohort
from helpers.data.meds import load_meds_spec, read_meds
from helpers.data.mimic_synthetic.canary import CANARY
from helpers.privacy.errors import DataError

SHARD = "data/train/0.parquet"


def refused(folder, words, spec="meds.yml"):
    with pytest.raises((DataError, ValueError)) as caught:
        read_meds(folder / spec)
    said = str(caught.value)
    assert re.search(words, said), said
    assert not CANARY.search(said)


def changed(folder, change):
    table = pq.read_table(folder / SHARD)
    pq.write_table(change(table), folder / SHARD)


def cast(name, kind):
    return lambda t: t.set_column(t.column_names.index(name), name, t[name].cast(kind))


def emptied(name, kind):
    return lambda t: t.set_column(t.column_names.index(name), name, pa.nulls(len(t), kind))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cast("subject_id", pa.int32()), "column 'subject_id' is int32, must be int64"),
        (cast("time", pa.timestamp("us", "UTC")), r"'time' is timestamp\[us, tz=UTC\].* drop the zone"),
        (cast("numeric_value", pa.string()), "column 'numeric_value' is string, must be float32"),
        (lambda t: t.drop_columns(["text_value"]), "no shard has the column 'text_value'"),
        (lambda t: t.drop_columns(["code"]), "column 'code' is missing; the standard"),
        (lambda t: t.drop_columns(["storetime"]), "column 'storetime', which meds.yml names"),
        (lambda t: t.take(np.r_[5, 4, 3, 2, 1, 0, 6 : len(t)]), "rows are earlier than the row before"),
        (lambda t: pa.concat_tables([t, t.slice(0, 3)]), "1 subjects stand in two shards, or in two places"),
        (
            emptied("text_value", pa.large_string()),
            "under the codes of notes without a text_value",
        ),
        (
            emptied("numeric_value", pa.float32()),
            "covariates.temperature: has fewer than two values",
        ),
    ],
)
def test_a_shard_that_is_none_of_the_standard_is_refused(folder, change, words):
    changed(folder, change)
    refused(folder, words)


def test_a_file_that_is_cut_short_is_refused_without_its_words(folder):
    shard = folder / SHARD
    shard.write_bytes(shard.read_bytes()[:-500])
    refused(folder, "0.parquet: opening: ArrowInvalid. Its message is withheld")


def test_missing_shards_and_subjects_of_two_splits_are_refused(folder):
    splits = folder / "metadata" / "subject_splits.parquet"
    table = pq.read_table(splits)
    pq.write_table(pa.concat_tables([table, table.slice(0, 2)]), splits)
    refused(folder, "2 subjects stand in it more than once")
    pq.write_table(table.slice(5), splits)
    refused(folder, "5 of 500 subjects in data/ are not in metadata")
    pq.write_table(table, splits)
    (folder / SHARD).rename(folder / "data" / "train" / "2.parquet")
    refused(folder, r"shards are missing \(0.parquet, 1.parquet\)")
    (folder / "metadata" / "dataset.json").unlink()
    (folder / "data" / "train" / "2.parquet").rename(folder / SHARD)
    refused(folder, "dataset.json: is missing")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("LAB//220045//bpm", "LAB//220046//BPM", r"\['LAB//220046//BPM'\] matches none of the"),
        ('codes: ["ICU_ADMISSION//*"]', 'codes: ["*"]', "index.codes.0.code: matches every code"),
        ("LAB//220045//bpm", "LAB//22*", r"heart_rate: 'LAB//22\*' matches \d+ codes with different endings"),
        ("take: age}", "take: mean}", "covariates.age.take: Input should be"),
        ("least_age", "least_years", "least_years: no such key here"),
        ("LAB//220045//bpm", "INFUSION_START//225798", r"\['heart_rate'\]: have codes of the outcome or the treatment"),
        ("unit: bpm, ", "", "take: last needs a unit"),
        ("infection//no]", "infection//yes]", "patients have two different answers"),
        ("hours: 6\n", "hours: 0.001\n", "fewer than 11 treated ones"),
        ("hours: 2160", "hours: 0.001", "outcome: the same in all patients"),
    ],
)
def test_a_spec_that_does_not_fit_is_refused(folder, old, new, words):
    spec = folder / "meds.yml"
    text = spec.read_text(encoding="utf-8")
    assert old in text
    spec.write_text(text.replace(old, new, 1), encoding="utf-8")
    refused(folder, words)


def test_real_records_stay_outside_the_work_tree_and_their_results_too(folder, tmp_path):
    spec = folder / "meds.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("public: true", "public: false"), encoding="utf-8")
    inside = load(dataset="meds", meds_path=str(folder), n=500, results="runs/x/results")
    assert inside.sensitive and inside.aggregates_only
    with pytest.raises(DataError, match="results = .* lies inside the git work tree"):
        load_cohort(inside)
    cohort = load_cohort(load(dataset="meds", meds_path=str(folder), n=300, results=str(tmp_path / "results")))
    assert cohort.sensitive and len(cohort) == 300 and not CANARY.search(repr(cohort.frame))
    (tmp_path / ".git").mkdir()
    refused(folder, "lies inside the git work tree")


def test_the_shipped_spec_of_mimic_iv_keeps_to_the_rules():
    from helpers.data import meds

    spec = load_meds_spec(str(meds.__file__).replace("__init__.py", "mimic-iv.yml"))
    assert not spec.public and spec.annotations.file and spec.notes["discharge"].written == "storetime"


def test_generated_shards_validate_with_the_package_meds(made):
    meds = pytest.importorskip("meds")
    for shard in (made / "data").rglob("*.parquet"):
        meds.DataSchema.validate(pq.read_table(shard))
    meds.SubjectSplitSchema.validate(pq.read_table(made / "metadata" / "subject_splits.parquet"))
    meds.CodeMetadataSchema.validate(pq.read_table(made / "metadata" / "codes.parquet"))
    meds.DatasetMetadataSchema.validate(json.loads((made / "metadata" / "dataset.json").read_text()))


def test_the_same_seed_gives_the_same_rows_and_every_note_its_canary(made, tmp_path):
    from helpers.data.meds_synthetic.folder import make_meds_folder

    again = make_meds_folder(tmp_path / "again", 500, seed=3).parent
    one, two = (pd.read_parquet(place / SHARD) for place in (made, again))
    pd.testing.assert_frame_equal(one, two)
    tokens = one["text_value"].dropna().str.extract(f"({CANARY.pattern})")[0]
    assert tokens.notna().all() and tokens.is_unique


def test_the_check_before_publishing_reads_the_notes_of_all_shards(made):
    from helpers.privacy.note_stream import stream_notes

    shards = [pd.read_parquet(shard)["text_value"].dropna() for shard in sorted((made / "data").rglob("*.parquet"))]
    assert [note.decode() for note in stream_notes(made)] == pd.concat(shards).tolist()


def test_two_units_under_one_code_are_counted_and_refused(folder):
    spec = folder / "meds.yml"
    spec.write_text(spec.read_text(encoding="utf-8") + "\nunits: unit\n", encoding="utf-8")
    refused(folder, "column 'unit', which meds.yml names for units, is no column of strings")
    table = pq.read_table(folder / SHARD)
    rate = pa.compute.equal(table["code"], "LAB//220045//bpm").to_numpy()
    units = np.where(rate, "bpm", None)
    pq.write_table(table.append_column("unit", pa.array(units, pa.string())), folder / SHARD)
    assert len(read_meds(spec)) > 300
    units[np.flatnonzero(rate)[:20]] = "Hz"
    pq.write_table(table.append_column("unit", pa.array(units, pa.string())), folder / SHARD)
    refused(folder, r"covariates.heart_rate: 2 units under one code \([\d,]+, 20 rows\)")
