"""Fitted readers as plain values and arrays: what their ``state`` and ``from_state`` have in common.

Plain values are of the kinds that JSON knows, arrays are C-contiguous; together they give the same scores bit for bit.
"""

from __future__ import annotations

import numpy as np

from helpers.encoders.base import Encoder
from helpers.encoders.tfidf import TfidfEncoder

State = tuple[dict, dict[str, np.ndarray]]


def settings_of(reader, *left_out: str) -> dict:
    """The parameters of a reader that are plain values."""
    return {k: v for k, v in reader.get_params(deep=False).items() if k not in left_out}


def contiguous(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays with their rows one after the other in memory, as they are saved and read."""
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def gathered(states: list[State]) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Several states as one: their plain values in a list, their arrays as ``place/name``."""
    arrays = {f"{k}/{name}": array for k, (_, part) in enumerate(states) for name, array in part.items()}
    return [plain for plain, _ in states], arrays


def part(arrays: dict[str, np.ndarray], place: int | str) -> dict[str, np.ndarray]:
    """The arrays of one of the states that were gathered."""
    start = f"{place}/"
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def restored_reader(readers: dict[str, type], base: Encoder | None, plain: dict, arrays: dict[str, np.ndarray]):
    """The fitted reader of a state.

    Parameters
    ----------
    readers : dict of str to class
        By kind.
    base : Encoder or None
        What the reader embeds with.
    plain, arrays
        From its ``state``.

    Raises
    ------
    ValueError
        The kind is none of ``readers``.
    """
    kind = plain.get("kind")
    if kind not in readers:
        raise ValueError(f"kind = {kind!r}: a saved reader is one of {', '.join(readers)}; it is of another version.")
    return readers[kind].from_state(base, plain, arrays)


def base_state(base: Encoder) -> State:
    """What the encoder of a reader learned: nothing, or, of tfidf, its words; arrays are named ``base/..``."""
    plain, arrays = ({}, {}) if base.frozen else base.state()
    return plain, {f"base/{name}": array for name, array in arrays.items()}


def restored_base(base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> Encoder:
    """The base itself if it is frozen, or the one whose :func:`base_state` is among these."""
    return base if base.frozen else TfidfEncoder.from_state(plain, part(arrays, "base"))
