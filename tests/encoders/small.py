"""A frozen encoder without a model, and notes that speak of two confounders, for tests of what learns from notes."""

from __future__ import annotations

import hashlib

import numpy as np

LEVELS = (2, 3)
SPEAKS = {0: ["No cough.", "Coughs at night."], 1: ["Temperature 36.5 today.", "Temperature 37.9.", "It was 39.4 C."]}
OTHER = [f"Lives in street {i}." for i in range(12)]


class Hashed:
    """Words as random directions, summed: knows words, has no weights to load."""

    frozen, name = True, "hashed"
    provenance = {"name": "hashed", "test": 3}

    def __init__(self, d=32):
        self.d = d

    def get_params(self, deep=True):
        return {"d": self.d}

    def set_params(self, **params):
        return self

    def fit(self, texts=(), y=None):
        return self

    def transform(self, texts):
        rows = [np.sum([self.word(w) for w in ("", *t.lower().split())], axis=0) for t in texts]
        out = np.array(rows, np.float32).reshape(len(texts), self.d)
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    def word(self, word):
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        return np.random.default_rng(seed).normal(size=self.d)


def records(n, seed=0):
    """Notes, (n, 3) annotations without each field's first level, and patients (two notes each)."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.integers(2, size=n), rng.integers(3, size=n)])
    texts = []
    for v in values:
        parts = [SPEAKS[f][v[f]] for f in (0, 1) if rng.random() < 0.95] + list(rng.choice(OTHER, 3, replace=False))
        texts.append("**History**\n" + " ".join(rng.permutation(parts)))
    annotations = np.column_stack([values[:, 0], values[:, 1] == 1, values[:, 1] == 2]).astype(float)
    return texts, annotations, np.arange(n) // 2
