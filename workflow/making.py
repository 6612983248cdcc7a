"""How a page was made: what a run notes in its notebooks, and the box in which readers find it."""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path

import launch

from helpers.config import Config

UNKNOWN = "not under version control"
PATHS = (
    "results",
    "mimic_path",
    "simsum_path",
    "own_spec",
    "meds_path",
    "meds_spec",
)  # where files lie is no one else's matter
COMMENT = re.compile(r"^(?P<name>\w+)\s*=.*?\s#\s*(?P<comment>.*)$", re.MULTILINE)


def noted(notebook: Path, seconds: float) -> Path:
    """Write into an executed notebook's metadata which code made it, when and for how long; in place."""
    page = json.loads(notebook.read_text(encoding="utf-8"))
    page.setdefault("metadata", {})["made"] = {
        "commit": commit(Path(__file__).parents[1]),
        "version": version("who-to-treat"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "seconds": round(seconds, 1),
    }
    notebook.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    return notebook


def commit(root: Path) -> str:
    """The short name of the commit that is checked out, and whether files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return UNKNOWN
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN


def parameters_of(page: dict) -> dict:
    """The parameters in force: those of the notebook, and over them those of the run."""
    values: dict = {}
    for kind in ("parameters", "injected-parameters"):
        for cell in page["cells"]:
            if kind in cell["metadata"].get("tags", []):
                values |= assigned("".join(cell["source"]))
    return values


def assigned(source: str) -> dict:
    """Name -> value of the literals that a cell assigns."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


def comments_of(page: dict) -> dict[str, str]:
    """What the notebook says of each parameter."""
    cells = [c for c in page["cells"] if "parameters" in c["metadata"].get("tags", [])]
    return {m["name"]: m["comment"] for c in cells for m in COMMENT.finditer("".join(c["source"]))}


def is_public(values: Mapping) -> bool:
    """Whether everyone may have the tables behind the figures; not where the parameters are no valid ones."""
    try:
        return not values or not Config(**values).aggregates_only
    except ValueError:
        return False


def seconds(metadata: Mapping) -> float | None:
    """How long an executed notebook took."""
    return metadata.get("made", {}).get("seconds") or metadata.get("papermill", {}).get("duration")


def in_minutes(seconds: float) -> str:
    """A time as readers want it."""
    return "less than a minute" if seconds < 60 else f"{round(seconds / 60)} minute{'s' * (seconds >= 90)}"


def box(page: dict, values: Mapping, name: str, repository: Mapping[str, str], profile: str) -> str:
    """The fold at the end of a page, as HTML."""
    metadata, comments = page["metadata"], comments_of(page)
    made = metadata.get("made", {})
    rows = {"Commit": made.get("commit", UNKNOWN), "Version": made.get("version"), "Date": made.get("date")}
    rows |= {"Python": made.get("python"), "Processor cores": made.get("cores"), "Took": took(metadata)}
    rows |= {k: v for k, v in (("Encoder", values.get("encoder")), ("Records", values.get("n"))) if v is not None}
    table = "".join(f"<tr><th scope='row'>{k}</th><td>{escape(str(v))}</td></tr>" for k, v in rows.items() if v)
    said = {k: f"  # {comments[k]}" if k in comments else "" for k in values}
    shown = "\n".join(f"{k} = {v!r}{said[k]}" for k, v in values.items() if k not in PATHS)
    again = f".venv/bin/papermill notebooks/{name}.ipynb out.ipynb{given(values)}"
    return (
        '<details class="fold made"><summary>How this page was made</summary>'
        f'<table class="results">{table}</table>'
        f"<p>Parameters in force:</p>{to_copy(shown)}"
        f"<p>This chapter alone, and the whole book:</p>{to_copy(again)}{to_copy(f'make book PROFILE={profile}')}"
        f'<p class="buttons"><a href="../download/{name}.ipynb" download>Download the notebook</a>'
        f"{buttons(name, repository)}</p></details>"
    )


def took(metadata: Mapping) -> str:
    """How long, in words."""
    found = seconds(metadata)
    return f"{in_minutes(found)}; what an earlier chapter computed came from the cache" if found else ""


def given(values: Mapping) -> str:
    """The parameters as papermill takes them."""
    words = [f" -p {k} {v}" for k, v in values.items() if k not in PATHS and v is not None and not isinstance(v, dict)]
    return "".join(words)


def to_copy(text: str) -> str:
    """A block that the page's script gives a button to copy it."""
    return f'<pre class="copies" tabindex="0"><code>{escape(text)}</code></pre>' if text else ""


def buttons(name: str, repository: Mapping[str, str]) -> str:
    """Links to where the notebook runs in a browser; none without the address of a repository."""
    found = launch.links(name, repository)
    return "".join(f' <a href="{escape(target)}">{words}</a>' for words, target in found.items())
