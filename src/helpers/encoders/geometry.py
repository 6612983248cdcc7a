"""How notes lie among each other once they are vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def cosines(vectors: np.ndarray) -> np.ndarray:
    """Cosines of all pairs of different rows.

    Parameters
    ----------
    vectors : (n, d) array
        Rows of unit length, or zero.

    Returns
    -------
    (n (n - 1) / 2,) array
    """
    return (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]


def neighbour_agreement(
    vectors: np.ndarray, has: Mapping[str, np.ndarray], rows: np.ndarray, k: int = 10
) -> pd.DataFrame:
    """How many of a note's nearest notes share what it has.

    Parameters
    ----------
    vectors : (n, d) array
        Rows of unit length; near means a large cosine.
    has : mapping
        Name to (n,) bool array.
    rows : (m,) int array
        Notes whose neighbours are looked at.
    k : int
        Number of neighbours, the note itself not counted.

    Returns
    -------
    DataFrame
        Columns ``name, row, value``: for every note of ``rows`` that has it, the share of its neighbours that do.

    Raises
    ------
    ValueError
        If there are no k other notes.
    """
    if not 0 < k < len(vectors):
        raise ValueError(
            f"k = {k}: among {len(vectors)} notes, each has {len(vectors) - 1} others; choose k in between."
        )
    rows = np.asarray(rows)
    near = vectors[rows] @ vectors.T
    near[np.arange(len(rows)), rows] = -np.inf
    neighbours = np.argpartition(-near, k, axis=1)[:, :k]
    tables = []
    for name, mask in has.items():
        own = np.asarray(mask, bool)[rows]
        share = np.asarray(mask, float)[neighbours[own]].mean(1)
        tables.append(pd.DataFrame({"name": name, "row": rows[own], "value": share}))
    return pd.concat(tables, ignore_index=True)
