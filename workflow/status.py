"""The table of all chapters: what this edition holds, how long each took and which code made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import making

MARK = "<!-- status -->"
NO_BREAK = "\N{NON-BREAKING HYPHEN}"  # a date stays on one line
HEAD = ["chapter", "records", "repetitions", "encoder", "took", "made", "commit"]


def row(name: str, page: Mapping) -> list[str]:
    """A line of the table, from an executed notebook."""
    values, made = making.parameters_of(page), page["metadata"].get("made", {})
    records = f"{values['n']:,}" if isinstance(values.get("n"), int) else "–"
    seconds = making.seconds(page["metadata"])
    took = making.in_minutes(seconds) if seconds else "–"
    cells = [
        records,
        values.get("seeds", "–"),
        values.get("encoder", "–"),
        took,
        made.get("date", "–").replace("-", NO_BREAK),
    ]
    return [f"{{doc}}`notebooks/{name}`", *map(str, cells), made.get("commit", making.UNKNOWN)]


def table(rows: Sequence[Sequence[str]], left_out: Sequence[str], profile: str) -> str:
    """Markdown: a line a chapter that ran, and the names of those that did not, with the command that runs them."""
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    if left_out:
        names = ", ".join(f"`{name}`" for name in left_out)
        text += f"\n\nNot in this edition (profile `{profile}`): {names}. `make book PROFILE=full` runs every chapter."
    return text
