"""The card of a policy: what it was learned from, how good it was there, and where it must not be used."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

FACTS = ("dataset", "process", "note_style", "training_records", "annotated_records", "encoder", "strategy", "seed")
NOT_FOR = (
    "deciding on a patient's treatment without a clinician who may overrule it, and without approval for such use",
    "hospitals, periods, patient groups, note styles or languages other than those it was trained on, "
    "before its value has been measured there on held-out patients",
    "treatments, doses or outcomes other than the one it was trained on",
    "records written after the treatment was decided, whose notes may already speak of it",
)
TEMPLATE = """# Policy card

Ranks patients by how much treatment is expected to change their outcome. {direction}

## What it was learned from

{facts}

## How good it was on held-out records

{metrics}

## Where it must not be used

{not_for}

## What the files hold

Weights, settings and column names{vocabulary}; no record. The check sums tell damage, not a forger: take policies
from people you trust.
"""
VOCABULARY = " and the words of the training notes that its vocabulary keeps (read them before you pass it on)"


def make_card(
    facts: Mapping[str, object],
    metrics: Mapping[str, float] | None = None,
    not_for: Sequence[str] = (),
    date: str | None = None,
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

    Raises
    ------
    ValueError
        If a fact is missing or not known.
    """
    if set(facts) != set(FACTS):
        raise ValueError(f"facts: {sorted(facts)}; a card states exactly {sorted(FACTS)} (None if not applicable).")
    measured = {k: float(v) if math.isfinite(v) else None for k, v in (metrics or {}).items()}
    return {
        **{name: facts[name] for name in FACTS},
        "trained_on": date or datetime.now(UTC).date().isoformat(),
        "package_version": importlib.metadata.version("who-to-treat"),
        "metrics": measured,
        "not_for": [*NOT_FOR, *not_for],
    }


def as_markdown(card: Mapping, lower_is_better: bool, vocabulary: bool) -> str:
    """The card for people to read."""
    plain = {k: v for k, v in card.items() if k not in ("metrics", "not_for")}
    better = "an effect below zero is a benefit" if lower_is_better else "an effect above zero is a benefit"
    metrics = [f"| {k.replace('_', ' ')} | {_number(v)} |" for k, v in card["metrics"].items()]
    table = ["| metric | value |", "|---|---|", *metrics] if metrics else ["Not measured."]
    return TEMPLATE.format(
        direction=f"Of its numbers, {better}; a high priority is treated first.",
        facts="\n".join(f"* {k.replace('_', ' ')}: {'not applicable' if v is None else v}" for k, v in plain.items()),
        metrics="\n".join(table),
        not_for="\n".join(f"* {line}" for line in card["not_for"]),
        vocabulary=VOCABULARY if vocabulary else "",
    )


def _number(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.0f}" if value.is_integer() else f"{value:.3f}"
