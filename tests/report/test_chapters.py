"""Stepping aside: what data sets lack, and that later cells do nothing until that changes."""

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

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


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell()
    made.display_pub = CapturingDisplayPublisher()
    monkeypatch.setattr(chapters, "_shell", lambda: made)
    made.user_ns |= {"chapters": chapters, "load": load}
    return made


def run(shell, *cells):
    for cell in cells:
        shell.run_cell(cell, store_history=False).raise_error()
    return shell.display_pub.outputs


@pytest.mark.parametrize("dataset", HAVE)
def test_what_each_data_set_has(dataset):
    parameters, needs = HAVE[dataset]
    config = load(dataset=dataset, **parameters)
    assert {need for need in report.STEP_ASIDE_REASONS if report.has(config, need)} == needs


def test_measured_annotations_have_no_levels(tmp_path):
    spec = tmp_path / "own.yml"
    spec.write_text(spec.read_text().replace("c: binary", "c: numeric"))
    assert not report.has(load(**OWN), "levels")


def test_a_chapter_goes_on_where_nothing_is_missing(shell):
    said = run(shell, 'chapters.require(load(), "truth", "simsum")', "x = 1 + 1")
    assert shell.user_ns["x"] == 2 and not said


def test_a_chapter_steps_aside_and_says_why(shell):
    said = run(shell, f'chapters.require(load(**{OWN}), "truth")', "x = 1 + 1", "1 / 0")
    assert "x" not in shell.user_ns
    (note,) = said
    assert note["metadata"] == {"stepped_aside": True}
    assert "admonition" in note["data"]["text/html"] and "nobody knows them" in note["data"]["text/html"]
    assert "own" in note["data"]["text/plain"]


def test_a_chapter_steps_aside_for_what_it_found_in_the_records(shell):
    config = f"load(**{OWN})"
    said = run(shell, f"chapters.require({config}, worlds=True)", "x = 1 + 1")
    assert shell.user_ns["x"] == 2 and not said
    (note,) = run(shell, f"chapters.require({config}, worlds=False)", "y = 1 + 1")
    assert "y" not in shell.user_ns and "tells two worlds apart" in note["data"]["text/html"]


def test_other_parameters_wake_it_up(shell):
    require = 'chapters.require(load(dataset=dataset, own_spec="example"), "truth")'
    run(shell, 'dataset = "own"', require, "x = 1 + 1", 'dataset = "replica"  # changed', require, "y = 1 + 1")
    assert "x" not in shell.user_ns and shell.user_ns["y"] == 2


def test_it_can_step_aside_twice(shell):
    require = f'chapters.require(load(**{OWN}), "truth")'
    run(shell, require, require, "x = 1 + 1", "chapters.require(load())", "y = 1 + 1")
    assert "x" not in shell.user_ns and shell.user_ns["y"] == 2


def test_a_script_ends_with_the_reason(monkeypatch, capsys):
    monkeypatch.setattr(chapters, "_shell", lambda: None)
    with pytest.raises(SystemExit) as ended:
        report.require(load(**OWN), "truth")
    assert ended.value.code == 0 and "nobody knows them" in capsys.readouterr().out


def test_an_unknown_need_is_refused():
    with pytest.raises(ValueError, match="need = 'truht': must be one of"):
        report.require(load(), "truht")
    with pytest.raises(ValueError, match=r"found = \['wrolds'\]: must be among"):
        report.require(load(), wrolds=True)
