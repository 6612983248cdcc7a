"""Worlds in which risk and benefit go together, apart or against each other, in words."""

from __future__ import annotations

import pandas as pd

from helpers.report.words import number


def worlds_sentence(captured: pd.Series) -> str:
    """What an order by the true risk is worth in each world.

    Parameters
    ----------
    captured : Series
        World in words to the share of the attainable benefit that the order captures; below 0 is worse than a lottery.
    """
    parts = []
    for world, share in captured.items():
        size = number(share, 0, percent=True)
        parts.append(f"**{size}** where {world}" if share >= 0 else f"**less than a lottery** ({size}) where {world}")
    return (
        f"Of the attainable benefit, treating by risk captures {_and(parts)}, even if the risk is known without error."
    )


def toc_caption(curves: pd.DataFrame, at: float = 0.2) -> str:
    """What an order by the true risk gains at one budget, beside an order by the true benefit.

    Parameters
    ----------
    curves : DataFrame
        ``process`` (the world in words), ``strategy`` (``true risk``, ``true benefit``), ``at, value``: effects among
        the first, less the mean effect.
    at : float
        Share of the patients treated; the curve's nearest point counts.
    """
    near = curves.loc[(curves["at"] - at).abs() == (curves["at"] - at).abs().min()]
    gains = -near.pivot(index="process", columns="strategy", values="value").reindex(curves["process"].unique())
    parts = [
        f"{number(row['true risk'], 2, sign=True)} of {number(row['true benefit'], 2, sign=True)} where {world}"
        for world, row in gains.iterrows()
    ]
    share = number(at, 0, percent=True)
    return f"With {share} treated, an order by risk gains per patient treated, beyond a lottery: {_and(parts)}."


def groups_sentence(world: str, row: pd.Series) -> str:
    """Gains and harm among the fifth at the highest risk and the others, from :func:`helpers.study.alignment`."""
    gains = [number(row[f"mean benefit, {group}"], 2, sign=True) for group in ("riskiest fifth", "others")]
    harmed = [number(row[f"harmed, {group}"], 0, percent=True) for group in ("all", "riskiest fifth", "others")]
    return (
        f"Where {world}: mean gain {gains[0]} in the fifth at the highest risk, {gains[1]} among the others. Treatment "
        f"makes {harmed[0]} of all patients worse, {harmed[1]} of that fifth and {harmed[2]} of the others."
    )


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
