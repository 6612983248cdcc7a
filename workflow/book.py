"""Build the book of one run: prose and executed notebooks together, strictly, without executing anything.

``book/`` and the notebooks of ``runs/<profile>`` are copied into ``book_src``, rendered there, and the pages
take their place in ``runs/<profile>/book`` only when the whole build passed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import launch
import pages
import records
import slim
import status
import yaml
from processes import duration, say, tell

from helpers.config import load_yaml
from helpers.report import reading_order

PICTURES = {".svg", ".png", ".html"}
FILES = "_files"  # its contents lie at the top of the built book: data behind figures, notebooks to download


def main() -> int:
    """Assemble and render; 0 if every page is right."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("chapters", nargs="*", help="notebooks in their order")
    arguments.add_argument("--run", type=Path, required=True, help="folder of the run, as in runs/smoke")
    arguments.add_argument("--prose", type=Path, default=Path("book"))
    arguments.add_argument("--made-of", default="", help="digest to keep once it is built")
    given = arguments.parse_args()
    started = time.monotonic()
    try:
        records.forget(given.run, "book")
        assemble(given.prose, given.run, given.chapters)
        render(given.run)
        records.keep(given.run, "book", given.made_of)
    except (ValueError, OSError) as error:
        tell(f"book: FAILED: {error}")
        return 1
    say("book", f"built in {duration(time.monotonic() - started)}")
    return 0


