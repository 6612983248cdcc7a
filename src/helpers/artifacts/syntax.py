"""What a file of code says and what it names, kept by the file's content so that it is parsed once on a machine."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from helpers.artifacts.digests import digest
from helpers.artifacts.files import write_private
from helpers.artifacts.store import CACHE, default_root
from helpers.privacy.errors import DataError
from helpers.privacy.paths import outside_work_tree

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
MOST_FILES = 5_000  # files remembered; beyond it only those of the present process


@dataclass(frozen=True)
class Said:
    """What a file says: digest of its code, names it reaches and imports; of an ``__init__`` what it does beside."""

    code: str
    names: tuple[str, ...]
    bound: tuple[str, ...]
    beyond: str


def said(path: Path, package: str, parents: tuple[str, ...]) -> Said:
    """What a module, script or notebook says.

    Parameters
    ----------
    path : path of the file
    package : the package whose names written as strings count
    parents : parts of the dotted name that relative imports of the file start from
    """
    content, memory = path.read_bytes(), _memory(default_root())
    key = digest(content, path.suffix, package, parents)
    if key not in memory.facts:
        memory.facts[key] = _parse(content.decode("utf-8"), path, package, parents)
        memory.new.append(key)
    return memory.facts[key]


def keep_said() -> None:
    """Write down what was parsed since the last call; where the cache folder cannot be written, nothing is kept."""
    root = default_root()
    memory = _memory(root)
    if not memory.new:
        return
    if len(memory.facts) > MOST_FILES:
        memory.facts = {key: memory.facts[key] for key in memory.new}
    memory.new = []
    kept = {key: asdict(fact) for key, fact in memory.facts.items()}
    with contextlib.suppress(OSError, DataError):
        file, checked = _file(outside_work_tree(root, CACHE)), {"facts": kept, "sha256": digest(json.dumps(kept))}
        write_private(file, json.dumps(checked))


@dataclass
class _Memory:
    """What is known of files by their content, and which of it no earlier process kept."""

    facts: dict[str, Said]
    new: list[str] = field(default_factory=list)


@cache
def _memory(root: Path) -> _Memory:
    """What earlier processes kept; nothing where the file is missing or damaged."""
    try:
        kept = json.loads(_file(root).read_bytes())
        if kept["sha256"] != digest(json.dumps(kept["facts"])):
            return _Memory({})
        facts = {key: {name: _fixed(value) for name, value in fact.items()} for key, fact in kept["facts"].items()}
        return _Memory({key: Said(**fact) for key, fact in facts.items()})
    except (OSError, ValueError, KeyError, TypeError):
        return _Memory({})


def _fixed(value: str | list[str]) -> str | tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else value


def _file(root: Path) -> Path:
    """One file for each version of Python, whose trees differ, and of this module."""
    return root / "code" / f"{digest(sys.version, Path(__file__).read_bytes())[:16]}.json"


def _parse(source: str, path: Path, package: str, parents: tuple[str, ...]) -> Said:
    cells = None
    if path.suffix == ".ipynb":
        cells = [(c["cell_type"], "".join(c["source"]), c["metadata"]) for c in json.loads(source)["cells"]]
        source = "\n".join(re.sub(r"(?m)^\s*[%!?].*", "", text) for kind, text, _ in cells if kind == "code")
    tree = ast.parse(source, str(path))
    nodes = list(ast.walk(tree))
    names = tuple(sorted(set(_names(nodes, package, list(parents)))))
    bound = tuple(sorted({local for local, _ in _imports(nodes, list(parents))}))
    whole = ast.dump(tree) if "__doc__" in source else ""
    _strip_docstrings(nodes)
    code = digest(cells or whole or ast.dump(tree))
    return Said(code, names, bound, _beyond_imports(tree) if path.name == "__init__.py" else "")


def _beyond_imports(tree: ast.Module) -> str:
    """Digest of what a file does beyond importing and naming what it exports."""
    own = [ast.dump(node) for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return digest([text for text in own if "__all__" not in text])


def _names(nodes: list[ast.AST], package: str, parents: list[str]) -> Iterator[str]:
    """Dotted names that code imports, reaches by attribute, or spells out as a string."""
    yield from (target for _, target in _imports(nodes, parents))
    bound = dict(_imports(nodes, parents))
    for node in nodes:
        if isinstance(node, ast.Attribute) and (chain := _chain(node)) and chain[0] in bound:
            yield ".".join([bound[chain[0]], *chain[1:]])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(rf"{re.escape(package)}(\.\w+)*", node.value):
                yield node.value


def _imports(nodes: Iterable[ast.AST], parents: list[str]) -> Iterator[tuple[str, str]]:
    """(local name, dotted name) of every import; of ``from a import *`` the name ends in a star."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name
                if alias.asname is None:
                    yield (alias.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            for alias in node.names:
                local = f"{base}.*" if alias.name == "*" else alias.asname or alias.name
                yield local, f"{base}.{alias.name}"


def _chain(node: ast.expr) -> list[str]:
    """``a.b.c`` as its parts; empty where it does not begin with a name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts, node = [node.attr, *parts], node.value
    return [node.id, *parts] if isinstance(node, ast.Name) else []


def _strip_docstrings(nodes: Iterable[ast.AST]) -> None:
    for node in nodes:
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
