"""What a reader keeps on notes of an author it has never read."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers import stats
from helpers.report.words import cell, number

READ_BY = {"home": "authors it has read", "target": "an author it has not"}
_SCORES = {"share": "share of the ceiling", "auroc": "AUROC", "f1": "F1", "ece": "calibration error"}


def authors_table(shares: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a reader and whose notes it reads: means of the scores over authors and repetitions.

    Parameters
    ----------
    shares : DataFrame
        As ``study.shift.author_shares`` gives it by ``reader, n, where, seed``.
    names : mapping
        Reader to words.
    """
    keys = ["reader", "n", "where"]
    wide = shares.pivot_table(index=keys, columns="metric", values="value", sort=False)[list(_SCORES)]
    rows = [f"{names.get(r, r)}, {n:,} records: {READ_BY[where]}" for r, n, where in wide.index]
    shown = wide.map(lambda value: number(value, 2)).assign(share=[number(v, 0, percent=True) for v in wide["share"]])
    return shown.set_axis(rows).rename(columns=_SCORES).rename_axis(index="notes", columns=None)


def authors_sentence(found: pd.DataFrame) -> str:
    """The AUROC lost on the author left out, with its interval over authors.

    Parameters
    ----------
    found : DataFrame
        As ``study.shift.authors_left_out`` gives it, of one reader and size.
    """
    means = found[found["metric"] == "auroc"].groupby(["author", "where"])["value"].mean().unstack()
    lost = (means["home"] - means["target"]).dropna()
    value, low, high = stats.interval(lost.to_numpy())
    return f"AUROC lost on an author it has not read: {cell(value, low, high, 2)}, over {len(lost)} authors."