def assemble(prose: Path, run: Path, chapters: list[str]) -> Path:
    """Copy everything the book is made of into ``run/book_src``.

    Raises
    ------
    FileNotFoundError
        A chapter has not been executed yet.
    ValueError
        Two files of facts give the same name.
    """
    source = run / "book_src"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(prose, source, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    for folder in ("notebooks", "_figures", FILES):
        (source / folder).mkdir()
    settings, contents = load_yaml(prose / "_config.yml"), load_yaml(prose / "_toc.yml")
    order = reading_order(prose / "_toc.yml")
    executed = {chapter: executed_page(run, chapter) for chapter in chapters}
    known = table_of_status(executed, order, run.name)
    left_out = {chapter for chapter, page in executed.items() if not stays(page)}
    for chapter, page in executed.items():
        place = pages.place_of(chapter, order)
        page = pages.finished(page, place, source / FILES, launch.repository(settings.get("repository")), run.name)
        (source / "notebooks" / f"{chapter}.ipynb").write_text(json.dumps(page, indent=1), encoding="utf-8")
    for page in sorted(p for p in source.rglob("*") if p.suffix in (".md", ".ipynb") and FILES not in p.parts):
        text = conditional(page.read_text(encoding="utf-8"), set(chapters) - left_out)
        page.write_text(unlinked(text, chapters, order).replace(status.MARK, known), encoding="utf-8")
    kept = table_of_contents(contents, chapters)
    (source / "_toc.yml").write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
    said = facts(run / "results", chapters) | findings(executed)
    (source / "facts.json").write_text(json.dumps(said), encoding="utf-8")
    for picture in sorted(p for p in (run / "results").rglob("*") if p.suffix in PICTURES and belongs(p, chapters)):
        shutil.copy(picture, source / "_figures")
    return source


def executed_page(run: Path, chapter: str) -> dict:
    """An executed notebook of the run."""
    path = run / "notebooks" / f"{chapter}.ipynb"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; run the chapter first (make book PROFILE={run.name}).")
    return json.loads(path.read_text(encoding="utf-8"))


def table_of_status(executed: dict[str, dict], order: list[str], profile: str) -> str:
    """What the page of the status shows, in the order of reading."""
    ran = [c for c in order if c in executed] + [c for c in executed if c not in order]
    rows = [status.row(c, executed[c]) for c in ran]
    return status.table(rows, [c for c in order if c not in executed], profile)


def stays(page: dict) -> bool:
    """Whether an executed chapter went all its way; else everything below the note that says why not is dropped."""
    for place, cell in enumerate(page["cells"]):
        if any(output.get("metadata", {}).get("stepped_aside") for output in cell.get("outputs", [])):
            del page["cells"][place + 1 :]
            return False
    return True


def conditional(page: str, chapters: set[str]) -> str:
    """The page with the passages kept that fit the chapters that ran to their end.

    ``% if 12_policy_comparison`` opens a passage, ``% else`` (where wanted) its counterpart, ``% end`` closes it, each
    on a line of its own.
    """

    def chosen(passage: re.Match) -> str:
        kept, _, other = passage["body"].partition("\n% else\n")
        return kept if passage["chapter"] in chapters else other

    return re.sub(r"^% if (?P<chapter>\w+)\n(?P<body>.*?)\n% end$", chosen, page, flags=re.DOTALL | re.MULTILINE)


def unlinked(page: str, chapters: list[str], order: list[str]) -> str:
    """The page with references to chapters that this run leaves out turned into plain words, with the shown number."""

    def plain(reference: re.Match) -> str:
        name = reference["chapter"]
        number, topic = name.split("_", 1)
        shown = order.index(name) + 1 if name in order else int(number)
        words = f"chapter {shown} ({topic.replace('_', ' ')}, not in this edition)"
        return reference[0] if name in chapters else words

    return re.sub(r"\{doc\}`(?:[./\w]*/)?(?P<chapter>\d\d_\w+)`", plain, page)


def table_of_contents(contents: dict, chapters: list[str]) -> dict:
    """The contents with the chapters of this run only; those it does not name go to the end."""
    ran = [f"notebooks/{chapter}" for chapter in chapters]
    named, parts = set(), []
    for part in contents.get("parts", []):
        files = [entry["file"] for entry in part["chapters"]]
        kept = [f for f in files if not f.startswith("notebooks/") or f in ran]
        named.update(kept)
        if kept:
            parts.append({**part, "chapters": [{"file": f} for f in kept]})
    further = [{"file": f} for f in ran if f not in named]
    if further:
        parts.append({"caption": "Further chapters", "chapters": further})
    return {**contents, "parts": parts}


def belongs(path: Path, chapters: list[str]) -> bool:
    """Whether a result file bears the number of one of the chapters, or no number: others are of an earlier run."""
    number = re.match(r"(?:facts_)?(\d\d)(?=[_.])", path.name)
    return number is None or any(chapter.startswith(f"{number[1]}_") for chapter in chapters)


def facts(results: Path, chapters: list[str]) -> dict:
    """Name -> value of every ``facts*.json`` of these chapters; prose shows them as ``{{ name }}``."""
    found: dict = {}
    for path in sorted(p for p in results.glob("facts*.json") if belongs(p, chapters)):
        new = json.loads(path.read_text(encoding="utf-8"))
        twice = sorted(set(new) & set(found))
        if twice:
            raise ValueError(f"{path}: {twice} are given by another file of facts too; name each fact once.")
        found.update(new)
    return found


def findings(executed: dict[str, dict]) -> dict[str, str]:
    """``finding_<number>`` -> the sentence in which each executed chapter says what it found, in plain words."""
    found = {}
    for chapter, page in executed.items():
        for output in (o for cell in page["cells"] for o in cell.get("outputs", [])):
            data = output.get("data", {})
            if 'class="finding"' in "".join(data.get("text/html", "")):
                found.setdefault(f"finding_{chapter[:2]}", "".join(data["text/plain"]).strip())
    return found


def render(run: Path) -> Path:
    """Run Jupyter Book strictly on ``run/book_src``; returns the folder of the pages, ``run/book``.

    Raises
    ------
    ValueError
        With what Sphinx complained about; the pages of an earlier build stay.
    """
    source, log = run / "book_src", run / "logs" / "book.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    words = ["build", str(source), "--all", "-W", "-n", "--keep-going"]
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    log.write_text(done.stdout, encoding="utf-8")
    built, shown, old = source / "_build" / "html", run / "book", run / ".book_old"
    if done.returncode or not (built / "index.html").exists():
        wrong = [line for line in done.stdout.splitlines() if "WARNING" in line or "ERROR" in line]
        lines = wrong or done.stdout.splitlines()[-20:]
        raise ValueError("the strict build failed:\n" + "\n".join(lines) + f"\nEverything it said: {log}")
    slim.slim(built)
    shutil.rmtree(old, ignore_errors=True)
    if shown.exists():
        shown.rename(old)
    built.rename(shown)
    shutil.rmtree(old, ignore_errors=True)
    return shown


if __name__ == "__main__":
    raise SystemExit(main())
