"""The page of strategies: a row each, made from the study's own table, so that no name lacks a meaning."""

from __future__ import annotations

from html import escape
from pathlib import Path

MARK = "<!-- strategies -->"


def setup(app) -> dict:
    """Fill the mark before the page is parsed."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put the table, and the element that filters it, in the place of the mark."""
    if MARK in source[0]:
        source[0] = source[0].replace(MARK, page(Path(app.srcdir) / "references.bib"))


def page(bibliography: Path) -> str:
    """The table as one block of HTML."""
    import pandas as pd

    from helpers import report, study

    cited = authors_of(bibliography)
    rows = [
        {
            "key": name,
            "label": strategy.label,
            "group": study.GROUPS[strategy.group],
            "about": strategy.about,
            "annotated": strategy.annotated,
            "sees": study.REPRESENTATIONS[strategy.features],
            "reads": strategy.features in ("phi", "text", "read", "said"),
            "source": ", ".join(cited[key] for key in strategy.source.split()) or "this study",
        }
        for name, strategy in study.STRATEGIES.items()
    ]
    return report.strategy_table(pd.DataFrame(rows)).html


def authors_of(bibliography: Path) -> dict[str, str]:
    """Key -> a link to the references with authors and year."""
    from pybtex.database import parse_file

    found = {}
    for key, entry in parse_file(str(bibliography)).entries.items():
        names = ["".join(person.last_names) for person in entry.persons.get("author", [])]
        who = names[0] + (" and " + names[1] if len(names) == 2 else " et al." if len(names) > 2 else "")
        words = escape(f"{who} {entry.fields.get('year', '')}".strip().replace("{", "").replace("}", ""))
        found[key] = f'<a href="references.html">{words}</a>'
    return found
