"""Figures of the book: each draws one tidy table and returns the matplotlib figure.

Nothing is styled at import; every function draws inside its own style.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.report.drawing import AXIS, WIDTH, legend_below, no_records, style, wrapped
from helpers.report.style import FAMILIES, INK, look_of
from helpers.report.words import LOWER_IS_BETTER, difference, named_word

ROW = 0.3  # inches


@no_records
def forest(
    summary: pd.DataFrame, metrics: tuple[str, ...], labels: Mapping[str, str], zero: bool = False, ranked: bool = True
):
    """Points with intervals, a panel a metric, a line a strategy in its colour and marker.

    Parameters
    ----------
    summary : DataFrame
        Columns ``strategy, metric, value, low, high``.
    metrics : tuple of str
        Panels, left to right.
    labels : mapping
        Strategy to label.
    zero : bool
        The values are differences: draw the line of no difference, and say so on the axis.
    ranked : bool
        The largest value of the first panel stands on top (of a metric that is better lower: the lowest); else the
        order is that of ``labels``.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    names = [s for s in labels if s in set(summary["strategy"])]
    if ranked:
        names = best_first(summary, metrics[0], names)
    with style():
        size = (WIDTH, ROW * len(names) + 1.0)
        figure, axes = plt.subplots(1, len(metrics), figsize=size, sharey=True, squeeze=False)
        for ax, metric in zip(axes[0], metrics, strict=True):
            rows = summary[summary["metric"] == metric].set_index("strategy").reindex(names)
            for place, name in enumerate(names):
                look, row = look_of(name, names), rows.loc[name]
                ax.hlines(place, row["low"], row["high"], color=look.colour, lw=2)
                ax.plot(row["value"], place, look.marker, color=look.colour, ms=8 if look.marker == "*" else 6)
            if zero:
                ax.axvline(0, color=INK, lw=0.8)
            words = difference(metric) if zero else AXIS.get(metric, metric)
            ax.set_xlabel(wrapped(words, 34 if len(metrics) < 3 else 48 // len(metrics)))
            ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes[0, 0].set_yticks(np.arange(len(names)), [labels[s] for s in names])
        axes[0, 0].invert_yaxis()
    return figure


def best_first(summary: pd.DataFrame, metric: str, names: list[str]) -> list[str]:
    """The names with the best value of a metric first, those without one last."""
    values = summary[summary["metric"] == metric].groupby("strategy")["value"].mean().reindex(names)
    return list(values.sort_values(ascending=metric in LOWER_IS_BETTER, kind="stable", na_position="last").index)


@no_records
def pair_matrix(pairs: pd.DataFrame, labels: Mapping[str, str], lower_is_better: bool = True):
    """All differences between strategies: blue where the row is better than the column, orange where it is worse.

    Parameters
    ----------
    pairs : DataFrame
        Every pair in both orders: ``first, second, value, real, certain``, as ``pairwise.both_ways`` gives them.
        Pale: the interval excludes zero; full: also after adjustment for the number of pairs; white: neither.
    labels : mapping
        Strategy to label, in the order of rows and columns.
    lower_is_better : bool
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    names = [s for s in labels if s in set(pairs["first"])]
    better = pairs["value"].lt(0) == lower_is_better
    shade = (pairs["real"].astype(int) + pairs["certain"]) * np.where(better, 1, -1)
    table = (
        pairs.assign(shade=shade)
        .pivot(index="first", columns="second", values="shade")
        .reindex(index=names, columns=names)
    )
    with style():
        figure, ax = plt.subplots(figsize=(WIDTH, 0.24 * len(names) + 0.8))
        worse, better = FAMILIES["risk"], FAMILIES["no annotation"]
        colours = ListedColormap([worse, f"{worse}66", "#00000000", f"{better}66", better])
        shades = np.ma.masked_invalid(table.to_numpy(float))
        ax.imshow(shades, cmap=colours, vmin=-2.5, vmax=2.5, aspect="auto")
        places = np.arange(len(names))  # a column has the number of its row: names do not fit there
        ax.set_xticks(places, [str(place + 1) for place in places], fontsize=6, rotation=90)
        ax.set_yticks(places, [f"{labels[s]}  {place + 1}" for place, s in enumerate(names)], fontsize=8)
        ax.grid(False)
    return figure


def histograms(values: Mapping[str, np.ndarray], x_label: str, bins: int = 40, bounds: tuple | None = None):
    """Overlaid densities, one a name."""
    import matplotlib.pyplot as plt

    with style():
        figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
        bounds = bounds or (min(map(np.min, values.values())), max(map(np.max, values.values())))
        for name, sample in values.items():
            colour = look_of(name, values).colour
            ax.hist(sample, bins=bins, range=bounds, density=True, alpha=0.5, color=colour, label=name)
        ax.set(xlabel=x_label, ylabel="density")
        legend_below(figure, ax)
    return figure


@no_records
def bars(table: pd.DataFrame, labels: str, series: Mapping[str, str], x_label: str):
    """Horizontal points of several series per label, for comparing with published figures.

    Parameters
    ----------
    table : DataFrame
    labels : str
        Column that names the rows.
    series : mapping
        Column to legend entry; columns ``<name>_low`` and ``<name>_high`` are drawn as intervals where they exist.
    """
    import matplotlib.pyplot as plt

    with style():
        figure, ax = plt.subplots(figsize=(WIDTH, 0.42 * len(table) + 1.4))
        y = np.arange(len(table))
        for i, (column, label) in enumerate(series.items()):
            shift, look = (i - (len(series) - 1) / 2) * 0.18, look_of(column, series)
            if f"{column}_low" in table:
                ax.hlines(y + shift, table[f"{column}_low"], table[f"{column}_high"], color=look.colour, lw=2)
            ax.plot(table[column], y + shift, look.marker, color=look.colour, ms=5, label=label)
        ax.set_yticks(y, table[labels].map(named_word))
        ax.invert_yaxis()
        ax.set_xlabel(x_label)
        legend_below(figure, ax)
    return figure


@no_records
def cloud(table: pd.DataFrame, x: str, y: str, x_label: str, y_label: str, by: str | None = None, line: bool = False):
    """Points of two columns, a panel a value of ``by``; ``line`` draws the diagonal."""
    import matplotlib.pyplot as plt

    parts = {"": table} if by is None else dict(list(table.groupby(by, sort=False, observed=True)))
    with style():
        figure, axes = plt.subplots(1, len(parts), figsize=(WIDTH, 3.0 if len(parts) > 1 else 4.2), squeeze=False)
        for ax, (name, part) in zip(axes[0], parts.items(), strict=True):
            ax.plot(part[x], part[y], ".", ms=3, alpha=0.5, color=FAMILIES["no annotation"], rasterized=True)
            if line:
                ends = [part[[x, y]].min().min(), part[[x, y]].max().max()]
                ax.plot(ends, ends, color=INK, lw=0.8)
            width = 60 // len(parts)
            ax.set(xlabel=wrapped(x_label, width), ylabel=wrapped(y_label, 34), title=wrapped(name, width))
    return figure


@no_records
def coloured(table: pd.DataFrame, x: str, y: str, by: tuple[str, ...], x_label: str, y_label: str):
    """The same points once a panel, coloured by the levels of one column of ``by`` each.

    Parameters
    ----------
    table : DataFrame
        Columns ``x``, ``y`` and those of ``by``, which hold few levels.
    """
    import matplotlib.pyplot as plt

    with style():
        figure, axes = plt.subplots(1, len(by), figsize=(WIDTH, 3.4), sharex=True, sharey=True, squeeze=False)
        for ax, column in zip(axes[0], by, strict=True):
            parts = dict(list(table.groupby(column, observed=True)))
            for level, part in parts.items():
                colour = look_of(level, parts).colour
                ax.plot(part[x], part[y], ".", ms=4, alpha=0.6, color=colour, label=str(level), rasterized=True)
            ax.legend(title=named_word(column), markerscale=2)
            ax.set_xlabel(wrapped(x_label, 60 // len(by)))
        axes[0, 0].set_ylabel(y_label)
    return figure


def flow_chart(charts: Mapping[str, pd.DataFrame]):
    """Flow charts side by side: who is left after each step, and how many a step left out.

    Parameters
    ----------
    charts : mapping
        Title to table with ``step`` and ``patients``; a missing count is shown as withheld.
    """
    import matplotlib.pyplot as plt

    longest = max(map(len, charts.values()))
    with style():
        size = (min(WIDTH, 3.1 * len(charts)), 0.95 * longest + 0.5)
        figure, axes = plt.subplots(1, len(charts), figsize=size, squeeze=False)
        for ax, (title, chart) in zip(axes[0], charts.items(), strict=True):
            ax.set(xlim=(0, 1), ylim=(-longest + 0.4, 0.6), title=title)
            ax.set_axis_off()
            for place, (step, now, before) in enumerate(
                zip(chart["step"], chart["patients"], chart["patients"].shift(), strict=True)
            ):
                box = {"boxstyle": "round", "facecolor": "none", "edgecolor": FAMILIES["no annotation"]}
                words = f"{textwrap.fill(step, 30)}\n{_counted(now)}"
                ax.text(0.5, -place, words, ha="center", va="center", fontsize=9, bbox=box)
                if place:
                    arrow = {"arrowstyle": "->", "lw": 0.8, "color": INK}
                    ax.annotate("", (0.5, -place + 0.32), (0.5, -place + 0.68), arrowprops=arrow)
                    left = np.nan if pd.isna(now) or pd.isna(before) else before - now
                    ax.text(0.54, -place + 0.5, f"left out: {_counted(left)}", fontsize=8, va="center")
    return figure


def _counted(count) -> str:
    return "withheld" if pd.isna(count) else f"{int(count):,}"
