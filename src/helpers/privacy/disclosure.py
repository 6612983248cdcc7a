"""Which columns the tables of a page may show together: what one table hides, another must not give away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from helpers.privacy.small_counts import SMALLEST

MOST_LEVELS_SHOWN = 20


def in_groups(frame: pd.DataFrame, columns: Sequence[str], most: int = MOST_LEVELS_SHOWN) -> pd.DataFrame:
    """The columns as few groups: numbers of more than ``most`` values are cut into quarters.

    The names of the outer quarters say where they begin or end inside, since the extremes are those of single patients.
    """
    parts = {c: _quarters(frame[c]) if _many(frame[c], most) else frame[c] for c in columns}
    return pd.DataFrame(parts, index=frame.index)


def risky_columns(people: pd.DataFrame, treated: Mapping[str, np.ndarray], smallest: int = SMALLEST) -> tuple[str, ...]:
    """Columns that no table of these rules may show, since two tables together would give away a few patients.

    Two rules split the patients into four groups: treated by both, by one, by the other, by neither. Counts that two
    tables show can be subtracted, so a column is withheld from all tables of a page if any such group of any two
    rules holds from 1 to ``smallest - 1`` patients of one of its levels.

    Parameters
    ----------
    people : DataFrame of n rows
        Columns with few levels, as :func:`in_groups` makes them; missing values form a level of their own.
    treated : mapping of name to (n,) bool array
        Every rule whose patients the page describes.
    smallest : int
        Fewest patients that may be shown; 0: of public records nothing is withheld.
    """
    wrong = [name for name, mask in treated.items() if np.shape(mask) != (len(people),)]
    if wrong or not treated:
        raise ValueError(f"treated: {wrong or 'no rule'}; give each rule one mark for each of the {len(people)} rows.")
    groups = _crossed([np.asarray(mask, bool) for mask in treated.values()])
    return tuple(c for c in people if any(_few(people[c], group, smallest) for group in groups))


def _crossed(masks: list[np.ndarray]) -> list[np.ndarray]:
    pairs = list(combinations(masks, 2)) or [(masks[0], masks[0])]
    return [part for a, b in pairs for part in (a & b, a & ~b, ~a & b, ~a & ~b)]


def _few(series: pd.Series, group: np.ndarray, smallest: int) -> bool:
    counts = series[group].value_counts(dropna=False).to_numpy()
    return bool(((counts > 0) & (counts < smallest)).any())


def _many(series: pd.Series, most: int) -> bool:
    return pd.api.types.is_numeric_dtype(series) and series.nunique() > most


def _quarters(series: pd.Series) -> pd.Series:
    inner = np.unique(np.quantile(series.dropna(), [0.25, 0.5, 0.75]))
    between = [f"{a:.4g} to {b:.4g}" for a, b in pairwise(inner)]
    names = [f"up to {inner[0]:.4g}", *between, f"above {inner[-1]:.4g}"]
    return pd.cut(series, [-np.inf, *inner, np.inf], labels=names)
