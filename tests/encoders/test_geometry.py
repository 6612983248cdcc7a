"""Neighbours and cosines against loops."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.encoders.geometry import cosines, neighbour_agreement


def unit(n: int, d: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_cosines_of_all_pairs():
    v = unit(6, 3, 0)
    assert cosines(v) == pytest.approx([v[i] @ v[j] for i in range(6) for j in range(i + 1, 6)])


def test_neighbour_agreement_equals_a_loop():
    v, rows = unit(40, 5, 1), np.array([3, 17, 39, 20])
    has = {"a": np.arange(40) % 2 == 1, "b": np.arange(40) > 18}
    table = neighbour_agreement(v, has, rows, k=4)
    for name, mask in has.items():
        for row in rows[mask[rows]]:
            near = sorted((j for j in range(40) if j != row), key=lambda j: -(v[row] @ v[j]))[:4]
            found = table[(table["name"] == name) & (table["row"] == row)]["value"].item()
            assert found == pytest.approx(mask[near].mean())
    assert len(table) == sum(mask[rows].sum() for mask in has.values())


def test_vectors_without_meaning_agree_by_chance():
    mask = np.random.default_rng(0).random(2_000) < 0.3
    table = neighbour_agreement(unit(2_000, 20, 2), {"a": mask}, np.arange(2_000))
    assert table["value"].mean() == pytest.approx(mask.mean(), abs=0.02)


def test_too_many_neighbours():
    with pytest.raises(ValueError, match="k = 5"):
        neighbour_agreement(unit(5, 2, 0), {"a": np.ones(5, bool)}, np.arange(5), k=5)
