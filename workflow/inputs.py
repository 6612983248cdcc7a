"""What each part of a run is to be made of: its parameters, its code with all it imports, and the files it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from exercises import answers_shown

from helpers import data, encoders
from helpers.artifacts.code import code_of
from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.config import Config, load

# Tables outside book/ that a page of the book shows.
SHOWN = tuple(
    Path(name)
    for name in (
        "tests/effects/equivariance.csv",
        "tests/refusals/refusals.csv",
        "benchmarks/keyword_rules.csv",
        "benchmarks/precisions.csv",
        "benchmarks/whole_walk.csv",
        "benchmarks/whole_walk_parts.csv",
    )
)


# What makes pages of executed notebooks.
WORKFLOW = ("book.py", "exercises.py", "making.py", "pages.py", "slim.py", "status.py")
ASSEMBLY = (*(Path("workflow") / name for name in WORKFLOW), Path("CITATION.cff"))


def wanted(chapters: dict[str, dict], processes: Iterable[str], comparison: Iterable[str]) -> dict[str, str]:
    """Digests of all parts of a run as it should be: chapters by name, ``cells_<process>``, ``book``."""
    files = {name: files_of(load(**parameters)) for name, parameters in chapters.items()}
    notebooks = {name: Path("notebooks") / f"{name}.ipynb" for name in chapters}
    parts = {
        name: digest(code_of(notebooks[name]), parameters, files[name] | committed(notebooks[name]))
        for name, parameters in chapters.items()
    }
    for process in processes:
        name = next(iter(comparison))
        parts[f"cells_{process}"] = digest(code_of(Path("workflow/cells.py")), chapters[name], process, files[name])
    prose = [p for p in sorted(Path("book").rglob("*")) if p.is_file() and not {"_build", "__pycache__"} & set(p.parts)]
    tables = [p for p in SHOWN if p.is_file()]
    pages = [(str(p), content_of(p)) for p in [*prose, *tables, *ASSEMBLY]]
    return {**parts, "book": digest(pages, list(chapters), parts, answers_shown())}


def committed(notebook: Path) -> dict:
    """Digests of the tables of ``benchmarks/`` that the code of a notebook names, by their file or folder."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    kept = [c for c in cells if c["cell_type"] == "code" and "parameters" not in c["metadata"].get("tags", ())]
    code = "\n".join(re.sub(r"(?m)^\s*[%!?#].*", "", "".join(cell["source"])) for cell in kept)
    tables = [p for p in sorted(Path("benchmarks").glob("*")) if p.suffix == ".csv" or p.is_dir()]
    return {f"benchmarks/{p.name}": content_of(p) for p in tables if re.search(rf"\b{re.escape(p.stem)}\b", code)}


def files_of(config: Config) -> dict:
    """Digests of the user's files that a chapter may read with these parameters; made-up ones follow from code."""
    found = encoders.model_content(config.encoder)
    if Path("data_manifest").is_dir():
        found["manifest"] = content_of("data_manifest")
    if config.dataset == "simsum":
        found |= data.fingerprint(config)
    if config.dataset == "own" and config.own_spec != "example":
        found |= data.fingerprint(config) | {"words of the spec": content_of(data.own_spec(config))}
    if config.dataset == "meds" and config.meds_path != "synthetic":
        found |= data.fingerprint(config)
    if config.mimic_path not in (None, "synthetic"):
        found |= data.mimic_fingerprint(data.mimic_path(config))
    return found
