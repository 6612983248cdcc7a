"""Further elements to try: ten patients to sort, notes with their marks, self-checks, the table of strategies."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape

import pandas as pd

from helpers.report.drawing import no_records
from helpers.report.html import Html, attribute, inline
from helpers.report.showing import table
from helpers.report.states import element
from helpers.report.style import INK, look_of

STATUS = {"affirmed": "affirmed", "denied": "denied", "silent": "not mentioned"}


@no_records
def sort_patients(patients: pd.DataFrame) -> Html:
    """A handful of patients to put in order of benefit, then the TOC and AUTOC of that order beside the best one.

    Parameters
    ----------
    patients : DataFrame
        ``who`` (plain words) and ``effect`` (below zero: treatment helps), at most a dozen rows.
    """
    if not 2 <= len(patients) <= 12:
        raise ValueError(f"patients: {len(patients)} rows; from 2 to 12 can be sorted by hand.")
    data = {"patients": [[str(r.who), round(float(r.effect), 4)] for r in patients.itertuples()]}
    without = table(patients[["who", "effect"]]).html
    return element("sort", "Whom first? Sort them yourself", data, without)


@no_records
def highlighted_notes(sentences: pd.DataFrame) -> Html:
    """Notes as cards, sentence by sentence: what each affirms or denies, and what the reader found in it.

    Parameters
    ----------
    sentences : DataFrame
        A row a sentence in the order of the note: ``case`` (title of the card), ``style`` (of the note), ``sentence``,
        ``status`` (a key of ``STATUS`` or empty), ``said`` (the field it is about, in words) and ``found`` (what the
        reader found, in words; may be empty). Of records that everyone may see.
    """
    if unknown := sorted(set(sentences["status"]) - {"", *STATUS}):
        raise ValueError(f"sentences: status {unknown} must be among {sorted(STATUS)}, or empty.")
    styles = list(sentences["style"].drop_duplicates())
    cards = []
    for (case, style), part in sentences.groupby(["case", "style"], sort=False):
        text = " ".join(_sentence(r) for r in part.itertuples())
        hidden = "" if style == styles[0] else " hidden"
        head = f'<p class="title">{escape(str(case))}</p>'
        cards.append(
            f'<div class="note" data-style="{attribute(style)}"{hidden}>{head}<p class="text">{text}</p></div>'
        )
    key = " ".join(f'<mark class="{name}">{words}</mark>' for name, words in STATUS.items() if name != "silent")
    shown = f'<p class="key marks">{key}</p><div class="notes">{"".join(cards)}</div>'
    shown += '<p class="found" aria-live="polite">Point at a marked sentence, or reach it by the tab key.</p>'
    made = element("notes", "What the note says, and what the reader found", {"styles": styles}, "")
    return Html(made.html.replace('<div class="stage"></div>', f'<div class="stage"></div>{shown}'), made.text)


def _sentence(r) -> str:
    text = escape(str(r.sentence))
    if not r.status:
        return text
    told = f"{r.said}: {STATUS[r.status]}" + (f". The reader: {r.found}" if r.found else "")
    return f'<mark class="{r.status}" tabindex="0" data-found="{attribute(told)}">{text}</mark>'


def self_check(
    name: str,
    answer: float | str,
    tolerance: float | None = None,
    choices: Mapping[str, str] | None = None,
    why: Mapping[str, str] | None = None,
) -> Html:
    """A field that judges the reader's answer and remembers that it was right; the question stands above it.

    Parameters
    ----------
    name : str
        Of the exercise, as in ``04.1``; what was solved is remembered under it.
    answer : float or str
        The number, or the letter of the right choice.
    tolerance : float or None
        How far a number may be off.
    choices, why : mapping or None
        Letter -> words; letter -> what speaks for or against it.
    """
    if choices is None and tolerance is None:
        raise ValueError(f"self_check {name!r}: give a tolerance for a number, or choices.")
    if choices is not None and answer not in choices:
        raise ValueError(f"self_check {name!r}: answer {answer!r} is none of its choices {sorted(choices)}.")
    reasons = {letter: inline(reason) for letter, reason in (why or {}).items()}
    hidden = {"answer": answer, "tolerance": tolerance, "why": reasons}
    # Not a secret, only out of sight: whoever reads the page's source may have the answer.
    packed = base64.b64encode(json.dumps(hidden).encode()).decode()
    data = {"id": name, "choices": [[k, inline(v)] for k, v in (choices or {}).items()], "packed": packed}
    return element("check", "Check your answer", data, "<p>The check needs scripts.</p>")


def strategy_table(strategies: pd.DataFrame) -> Html:
    """Every strategy in a sentence, to filter by what it needs and sees.

    Parameters
    ----------
    strategies : DataFrame
        ``key, label, group, about, annotated`` (bool), ``sees`` (words), ``reads`` (bool: it sees the note), ``source``
        (HTML).
    """
    rows, group = [], None
    for r in strategies.itertuples():
        if r.group != group:
            rows.append(f'<tr class="group"><th scope="rowgroup" colspan="5">{escape(r.group)}</th></tr>')
            group = r.group
        rows.append(_strategy(r))
    titles = ("name", "what it does", "learns from annotations", "sees at the bedside", "source")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    content = f'<table class="results strategies"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    region = f'<div class="scrolls" role="region" tabindex="0" aria-label="The strategies">{content}</div>'
    made = element("filter", "Show only some", {"columns": ["annotated", "reads"]}, "")
    return Html(made.html + region, made.text)


def _strategy(r) -> str:
    look = look_of(r.key)
    colour = "currentColor" if look.colour == INK else look.colour
    dot = f'<span class="dot" style="background:{colour}"></span>'
    cells = f'<th scope="row">{dot}{escape(r.label)}</th><td>{inline(r.about)}</td>'
    cells += f"<td>{'yes' if r.annotated else 'no'}</td><td>{escape(r.sees)}</td><td>{r.source}</td>"
    marks = f'data-annotated="{"yes" if r.annotated else "no"}" data-reads="{"yes" if r.reads else "no"}"'
    return f'<tr id="strategy-{attribute(r.key)}" {marks}>{cells}</tr>'
