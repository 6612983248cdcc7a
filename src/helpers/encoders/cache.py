"""Vectors of notes, kept by content: a rerun embeds only what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from helpers.artifacts.digests import digest
from helpers.artifacts.files import read, write
from helpers.artifacts.store import Store
from helpers.encoders.base import Encoder, checked_texts
from helpers.privacy.errors import no_data_in_errors

SHARD = 500


def encode(
    texts: Iterable[str], encoder: Encoder, store: Store | None = None, progress: bool = True, shard: int = SHARD
) -> np.ndarray:
    """Vectors of notes, from the cache where they are known.

    A frozen encoder's vectors are kept under the SHA-256 of the note and the digest of the encoder's
    provenance, in files of ``shard`` notes written as they are made: an interrupted run goes on where it
    stopped. Only hashes and vectors reach the disk. Other encoders are fitted to a split: not cached.

    Parameters
    ----------
    texts : n notes
    encoder : Encoder
        From ``make_encoder``; one that is not frozen must be fitted. One that ``remembers`` keeps vectors itself.
    store : Store, optional
        Where the vectors are kept; the user's cache folder if None.
    progress : bool
        Show a bar over the notes that must be embedded.

    Returns
    -------
    (n, d) float32, in the order of the notes.
    """
    notes = checked_texts(texts)
    if not encoder.frozen or getattr(encoder, "remembers", False) or not notes:
        with no_data_in_errors("embedding notes"):
            return encoder.transform(notes)
    store = store or Store()
    hashes = [hashlib.sha256(note.encode("utf-8", "surrogatepass")).digest() for note in notes]
    folder = store.root / "embeddings" / digest(encoder.provenance)
    known = _known(folder)
    if not known.keys() >= set(hashes):
        # One process at a time embeds with this encoder; what it made is then found by the next.
        with store.lock(f"embeddings/{folder.name}"):
            known = _known(folder, clean=True)
            missing = {h: note for h, note in zip(hashes, notes, strict=True) if h not in known}
            known.update(_embed(missing, encoder, folder, progress, shard))
    return np.stack([known[h] for h in hashes])


def _embed(missing: dict[bytes, str], encoder: Encoder, folder: Path, progress: bool, shard: int) -> dict:
    """Embed shard by shard, notes of like length together, each shard saved before the next is begun."""
    from tqdm.auto import tqdm

    order = sorted(missing, key=lambda h: (-len(missing[h]), h))
    made = {}
    with tqdm(total=len(order), desc="embedding", unit="note", disable=not progress) as bar:
        for start in range(0, len(order), shard):
            part = order[start : start + shard]
            with no_data_in_errors("embedding notes"):
                vectors = encoder.transform([missing[h] for h in part])
            _save(folder, part, vectors, encoder)
            made.update(zip(part, vectors, strict=True))
            bar.update(len(part))
    return made


def _save(folder: Path, hashes: list[bytes], vectors: np.ndarray, encoder: Encoder) -> None:
    rows = np.empty(len(hashes), [("note", "u1", 32), ("vector", "f4", vectors.shape[1])])
    rows["note"] = np.frombuffer(b"".join(hashes), "u1").reshape(-1, 32)
    rows["vector"] = vectors
    write(folder / f"{digest(hashes)}.npy", {"provenance": encoder.provenance, "notes": len(hashes)}, rows)


def _known(folder: Path, clean: bool = False) -> dict[bytes, np.ndarray]:
    """Vectors by hash of their note; ``clean`` (under the lock only) removes what is damaged."""
    known: dict[bytes, np.ndarray] = {}
    for path in sorted(folder.glob("[!.]*.npy")):
        rows = read(path, warn=clean)
        if rows is None:
            if clean:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)
            continue
        keys = rows["note"].tobytes()
        known.update((keys[32 * i : 32 * (i + 1)], vector) for i, vector in enumerate(rows["vector"]))
    return known
