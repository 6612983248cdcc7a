"""Random streams that stay apart even when every step of a study is given the same seed."""

from __future__ import annotations

import hashlib

import numpy as np


def labelled_sequence(label: str, seed: int) -> np.random.SeedSequence:
    """The root of the randomness of one purpose.

    Two steps that both spawn from ``SeedSequence(seed)`` would share their draws: the number that decided a
    patient's history would decide the treatment too. The label keeps them apart.

    Parameters
    ----------
    label : str
        Name of the purpose, fixed in code.
    seed : int
        The user's seed, at least 0.

    Raises
    ------
    ValueError
        If ``seed`` is not a whole number of at least 0.
    """
    if isinstance(seed, bool) or int(seed) != seed or seed < 0:
        raise ValueError(f"seed = {seed!r}: must be a whole number of at least 0.")
    tag = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big")
    return np.random.SeedSequence([tag, int(seed)])


def streams(label: str, seed: int, n: int) -> list[np.random.Generator]:
    """n independent generators of one purpose."""
    return [np.random.default_rng(child) for child in labelled_sequence(label, seed).spawn(n)]


def derived_seed(label: str, seed: int) -> int:
    """A seed of its own (0 to 2**32 - 1) for a step that takes a plain number."""
    return int(labelled_sequence(label, seed).generate_state(1)[0])
