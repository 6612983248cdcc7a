"""The card of a policy as a page shows it."""

from __future__ import annotations

import pandas as pd

from helpers.report.html import Html, block
from helpers.report.showing import table

ONE_SPLIT = "This policy, one split: measured on its own test patients, with 95% intervals over them."


def card(markdown: str) -> Html:
    """The text of a card inside a page: small headings, and its table of numbers labelled as those of one split.

    Parameters
    ----------
    markdown : str
        As ``policy.as_markdown`` gives it: a title, sections, at most one table.
    """
    lines = [line for line in markdown.splitlines() if not line.startswith("# ")]
    rows = [i for i, line in enumerate(lines) if line.startswith("|")]
    if not rows:
        return _as_html(block(_small(lines)), lines)
    before, after = lines[: rows[0]], lines[rows[-1] + 1 :]
    numbers = table(_frame([lines[i] for i in rows]), ONE_SPLIT)
    return _as_html(block(_small(before)) + numbers.html + block(_small(after)), lines)


def _as_html(content: str, lines: list[str]) -> Html:
    return Html(f'<div class="card-text">{content}</div>', "\n".join(lines))


def _small(lines: list[str]) -> str:
    return "\n".join(f"##{line}" if line.startswith("## ") else line for line in lines)


def _frame(lines: list[str]) -> pd.DataFrame:
    """A Markdown table as a frame of text."""
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    head, _, *body = cells
    return pd.DataFrame([row + [""] * (len(head) - len(row)) for row in body], columns=head)
