"""Exercise sheets: chapters without their solutions, to be solved in Jupyter, and the grading of a solved one.

``make exercises`` writes them into ``exercises/``, small enough for a laptop; ``make check NB=...`` runs one and says
of each exercise whether it is passed, wrong (with a hint) or not answered. A sheet that somebody worked on is never
written over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import answers
import nbformat
from answers import PASSED, UNJUDGED, VERDICT, WRONG, Verdict
from exercises import KINDS, NOTEBOOKS, Exercise, blocks, read, tags
from lessons import plain
from nbformat.v4 import new_code_cell, new_markdown_cell
from processes import environment

from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.cli import chapter_parameters
from helpers.config import load_yaml
from helpers.report import shown_numbers

SMALL = Path("workflow/config/smoke.yml")
SHEETS = Path("exercises")
RESULTS = "runs/exercises/results"
SETUP = """import os, sys
from pathlib import Path

os.chdir(next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "notebooks").is_dir()))
sys.path.insert(0, "workflow")
from answers import Checker

check = Checker({chapter!r}, globals())"""
WELCOME = """**Exercise sheet of chapter {number}.** Run the cells from the top; they are those of the chapter, on few
patients. Put your answers in place of `...` and run the cell below each: it says whether the answer holds, and gives a
hint if not.
`make check NB=exercises/{chapter}.ipynb` runs the whole sheet and grades it."""
BLANK = {
    "number": "{name} = ...  # a number{close}",
    "choice": "{name} = ...  # one of {letters}",
    "words": '{name} = """\n"""  # in a sentence or two',
}


def main(words: list[str] | None = None) -> int:
    """Write sheets, or check one; 0 if all went well and, for a check, nothing is wrong or unanswered."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = arguments.add_subparsers(dest="task", required=True)
    writing = kinds.add_parser("write")
    writing.add_argument("--params", default="", help='as in "n=2000 process=v2"')
    checking = kinds.add_parser("check")
    checking.add_argument("sheet", type=Path)
    given = arguments.parse_args(words)
    try:
        return write_all(given.params) if given.task == "write" else check(given.sheet)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def write_all(params: str, target: Path = SHEETS, chapters: Sequence[str] | None = None) -> int:
    """Write a sheet of every chapter that has exercises, or of these chapters alone."""
    parameters = chapter_parameters(load_yaml(SMALL), params)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if chapters is not None and path.stem not in chapters:
            continue
        if exercises := read(path):
            place = target / path.name
            kept = place.exists() and worked_on(nbformat.read(place, as_version=4))
            if not kept:
                written = sheet(nbformat.read(path, as_version=4), path.stem, parameters.get(path.stem, {}))
                with replacing(place) as temporary:
                    nbformat.write(written, temporary)
            print(f"{place}  {len(exercises)} exercises{'  (kept: you worked on it)' if kept else ''}")
    return 0


def sheet(chapter: nbformat.NotebookNode, name: str, parameters: dict) -> nbformat.NotebookNode:
    """A chapter as an exercise sheet.

    Parameters
    ----------
    chapter : notebook
        As it lies in ``notebooks/``; left as it is.
    name : str
        Its name without ending.
    parameters : dict
        Values that stand in for the chapter's defaults.
    """
    small = [f"{key} = {value!r}" for key, value in {**parameters, "results": RESULTS}.items()]
    cells = [new_code_cell(SETUP.format(chapter=name), metadata={"tags": ["setup"]})]
    for cell, exercise in blocks(chapter.cells):
        if exercise:
            cells += asked(exercise)
            continue
        cells.append(lesson(cell))
        if "parameters" in tags(cell):
            cells.append(new_code_cell("\n".join(["# Small and quick; change it for more patients", *small])))
    cells.insert(0, new_markdown_cell(WELCOME.format(chapter=name, number=shown_numbers().get(name, int(name[:2])))))
    for place, cell in enumerate(cells):
        cell["id"] = f"{name[:2]}-{place:03d}"
    sheet = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": chapter.metadata.kernelspec})
    sheet.metadata["sheet"] = {"chapter": name, "written": state(sheet)}
    return sheet


