"""The cohort of a MEDS folder against a plain pandas reading of the same shards, and against the generator's truth."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from helpers.config import load, load_yaml
from helpers.data import load_cohort
from helpers.data.meds import flow_and_leakage, read_meds
from helpers.data.meds_synthetic.events import LACTATE

HOUR = pd.Timedelta(hours=1)


@pytest.fixture(scope="module")
def rows(made):
    shards = sorted((made / "data").rglob("*.parquet"))
    return pd.concat([pd.read_parquet(s) for s in shards], ignore_index=True)


@pytest.fixture(scope="module")
def cohort(made):
    return read_meds(made / "meds.yml")


@pytest.fixture(scope="module")
def t0(rows, cohort):
    came = rows[rows["code"].str.startswith("ICU_ADMISSION")].groupby("subject_id")["time"].min()
    return (came + 3 * HOUR).loc[cohort.ids]


def test_treatment_and_patients_are_those_of_the_generator(made, cohort):
    truth = pd.read_csv(made / "truth.csv").set_index("subject_id")
    assert (truth.loc[cohort.ids, "T"].to_numpy() == cohort.T).all() and 0.2 < cohort.T.mean() < 0.6
    wanted = set(truth.index[truth["eligible"] == 1])
    assert set(cohort.ids) <= wanted and len(cohort) > 0.95 * len(wanted)  # the others have no note by t0


def test_covariates_are_the_last_numbers_stored_by_t0(rows, cohort, t0):
    mine = rows.merge(t0.rename("t0").reset_index(), on="subject_id")
    known = mine[["time", "storetime"]].max(axis=1)
    mine = mine[known <= mine["t0"]].assign(known=known)
    for name, code in (("heart_rate", "LAB//220045//bpm"), ("lactate", LACTATE)):
        found = mine[(mine["code"] == code) & mine["numeric_value"].notna()]
        found = found.sort_values("known", kind="stable").groupby("subject_id")["numeric_value"].last()
        found = found.reindex(cohort.ids).astype(float)
        if name == "heart_rate":
            found = found.where(found.between(0, 300))
        np.testing.assert_array_equal(found.to_numpy(), cohort.frame[name].to_numpy())
    both = mine[mine["code"].isin(["LAB//223761//°F", "LAB//223762//°C"])]
    assert cohort.frame["temperature"].dropna().between(30, 45).all() and len(both) > len(cohort) / 2


def test_the_notes_are_those_that_could_be_read(rows, cohort, t0):
    notes = rows[rows["code"].str.startswith("NOTE//") & rows["storetime"].notna()]
    notes = notes.merge(t0.rename("t0").reset_index(), on="subject_id")
    notes = notes.assign(known=notes[["time", "storetime"]].max(axis=1))
    ago = notes["t0"] - notes["known"]
    notes = notes[(ago >= pd.Timedelta(0)) & (ago <= 24 * HOUR)].sort_values("known", kind="stable")
    joined = notes.groupby("subject_id")["text_value"].agg("\n\n".join)
    assert joined.loc[cohort.ids].tolist() == cohort.texts
    late = rows[rows["code"].eq("NOTE//Discharge summary")]["text_value"].str[:18]
    assert len(late) and not any(token in text for token in late for text in cohort.texts)


def test_flow_and_leakage_are_nested_and_suppressed(made, cohort):
    flow, leakage = flow_and_leakage(made / "meds.yml")
    left = flow["patients"].dropna().astype(int).tolist()
    assert left == sorted(left, reverse=True) and left[-1] == len(cohort)
    table = leakage.set_index("name")
    parts = table[["before", "late", "inside", "after", "untimed"]]
    whole = parts.notna().all(axis=1)
    assert (parts[whole].sum(axis=1) == table.loc[whole, "rows"]).all() and whole.sum() >= 6
    assert table.loc["lactate", "late"] > 11 and table.loc["ecg", "untimed"] == table.loc["ecg", "rows"]
    shown = table[["rows", *parts]].stack().dropna()
    assert not shown.between(1, 10).any()


def test_annotations_of_a_table_are_those_of_the_codes(folder, cohort):
    fields = list(cohort.roles.annotations)
    table = cohort.frame.loc[cohort.annotated, ["id", *fields]].replace({0.0: "no", 1.0: "yes"})
    table.rename(columns={"id": "subject_id"}).to_csv(folder / "read.csv", index=False)
    spec = load_yaml(folder / "meds.yml")
    spec["annotations"] = {"file": "read.csv", "fields": {name: ["no", "yes"] for name in fields}}
    (folder / "meds.yml").write_text(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), encoding="utf-8")
    again = read_meds(folder / "meds.yml")
    pd.testing.assert_frame_equal(pd.DataFrame(again.frame), pd.DataFrame(cohort.frame))


def test_the_same_cohort_as_an_own_table_is_the_same(cohort, tmp_path):
    names, fields = list(cohort.roles.tabular), list(cohort.roles.annotations)
    plain = [name for name in names if not name.endswith("_missing")]
    table = pd.DataFrame(cohort.frame)[["id", "text", "T", "Y", *plain, *fields]]
    own = {"table": "table.csv", "id": "id", "text": "text", "public": True, "treatment": "T"}
    own["outcome"] = {"column": "Y", "type": "binary", "better": "lower"}
    own["tabular"] = {name: {"type": "numeric", "missing": "mark"} for name in plain}
    own["annotations"] = {name: "binary" for name in fields}
    table[fields] = table[fields].astype("Int64")
    table[["T", "Y"]] = table[["T", "Y"]].astype(int)
    table.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "own.yml").write_text(yaml.safe_dump(own, sort_keys=False))
    again = load_cohort(load(dataset="own", own_spec=str(tmp_path / "own.yml")))
    assert again.roles.tabular == cohort.roles.tabular and again.texts == cohort.texts
    for part in ("T", "Y", "tabular", "annotations", "annotated"):
        np.testing.assert_array_equal(getattr(again, part), getattr(cohort, part), err_msg=part)


def test_the_order_and_number_of_shards_decide_nothing(folder, cohort):
    shard = folder / "data" / "train" / "0.parquet"
    rows = pd.read_parquet(shard)
    middle = rows["subject_id"] < rows["subject_id"].median()
    schema = pq.read_schema(shard)
    rows[middle].to_parquet(folder / "data" / "train" / "1.parquet", schema=schema, index=False)
    nobody = rows[:0].drop(columns=["text_value", "numeric_value"])  # the standard lets a shard lack both
    nobody.to_parquet(folder / "data" / "train" / "2.parquet", index=False)
    rows[~middle].to_parquet(shard, schema=schema, index=False)
    again = read_meds(folder / "meds.yml", memory="200MB")
    pd.testing.assert_frame_equal(pd.DataFrame(again.frame), pd.DataFrame(cohort.frame))
