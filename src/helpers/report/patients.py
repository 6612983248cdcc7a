"""Patients in plain words: what they have, what awaits them, and what their notes say."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.report.html import Html
from helpers.report.words import named_word, number

CARD = "border:1px solid var(--pst-color-border,#aaa);border-radius:.4rem;padding:.2rem .9rem;margin:.8rem 0"
WITHHELD = "<p>These notes may not be shown.</p>"
HIGH = 0.9  # share of the patients below the risk of the first patient of a case


def findings_of(cohort: Cohort, row: int, columns: Sequence[str]) -> list[str]:
    """What a patient has, in words: present findings, levels of categories, numbers with their name."""
    found = []
    for column in columns:
        value, dtype = cohort.frame[column].iloc[row], cohort.frame[column].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            found += [named_word(f"{column}_{value}")] if value != dtype.categories[0] else []
        elif cohort.frame[column].dropna().isin([0, 1]).all():
            found += [named_word(column)] if value == 1 else []
        else:
            found.append(f"{named_word(column)} {number(value, 0)}")
    return found


def two_patients(cohort: Cohort) -> tuple[int, int]:
    """Rows of two patients whose risk and benefit go against each other.

    Parameters
    ----------
    cohort : Cohort
        With known effects.

    Returns
    -------
    ill, helped : int
        Among the tenth at the highest risk the one whom treatment helps least; among those at less risk than he or she
        the one whom it helps most. Ties go to the first row.
    """
    risk, benefit = cohort.mu0, -cohort.tau
    riskiest = np.flatnonzero(risk >= np.quantile(risk, HIGH))
    ill = riskiest[np.argmin(benefit[riskiest])]
    lower = np.flatnonzero(risk < risk[ill])
    lower = lower if len(lower) else np.array([ill])
    return int(ill), int(lower[np.argmax(benefit[lower])])


def case_sentences(cohort: Cohort, outcome: str = "outcome", unit: str | None = None) -> list[str]:
    """The two patients of :func:`two_patients` in plain words, and what treating one of them would bring.

    Parameters
    ----------
    cohort : Cohort
        With known effects; lower outcomes are better.
    outcome, unit : str, str or None
        What the outcome is, and what it is counted in.
    """
    rows, counted = two_patients(cohort), f" {unit}" if unit else ""
    lines = []
    for name, row in zip("AB", rows, strict=True):
        findings = findings_of(cohort, row, (*cohort.roles.annotations, *cohort.roles.tabular))
        untreated, treated = (f"{number(mean[row], 1)}{counted}" for mean in (cohort.mu0, cohort.mu1))
        without = f"Without treatment the {outcome} will be about {untreated}, with treatment about {treated}."
        lines.append(f"**Patient {name}**: {_listed(findings)}. {without}")
    of_a, of_b = (_brings(cohort.mu0[row] - cohort.mu1[row], counted) for row in rows)
    lines.append(
        f"If only one of them can be treated, who? A is worse off, but treatment {of_a}; for B it {of_b}. "
        f"Risk says A, benefit says B."
    )
    return lines


def _brings(gain: float, counted: str) -> str:
    size = number(abs(gain), 1)
    if float(size) == 0:
        return "changes next to nothing"
    return f"takes {size}{counted} off" if gain > 0 else f"adds {size}{counted}"


def _listed(findings: list[str]) -> str:
    return "none of the findings" if not findings else ", ".join(findings)


def note_cards(styles: Mapping[str, Cohort], cases: Mapping[str, str]) -> Html:
    """The first note of each case as a card: what the patient has, and the note in each style.

    Parameters
    ----------
    styles : mapping of style to the same records in it
    cases : mapping of words to a query on the records' columns
    """
    first = next(iter(styles.values()))
    found = {case: first.frame.query(rule).index[:1] for case, rule in cases.items()}
    cards = [_card(case, row, styles) for case, rows in found.items() for row in rows]
    return Html(f'<div class="note-cards">{"".join(cards) or WITHHELD}</div>', "; ".join(cases))


def _card(case: str, row: int, styles: Mapping[str, Cohort]) -> str:
    (style, first), *others = styles.items()
    truth = "; ".join(html.escape(line) for line in said_of(first, row))
    body = f"<p><strong>{html.escape(case)}.</strong> <em>{truth}.</em></p>{_note(style, first.texts[row])}"
    for style, cohort in others:
        summary = f"<summary>The same patient in a {html.escape(style)} note</summary>"
        body += f'<details class="fold">{summary}{_note(style, cohort.texts[row])}</details>'
    return f'<article class="note-card" style="{CARD}">{body}</article>'


def _note(style: str, note: str) -> str:
    return f'<blockquote class="note" data-style="{html.escape(style)}">{note_html(note)}</blockquote>'


def note_html(note: str) -> str:
    """A note, escaped, with its headings bold and its lines kept."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(note))
    return bold.replace("\n", "<br>")


def said_of(cohort: Cohort, row: int) -> list[str]:
    """What a note affirms, denies and leaves out, where that was recorded; else what the patient has."""
    symptoms = [s for s in cohort.roles.annotations if f"said_{s}" in cohort.frame]
    if not symptoms:
        return [f"Has: {_listed(findings_of(cohort, row, cohort.roles.annotations))}"]
    present = {s: findings_of(cohort, row, [s]) for s in symptoms}
    said = {s: bool(cohort.frame[f"said_{s}"].iloc[row]) for s in symptoms}
    groups = {
        "The note affirms": [word for s in symptoms if said[s] for word in present[s]],
        "denies": [named_word(s) for s in symptoms if said[s] and not present[s]],
        "leaves out": [
            f"{(present[s] or [named_word(s)])[0]} ({'there' if present[s] else 'not there'})"
            for s in symptoms
            if not said[s]
        ],
    }
    lines = [f"{head} {', '.join(words)}" for head, words in groups.items() if words]
    return [lines[0].replace("denies", "The note denies"), *lines[1:]] if lines else ["The note says nothing of them"]