def lesson(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A cell of the chapter, its plumbing folded, references of the book in plain words."""
    if cell.cell_type == "code":
        hidden = bool({"remove-input", "hide-input"} & set(tags(cell)))
        return new_code_cell(cell.source, metadata={"tags": tags(cell), "jupyter": {"source_hidden": hidden}})
    return new_markdown_cell(plain(cell.source))


def asked(exercise: Exercise) -> Iterator[nbformat.NotebookNode]:
    """Question, room for the answer, check."""
    choices = "".join(f"\n- **{letter})** {words}" for letter, words in exercise.choices.items())
    hint = f"<details><summary>Hint</summary>{plain(exercise.hint)}</details>"
    title = f"### Exercise {exercise.id}: {KINDS[exercise.kind].lower()} ({exercise.minutes} minutes)"
    yield new_markdown_cell("\n\n".join([title, plain(exercise.question) + choices, hint]))
    letters = ", ".join(f'"{letter}"' for letter in exercise.choices)
    close = f", right within {exercise.tolerance:g}" if exercise.tolerance else ""
    words = BLANK[exercise.wants].format(name=exercise.answer, close=close, letters=letters)
    yield new_code_cell(words, metadata={"tags": ["answer"], "exercise": exercise.id})
    yield new_code_cell(check_of(exercise), metadata={"tags": ["check"], "exercise": exercise.id})


def check_of(exercise: Exercise) -> str:
    """The line that checks an answer."""
    return f'check("{exercise.id}", {exercise.answer})'


def state(sheet: nbformat.NotebookNode) -> str:
    """Digest of what stands in the cells, whatever they printed."""
    return digest([(cell.cell_type, cell.source) for cell in sheet.cells])


def worked_on(sheet: nbformat.NotebookNode) -> bool:
    """Whether somebody changed a sheet since it was written."""
    return sheet.metadata.get("sheet", {}).get("written") != state(sheet)


def check(path: Path) -> int:
    """Run a sheet and print a line an exercise."""
    if path.suffix != ".ipynb" or not path.is_file():
        raise ValueError(f"NB={str(path)!r}: no such notebook; make check NB=exercises/01_data_preparation.ipynb")
    verdicts = graded(nbformat.read(path, as_version=4), path)
    for verdict in verdicts:
        print(f"{verdict.id}  {verdict.state:17}  {verdict.said}")
    good = sum(v.state in (PASSED, UNJUDGED) for v in verdicts)
    print(f"{good} of {len(verdicts)} done")
    return int(good < len(verdicts))


def graded(sheet: nbformat.NotebookNode, path: Path) -> list[Verdict]:
    """The verdicts of a sheet, run from the top with its checks as they were written.

    Raises
    ------
    ValueError
        It is no exercise sheet, or the lesson itself stopped.
    """
    chapter = sheet.metadata.get("sheet", {}).get("chapter")
    if not chapter:
        raise ValueError(f"{path}: is no exercise sheet; make exercises writes them into {SHEETS}/.")
    exercises = read(NOTEBOOKS / f"{chapter}.ipynb")
    sheet.cells = [c for c in sheet.cells if "check" not in tags(c)]
    sheet.cells += [new_code_cell(check_of(e), metadata={"tags": ["check"], "exercise": e.id}) for e in exercises]
    run(sheet, path.absolute().parent, allow_errors=True)
    ran = [cell for cell in sheet.cells if cell.cell_type == "code"]
    given = [c for c in ran if c.id.startswith(f"{chapter[:2]}-") and "exercise" not in c.metadata]
    if stopped := next((error for cell in given for error in errors(cell.outputs)), None):
        raise ValueError(f"{path}: the lesson stopped with {stopped}. Put back what was changed above the exercises.")
    outputs = {(c.metadata.get("exercise"), tag): c.outputs for c in ran for tag in tags(c)}
    return [verdict(e, outputs.get((e.id, "answer"), []), outputs[e.id, "check"]) for e in exercises]


def run(sheet: nbformat.NotebookNode, folder: Path, allow_errors: bool = False) -> None:
    """Run all cells, in place, with the environment's own kernel; what the kernel says of itself is not shown."""
    from nbclient import NotebookClient

    there = environment(1)
    Path(there["IPYTHONDIR"]).mkdir(parents=True, exist_ok=True)
    options = {"timeout": None, "kernel_name": "python3", "allow_errors": allow_errors}
    NotebookClient(sheet, resources={"metadata": {"path": str(folder)}}, **options).execute(
        env=there, stderr=subprocess.DEVNULL
    )


def verdict(exercise: Exercise, answered: list, checked: list) -> Verdict:
    """What came of one exercise: the check's word, or the error that kept an answer from being."""
    if error := next(iter(errors(answered)), None):
        return Verdict(exercise.id, WRONG, f"your answer stopped with {error}. Hint: {exercise.hint}")
    found = [o.data[VERDICT] for o in checked if VERDICT in o.get("data", {})]
    return Verdict(**found[0]) if found else answers.judge(exercise, ...)


def errors(outputs: list) -> Iterator[str]:
    """The errors among the outputs of a cell, in words."""
    return (f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error")


if __name__ == "__main__":
    raise SystemExit(main())
