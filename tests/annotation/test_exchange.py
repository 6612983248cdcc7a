"""Batches out and answers back: every form, the real SDK of Label Studio where it is installed, and bad exports."""

import json
import os
import stat
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from expert import annotation as written_by
from expert import answered, truth

from helpers import annotation, data, study
from helpers.annotation import exchange, label_studio, marks
from helpers.annotation.dawid_skene import dawid_skene
from helpers.data import example
from helpers.data.own.table import read_own

CANARY = "zebra-7731"
ROWS = 500


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A made-up table of which little is annotated, a random batch of it, and the expert's answers to it."""
    folder = tmp_path_factory.mktemp("annotate")
    spec = example.write_example(folder / "own", ROWS)
    table = pd.read_csv(spec.parent / "visits.csv", sep=";", dtype=str, keep_default_na=False)
    rest = np.random.default_rng(0).random(ROWS) < 0.6
    table.loc[rest, ["Atemnot", "Husten", "Schmerz", "Schnupfen", "Fieber"]] = ""
    table.to_csv(spec.parent / "visits.csv", sep=";", index=False)
    batch = study.export_batch(spec, folder / "batch", 80, 0.5, "random")
    tasks = json.loads((batch.folder / "tasks.json").read_text(encoding="utf-8"))
    answers = answered(tasks, truth(ROWS))
    return SimpleNamespace(
        folder=folder, spec=spec, batch=batch, tasks=tasks, answers=answers, cohort=read_own(spec, False)
    )


def put(path, tasks):
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_a_batch_is_private_and_has_the_records_that_nobody_annotated(bench):
    files = {p.name: p for p in bench.batch.folder.iterdir()}
    assert set(files) == {"tasks.json", "labelling.xml", "answers.csv", "answers.jsonl", "batch.csv"}
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in files.values())
    assert stat.S_IMODE(bench.batch.folder.stat().st_mode) & 0o077 == 0
    listed = pd.read_csv(files["batch.csv"])
    place = {key: i for i, key in enumerate(annotation.record_keys(bench.cohort))}
    assert not bench.cohort.annotated[[place[key] for key in listed["record"]]].any()
    assert abs(len(listed) - 80) < 15 and (listed["answers_wanted"] == 2).sum() == round(len(listed) / 2)
    assert ((listed["chance"] > 0) & (listed["chance"] <= 1)).all()
    assert len(pd.read_csv(files["answers.csv"])) == listed["answers_wanted"].sum()


def test_marks_lie_on_the_sentences_and_answers_are_not_filled_in(bench):
    found = [(t["data"]["text"], r) for t in bench.tasks for p in t.get("predictions", []) for r in p["result"]]
    assert found and {r["type"] for _, r in found} == {"labels"}
    for text, r in found:
        piece = text[r["value"]["start"] : r["value"]["end"]]
        assert piece.split() and 0 <= r["value"]["start"] < r["value"]["end"] <= len(text)
    coughs = [text[r["value"]["start"] : r["value"]["end"]] for text, r in found if r["value"]["labels"] == ["cough"]]
    assert np.mean(["cough" in piece.lower() for piece in coughs]) > 0.8  # a field that the rules know


def test_sentences_are_found_where_lines_were_wrapped():
    note = "**History**\nNo cough\n  today. She has\tfever.\n"
    assert [note[a:b] for _, a, b in marks.places(note)] == ["No cough\n  today.", "She has\tfever."]


def test_keys_follow_the_record_not_its_place(bench):
    keys = annotation.record_keys(bench.cohort)
    rows = np.random.default_rng(1).permutation(len(keys))
    assert len(set(keys)) == len(keys) and (annotation.record_keys(bench.cohort.take(rows)) == keys[rows]).all()


def test_every_form_brings_the_same_answers(bench, tmp_path):
    codes, people, read = exchange.read_answers(put(tmp_path / "a.json", bench.answers), bench.cohort)
    assert people == ("1", "2") and len(read.given) == sum(t["data"]["answers_wanted"] for t in bench.tasks)
    flat = [
        {**t["data"], "annotator": a["completed_by"], "updated_at": a["updated_at"],
         **{r["from_name"]: r["value"]["choices"][0] for r in a["result"]}}
        for t in bench.answers for a in t["annotations"]
    ]  # fmt: skip
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in flat))
    pd.DataFrame(flat).to_csv(tmp_path / "a.csv", index=False)
    for path in (put(tmp_path / "min.json", flat), lines, tmp_path / "a.csv"):
        again, who, _ = exchange.read_answers(path, bench.cohort)
        assert who == people and (again == codes).all()


