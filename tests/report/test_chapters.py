"""Stepping aside: what data sets lack, and the one exception that says so."""

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output

from helpers import report
from helpers.config import load
from helpers.report import chapters

OWN = {"dataset": "own", "own_spec": "example"}
HAVE = {
    "replica": ({}, {"truth", "simsum", "levels"}),
    "simsum": ({}, {"truth", "simsum", "levels"}),
    "mimic-syn": ({"mimic_path": "synthetic"}, {"truth", "levels"}),
    "mimic-published": ({"mimic_path": "synthetic"}, set()),
    "mimic-repaired": ({"mimic_path": "synthetic"}, set()),
    "own": ({"own_spec": "example"}, {"levels"}),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))
    monkeypatch.setattr(chapters, "own_spec", lambda config: tmp_path / "own.yml")
    text = "table: a.csv\nid: a\ntext: b\nannotations: {c: binary}\ntreatment: d\n"
    (tmp_path / "own.yml").write_text(text + "outcome: {column: e, type: count, better: lower}\n")


@pytest.mark.parametrize("dataset", HAVE)
def test_what_each_data_set_has(dataset):
    parameters, needs = HAVE[dataset]
    config = load(dataset=dataset, **parameters)
    assert {need for need in report.STEP_ASIDE_REASONS if report.has(config, need)} == needs


def test_measured_annotations_have_no_levels(tmp_path):
    spec = tmp_path / "own.yml"
    spec.write_text(spec.read_text().replace("c: binary", "c: numeric"))
    assert not report.has(load(**OWN), "levels")


def test_a_chapter_goes_on_where_nothing_is_missing():
    assert report.require(load(), "truth", "simsum") is None and report.require(load(**OWN), worlds=True) is None


@pytest.mark.parametrize(
    ("needs", "found", "said"),
    [(("truth",), {}, ["nobody knows them"]), ((), {"worlds": False}, ["tells two worlds apart"])]
    + [(("truth", "simsum"), {"worlds": False}, ["nobody knows them", "SimSUM-like", "two worlds"])],
)
def test_a_chapter_steps_aside_and_says_why(needs, found, said):
    with pytest.raises(report.SteppedAside) as ended:
        report.require(load(**OWN), *needs, **found)
    assert all(reason in str(ended.value) for reason in [*said, chapters.TITLE, "“own”"])


def test_a_notebook_shows_the_note_without_a_traceback(capsys):
    shell = InteractiveShell()
    shell.user_ns |= {"report": report, "config": load(**OWN)}
    done = shell.run_cell('report.require(config, "truth")\nx = 1', store_history=False)
    said = capsys.readouterr().out
    assert isinstance(done.error_in_exec, report.SteppedAside) and "x" not in shell.user_ns
    assert "nobody knows them" in said and chapters.UNTIL in said and "Traceback" not in said and "line" not in said
    assert shell.run_cell("y = 2", store_history=False).success, "nothing is switched off"


def test_the_note_is_an_output_that_the_book_knows():
    said = str(chapters.SteppedAside(["Why."]))
    made = new_output(**chapters.note(said))
    nbformat.validate(made, ref="output", version=4)
    assert made.metadata == {"stepped_aside": True} and made.data["text/plain"] == said
    assert "admonition" in made.data["text/html"] and "<p>Why.</p>" in made.data["text/html"]


def test_an_unknown_need_is_refused():
    with pytest.raises(ValueError, match="need = 'truht': must be one of"):
        report.require(load(), "truht")
    with pytest.raises(ValueError, match=r"found = \['wrolds'\]: must be among"):
        report.require(load(), wrolds=True)
