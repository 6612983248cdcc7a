"""Shared runs of characters between a few known texts and a stream of many: exact, by hashed windows.

Texts are compared as the bytes of their ASCII letters, in lower case, and digits. A run of ``RUN`` such characters in a
streamed text holds a whole block of ``BLOCK`` at a multiple of ``BLOCK``; so all windows of the known texts are hashed,
but only every ``BLOCK``-th of the stream, and what meets is compared character by character.
"""

from __future__ import annotations

import string
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

RUN, BLOCK = 64, 32
_KEPT = (string.ascii_letters + string.digits).encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_DROPPED = bytes(sorted(set(range(256)) - set(_KEPT)))
_FACTOR = 0x9E3779B97F4A7C15
_BITS = 24
BYTES_AT_ONCE = 1 << 24  # bytes of streamed text that are hashed at once


def normalised_text(text: str | bytes) -> bytes:
    """Letters a to z and digits of a text; everything else is dropped."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return raw.translate(_LOWER, _DROPPED)


@dataclass(frozen=True)
class Match:
    """A shared run: in which known text, where in its normalised form, and how long."""

    name: Hashable
    start: int
    length: int


class KnownTexts:
    """The windows of some named texts, ready to be met.

    Parameters
    ----------
    texts : iterable of (name, normalised text)
        Any names; one may come several times.
    """

    def __init__(self, texts: Iterable[tuple[Hashable, bytes]]) -> None:
        kept = [(name, text) for name, text in texts if len(text) >= RUN]
        self.names = [name for name, _ in kept]
        # A zero between texts is in no normalised text, so that no run goes on over it.
        self.joined = b"\0".join(text for _, text in kept)
        self.starts = np.cumsum([0] + [len(text) + 1 for _, text in kept])
        hashes = _windows(np.frombuffer(self.joined, np.uint8))
        order = np.argsort(hashes)
        self.hashes, self.places = hashes[order], order.astype(np.uint32 if len(order) < 2**32 else np.int64)
        self.seen = np.zeros(1 << _BITS, bool)
        self.seen[hashes >> np.uint64(64 - _BITS)] = True

    def search(self, stream: Iterable[bytes]) -> Iterator[Match]:
        """Every place of a known text that shares a run of at least ``RUN`` with a normalised text of the stream."""
        batch, size = [], 0
        for text in stream:
            if len(text) >= RUN:
                batch.append(text)
                size += len(text)
            if size >= BYTES_AT_ONCE:
                yield from self._search(batch)
                batch, size = [], 0
        yield from self._search(batch)

    def _search(self, batch: list[bytes]) -> Iterator[Match]:
        if not batch or not len(self.hashes):
            return
        blocks = [len(text) // BLOCK for text in batch]
        whole = b"".join(text[: BLOCK * n] for text, n in zip(batch, blocks, strict=True))
        hashes = np.frombuffer(whole, np.uint8).reshape(-1, BLOCK).astype(np.uint64) @ _powers()
        likely = np.flatnonzero(self.seen[hashes >> np.uint64(64 - _BITS)])
        place = np.searchsorted(self.hashes, hashes[likely])
        found = (place < len(self.hashes)) & (self.hashes[np.minimum(place, len(self.hashes) - 1)] == hashes[likely])
        firsts = np.cumsum([0, *blocks])
        for block, at in zip(likely[found], place[found], strict=True):
            text = int(np.searchsorted(firsts, block, side="right")) - 1
            yield from self._matches(batch[text], int(block - firsts[text]) * BLOCK, int(at))

    def _matches(self, text: bytes, offset: int, at: int) -> Iterator[Match]:
        """Runs around a block of the text and each window of the same hash, if they are the same and long enough."""
        value = self.hashes[at]
        while at < len(self.hashes) and self.hashes[at] == value:
            place = int(self.places[at])
            at += 1
            if self.joined[place : place + BLOCK] != text[offset : offset + BLOCK]:
                continue
            before = _shared(self.joined[max(0, place - RUN) : place][::-1], text[max(0, offset - RUN) : offset][::-1])
            after = _shared(self.joined[place : place + 4 * RUN], text[offset : offset + 4 * RUN])
            if before + after >= RUN:
                which = int(np.searchsorted(self.starts, place, side="right")) - 1
                yield Match(self.names[which], place - before - int(self.starts[which]), before + after)


def _shared(a: bytes, b: bytes) -> int:
    """Length of the common beginning."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _powers() -> np.ndarray:
    return np.array([pow(_FACTOR, BLOCK - 1 - j, 1 << 64) for j in range(BLOCK)], np.uint64)


def _windows(raw: np.ndarray) -> np.ndarray:
    """Hash of every window of ``BLOCK`` bytes: sums of powers modulo 2**64, by doubling the width."""
    hashes, width = raw.astype(np.uint64), 1
    while width < BLOCK and len(hashes) > width:
        hashes = hashes[:-width] * np.uint64(pow(_FACTOR, width, 1 << 64)) + hashes[width:]
        width *= 2
    return hashes if width == BLOCK else np.empty(0, np.uint64)
