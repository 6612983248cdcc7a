"""A small book to test: the real configuration and prose, and one chapter with all that a chapter can show."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import report

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "01_data_preparation"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # one PNG pixel
)


def executed_chapter(path: Path) -> None:
    """A notebook as papermill leaves it, with a formula, a citation and a figure."""
    picture = new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"})
    bar = new_output("stream", name="stderr", text="a progress bar")
    cells = [
        new_markdown_cell(
            "# Data\n\nInline $\\tau$, and {cite}`kennedy2023towards`, {doc}`09_shift`, {doc}`../glossary`:"
            "\n\n$$\\psi = \\frac{T}{e}$$"
        ),
        new_code_cell("draw()", outputs=[bar, picture], execution_count=1),
        new_code_cell("slide()", outputs=elements(), execution_count=2),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def prepare(folder: Path, intro: str) -> Path:
    """A run with one executed chapter, and the real book with another first page."""
    run, prose = folder / "runs" / "tiny", folder / "book"
    executed_chapter(run / "notebooks" / f"{CHAPTER}.ipynb")
    (run / "results").mkdir()
    (run / "results" / "facts.json").write_text(json.dumps({"patients": 600}), encoding="utf-8")
    shutil.copytree(ROOT / "book", prose, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    (prose / "intro.md").write_text(intro, encoding="utf-8")
    return run


def build(run: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "workflow" / "book.py", "--run", run, "--prose", run.parents[1] / "book", CHAPTER]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


LABELS = {"plug": "impute-then-plug", "risk": "highest risk first"}


def gains() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean outcomes of a lottery and two policies at every share treated, and what the policies gain."""
    rng, shares = np.random.default_rng(0), np.round(np.linspace(0.05, 1, 20), 2)
    slopes = {"random": 0.5, "plug": 0.9, "risk": 0.6}
    levels = [{"strategy": s, "at": at, "value": 2 - at * v} for s, v in slopes.items() for at in shares]
    rows = [
        {"strategy": s, "at": at, "value": (v := -rng.uniform(0, 0.2)), "low": v - 0.02, "high": v + 0.03}
        for s in LABELS
        for at in shares
    ]
    return pd.DataFrame(levels), pd.DataFrame(rows)


def elements() -> list[nbformat.NotebookNode]:
    """A finding, a figure with its data, a slider over the same data, and a table with a policy in its head."""
    levels, rows = gains()
    figure = report.show(
        report.curves(rows.assign(metric="policy_curve"), "policy_curve", LABELS), "Gains by share.", rows, "01_gains"
    )
    shown = [report.finding("It **helps**."), figure, report.budget_slider(levels, rows, LABELS)]
    table = pd.DataFrame({"what": list("abc"), LABELS["risk"]: [-1.5, 2.0, 0.1]})
    return [output(made) for made in [*shown, report.table(table)]]


def output(made) -> nbformat.NotebookNode:
    """What Jupyter keeps of something shown."""
    data, metadata = made._repr_mimebundle_()
    return new_output("display_data", data=data, metadata=metadata)
