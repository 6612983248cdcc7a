"""The card of a policy: what it was learned from, how good it was there, and where it must not be used."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from helpers.privacy.escaping import escaped
from helpers.report.words import cell

NEW_FACTS = ("annotations", "notes_read_by", "reader_folds")  # that cards before had not
FACTS: tuple[str, ...] = ("dataset", "process", "note_style", "training_records", "annotated_records")
FACTS += ("encoder", "encoder_model", "encoder_revision", "strategy", "seed", *NEW_FACTS)
Section = Literal["meant_for", "treats", "rests_on"]
SECTIONS: dict[Section, str] = {
    "meant_for": "What it is meant for",
    "treats": "Whom it treats",
    "rests_on": "What its numbers rest on",
}
METRICS = {"pehe": "PEHE", "autoc": "AUTOC", "qini": "Qini coefficient", "captured": "share of the attainable benefit"}
NOT_FOR = (
    "deciding on a patient's treatment without a clinician who may overrule it, and without approval for such use",
    "hospitals, periods, patient groups, note styles or languages other than those it was trained on, "
    "before its value has been measured there on held-out patients",
    "treatments, doses or outcomes other than the one it was trained on",
    "records written after the treatment was decided, whose notes may already speak of it",
)
TEMPLATE = """# Policy card

Ranks patients by how much treatment is expected to change their outcome. {direction}

{meant_for}## What it was learned from

{facts}

## How good it was on held-out records

{metrics}

{treats}{rests_on}## Where it must not be used

{not_for}

## What the files hold

Weights, settings, names and levels of columns{vocabulary}; no record. The check sums tell damage, not a forger: take
policies from people you trust.
"""
VOCABULARY = " and the words of the training notes that its vocabulary keeps (read them before you pass it on)"


def make_card(
    facts: Mapping[str, object],
    metrics: Mapping[str, float] | None = None,
    not_for: Sequence[str] = (),
    date: str | None = None,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    statements: Mapping[str, Sequence[str]] | None = None,
) -> dict:
    """A card as plain values.

    Parameters
    ----------
    facts : mapping
        Exactly the entries of ``FACTS``; None where one does not apply.
    metrics : mapping of name to number, or None
        Measured on held-out records; numbers that are not finite become None.
    not_for : sequence of str
        Where it must not be used, beyond ``NOT_FOR``.
    date : str or None
        Of the training, ISO 8601; None: today.
    intervals : mapping of metric to (low, high), or None
        Where they are known.
    statements : mapping of section to sentences, or None
        Sections of ``SECTIONS``; those not given are left out.

    Raises
    ------
    ValueError
        If a fact is missing or not known, or a section or an interval's metric is not known.
    """
    if set(facts) != set(FACTS):
        raise ValueError(f"facts: {sorted(facts)}; a card states exactly {sorted(FACTS)} (None if not applicable).")
    said, ends = dict(statements or {}), dict(intervals or {})
    strange = [*(set(said) - set(SECTIONS)), *(set(ends) - set(metrics or {}))]
    if strange:
        raise ValueError(f"{strange}: no section of {list(SECTIONS)} and no metric of {list(metrics or {})}.")
    measured = {k: _finite(v) for k, v in (metrics or {}).items()}
    return {
        **{name: facts[name] for name in FACTS},
        "trained_on": date or datetime.now(UTC).date().isoformat(),
        "package_version": importlib.metadata.version("who-to-treat"),
        "metrics": measured,
        "intervals": {k: [_finite(v) for v in pair] for k, pair in ends.items()},
        "statements": {section: list(lines) for section, lines in said.items()},
        "not_for": [*NOT_FOR, *not_for],
    }


def as_markdown(card: Mapping, lower_is_better: bool, vocabulary: bool) -> str:
    """The card for people to read."""
    plain = {k: v for k, v in card.items() if k not in ("metrics", "intervals", "statements", "not_for")}
    said = {k: "not applicable" if v is None else v for k, v in plain.items()}
    better = "an effect below zero is a benefit" if lower_is_better else "an effect above zero is a benefit"
    ends = card.get("intervals", {})
    metrics = [
        f"| {escaped(METRICS.get(k, k.replace('_', ' ')))} | {_number(v)} | {_ends(ends.get(k))} |"
        for k, v in card["metrics"].items()
    ]
    table = ["| metric | value | 95% interval over patients |", "|---|---|---|", *metrics] if metrics else []
    return TEMPLATE.format(
        direction=f"Of its numbers, {better}; a high priority is treated first.",
        facts="\n".join(f"* {k.replace('_', ' ')}: {escaped(v)}" for k, v in said.items()),
        metrics="\n".join(table) or "Not measured.",
        **{section: _section(card, section) for section in SECTIONS},
        not_for="\n".join(f"* {line}" for line in card["not_for"]),
        vocabulary=VOCABULARY if vocabulary else "",
    )


def with_interval(row: Mapping[str, float]) -> str:
    """A difference with its interval, "value [low, high]"."""
    return cell(row["value"], row["low"], row["high"], sign=True)


def _section(card: Mapping, section: Section) -> str:
    lines = card.get("statements", {}).get(section, ())
    return f"## {SECTIONS[section]}\n\n" + "\n".join(f"* {line}" for line in lines) + "\n\n" if lines else ""


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _ends(pair: Sequence[float | None] | None) -> str:
    return "" if pair is None or None in pair else f"{pair[0]:.3f} to {pair[1]:.3f}"


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.0f}" if value.is_integer() else f"{value:.3f}"
