"""Own tables: what a spec may say, what a table may hold, and that no refusal shows a value of a record."""

import gzip

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.config import load
from helpers.data import own
from helpers.data.example import POINTS, SPEC, example_table, write_example
from helpers.data.load import load_cohort
from helpers.data.own.spec import OwnSpec, load_spec

SECRET = "Zebrafish"
BASE = {
    "table": "records.csv",
    "id": "mrn",
    "text": "note",
    "tabular": {"age": "numeric"},
    "annotations": {"sepsis": "binary", "grade": {"type": "categorical", "levels": ["none", "low", "high"]}},
    "treatment": {"column": "drug", "treated": "given", "untreated": "not given"},
    "outcome": {"column": "score", "type": "continuous", "better": "higher"},
}


def frame(n=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "mrn": [f"{SECRET}{k // 2}" for k in range(n)],
            "note": [f"{SECRET} note {k}, with a ; and\na line" for k in range(n)],
            "age": rng.integers(20, 90, n).astype(str),
            "sepsis": np.where(rng.random(n) < 0.5, "yes", "No "),
            "grade": rng.choice(["none", "low", "high"], n),
            "drug": np.where(np.arange(n) % 2, "given", "not given"),
            "score": rng.normal(50, 10, n).round(2).astype(str),
            "ward": "unused",
        }
    )


