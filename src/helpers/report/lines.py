"""Lines with interval bands: one figure, or a panel a value of a column."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pandas as pd

from helpers.report.drawing import AXIS, COLOURS, no_records, style

SHARE = "share of patients treated"


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
        figure, ax = plt.subplots(figsize=(7.2, 4.2))
        _lines(ax, summary[summary["metric"] == metric], labels, x)
        if log_x:
            _share_ticks(ax, summary[x])
        if diagonal:
            ends = [summary[x].min(), summary[x].max()]
            ax.plot(ends, ends, ":", color="black", lw=1.2, label=diagonal)
        _named(ax, ax, x_label, y_label or AXIS.get(metric, metric))
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
        figure, axes = plt.subplots(1, len(parts), figsize=(3.3 * len(parts) + 1.6, 3.6), squeeze=False)
        for ax, (title, part) in zip(axes[0], parts.items(), strict=True):
            _lines(ax, part[part["metric"] == metric], labels, x)
            ax.axhline(0, color="black", lw=0.8)
            ax.set_title("\n".join(textwrap.wrap(str(title), 32)), fontsize=10)
            ax.set_xlabel(x_label)
        _named(axes[0, 0], axes[0, -1], x_label, y_label or AXIS.get(metric, metric))
    return figure


def _named(first, last, x_label: str, y_label: str) -> None:
    first.set(xlabel=x_label, ylabel=y_label)
    last.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _lines(ax, rows: pd.DataFrame, labels: Mapping[str, str], x: str) -> None:
    for i, (strategy, label) in enumerate(labels.items()):
        own = rows[rows["strategy"] == strategy].sort_values(x)
        if own.empty:
            continue
        colour, line = COLOURS[i % len(COLOURS)], "--" if i >= len(COLOURS) else "-"
        ax.plot(own[x], own["value"], line, color=colour, label=label)
        ax.fill_between(own[x], own["low"], own["high"], color=colour, alpha=0.15, lw=0)


def _share_ticks(ax, shares: pd.Series) -> None:
    ax.set_xscale("log")
    ticks = sorted(shares.dropna().unique())
    ax.set_xticks(ticks, [f"{t:.0%}" for t in ticks], minor=False)
    ax.minorticks_off()
