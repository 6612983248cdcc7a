"""The page of public verbs: every name a package exports that a chapter uses, what it does, and that chapter.

Read from the source as text, so that the page cannot name what is not there.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from pathlib import Path

from helpers.report import reading_order

PACKAGES = "data annotation encoders effects evaluation policy study report stats privacy artifacts".split()


MARK = "<!-- verbs -->"


def setup(app) -> dict:
    """Fill the mark before a page is parsed."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put a section for each package in the place of the mark."""
    if MARK not in source[0]:
        return
    library = Path(importlib.util.find_spec("helpers").origin).parent
    taught = chapters_of(library.parents[1] / "notebooks")
    there = {path.stem for path in (Path(app.srcdir) / "notebooks").glob("*.ipynb")}
    lines = [line for name in PACKAGES for line in section(library / name, taught, there, reading_order())]
    source[0] = source[0].replace(MARK, "\n".join(lines))


def section(package: Path, taught: dict[str, list[str]], there: set[str], order: list[str]) -> list[str]:
    """Markdown of one package; empty if no chapter uses it. Chapters have the number of their place in the order."""
    number = {name: str(place) for place, name in enumerate(order, 1)}
    rows = []
    for name, sentence in verbs_of(package).items():
        used = sorted(taught.get(f"{package.name}.{name}", []), key=order.index)
        if used:
            shown = (f"{{doc}}`{number[c]} <notebooks/{c}>`" if c in there else number[c] for c in used)
            links = ", ".join(shown)
            rows.append(f"| `{package.name}.{name}` | {sentence} | {links} |")
    if not rows:
        return []
    question = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))).splitlines()[0]
    return [f"## {package.name}", "", question, "", "| name | what it does | chapter |", "|---|---|---|", *rows, ""]


def verbs_of(package: Path) -> dict[str, str]:
    """Exported name -> first sentence of its docstring, in the order of the alphabet; constants have none."""
    found = {}
    for node in ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("helpers."):
            said = sentences(package.parent / (node.module.removeprefix("helpers.").replace(".", "/") + ".py"))
            found |= {alias.name: said[alias.name] for alias in node.names if alias.name in said}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def sentences(module: Path) -> dict[str, str]:
    """Function or class of a module -> first line of its docstring, without roles of Sphinx."""
    if not module.exists():
        return {}
    tops = [
        n for n in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef | ast.ClassDef)
    ]
    return {n.name: plain((ast.get_docstring(n) or "").split("\n\n")[0]) for n in tops}


def plain(line: str) -> str:
    """A sentence for a cell of a table: on one line, roles of Sphinx as code."""
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", line.replace("\n", " ").replace("``", "`")).replace(
        "|", r"\|"
    )


def chapters_of(notebooks: Path) -> dict[str, list[str]]:
    """``package.name`` -> chapters whose code uses it."""
    found: dict[str, list[str]] = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        for used in sorted(set(re.findall(rf"\b((?:{'|'.join(PACKAGES)})\.\w+)", code))):
            found.setdefault(used, []).append(path.stem)
    return found