@pytest.fixture
def write(tmp_path):
    def make(table=None, spec=BASE):
        (frame() if table is None else table).to_csv(tmp_path / "records.csv", index=False)
        (tmp_path / "own.yml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
        return tmp_path / "own.yml"

    return make


def changed(**columns):
    return frame().assign(**columns)


def test_roles_types_and_direction(write):
    cohort = own.read_own(write())
    assert len(cohort) == 60 and len(set(cohort.ids)) == 30
    assert cohort.roles.tabular == ("age",) and cohort.roles.annotations == ("sepsis", "grade")
    assert cohort.levels == (2, 3) and not cohort.has_truth and cohort.annotated.all()
    np.testing.assert_array_equal(cohort.T, np.arange(60) % 2)
    np.testing.assert_allclose(-cohort.Y, frame()["score"].astype(float))
    np.testing.assert_allclose(cohort.turned_back(cohort.Y), frame()["score"].astype(float))
    assert cohort.texts == frame()["note"].tolist()
    assert "ward" not in cohort.frame
    assert SECRET not in repr(cohort)


def test_parquet_and_gzip_give_the_same_cohort(write, tmp_path):
    plain = own.read_own(write()).frame
    (tmp_path / "records.csv.gz").write_bytes(gzip.compress((tmp_path / "records.csv").read_bytes()))
    typed = frame().astype({"age": int, "score": float}).assign(sepsis=frame()["sepsis"].str.strip().eq("yes"))
    typed.to_parquet(tmp_path / "records.parquet")
    for name in ("records.csv.gz", "records.parquet"):
        (tmp_path / "own.yml").write_text(yaml.safe_dump(BASE | {"table": name}, sort_keys=False), encoding="utf-8")
        pd.testing.assert_frame_equal(own.read_own(tmp_path / "own.yml").frame, plain)


def test_the_excel_dialect(write, tmp_path):
    spec = BASE | {"separator": ";", "decimal": ",", "encoding": "latin-1"}
    path = write(spec=spec)
    table = changed(score=frame()["score"].str.replace(".", ","), note="Fieber für immer")
    table.to_csv(tmp_path / "records.csv", index=False, sep=";", encoding="latin-1")
    cohort = own.read_own(path)
    assert cohort.texts[0] == "Fieber für immer"
    np.testing.assert_allclose(-cohort.Y, frame()["score"].astype(float))


@pytest.mark.parametrize(
    ("outcome", "values", "inside"),
    [
        ({"type": "count", "better": "lower"}, ["0", "3"], [0, 3]),
        ({"type": "binary", "better": "lower", "present": "died", "absent": "alive"}, ["alive", "Died"], [0, 1]),
        ({"type": "binary", "better": "higher"}, ["yes", "no"], [-1, 0]),
    ],
)
def test_kinds_of_outcome(write, outcome, values, inside):
    spec = BASE | {"outcome": {"column": "score", **outcome}}
    cohort = own.read_own(write(changed(score=values * 30), spec))
    np.testing.assert_array_equal(cohort.Y[:2], inside)


FAULTS = {
    "age": ("age", "old", "1 of 60 values are no numbers"),
    "age empty": ("age", "", "1 of 60 values are empty; fill them in, or write `missing: mark`"),
    "sepsis": ("sepsis", SECRET, "1 of 60 values are not yes/no, true/false or 1/0"),
    "grade": ("grade", SECRET, "1 of 60 values are not among the 3 levels"),
    "drug": ("drug", SECRET, "1 of 60 values are not 'given' or 'not given'"),
    "score": ("score", "NA", "1 of 60 values are empty"),
    "score inf": ("score", "inf", "1 of 60 values are no numbers"),
    "note": ("note", " ", "1 of 60 values have no note"),
    "mrn": ("mrn", "", "1 of 60 values are empty; every record belongs to a patient"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_bad_value_is_named_by_column_count_and_rule(write, case):
    column, value, said = FAULTS[case]
    table = frame()
    table.loc[7, column] = value
    with pytest.raises(ValueError, match="does not keep to own.yml") as error:
        own.read_own(write(table))
    assert f"column '{column}'" in str(error.value) and said in str(error.value)
    assert SECRET not in str(error.value) and error.value.__cause__ is None


def test_all_faults_come_at_once(write):
    table = frame()
    table.loc[3, "age"], table.loc[[4, 5], "drug"] = "x", SECRET
    with pytest.raises(ValueError) as error:
        own.read_own(write(table))
    assert "1 of 60" in str(error.value) and "2 of 60" in str(error.value)


SPECS = {
    "typo": ({"tabluar": {}}, "tabluar: unknown, did you mean 'tabular'"),
    "typo inside": ({"outcome": BASE["outcome"] | {"beter": "x"}}, "outcome.beter: unknown, did you mean 'better'"),
    "typo of a field": ({"tabular": {"age": {"type": "numeric", "mising": "mark"}}}, "did you mean 'missing'"),
    "no direction": ({"outcome": {"column": "score", "type": "count"}}, "outcome.better: Field required"),
    "twice": ({"tabular": {"score": "numeric"}}, r"column \['score'\] has several roles"),
    "reserved": ({"tabular": {"T": "numeric"}}, "choose another name and give the table's as `column`"),
    "one word": ({"treatment": {"column": "drug", "treated": "x"}}, "give both treated and untreated"),
    "levels": ({"tabular": {"age": {"type": "numeric", "levels": ["a", "b"]}}}, "levels are for categorical"),
    "ending": ({"table": "records.xlsx"}, "table must end in one of .csv"),
    "nothing annotated": ({"annotations": {}}, "annotations: Dictionary should have at least 1 item"),
}


@pytest.mark.parametrize("case", SPECS)
def test_a_bad_spec_is_explained(write, case):
    change, said = SPECS[case]
    with pytest.raises(ValueError, match=said):
        load_spec(write(spec=BASE | change))


def test_a_column_that_is_not_there_gets_a_suggestion(write):
    with pytest.raises(ValueError, match=r"'notes' is missing \(did you mean 'note'\?\)"):
        own.read_own(write(spec=BASE | {"text": "notes"}))
    with pytest.raises(ValueError, match="header has one field: is separator ';' right"):
        own.read_own(write(spec=BASE | {"separator": ";"}))


def test_files_that_are_missing_or_broken(write, tmp_path):
    with pytest.raises(FileNotFoundError, match="example-own"):
        own.read_own(tmp_path / "nothing.yml")
    path = write(spec=BASE | {"table": "other.csv"})
    with pytest.raises(FileNotFoundError, match="table = 'other.csv'"):
        own.read_own(path)
    path.write_text("a: [1", encoding="utf-8")
    with pytest.raises(ValueError, match="not valid YAML"):
        own.read_own(path)
    path = write()
    (tmp_path / "records.csv").write_bytes((tmp_path / "records.csv").read_bytes() + SECRET.encode() + b"\xff,,,\n")
    with pytest.raises(ValueError, match="not UTF-8") as error:
        own.read_own(path)
    assert SECRET not in str(error.value)


def test_a_table_inside_a_work_tree_is_refused_unless_public(write, tmp_path):
    path = write()
    (tmp_path / ".git").mkdir()
    with pytest.raises(ValueError, match="git work tree"):
        own.read_own(path)
    assert len(own.read_own(write(spec=BASE | {"public": True}))) == 60


def test_results_of_records_that_are_not_public_stay_out_of_the_work_tree(write, tmp_path, monkeypatch):
    path = write()
    repository = tmp_path.with_name(tmp_path.name + "_repository")
    (repository / ".git").mkdir(parents=True)
    (repository / "pyproject.toml").touch()
    monkeypatch.chdir(repository)
    with pytest.raises(ValueError, match="results = .*git work tree"):
        load_cohort(load(dataset="own", own_spec=str(path)))
    assert not (repository / "runs").exists()
    assert len(load_cohort(load(dataset="own", own_spec=str(path), results=str(tmp_path / "results")))) == 60


def test_missing_values_get_a_level_or_a_column(write):
    table = frame()
    table.loc[:4, ["age", "sepsis", "grade"]] = ["NA", "", ""]
    table.loc[5:9, "sepsis"] = "NULL"
    fields = {
        "tabular": {"age": {"type": "numeric", "missing": "mark"}},
        "annotations": {"sepsis": {"type": "binary", "missing": "mark"}, "grade": BASE["annotations"]["grade"]},
    }
    cohort = own.read_own(write(table, BASE | fields))
    assert cohort.roles.tabular == ("age", "age_missing") and cohort.tabular[:5, 1].all()
    assert np.isnan(cohort.tabular[:5, 0]).all() and not cohort.tabular[5:, 1].any()
    assert list(cohort.frame["sepsis"].cat.categories) == ["no", "yes", "missing"]
    assert (cohort.frame["sepsis"][5:10] == "missing").all()
    assert (~cohort.annotated).nonzero()[0].tolist() == [0, 1, 2, 3, 4], "nobody annotated these"
    assert cohort.frame["sepsis"][:5].isna().all()


def test_at_most_n_rows_in_whole_patients(write):
    cohort = own.read_own(write())
    few = own.limited(cohort, 21, 0)
    assert len(few) == 20 and few.tags["rows_left_out"] == 40
    assert pd.Series(few.ids).value_counts().eq(2).all()
    assert few.frame.equals(own.limited(cohort, 21, 0).frame)
    assert own.limited(cohort, 60, 0) is cohort


def test_a_change_of_the_table_changes_the_fingerprint(write, tmp_path):
    path = write()
    first = own.table_fingerprint(path)
    assert own.table_fingerprint(path) == first
    write(changed(age="50"))
    assert own.table_fingerprint(path) != first


def test_the_example_is_read_and_its_effects_are_those_of_v3(tmp_path):
    path = write_example(tmp_path / "example", n=600)
    cohort = own.read_own(path)
    table, effect = example_table(600)
    assert len(cohort) == 600 and cohort.tags["public"] and not cohort.roles.lower_is_better
    assert 1.5 < 600 / len(set(cohort.ids)) < 4 and 0.7 < cohort.annotated.mean() < 0.9
    assert effect.mean() == pytest.approx(POINTS * 0.978, abs=0.5)
    chronic = cohort.frame.groupby("id")[["self_employed", "smoker", "condition"]].nunique()
    assert (chronic == 1).all(axis=None), "what is chronic stays with the patient"
    assert cohort.frame["time"].notna().all() and OwnSpec(**yaml.safe_load(SPEC)).public
    pd.testing.assert_frame_equal(table, example_table(600)[0])
    with pytest.raises(FileExistsError, match="overwrite"):
        write_example(tmp_path / "example", n=600)
