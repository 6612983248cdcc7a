"""One page on a policy in use: plain HTML without scripts, and without a word or an identifier of a record."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pandas as pd

from helpers.policy.watch import Watch

PAGE_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}"
    "td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ccc}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.alarm{font-weight:700;color:#a00}"
)
WATCHED_MEANS = {
    "score": "the effect that the policy gives",
    "note length": "words of a note",
    "note reading": "how much of a note is read",
    "calibration gap": "mean of the effect's scores less the policy's effects",
    "calibration slope": "what a unit of the policy's effect stands for",
}


def page(found: Watch, title: str = "Policy in use") -> str:
    """The page as HTML."""
    alarms = found.alarms
    head = "Nothing has changed that could be told from chance." if not alarms else f"Changed: {', '.join(alarms)}."
    lines = [
        f'<p class="{"alarm" if alarms else "quiet"}">{html.escape(head)}</p>',
        f"<p>{found.records:,} records of {found.patients:,} patients, {found.scored:,} of them scored "
        f"({found.scored / max(found.records, 1):.1%}). Where nothing has changed, a page like this tells of a change "
        f"with a chance of at most {found.level:g}.</p>",
    ]
    if found.reasons:
        told = "; ".join(f"{name}: {_few(count)}" for name, count in found.reasons.items())
        lines.append(f"<p>Without a score: {html.escape(told)}.</p>")
    lines += [f"<p>{html.escape(note)}</p>" for note in found.notes]
    lines += ["<h2>Drift</h2>", _table(found.drift, {"what": "quantity", "n": "patients", "distance": "share moved"})]
    if len(found.calibration):
        lines += [
            "<h2>Calibration</h2>",
            "<p>By outcomes that have arrived, adjusted for the bedside columns and the policy's effect; a difference "
            "to the export is told, not what lies behind it.</p>",
            _table(found.calibration, {"what": "quantity", "then": "at export", "now": "now"}),
        ]
    lines += ["<h2>Who is treated</h2>", f"<p>By {html.escape(found.rule)}: {found.share:.0%} of those scored.</p>"]
    if len(found.treated):
        shown = found.treated[["column", "group", "size", "share", "low", "high"]]
        lines.append(_table(shown, {"size": "patients"}, hidden=found.treated["hidden"]))
    when = datetime.now(UTC).isoformat(timespec="minutes")
    body = "\n".join(lines)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{PAGE_STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n{body}\n<p>{when}</p></body></html>\n"
    )


def _few(count: int) -> str:
    return "fewer than 11" if 0 < count < 11 else f"{count:,}"


def _table(table: pd.DataFrame, names: dict[str, str], hidden=None) -> str:
    head = "".join(f"<th>{html.escape(names.get(c, c).replace('_', ' '))}</th>" for c in table)
    rows = []
    for i, row in enumerate(table.to_dict("records")):
        covered = hidden is not None and bool(hidden.iloc[i])
        rows.append("<tr>" + "".join(_cell(name, value, covered) for name, value in row.items()) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(name: str, value, hidden: bool) -> str:
    if name == "alarm":
        return '<td class="alarm">changed</td>' if value else "<td>no</td>"
    if isinstance(value, float):
        return "<td>hidden</td>" if hidden and value != value else f'<td class="n">{value:.3g}</td>'
    if isinstance(value, int):
        return f'<td class="n">{value:,}</td>'
    meaning = WATCHED_MEANS.get(str(value)) if name == "what" else None
    title = f' title="{html.escape(meaning, quote=True)}"' if meaning else ""
    return f"<td{title}>{html.escape(str(value))}</td>"
