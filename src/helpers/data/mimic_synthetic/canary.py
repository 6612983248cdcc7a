"""Canaries: a token in every generated note, so that a leak of any of them can be found by one expression."""

from __future__ import annotations

import hashlib
import re

import numpy as np

CANARY = re.compile(r"CANARY[0-9a-f]{12}")


def canaries(seed: int, row_ids: np.ndarray) -> list[str]:
    """The token of each note: ``CANARY``, four hexadecimal digits of the seed, eight of the note's ROW_ID."""
    mark = hashlib.sha256(f"canary {seed}".encode()).hexdigest()[:4]
    return [f"CANARY{mark}{row:08x}" for row in np.asarray(row_ids).tolist()]


def with_canary(text: str, token: str) -> str:
    """The note with its token in front and at the end: previews cut the end, and parsers quote where they stopped."""
    return f"{token} {text}\n{token}"
