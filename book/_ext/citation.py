"""The page on citing, from CITATION.cff: as text and as BibTeX."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

MARK = "<!-- citation -->"


def setup(app) -> dict:
    """Fill the mark before the page is parsed."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put the citations in the place of the mark."""
    if MARK in source[0]:
        root = Path(importlib.util.find_spec("helpers").origin).parents[2]
        source[0] = source[0].replace(MARK, page(root / "CITATION.cff"))


def page(path: Path) -> str:
    """Markdown of a citation file."""
    from helpers.config import load_yaml

    found = load_yaml(path)
    year = str(found.get("date-released", ""))[:4]
    own = {"title": found["title"], "authors": found["authors"], "year": year, "version": found["version"]}
    entries = [(own, "software"), *((r, "article") for r in found.get("references", []))]
    texts = [f"{found['message']}\n", f"- {text(own)}\n", "The papers it rests on:\n"]
    texts += [f"- {text(reference)}" for reference in found.get("references", [])]
    code = "\n\n".join(bibtex(entry, kind) for entry, kind in entries)
    return "\n".join(texts) + f"\n\nAs BibTeX:\n\n```bibtex\n{code}\n```\n"


def names(authors: list[dict]) -> str:
    """Authors, family names first."""
    return " and ".join(
        f"{a['family-names']}, {a['given-names']}" if "family-names" in a else a["name"] for a in authors
    )


def text(entry: dict) -> str:
    """One line a reference."""
    parts = [names(entry["authors"]), str(entry.get("year") or ""), f"*{entry['title']}*"]
    parts += [str(entry[key]) for key in ("journal", "url") if key in entry]
    parts += [f"version {entry['version']}"] if "version" in entry else []
    return ". ".join(part for part in parts if part) + "."


def bibtex(entry: dict, kind: str) -> str:
    """One entry for LaTeX."""
    first = entry["authors"][0]
    word = re.sub(r"\W", "", str(first.get("family-names", "who"))).lower() + str(entry.get("year") or "")
    kept = {"title": f"{{{entry['title']}}}", "author": names(entry["authors"])}
    kept |= {key: entry[key] for key in ("year", "journal", "volume", "version", "url") if entry.get(key)}
    group = any("name" in author for author in entry["authors"])
    kept["author"] = f"{{{kept['author']}}}" if group else kept["author"]
    lines = ",\n".join(f"  {key} = {{{value}}}" for key, value in kept.items())
    return f"@{kind}{{{word},\n{lines}\n}}"
