"""Digests of code: a module and all of its package that it imports, so that no edit leaves old results behind."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from helpers.artifacts import syntax
from helpers.artifacts.digests import digest

PACKAGE = __name__.partition(".")[0]


def code_of(*modules: ModuleType | str | Path, root: str | Path | None = None) -> str:
    """Digest of modules and of everything of their package that they import, directly or by way of other modules.

    Imports are read from the syntax tree, those inside functions too; nothing is imported. A package that is imported
    by name counts with all that its ``__init__`` imports; one that is only passed on the way to a module counts with
    what its ``__init__`` does beyond importing. Code counts by its syntax tree without docstrings, so comments and
    layout are free; files of another kind beside a module (``.yml``) count by their bytes. What a process has read it
    does not read again, for the code it runs does not change either; what a file says is kept in the cache folder under
    the digest of its bytes, so that the next process need not parse it.

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
    found = digest([_closure(name, where or _root_of(_package(name))) for name in names])
    syntax.keep_said()
    return found


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
    parts = () if isinstance(name, Path) else tuple(name.split("."))
    path = name if isinstance(name, Path) else _file(name, root)
    said = syntax.said(path, package, parts if path.name == "__init__.py" else parts[:-1])
    return said.code, tuple(sorted(_modules(set(said.names), package, root)))


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


def _bound(package: str, root: Path) -> tuple[str, ...]:
    """Names that a package's ``__init__`` imports."""
    path = _file(package, root)
    return _init(package, path).bound if path else ()


def _beyond_imports(package: str, root: Path) -> str:
    """Digest of what a package's ``__init__`` does beyond importing and naming what it exports."""
    return _init(package, _file(package, root)).beyond


@cache
def _init(package: str, path: Path) -> syntax.Said:
    return syntax.said(path, package.partition(".")[0], tuple(package.split(".")))


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
