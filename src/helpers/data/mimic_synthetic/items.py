"""What is charted, given and coded: item numbers, drugs and codes of the real dictionaries that the generator uses."""

from __future__ import annotations

from functools import cache

from helpers.data.grammar import read_bank


@cache
def dictionaries() -> dict:
    """The packaged file of items, drugs and codes (do not change it in place)."""
    return read_bank("mimic_items")
