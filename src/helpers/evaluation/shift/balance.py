"""Do the weighted source records look like the target? The check that every weighting owes.

If the weights are the ratio of the densities, every function of phi has the same weighted mean in the source as mean in
the target, up to sampling error. A part that the source does not cover, a ratio of the wrong form, or one that its
penalty holds back shows as a difference in the functions that matter. What no function of phi can show is that the same
phi stands for other patients, with other outcomes, over there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.stats.intervals import influence_interval, summed_interval
from helpers.stats.ties import ROUNDING

MOST_UNEVEN = 0.1  # of a standard deviation: the difference that is usually tolerated


def balance(
    functions: Mapping[str, tuple[np.ndarray, np.ndarray]],
    w: np.ndarray,
    groups_source: np.ndarray | None = None,
    groups_target: np.ndarray | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Standardised differences between weighted source means and target means.

    Parameters
    ----------
    functions : mapping of name to ((n,) array, (m,) array)
        Values of a function of phi on source and target records, held-out as the weights are.
    w : (n,) array
        Weights of the source records.
    groups_source, groups_target : arrays or None
        Patients; None: a row is a patient.
    level : float
        Chance that right weights pass all functions, at least.

    Returns
    -------
    DataFrame
        A row a function: ``check``, ``difference`` in standard deviations (pooled over both worlds, unweighted),
        ``allowed`` and ``balanced``. Allowed is ``MOST_UNEVEN``, or what sampling error explains if that is more
        (Student, Bonferroni over the functions, the weights taken as known).
    """
    each, rows = 1 - (1 - level) / len(functions), []
    for name, (source, target) in functions.items():
        scale = np.sqrt((np.var(source) + np.var(target)) / 2)
        least = ROUNDING * max(np.abs(source).max(), np.abs(target).max())
        mean = np.average(source, weights=w)
        errors = (w / np.mean(w) * (source - mean), groups_source), (target - np.mean(target), groups_target)
        explained = summed_interval(0.0, [influence_interval(0.0, *part) for part in errors], each)["high"]
        difference, noise = (_in_units(v, scale, least) for v in (mean - np.mean(target), explained))
        rows.append({"check": name, "difference": difference, "allowed": max(MOST_UNEVEN, noise)})
    table = pd.DataFrame(rows)
    return table.assign(balanced=table["difference"].abs() <= table["allowed"])


def _in_units(value: float, scale: float, least: float) -> float:
    """``value / scale``; a function that is constant in both worlds differs not at all or without bound.

    What is not above ``least`` is rounding.
    """
    if scale > least:
        return float(value / scale)
    return 0.0 if abs(value) <= least else float(np.copysign(np.inf, value))
