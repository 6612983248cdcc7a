"""What a page of the book is made of beside tables and figures: bullets, and claims with their verdicts."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd


def bullets(lines: Iterable[str], head: str = ""):
    """The sentences as a list to show, below a line of its own if ``head`` is given; an IPython ``Markdown``."""
    from IPython.display import Markdown

    listed = "\n".join(f"- {line}" for line in lines)
    return Markdown(f"{head}\n\n{listed}" if head else listed)


class Claims:
    """Claims that were made before the numbers were seen, and what the numbers say of them."""

    def __init__(self) -> None:
        self._rows: list[dict] = []

    def add(self, claim: str, holds: bool, evidence: str) -> None:
        """One more claim: whether it holds, and the numbers that say so."""
        self._rows.append({"claim": claim, "holds": bool(holds), "evidence": evidence})

    def table(self) -> pd.DataFrame:
        """A row a claim: ``claim, holds, evidence``."""
        return pd.DataFrame(self._rows, columns=["claim", "holds", "evidence"])

    def sentences(self) -> list[str]:
        """One sentence a claim: yes or no, and why."""
        return [f"{r['claim']}: **{'yes' if r['holds'] else 'no'}** ({r['evidence']})." for r in self._rows]
