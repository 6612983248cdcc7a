"""The digest of code follows every import, and nothing else."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.artifacts import code, syntax
from helpers.artifacts.code import code_of

FILES = {
    "__init__.py": '"""A package."""\n',
    "study.py": "from clinic import effects\nfrom clinic.text import words\n\n\ndef run():\n"
    "    return effects.fit(words)\n",
    "effects/__init__.py": "from clinic.effects.learners import fit\n__all__ = ['fit']\n",
    "effects/learners.py": "def fit(words):\n    from clinic.numbers import mean as average\n\n"
    "    return average(words)\n",
    "effects/other.py": "def never():\n    return 1\n",
    "numbers.py": "def mean(values):\n    return sum(values) / len(values)\n",
    "text/__init__.py": "from clinic.text.grammar import parse\n",
    "text/words.py": "words = [1, 2]\n",
    "text/grammar.py": "def parse():\n    return 0\n",
    "text/phrases/cough.yml": "cough: [a, b]\n",
    "unrelated.py": "def nothing():\n    return None\n",
}


@pytest.fixture
def package(tmp_path):
    """A folder with a small package."""
    for name, source in FILES.items():
        write(tmp_path / "clinic" / name, source)
    return tmp_path


def write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def version(root: Path, *modules: str | Path) -> str:
    """The digest that a new process would find."""
    for memory in vars(code).values():
        getattr(memory, "cache_clear", lambda: None)()
    return code_of(*(modules or ("clinic.study",)), root=root)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("study.py", ("return effects.fit(words)", "return effects.fit(words) + 1")),
        ("effects/learners.py", ("return average(words)", "return average(words[:1])")),
        ("numbers.py", ("/ len(values)", "/ max(len(values), 1)")),  # two imports away, inside a function
        ("text/words.py", ("[1, 2]", "[1, 3]")),
        ("text/phrases/cough.yml", ("[a, b]", "[a, c]")),
    ],
)
def test_an_edit_of_what_is_reached_counts(package, name, edit):
    before, path = version(package), package / "clinic" / name
    path.write_text(path.read_text().replace(*edit))
    assert version(package) != before
    path.write_text(path.read_text().replace(*reversed(edit)))
    assert version(package) == before


def test_an_edit_of_what_is_not_reached_and_of_words_does_not(package):
    before = version(package)
    for name in ("unrelated.py", "effects/other.py", "text/grammar.py"):
        write(package / "clinic" / name, "def changed():\n    return 2\n")
    study = package / "clinic" / "study.py"
    study.write_text('"""What it is about."""\n\n# a remark\n' + study.read_text())
    write(package / "clinic" / "__pycache__" / "study.cpython-311.pyc", "0")
    write(package / "clinic" / ".study.py.swp", "0")
    assert version(package) == before


@pytest.mark.parametrize(
    "way",
    [
        "import clinic.unrelated",
        "import clinic.unrelated as u",
        "from clinic import unrelated",
        "from clinic.unrelated import nothing",
        "from clinic.unrelated import *",
        "from . import unrelated",
        "from .unrelated import nothing as n",
        "from clinic import *",
        "import clinic\nclinic.unrelated.nothing()",
        "import clinic as c\n\ndef f():\n    return c.unrelated.nothing",
        "import importlib\nimportlib.import_module('clinic.unrelated')",
        "if True:\n    try:\n        import clinic.unrelated\n    except ImportError:\n        pass",
        "class A:\n    def f(self):\n        from clinic.unrelated import nothing\n        return nothing()",
    ],
)
def test_every_way_to_import_is_followed(package, way):
    write(package / "clinic" / "study.py", way + "\n")
    before = version(package)
    write(package / "clinic" / "unrelated.py", "def nothing():\n    return 3\n")
    assert version(package) != before


def test_a_package_on_the_way_counts_with_what_it_does_but_not_with_what_it_imports(package):
    before = version(package, "clinic.text.words")
    write(package / "clinic" / "text" / "grammar.py", "def parse():\n    return 1\n")
    write(package / "clinic" / "text" / "__init__.py", "from clinic.text.grammar import parse\n__all__ = ['parse']\n")
    assert version(package, "clinic.text.words") == before
    write(package / "clinic" / "text" / "__init__.py", "import numpy\nnumpy.seterr(all='raise')\n")
    assert version(package, "clinic.text.words") != before


def test_a_name_of_a_package_may_hide_a_module(package):
    write(package / "clinic" / "effects" / "__init__.py", "from clinic.unrelated import nothing as other\n")
    write(package / "clinic" / "study.py", "from clinic.effects import other\n")
    before = version(package)
    write(package / "clinic" / "unrelated.py", "def nothing():\n    return 3\n")
    assert version(package) != before


def test_circles_end_and_scripts_and_notebooks_are_followed(package, monkeypatch):
    monkeypatch.setattr(code, "PACKAGE", "clinic")
    write(package / "clinic" / "numbers.py", "from clinic import study\n")
    script, notebook = package / "script.py", package / "chapter.ipynb"
    write(script, "from clinic import study\n")
    cell = '{"cell_type": "code", "source": ["%matplotlib inline\\n", "from clinic import study"], "metadata": {}}'
    write(notebook, '{"cells": [' + cell + "]}")
    before = version(package, script), version(package, notebook), version(package)
    write(package / "clinic" / "text" / "words.py", "words = [5]\n")
    after = version(package, script), version(package, notebook), version(package)
    assert all(a != b for a, b in zip(before, after, strict=True))
    write(notebook, notebook.read_text().replace("inline", "agg"))
    assert version(package, notebook) != after[1] and version(package, script) == after[0]


def test_what_is_not_there_is_said(package):
    with pytest.raises(ModuleNotFoundError, match="clinic.nowhere"):
        code_of("clinic.nowhere", root=package)
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        code_of("no_such_package.part")


KEYS = """
import sys
from helpers import artifacts
print(*(artifacts.code_of(name) for name in sys.argv[1:]))
"""


def test_the_study_follows_edits_of_itself_and_of_what_it_uses_from_afar(tmp_path):
    """In a copy of this very package, in new processes."""
    source = Path(importlib.util.find_spec("helpers").origin).parent
    shutil.copytree(source, tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    grid = next(p for p in (tmp_path / "helpers").rglob("*.py") if "class _Grid" in p.read_text())
    ridge = next(p for p in (tmp_path / "helpers").rglob("ridge.py"))
    figures = next(p for p in (tmp_path / "helpers").rglob("figures.py"))
    module = ".".join(grid.relative_to(tmp_path).with_suffix("").parts)

    def key() -> str:
        command = [sys.executable, "-c", KEYS, module]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    keys = [key()]
    for path in (grid, ridge):
        path.write_text(path.read_text() + "\n\ndef _edited():\n    return 1\n")
        keys.append(key())
    assert len(set(keys)) == 3
    figures.write_text(figures.read_text() + "\n\ndef _edited():\n    return 1\n")
    assert key() == keys[-1]


@pytest.fixture
def cache_folder(tmp_path_factory, monkeypatch):
    """A cache folder in which no file is known yet."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(folder))
    syntax._memory.cache_clear()
    yield folder
    syntax._memory.cache_clear()


