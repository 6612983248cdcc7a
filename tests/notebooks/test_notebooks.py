"""What every chapter keeps to, so that it can be run from outside and stays free of results."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.config import Config

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def code_cells(path: Path) -> list:
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def assignments(source: str) -> list[ast.Assign]:
    body = ast.parse(source).body
    assert all(isinstance(s, ast.Assign) and len(s.targets) == 1 for s in body), "assignments only"
    return body


@every_notebook
def test_it_is_valid_and_has_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    kept = [c.id for c in code_cells(path) if c.outputs or c.execution_count is not None]
    assert kept == [], "run nbstripout on it"


@every_notebook
def test_it_opens_with_a_title(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")


@every_notebook
def test_its_first_code_cell_and_no_other_holds_the_parameters(path):
    tagged = ["parameters" in c.metadata.get("tags", []) for c in code_cells(path)]
    assert tagged[0] and sum(tagged) == 1


@every_notebook
def test_its_parameters_are_the_defaults_as_literals(path):
    given = {s.targets[0].id: ast.literal_eval(s.value) for s in assignments(code_cells(path)[0].source)}
    assert given == {name: Config.model_fields[name].default for name in given}


@every_notebook
def test_every_parameter_says_what_it_is(path):
    source = code_cells(path)[0].source
    lines = ["", *source.splitlines()]
    bare = [
        s.targets[0].id
        for s in assignments(source)
        if "#" not in lines[s.end_lineno] and not lines[s.lineno - 1].lstrip().startswith("#")
    ]
    assert bare == []


@every_notebook
def test_its_second_code_cell_refuses_unknown_parameters(path):
    calls = [n for n in ast.walk(ast.parse(code_cells(path)[1].source)) if isinstance(n, ast.Call)]
    loads = [ast.unparse(c) for c in calls if ast.unparse(c.func).endswith("load")]
    assert any("**" in call and "literals(globals())" in call for call in loads), loads


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A notebook that only reads its parameters."""
    cells = [
        new_code_cell("n = 10_000  # records", metadata={"tags": ["parameters"]}),
        new_code_cell("from helpers import config\n\nsettings = config.load(**config.literals(globals()))\nsettings.n"),
    ]
    path = tmp_path / "tiny.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def papermill(notebook: Path, *words: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        str(notebook),
        str(notebook.with_name("out.ipynb")),
    ]
    return subprocess.run([*command, *words], capture_output=True, text=True, cwd=notebook.parent)


def test_a_misspelt_parameter_stops_with_the_valid_ones(tiny):
    stopped = papermill(tiny, "-p", "enccoder", "tfidf")
    assert stopped.returncode != 0
    assert "did you mean 'encoder'" in stopped.stderr
    assert all(name in stopped.stderr for name in Config.model_fields)


def test_a_valid_parameter_arrives(tiny):
    assert papermill(tiny, "-p", "n", "3000").returncode == 0
    last = nbformat.read(tiny.with_name("out.ipynb"), as_version=4).cells[-1]
    assert last.outputs[0].data["text/plain"] == "3000"


PACKAGES_AT_MOST = 6


def imported(trees: list[ast.Module]) -> dict[str, object]:
    """Names in a notebook that come from packages of ``helpers``, and what they stand for; those of config aside."""
    found = {}
    for statement in (s for tree in trees for s in ast.walk(tree) if isinstance(s, ast.ImportFrom)):
        if statement.module.split(".")[0] == "helpers" and statement.module != "helpers.config":
            for alias in statement.names:
                parent = importlib.import_module(statement.module)
                found[alias.asname or alias.name] = getattr(parent, alias.name, None) or importlib.import_module(
                    f"{statement.module}.{alias.name}"
                )
    return found


def trees_of(path: Path) -> list[ast.Module]:
    return [ast.parse(c.source) for c in code_cells(path)]


@every_notebook
def test_it_imports_few_packages_and_uses_their_public_verbs(path):
    trees = trees_of(path)
    names = imported(trees)
    packages = {name: thing for name, thing in names.items() if inspect.ismodule(thing) and hasattr(thing, "__all__")}
    assert len(packages) <= PACKAGES_AT_MOST and set(names) == set(packages), sorted(names)
    used = {
        (node.value.id, node.attr)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in packages
    }
    assert {f"{p}.{verb}" for p, verb in used if verb not in packages[p].__all__} == set()


@every_notebook
def test_its_metadata_say_what_it_requires(path):
    calls = [n for tree in trees_of(path) for n in ast.walk(tree) if isinstance(n, ast.Call)]
    needs = [a.value for c in calls if ast.unparse(c.func) == "report.require" for a in c.args[1:]]
    assert nbformat.read(path, as_version=4).metadata.get("needs", []) == needs
