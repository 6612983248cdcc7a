"""Has one quantity changed? Two rows of counts against each other, with an exact p-value.

Where rows of records may not leave their place, counts may. Given the totals of both samples together, every deal of
the records to the two samples was as likely if nothing has changed (multivariate hypergeometric), whatever the counts:
the p-value by such deals is exact, as that of any permutation test. The bounds of the bins must not come from either of
the two samples.
"""

from __future__ import annotations

import numpy as np


def counts_test(before: np.ndarray, after: np.ndarray, draws: int = 9_999, seed: int = 0) -> float:
    """P-value of "both rows of counts come from one distribution", by the chi-square statistic over random deals.

    Parameters
    ----------
    before, after : (k,) arrays of whole numbers
        Independent records of each sample in each bin.
    draws, seed : int

    Raises
    ------
    ValueError
        Counts of different bins, negative counts, or a sample without records.
    """
    before, after = (np.asarray(c) for c in (before, after))
    whole = all(np.issubdtype(c.dtype, np.integer) and c.ndim == 1 and (c >= 0).all() for c in (before, after))
    if not whole or before.shape != after.shape or not before.sum() or not after.sum():
        raise ValueError(f"before {before.shape}, after {after.shape}: whole numbers, of the same bins, and not all 0.")
    total = before + after
    dealt = np.random.default_rng(seed).multivariate_hypergeometric(total, int(after.sum()), draws, method="marginals")
    expected = total * (after.sum() / total.sum())
    kept = total > 0
    distance = ((np.vstack([after, dealt]) - expected)[:, kept] ** 2 / expected[kept]).sum(axis=1)
    return float((1 + np.sum(distance[1:] >= distance[0] * (1 - 1e-9))) / (draws + 1))