def test_a_round_trip_fills_the_table_and_knows_the_annotators(bench, tmp_path):
    found = study.import_answers(bench.spec, put(tmp_path / "a.json", bench.answers), tmp_path / "next")
    now, known = read_own(found.spec), truth(ROWS)
    new = now.annotated & ~bench.cohort.annotated
    assert new.sum() == found.new == len(bench.tasks) and found.left_out == 0
    right = now.frame.loc[new, "cough"].to_numpy() == (known["cough"] == "yes").to_numpy()[new]
    assert right.mean() > 0.9
    before = bench.cohort.annotated
    assert (now.frame.loc[before, "fever"].astype(str) == bench.cohort.frame.loc[before, "fever"].astype(str)).all()
    files = {p.name: p for p in (tmp_path / "next").iterdir()}
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in files.values())
    every = annotation.read_annotations(files["annotations.csv"], bench.cohort)
    assert every.annotators == ("1", "2") and every.double.sum() == bench.batch.double
    matrices = study.read_errors(files["errors.json"], now.roles.annotations, now.levels)
    assert [m.shape for m in matrices] == [(k, k) for k in now.levels]
    assert all(m.diagonal().min() > 0.6 for m in matrices)
    listed = pd.read_csv(files["conflicts.csv"])
    assert list(listed.columns) == ["record", "patient", "field"] and len(listed) == found.settled.conflicts.sum()
    said = " ".join(found.lines())
    assert "kappa" in said and not any(t["data"]["text"][:40] in said for t in bench.tasks)


def test_not_said_is_blank_or_absent(bench, tmp_path):
    answers = json.loads(json.dumps(bench.answers))
    for task in answers:
        for part in task["annotations"]:
            part["result"][1]["value"]["choices"] = ["not said"]
    path = put(tmp_path / "a.json", answers)
    assert study.import_answers(bench.spec, path, tmp_path / "blank").left_out == len(answers)
    found = study.import_answers(bench.spec, path, tmp_path / "absent", "absent")
    new = read_own(found.spec).annotated & ~bench.cohort.annotated
    assert new.sum() == len(answers) and (read_own(found.spec).frame.loc[new, "cough"] == 0).all()


def test_skipped_empty_and_repeated_annotations_have_a_defined_end(bench, tmp_path):
    answers = json.loads(json.dumps(bench.answers))
    first = answers[0]["annotations"][0]
    later = written_by(
        {r["from_name"]: r["value"]["choices"][0] for r in first["result"]}, first["completed_by"], 9_999
    )
    later["result"][1]["value"]["choices"] = ["not said"]
    answers[0]["annotations"].insert(0, later | {"updated_at": "2027-01-01T00:00:00Z"})
    answers[1]["annotations"][0]["was_cancelled"] = True
    answers[2]["annotations"] = []
    codes, _, read = exchange.read_answers(put(tmp_path / "a.json", answers), bench.cohort)
    assert (read.skipped, read.empty, read.again) == (1, 1, 1)
    row = list(annotation.record_keys(bench.cohort)).index(answers[0]["data"]["record"])
    assert codes[row, 0, 1] == exchange.SILENT  # the later one, wherever it stands


def test_users_may_be_named_by_number_or_mail(bench, tmp_path):
    answers = json.loads(json.dumps(bench.answers[:3]))
    for part in (p for task in answers for p in task["annotations"]):
        part["completed_by"] = {"id": 7, "email": "a@b.org", "first_name": ""}
    assert exchange.read_answers(put(tmp_path / "a.json", answers), bench.cohort)[1] == ("a@b.org",)


def spoil_choice(answers):
    answers[0]["annotations"][0]["result"][0]["value"]["choices"] = [CANARY]


def spoil_name(answers):
    answers[0]["annotations"][0]["result"][0]["from_name"] = CANARY


def spoil_record(answers):
    answers[0]["data"]["record"] = CANARY


def foreign(answers):
    answers[0]["data"] = {"text": CANARY}


def several(answers):
    answers[0]["annotations"][0]["result"][0]["value"]["choices"] = ["yes", "no"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_choice, "breathless: 1 answers other than ['no', 'yes', 'not said']"),
        (spoil_name, "1 answers to fields that the study does not have"),
        (spoil_record, "answered records that the table does not have"),
        (foreign, "1 tasks without a record of this study"),
        (several, "1 fields with several answers"),
    ],
)
def test_bad_exports_are_refused_in_one_error_without_a_word_of_them(bench, tmp_path, spoil, said):
    answers = json.loads(json.dumps(bench.answers))
    for task in answers:
        task["data"]["text"] += CANARY
    spoil(answers)
    with pytest.raises(ValueError, match="nothing was written") as error:
        study.import_answers(bench.spec, put(tmp_path / "a.json", answers), tmp_path / "next")
    assert said in str(error.value) and CANARY not in str(error.value) and not (tmp_path / "next").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{}", "no list of tasks"),
        ("a.json", f"[{CANARY}", "no list of tasks"),
        ("a.jsonl", f"{CANARY}\n", "no JSON object"),
        ("a.csv", f"record,annotator\n{CANARY},x\n", "columns missing"),
        ("a.csv", f'record,annotator\n"{CANARY},x\n', "quotes do not match"),
        ("a.csv", f"record,annotator\n{CANARY}\n", "more or fewer fields"),
        ("a.txt", CANARY, "answers are read from"),
    ],
)
def test_files_of_another_form_are_refused(bench, tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=said) as error:
        exchange.read_answers(tmp_path / name, bench.cohort)
    assert CANARY not in str(error.value)


