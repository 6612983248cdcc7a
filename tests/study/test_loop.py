"""A stranger's loop from an empty folder: table, plan, batch, expert, answers, policy with costs, scores, watch."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers import cli

sys.path.append(str(Path(__file__).parents[1] / "annotation"))
from expert import answered, truth  # noqa: E402

pytestmark = pytest.mark.slow
ROWS = 700
FIELDS = ["Atemnot", "Husten", "Schmerz", "Schnupfen", "Fieber"]


def run(*words, status=0):
    done = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


def test_the_loop(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))
    own, batch, answers, mine = (tmp_path / name for name in ("own", "batch", "answers.json", "next"))
    run("example-own", "--out", own, "--rows", ROWS)
    table = pd.read_csv(own / "visits.csv", sep=";", dtype=str, keep_default_na=False)
    table.loc[np.random.default_rng(0).random(ROWS) < 0.5, FIELDS] = ""  # so that there is something left to annotate
    table.to_csv(own / "visits.csv", sep=";", index=False)
    spec = ("--spec", own / "own.yml")

    assert "minutes of an expert" in run("annotate", "plan", *spec)
    assert "design spread" in run("annotate", "export", *spec, "--out", batch, "--records", 120, "--double", 0.3)
    tasks = json.loads((batch / "tasks.json").read_text(encoding="utf-8"))
    answers.write_text(json.dumps(answered(tasks, truth(ROWS))), encoding="utf-8")
    said = run("annotate", "import", *spec, "--answers", answers, "--out", mine)
    assert f"{len(tasks)} records are annotated anew" in said and "kappa" in said

    settings = [w for p in (f"own_spec={mine / 'own.yml'}", "dataset=own", "encoder=tfidf", "test_share=0.4",
                            f"results={tmp_path / 'results'}") for w in ("-p", p)]  # fmt: skip
    run("export", "--out", tmp_path / "policy", "--strategy", "aace_ridge@phi", "--cost", 2, *settings)
    records = mine / "visits.csv"
    limits = ("--cost", 20, "--worth", 10, "--capacity", 100)
    said = run("score", "--policy", tmp_path / "policy", "--records", records, "--out", tmp_path / "s.csv", *limits)
    scores = pd.read_csv(tmp_path / "s.csv")
    assert "100 of 700 records to treat" in said and scores["treat"].sum() == 100
    np.testing.assert_allclose(scores["net_benefit"], 10 * scores["priority"] - 20)

    page = tmp_path / "page.html"
    watch = ("monitor", "--policy", tmp_path / "policy", "--out", page, "--level", 0.001, "--records")
    run(*watch, records, "--treatment", "Antibiotikum", "--outcome", "Wohlbefinden", "--treated", "gegeben")
    assert "calibration gap" in page.read_text() and "whoever gains more than 2" in page.read_text()
    other = pd.read_csv(records, sep=";", dtype=str, keep_default_na=False).assign(Raucher="ja")
    other.to_csv(tmp_path / "other.csv", sep=";", index=False)
    assert "column smoker" in run(*watch, tmp_path / "other.csv", status=3)
    assert not any(text[:60] in page.read_text() for text in table["Brief"])
