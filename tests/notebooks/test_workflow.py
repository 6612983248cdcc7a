"""The workflow on two tiny chapters: it resumes after being killed, redoes nothing, and says what failed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WAIT = """import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.1)"""


def chapter(path: Path, body: str) -> None:
    """A notebook with a title, parameters and ``body``."""
    cells = [
        new_markdown_cell(f"# Chapter {path.stem}"),
        new_code_cell("n = 10_000  # records\nresults = ''  # folder", metadata={"tags": ["parameters"]}),
        new_code_cell(body),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language}), path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the real workflow and book, and two chapters of its own."""
    for folder in ("workflow", "book"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    for name in ("pyproject.toml", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src" / "helpers").mkdir(parents=True)
    (tmp_path / "workflow" / "config" / "tiny.yml").write_text(
        "chapters: [01_first, 02_second]\nparameters: {n: 600}\n", encoding="utf-8"
    )
    # The real prose is not the matter here, and may show facts that only the real chapters have.
    (tmp_path / "book" / "intro.md").write_text("# Tiny\n\nOne chapter counted {{ counted }}.\n", encoding="utf-8")
    chapter(
        tmp_path / "notebooks" / "01_first.ipynb",
        "import json, pathlib\npath = pathlib.Path(results)\npath.mkdir(parents=True, exist_ok=True)\n"
        "_ = (path / 'facts.json').write_text(json.dumps({'counted': n}))",
    )
    chapter(tmp_path / "notebooks" / "02_second.ipynb", WAIT)
    return tmp_path


def start(project: Path, *words: str) -> subprocess.Popen:
    command = [sys.executable, "workflow/run.py", "--profile", "tiny", "--cores", "2", *words]
    return subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(project: Path, *words: str) -> tuple[int, str]:
    process = start(project, *words)
    said = process.communicate(timeout=180)[0]
    return process.returncode, said


def wait_for(condition, seconds: float = 150.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def test_a_killed_run_goes_on_from_its_finished_chapters(project):
    done = project / "runs" / "tiny" / "notebooks"
    killed = start(project)
    wait_for(lambda: list(done.glob(".02_second.*")))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    finished = (done / "01_first.ipynb").stat().st_mtime_ns
    assert not (done / "02_second.ipynb").exists()

    (project / "go").touch()
    status, said = run(project)
    assert status == 0, said
    assert (done / "01_first.ipynb").stat().st_mtime_ns == finished
    assert "One chapter counted 600." in (project / "runs" / "tiny" / "book" / "intro.html").read_text(encoding="utf-8")
    assert "01_first" not in said and "02_second" in said
    assert sorted(p.name for p in done.iterdir()) == ["01_first.ipynb", "02_second.ipynb"]

    log = project / "runs" / "tiny" / "logs" / "snakemake.log"
    log.unlink()
    status, said = run(project)
    assert (status, "running" in said) == (0, False), said
    assert (done / "01_first.ipynb").stat().st_mtime_ns == finished
    assert "The book:" in said and not log.exists(), "with nothing to do Snakemake need not start"

    (done / "01_first.ipynb").unlink()
    status, said = run(project)
    assert status == 0 and "01_first" in said and (done / "01_first.ipynb").exists(), said


def test_a_run_that_is_attended_is_not_disturbed_and_ends_when_asked(project):
    first = start(project)
    wait_for(lambda: list((project / "runs" / "tiny" / "notebooks").glob(".02_second.*")))
    status, said = run(project)
    assert status != 0 and "Another run is at work" in said
    assert first.poll() is None
    first.terminate()
    assert first.wait(timeout=30) == 130


def test_a_misspelt_parameter_stops_before_anything_runs(project):
    status, said = run(project, "--params", "n=3000 enccoder=tfidf")
    assert status != 0 and "did you mean 'encoder'" in said
    assert not (project / "runs").exists()


def test_a_failing_chapter_shows_its_error_and_how_to_go_on(project):
    chapter(project / "notebooks" / "01_first.ipynb", "raise ValueError('budget: got 2, at most 1')")
    command = [sys.executable, "workflow/chapter.py", "notebooks/01_first.ipynb", "--run", "runs/tiny"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ValueError: budget: got 2, at most 1" in done.stderr
    assert "make book PROFILE=tiny" in done.stderr and "notebooks/01_first.ipynb" in done.stderr
    assert (project / "runs" / "tiny" / "failed" / "01_first.ipynb").exists()
    assert list((project / "runs" / "tiny" / "notebooks").iterdir()) == []


def spec_of_real_records(folder: Path) -> Path:
    """An ``own.yml`` that does not call its records public."""
    spec = folder / "records" / "own.yml"
    spec.parent.mkdir()
    spec.write_text(
        "table: a.csv\nid: a\ntext: b\nannotations: {c: binary}\ntreatment: d\n"
        "outcome: {column: e, type: count, better: lower}\n",
        encoding="utf-8",
    )
    return spec


def test_runs_of_real_records_stay_outside_the_repository(project, tmp_path_factory):
    (project / ".git").mkdir()
    outside = tmp_path_factory.mktemp("outside")
    status, said = run(project, "--params", f"dataset=own own_spec={spec_of_real_records(outside)}")
    assert status != 0 and "git work tree" in said and "export WHO_TO_TREAT_RUNS=" in said
    assert not (project / "runs").exists()


def test_the_folder_of_runs_can_be_elsewhere(project, tmp_path_factory, monkeypatch):
    outside = tmp_path_factory.mktemp("outside")
    monkeypatch.setenv("WHO_TO_TREAT_RUNS", str(outside))
    process = start(project)
    wait_for(lambda: list((outside / "tiny" / "notebooks").glob(".02_second.*")))
    process.terminate()
    process.wait(timeout=30)
    assert (outside / "tiny" / "notebooks" / "01_first.ipynb").exists() and not (project / "runs" / "tiny").exists()


def test_a_folder_that_is_not_there_stops_before_anything_runs(project):
    status, said = run(project, "--params", "dataset=mimic-syn mimic_path=/nowhere/mimic")
    assert status != 0 and "mimic_path = '/nowhere/mimic': no such folder" in said
