"""Layers and style: what `make lint` checks."""

import ast
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
TYPED = [f"src/helpers/{package}" for package in ("stats", "data", "effects", "policy")]


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--check", "--no-cache", "."],
        pytest.param(["mypy", "--cache-dir", os.devnull, *TYPED], marks=pytest.mark.slow),
    ],
    ids=["layers", "style", "format", "types"],
)
def test_the_tree_is_clean(command):
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


HELPERS = ROOT / "src" / "helpers"
# each experiment lists the modules that its results depend on
DEFINED_TWICE = {"CODE"}


def defined(path: Path) -> set[str]:
    """Public names that a module defines at its top level."""
    names = set()
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        for target in (t for t in targets if t is not None and isinstance(statement, (ast.Assign, ast.AnnAssign))):
            names |= {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_no_public_name_is_defined_in_two_modules():
    places = defaultdict(list)
    for path in sorted(HELPERS.rglob("*.py")):
        for name in defined(path):
            places[name].append(str(path.relative_to(HELPERS)))
    assert {name: found for name, found in places.items() if len(found) > 1 and name not in DEFINED_TWICE} == {}


def test_definitions_of_every_kind_are_found(tmp_path):
    (tmp_path / "a.py").write_text(
        "A, (B, _c) = 1, (2, 3)\nD: int = 4\nD.e = 5\ndef f(): pass\nclass G: pass\nimport os\n"
    )
    assert defined(tmp_path / "a.py") == {"A", "B", "D", "f", "G"}


def test_a_file_put_flat_into_the_library_breaks_the_layers(tmp_path):
    house = next(c for c in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"])
    for package in ("cli", *"study policy report evaluation effects encoders annotation data artifacts".split()):
        assert package in house["layers"]
    source = tmp_path / "src" / "helpers"  # the packages alone: what is inside does not matter here
    for layer in (name.strip() for row in house["layers"] for name in row.split("|")):
        flat = (HELPERS / f"{layer}.py").exists()
        place = source / (f"{layer}.py" if flat else f"{layer}/__init__.py")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    (source / "__init__.py").touch()
    listed = "".join(f"    {layer}\n" for layer in house["layers"])
    settings = "[importlinter]\nroot_package = helpers\n[importlinter:contract:house]\nname = house\ntype = layers\n"
    (tmp_path / ".importlinter").write_text(f"{settings}containers = helpers\nexhaustive = true\nlayers =\n{listed}")

    def lint():
        words, place = [BIN / "lint-imports", "--no-cache"], {**os.environ, "PYTHONPATH": str(source.parent)}
        return subprocess.run(words, cwd=tmp_path, env=place, capture_output=True, text=True)

    assert house["exhaustive"] and lint().returncode == 0, lint().stdout
    (source / "utils.py").touch()
    broken = lint()
    assert broken.returncode == 1 and "utils" in broken.stdout, broken.stdout + broken.stderr


def test_no_two_test_modules_share_a_name():
    """Two of one name in one run stop its collection; each alone would pass."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