def forbidden(*_):
    raise AssertionError("parsed again")


def test_what_a_file_says_is_parsed_once_on_a_machine(package, cache_folder, monkeypatch):
    before = version(package)
    syntax._memory.cache_clear()  # as a new process
    with monkeypatch.context() as patched:
        patched.setattr(syntax, "_parse", forbidden)
        assert version(package) == before
        write(package / "clinic" / "numbers.py", "def mean(values):\n    return 0\n")
        with pytest.raises(AssertionError, match="parsed again"):
            version(package)
    assert version(package) != before


@pytest.mark.parametrize("damage", ["cut", "changed", "no JSON", "folder"])
def test_a_damaged_memory_of_files_is_not_believed(package, cache_folder, damage):
    before = version(package)
    (kept,) = (cache_folder / "code").glob("*.json")
    text = kept.read_text(encoding="utf-8")
    if damage == "folder":
        kept.unlink()
        kept.mkdir()
    else:
        first = text.index('"code": "') + 9
        changed = text[:first] + ("0" if text[first] != "0" else "1") + text[first + 1 :]
        kept.write_text({"cut": text[:-40], "changed": changed, "no JSON": "\x00"}[damage], encoding="utf-8")
    syntax._memory.cache_clear()
    assert version(package) == before


def test_code_is_told_apart_where_the_cache_cannot_be_written(package, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "file" / "cache"))
    assert len(version(package)) == 64
