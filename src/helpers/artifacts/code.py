"""Digests of code: a module and all of its package that it imports, so that no edit leaves old results behind."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from helpers.artifacts.digests import digest

PACKAGE = __name__.partition(".")[0]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def code_of(*modules: ModuleType | str | Path, root: str | Path | None = None) -> str:
    """Digest of modules and of everything of their package that they import, directly or by way of other modules.

    Imports are read from the syntax tree, those inside functions too; nothing is imported. A package that is imported
    by name counts with all that its ``__init__`` imports; one that is only passed on the way to a module counts with
    what its ``__init__`` does beyond importing. Code counts by its syntax tree without docstrings, so comments and
    layout are free; files of another kind beside a module (``.yml``) count by their bytes. What a process has read it
    does not read again, for the code it runs does not change either.

    Parameters
    ----------
    *modules : module, dotted name, or path of a script or notebook
        ``__name__`` stands for the calling module. Of a script or notebook (``Path(__file__)``), which belong to no
        package, the imports of this package are followed.
    root : path, optional
        Folder that holds the package; None: where Python finds it.

    Returns
    -------
    64 hexadecimal characters.

    Raises
    ------
    ModuleNotFoundError
        If a name leads to no module.
    """
    names = [m.__name__ if isinstance(m, ModuleType) else m.absolute() if isinstance(m, Path) else m for m in modules]
    where = None if root is None else Path(root).absolute()
    return digest([_closure(name, where or _root_of(_package(name))) for name in names])


def _package(name: str | Path) -> str:
    return PACKAGE if isinstance(name, Path) else name.partition(".")[0]


def _root_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"code_of: no module named {package!r}.")
    return Path(next(iter(spec.submodule_search_locations or [spec.origin]))).absolute().parent


@cache
def _closure(start: str | Path, root: Path) -> str:
    """Digest of all that ``start`` reaches."""
    if isinstance(start, str) and _file(start, root) is None:
        raise ModuleNotFoundError(f"code_of: no module named {start!r} in {root}.")
    code, todo = {}, [start]
    while todo:
        name = todo.pop()
        if name not in code:
            code[name], reached = _read(name, _package(start), root)
            todo += reached
    own = code.pop(start)
    modules = [name for name in (start, *code) if isinstance(name, str)]
    passed = {m for name in modules for m in _prefixes(name.split(".")[:-1])} - set(modules)
    passed = {f"{name} passed": _beyond_imports(name, root) for name in passed if _file(name, root)}
    beside = [_data_files(folder, root) for folder in {_file(name, root).parent for name in modules}]
    return digest(own, code, passed, {name: what for files in beside for name, what in files.items()})


@cache
def _file(name: str, root: Path) -> Path | None:
    """The file of a module, of a package its ``__init__``; None if there is none."""
    place = root.joinpath(*name.split("."))
    return next((p for p in (place / "__init__.py", place.with_name(f"{place.name}.py")) if p.is_file()), None)


@cache
def _read(name: str | Path, package: str, root: Path) -> tuple[str, tuple[str, ...]]:
    """Digest of the code of a module, script or notebook, and the modules of the package that it names."""
    path = name if isinstance(name, Path) else _file(name, root)
    cells, source = None, path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [(c["cell_type"], "".join(c["source"]), c["metadata"]) for c in json.loads(source)["cells"]]
        source = "\n".join(re.sub(r"(?m)^\s*[%!?].*", "", text) for kind, text, _ in cells if kind == "code")
    tree = ast.parse(source, str(path))
    nodes = list(ast.walk(tree))
    parts = [] if isinstance(name, Path) else name.split(".")
    parents = parts if path.name == "__init__.py" else parts[:-1]
    reached = _modules(set(_names(nodes, package, parents)), package, root)
    if "__doc__" not in source:
        _strip_docstrings(nodes)
    return digest(cells or ast.dump(tree)), tuple(sorted(reached))


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


def _modules(names: Iterable[str], package: str, root: Path) -> set[str]:
    """The modules behind dotted names, whose last parts may be attributes."""
    found = set()
    for name in names:
        parts = name.split(".")
        module = next((m for m in _prefixes(parts) if _file(m, root)), None) if parts[0] == package else None
        if module is None:
            continue
        found.add(module)
        parent = module.rpartition(".")[0]
        if module == name and parent and parts[-1] in _bound(parent, root):
            found.add(parent)  # a name of the package's own may stand in front of the module
        if parts[-1] == "*":
            inside = root.joinpath(*module.split(".")).glob("*.py")
            found |= {f"{module}.{path.stem}" for path in inside if path.stem != "__init__"}
    return found


def _prefixes(parts: list[str]) -> Iterator[str]:
    return (".".join(parts[:end]) for end in range(len(parts), 0, -1))


@cache
def _bound(package: str, root: Path) -> frozenset[str]:
    """Names that a package's ``__init__`` imports."""
    path = _file(package, root)
    tree = ast.parse(path.read_text(encoding="utf-8")) if path else ast.Module([], [])
    return frozenset(local for local, _ in _imports(ast.walk(tree), package.split(".")))


@cache
def _beyond_imports(package: str, root: Path) -> str:
    """Digest of what a package's ``__init__`` does beyond importing and naming what it exports."""
    tree = ast.parse(_file(package, root).read_text(encoding="utf-8"))
    _strip_docstrings(ast.walk(tree))
    own = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    exports = [ast.dump(node) for node in own if "__all__" in ast.dump(node)]
    return digest([said for node in own if (said := ast.dump(node)) not in exports])


@cache
def _data_files(folder: Path, root: Path) -> dict[str, str]:
    """Digests of the files other than code in a folder, and below it where there is no further package."""
    found = {}
    for path in folder.iterdir():
        if path.name.startswith((".", "__")) or path.suffix in (".py", ".pyc"):
            continue
        if path.is_file():
            found[path.relative_to(root).as_posix()] = digest(path.read_bytes())
        elif not (path / "__init__.py").exists():
            found |= _data_files(path, root)
    return found


def _strip_docstrings(nodes: Iterable[ast.AST]) -> None:
    for node in nodes:
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
