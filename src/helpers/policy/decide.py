"""From scores to a decision for each record of a file: whom to treat, at which costs, in how many places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.data.written import numbers
from helpers.evaluation.net_benefit import net_gains
from helpers.policy.capacity import treat_within
from helpers.policy.columns import spelling
from helpers.policy.table import WrittenTable
from helpers.privacy.errors import DataError
from helpers.stats.arrays import first_k


@dataclass(frozen=True)
class Limits:
    """What a practice says of its treatments.

    Parameters
    ----------
    cost : float
        Of one treatment, in units of the outcome, or in money if ``worth`` is.
    cost_column : str or None
        Column of the records with the cost of each, in place of ``cost``.
    worth : float
        Of one unit of the outcome, in the units of the cost.
    capacity : int or None
        Treatments in all, at most.
    share : float or None
        The same as a share of the records, rounded up.
    site_column : str or None
        Column that says where each would be treated.
    quotas : mapping of site to int
        Treatments at each site, at most.

    Raises
    ------
    ValueError
        Two of them say the same, or quotas and the column of sites are not given together.
    """

    cost: float = 0.0
    cost_column: str | None = None
    worth: float = 1.0
    capacity: int | None = None
    share: float | None = None
    site_column: str | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.cost_column is not None and self.cost:
            raise ValueError(f"cost = {self.cost:g} and cost_column = {self.cost_column!r}: give one of them.")
        if self.capacity is not None and self.share is not None:
            raise ValueError(f"capacity = {self.capacity} and share = {self.share:g}: give one of them.")
        if self.share is not None and not 0 <= self.share <= 1:
            raise ValueError(f"share = {self.share:g}: must be a share of the records in [0, 1].")
        if (self.site_column is None) != (not self.quotas):
            raise ValueError("site_column and quotas: give both, or neither.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the records that it asks for, beside the policy's."""
        return tuple(c for c in (self.cost_column, self.site_column) if c is not None)


def parse_quotas(words: list[str]) -> dict[str, int]:
    """``["north=20", "south=5"]`` as a mapping.

    Raises
    ------
    ValueError
        A word is no ``site=number``, or a site is named twice.
    """
    found: dict[str, int] = {}
    for word in words:
        site, sign, number = word.rpartition("=")
        if not (sign and site.strip() and number.strip().isdigit()):
            raise ValueError(f"quota: got {word!r}; each must read site=number, as in north=20.")
        if site.strip() in found:
            raise ValueError(f"quota: site {site.strip()!r} is given twice; keep one.")
        found[site.strip()] = int(number)
    return found


def decided(scores: pd.DataFrame, limits: Limits, beside: pd.DataFrame, form: WrittenTable) -> pd.DataFrame:
    """The scores with ``net_benefit``, what treating the record gains net of its cost, and ``treat``, 1 or 0.

    Records without an effect have neither; they take no place.

    Parameters
    ----------
    scores : DataFrame
        As ``Policy.score`` gives it.
    limits : Limits
    beside : DataFrame
        The columns ``limits.columns`` of the same records.
    form : WrittenTable
        How they are written.

    Raises
    ------
    ValueError
        A record has no number as its cost, or a site without a quota; columns and counts are named, never a value.
    """
    known = scores["priority"].notna().to_numpy()
    tau = -scores.loc[known, "priority"].to_numpy(float)
    cost = _costs(limits, beside, form, known)
    sites = None if limits.site_column is None else _sites(limits, beside, known)
    capacity = limits.capacity if limits.share is None else int(first_k(max(len(scores), 1), limits.share, 0))
    treated = treat_within(tau, cost, limits.worth, capacity, sites, limits.quotas if sites is not None else None)
    net, treat = np.full(len(scores), np.nan), np.zeros(len(scores), int)
    net[known] = net_gains(tau, cost, limits.worth)
    treat[known] = treated
    return scores.assign(net_benefit=net, treat=pd.arrays.IntegerArray(treat, ~known))


def _costs(limits: Limits, beside: pd.DataFrame, form: WrittenTable, known: np.ndarray) -> float | np.ndarray:
    if limits.cost_column is None:
        return limits.cost
    found = numbers(beside[limits.cost_column], form.decimal, form.thousands).to_numpy(float)[known]
    if wrong := int((~np.isfinite(found)).sum()):
        raise DataError(
            f"records: column {limits.cost_column!r} (cost): no finite number in {wrong} of {len(found)} rows that "
            f"have an effect; write digits and one decimal sign ({form.decimal!r})."
        )
    return found


def _sites(limits: Limits, beside: pd.DataFrame, known: np.ndarray) -> np.ndarray:
    found = beside.loc[known, limits.site_column].map(spelling).to_numpy(str)
    if strange := int((~np.isin(found, list(limits.quotas))).sum()):
        raise DataError(
            f"records: column {limits.site_column!r} (site): {strange} of {len(found)} rows that have an effect name a "
            f"site without a quota; quotas are given for {list(limits.quotas)}."
        )
    return found


def told_of(table: pd.DataFrame, limits: Limits) -> str:
    """How many are treated and what that gains, in a sentence."""
    treated = table["treat"].fillna(0).astype(bool)
    gain = table.loc[treated, "net_benefit"].sum()
    unit = "units of the outcome" if limits.worth == 1 else "the units of the cost"
    return (
        f"{int(treated.sum())} of {len(table)} records to treat, an expected net benefit of {gain:.4g} in {unit} "
        f"against treating nobody, by the policy's own estimates; columns net_benefit and treat."
    )
