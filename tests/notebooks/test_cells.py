"""The comparison computed beforehand: its chapter finds every cell in the store."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import config, study
from helpers.study import grid

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"n": 400, "encoder": "tfidf", "seeds": 2, "slow_seeds": 2, "folds": 2, "process": "v2"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))


def cells(run: Path, parameters: dict) -> subprocess.CompletedProcess:
    command = [sys.executable, "workflow/cells.py", "--run", str(run), "--parameters", json.dumps(parameters)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_chapter_finds_every_cell(tmp_path, monkeypatch):
    done = cells(tmp_path / "run", SMALL)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run" / "cells" / "v2.json").read_text()) == SMALL
    monkeypatch.setattr(grid, "run_cell", lambda *_: 1 / 0)
    table = study.run_grid(config.load(**SMALL), progress=False)
    assert set(table["strategy"]) == set(study.COMPARED) and set(table["process"]) == {"v2"}
    with pytest.raises(ZeroDivisionError):
        study.run_grid(config.load(**SMALL | {"process": "v3"}), ["risk"], progress=False)


def test_a_failure_says_why_and_leaves_no_mark(tmp_path):
    failed = cells(tmp_path / "run", SMALL | {"encoder": "none such"})
    assert failed.returncode == 1
    assert "FAILED" in failed.stderr and "none such" in failed.stderr
    assert not (tmp_path / "run" / "cells").exists()
