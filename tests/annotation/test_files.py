"""Files of annotations: round trips, strict reading, and no record text in any message."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import annotation
from helpers.data import fields
from helpers.data.cohort import Cohort, Roles

SECRET = "zebra"
FIELDS = ("dysp", "fever")


def cohort(n: int = 6, ids=None) -> Cohort:
    frame = pd.DataFrame({"id": np.arange(n) + 10 if ids is None else ids, "text": f'{SECRET}, "quoted"\nnote'})
    frame["dysp"] = np.arange(n) % 2
    frame["fever"] = pd.Categorical.from_codes(np.arange(n) % 3, ["none", "low", "high"], ordered=True)
    return Cohort(frame, Roles(annotations=FIELDS))


def write(path, rows: list[list]) -> None:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["id", "annotator", *FIELDS], *rows])
    else:
        names = ("id", "annotator", *FIELDS)
        path.write_text("\n".join(json.dumps(dict(zip(names, row))) for row in rows), encoding="utf-8")


@pytest.fixture(params=[".csv", ".jsonl"])
def path(request, tmp_path):
    return tmp_path / f"annotations{request.param}"


def test_two_annotators_blanks_and_order(path):
    write(
        path, [[13, "b", 1, "high"], [10, "a", 0, ""], [10, "b", 1, "LOW "], [12, "a", "", "none"], [11, "a", "", ""]]
    )
    found = annotation.read_annotations(path, cohort())
    assert found.annotators == ("a", "b") and found.answers.shape == (6, 2, 2)
    wanted = np.full((6, 2, 2), -1)
    wanted[3, 1], wanted[0, 0], wanted[0, 1], wanted[2, 0] = (1, 2), (0, -1), (1, 1), (-1, 0)
    np.testing.assert_array_equal(found.answers, wanted)
    np.testing.assert_array_equal(found.codes, [[0, -1], [-1, -1], [-1, 0], [1, 2], [-1, -1], [-1, -1]])
    assert found.annotator.tolist() == ["a", "", "a", "b", "", ""]
    assert found.double.tolist() == [True] + [False] * 5


@given(st.data())
def test_what_is_written_is_read_back(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("files") / data.draw(st.sampled_from(["a.csv", "a.jsonl"]))
    codes = np.array(data.draw(st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 2)), min_size=6, max_size=6)))
    values = fields.field_levels(cohort())
    cells = [["" if k < 0 else values[f][k] for f, k in zip(FIELDS, row)] for row in codes]
    write(path, [[10 + i, "x", *row] for i, row in enumerate(cells)])
    np.testing.assert_array_equal(annotation.read_annotations(path, cohort()).codes, codes)


def test_every_fault_is_counted_and_nothing_is_quoted(path):
    rows = [[13, "a", SECRET, "none"], [99, "a", 1, SECRET], [10, "", 1, "low"], [11, "a", 1, "low"], [11, "a", 0, ""]]
    write(path, rows)
    with pytest.raises(ValueError, match="not a valid file") as error:
        annotation.read_annotations(path, cohort())
    message = str(error.value)
    for part in ("dysp: 1 values", "fever: 1 values", "1 ids", "1 annotated rows", "1 rows repeat"):
        assert part in message
    assert SECRET not in message and error.value.__cause__ is None and error.value.__context__ is None


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.csv", "id,annotator,dysp\n10,a,1\n", r"missing: \['fever'\]"),
        ("a.csv", f"id,annotator,dysp,fever,{SECRET}\n10,a,1,low,x\n", "1 columns other"),
        ("a.csv", f"id,annotator,dysp,fever\n10,a,1,low,{SECRET}\n10,a\n", "2 lines"),
        ("a.csv", "id,annotator,dysp,fever,fever\n10,a,1,low,low\n", "lines"),
        ("a.csv", f'id,annotator,dysp,fever\n10,a,1,"{SECRET}\n', "cannot be read"),
        ("a.csv", "", "no rows"),
        ("a.jsonl", f"{SECRET}\n[1]\n", "2 lines"),
        ("a.jsonl", '{"id": 10, "id": 11, "annotator": "a", "dysp": 1, "fever": "low"}', "1 lines"),
    ],
)
def test_broken_files(tmp_path, name, content, part):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=part) as error:
        annotation.read_annotations(tmp_path / name, cohort())
    assert SECRET not in str(error.value) and error.value.__context__ is None


def test_bytes_that_are_no_text_and_no_file_at_all(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id\xff\xfe")
    with pytest.raises(ValueError, match="UTF-8"):
        annotation.read_annotations(tmp_path / "a.csv", cohort())
    with pytest.raises(FileNotFoundError, match="write_template"):
        annotation.read_annotations(tmp_path / "b.csv", cohort())


@pytest.mark.parametrize("include_text", [False, True])
def test_a_template_is_filled_in_and_read(path, include_text):
    c = cohort()
    annotation.write_template(c, path, np.array([0, 2]), include_text, annotator="me")
    text = path.read_text(encoding="utf-8")
    assert (SECRET in text) == include_text
    assert (annotation.read_annotations(path, c).answers == -1).all()  # nothing filled in yet
    if path.suffix == ".csv":
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.assign(dysp="1", fever=["low", "none"]).to_csv(path, index=False)
    else:
        lines = [json.loads(line) | {"dysp": 1, "fever": f} for line, f in zip(text.splitlines(), ("low", "none"))]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = annotation.read_annotations(path, c)
    assert found.annotators == ("me",)
    np.testing.assert_array_equal(found.codes[[0, 2]], [[1, 1], [1, 0]])


def test_templates_keep_credentialed_text_and_existing_work(path):
    c = replace(cohort(), tags={"credentialed": True})
    with pytest.raises(PermissionError, match="sensitive"):
        annotation.write_template(c, path, np.arange(2), include_text=True)
    assert not path.exists()
    annotation.write_template(c, path, np.arange(6) < 2)
    before = path.read_bytes()
    assert SECRET.encode() not in before
    with pytest.raises(FileExistsError):
        annotation.write_template(c, path, np.arange(3))
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1


def test_records_of_one_patient_are_named_by_their_keys(path):
    c = cohort(3, ids=[1, 1, 2])
    keys = annotation.record_keys(c)
    assert len(set(keys)) == 3
    annotation.write_template(c, path, np.array([1, 2]))
    text = path.read_text()
    assert all(key in text for key in keys[1:]) and f"{keys[0]}," not in text and f'{keys[0]}"' not in text
    write(path, [[keys[1], "a", 1, "low"]])
    assert annotation.read_annotations(path, c).annotator.tolist() == ["", "a", ""]
    write(path, [[1, "a", 0, "none"]])
    with pytest.raises(ValueError, match="1 ids that the cohort does not have"):
        annotation.read_annotations(path, c)


def test_blanks_around_names_and_ids_do_not_matter(path):
    write(path, [[" 10 ", "a ", 1, ""], ["11", "a", 1, ""], [12, " b", 0, " low "]])
    found = annotation.read_annotations(path, cohort())
    assert found.annotators == ("a", "b") and not found.double.any()
    assert found.annotator.tolist() == ["a", "a", "b", "", "", ""]


@pytest.mark.parametrize("names", [("A", "a "), ("Dr  X", "dr x"), ("12", "12.0"), ("Jo\u0308", "J\xf6")])
def test_annotators_that_people_take_for_one_are_refused(path, names):
    write(path, [[10, names[0], 1, ""], [10, names[1], 1, ""]])
    with pytest.raises(ValueError, match="annotator: 1 names differ from another one by case, blanks or .0 alone"):
        annotation.read_annotations(path, cohort())


def test_ids_that_fit_but_for_case_are_counted(path):
    write(path, [["p1", "a", 1, ""], ["Q9", "a", 1, ""]])
    with pytest.raises(ValueError, match="2 ids that the cohort does not have, 1 of them but for case, blanks or .0"):
        annotation.read_annotations(path, cohort(3, ids=["P1", "P2", "P3"]))
    with pytest.raises(ValueError, match="1 ids differ from another one by case"):
        annotation.read_annotations(path, cohort(3, ids=["P1", "p1", "P3"]))


def test_a_list_is_no_name(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, [[10, ["a"], 1, ""], [11, True, 1, ""], [12, {"a": 1}, 1, ""]])
    with pytest.raises(ValueError, match="annotator: 3 annotated rows without a name"):
        annotation.read_annotations(path, cohort())


def test_levels_named_like_no_value_are_levels(path):
    levels = ["None", "NA", "null"]
    frame = pd.DataFrame({"id": range(3), "text": "x", "sev": pd.Categorical(levels, levels)})
    frame["v"] = pd.Categorical(["v1", "v1.0", "v2"], ["v1", "v1.0", "v2"])
    given = Cohort(frame, Roles(annotations=("sev", "v")))
    names = ("id", "annotator", "sev", "v")
    rows = [[k, "a", *frame.loc[k, ["sev", "v"]]] for k in range(3)]
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([names, *rows])
    else:
        path.write_text("\n".join(json.dumps(dict(zip(names, row))) for row in rows), encoding="utf-8")
    np.testing.assert_array_equal(annotation.read_annotations(path, given).codes, [[0, 0], [1, 1], [2, 2]])


def test_a_note_longer_than_a_field_of_the_csv_module_is_read(tmp_path):
    long = cohort(2)
    long = replace(long, frame=long.frame.assign(text="x" * 200_000))
    annotation.write_template(long, tmp_path / "a.csv", np.arange(2), include_text=True, annotator="me")
    assert (annotation.read_annotations(tmp_path / "a.csv", long).answers == -1).all()


def test_lines_above_the_names_are_named(tmp_path):
    (tmp_path / "a.csv").write_text("My annotations\n\nid,annotator,dysp,fever\n10,a,1,low\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the names stand below 1 other lines; remove what is above them"):
        annotation.read_annotations(tmp_path / "a.csv", cohort())