def test_what_is_there_is_never_written_over_and_private_notes_stay_out_of_work_trees(bench, tmp_path):
    with pytest.raises(FileExistsError, match="somebody's work"):
        study.export_batch(bench.spec, bench.batch.folder, 10)
    own = tmp_path / "own"
    own.mkdir()
    (own / "visits.csv").write_bytes((bench.spec.parent / "visits.csv").read_bytes())
    (own / "own.yml").write_text(bench.spec.read_text().replace("public: true", "public: false"))
    os.makedirs(tmp_path / "repository" / ".git")
    with pytest.raises(ValueError, match="inside the git work tree"):
        study.export_batch(own / "own.yml", tmp_path / "repository" / "batch", 10)
    assert study.export_batch(own / "own.yml", tmp_path / "batch", 10, design="random").records


def test_levels_and_fields_that_the_page_uses_itself_are_refused():
    with pytest.raises(ValueError, match="another name"):
        label_studio.choices_of({"note": (0, 1)})
    with pytest.raises(ValueError, match="another name"):
        label_studio.choices_of({"fever": ("none", "not said")})


def test_two_answers_that_differ_go_to_the_better_annotator():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 600)
    codes = np.stack([np.where(rng.random(600) < wrong, 1 - true, true) for wrong in (0.02, 0.1, 0.35)], 1)[:, :, None]
    found = annotation.settle(codes, (2,), ("cough",), ("a", "b", "c"))
    assert (found.codes[:, 0] == true).mean() > 0.97 and found.conflicts.mean() > 0.3
    np.testing.assert_allclose(found.rates["wrong"], [0.02, 0.1, 0.35], atol=0.08)
    np.testing.assert_allclose(found.errors["cough"].diagonal(), 1, atol=0.05)
    whole = dawid_skene(codes, (2,))[0]
    np.testing.assert_allclose(found.rates["wrong"], whole.rates, atol=1e-6)
    alone = annotation.settle(codes[:, :1], (2,), ("cough",), ("a",))
    assert alone.errors == {"cough": None} and alone.agreement.empty and (alone.codes == codes[:, 0]).all()


def test_the_real_sdk_takes_page_and_tasks_and_makes_what_we_read(bench, tmp_path):
    pytest.importorskip("label_studio_sdk")
    from label_studio_sdk.label_interface import LabelInterface

    page = LabelInterface((bench.batch.folder / "labelling.xml").read_text(encoding="utf-8"))
    page.validate()
    assert {c.name for c in page.controls} == {"found", *bench.cohort.roles.annotations}
    assert all(page.validate_task({"data": task["data"]}) for task in bench.tasks)
    assert all(page.validate_prediction(p) for task in bench.tasks for p in task.get("predictions", []))
    assert all(page.validate_annotation(a) for task in bench.answers for a in task["annotations"])
    wrong = json.loads(json.dumps(bench.answers[0]["annotations"][0]))
    wrong["result"][0]["value"]["choices"] = [CANARY]
    assert not page.validate_annotation(wrong)
    made = [
        task | {"annotations": [page.generate_sample_annotation() | {"completed_by": 1, "was_cancelled": False}]}
        for task in bench.tasks[:20]
    ]
    codes, people, read = exchange.read_answers(put(tmp_path / "a.json", made), bench.cohort)
    assert people == ("1",) and len(read.given) == 20 and read.skipped == 0
    assert ((codes != data.MISSING).any(axis=(1, 2))).sum() == 20


def test_the_sdks_converter_brings_forms_that_we_read(bench, tmp_path):
    pytest.importorskip("label_studio_sdk")
    from label_studio_sdk.converter import Converter

    page = (bench.batch.folder / "labelling.xml").read_text(encoding="utf-8")
    put(tmp_path / "tasks.json", bench.answers)
    codes, _, _ = exchange.read_answers(tmp_path / "tasks.json", bench.cohort)
    converter = Converter(page, project_dir=None, download_resources=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter.convert_to_json_min(str(tmp_path / "tasks.json"), str(tmp_path / "out"), is_dir=False)
    again, _, _ = exchange.read_answers(tmp_path / "out" / "result.json", bench.cohort)
    assert (again == codes).all()
