"""Lines with interval bands: one figure, or a panel a value of a column."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.report.drawing import AXIS, WIDTH, legend_below, no_records, style, wrapped
from helpers.report.style import INK, look_of

SHARE = "share of patients treated"
FEW = 12  # points of a line that are marked


@no_records
def curves(
    summary: pd.DataFrame,
    metric: str,
    labels: Mapping[str, str],
    x: str = "at",
    x_label: str = SHARE,
    log_x: bool = False,
    y_label: str | None = None,
    diagonal: str | None = None,
):
    """Lines with interval bands over ``x``, one a strategy.

    Parameters
    ----------
    summary : DataFrame
        Columns ``strategy, metric, <x>, value, low, high``.
    metric : str
    labels : mapping
        Strategy to label, in the order of the legend.
    diagonal : str or None
        Label of the line ``y = x``; None leaves it out.
    """
    import matplotlib.pyplot as plt

    with style():
        figure, ax = plt.subplots(figsize=(WIDTH, 4.0))
        _lines(ax, summary[summary["metric"] == metric], labels, x)
        if log_x:
            _share_ticks(ax, summary[x])
        if diagonal:
            ends = [summary[x].min(), summary[x].max()]
            ax.plot(ends, ends, ":", color=INK, lw=1.2, label=diagonal)
        ax.set(xlabel=x_label, ylabel=wrapped(y_label or AXIS.get(metric, metric), 40))
        legend_below(figure, ax)
    return figure


@no_records
def panels(
    summary: pd.DataFrame,
    metric: str,
    labels: Mapping[str, str],
    by: str,
    x: str = "at",
    x_label: str = SHARE,
    y_label: str | None = None,
):
    """As :func:`curves`, a panel a value of the column ``by``, each on its own scale and with the line at zero."""
    import matplotlib.pyplot as plt

    parts = dict(list(summary.groupby(by, sort=False, observed=True)))
    with style():
        figure, axes = plt.subplots(1, len(parts), figsize=(WIDTH, 3.6), squeeze=False)
        width = 72 // len(parts)
        for ax, (title, part) in zip(axes[0], parts.items(), strict=True):
            _lines(ax, part[part["metric"] == metric], labels, x)
            ax.axhline(0, color=INK, lw=0.8)
            ax.set_title(wrapped(title, width))
            ax.set_xlabel(wrapped(x_label, width))
        axes[0, 0].set_ylabel(wrapped(y_label or AXIS.get(metric, metric), 36))
        legend_below(figure, axes[0, -1])
    return figure


def _lines(ax, rows: pd.DataFrame, labels: Mapping[str, str], x: str) -> None:
    for strategy, label in labels.items():
        own, look = rows[rows["strategy"] == strategy].sort_values(x), look_of(strategy, labels)
        if own.empty:
            continue
        few = {"marker": look.marker, "ms": 5} if len(own) <= FEW else {}
        ax.plot(own[x], own["value"], linestyle=look.line, color=look.colour, label=label, **few)
        ax.fill_between(own[x], own["low"], own["high"], color=look.colour, alpha=0.15, lw=0)


def _share_ticks(ax, shares: pd.Series) -> None:
    ax.set_xscale("log")
    ticks = sorted(shares.dropna().unique())
    ax.set_xticks(ticks, [f"{t:.0%}" for t in ticks], minor=False)
    ax.minorticks_off()
