"""Figures of the book: each draws one tidy table and returns the matplotlib figure.

Nothing is styled at import; every function draws inside its own style.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps

import numpy as np
import pandas as pd

from helpers.privacy.quiet import Quiet
from helpers.report.words import difference

# Okabe-Ito, told apart by colour-blind readers and in grey print
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
GREY = "#777777"
STYLE = {
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "font.size": 10,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "who-to-treat",
}
AXIS = {
    "policy_value": "policy value: mean outcome over all budgets (lower is better)",
    "autoc": "AUTOC (more negative is better)",
    "qini": "Qini (more negative is better)",
    "pehe": "PEHE: error of the effects (lower is better)",
    "captured": "share of the attainable benefit captured",
    "policy_curve": "mean outcome (lower is better)",
    "toc": "effect among the treated minus mean effect",
}


@contextmanager
def style() -> Iterator[None]:
    """The book's matplotlib style, as a context; figures made in it are closed, or notebooks would show them twice."""
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    with plt.rc_context(STYLE):
        yield
    for number in set(plt.get_fignums()) - set(before):
        plt.close(number)


def no_records(draw: Callable) -> Callable:
    """A figure of a table that refuses records which may not be shown."""

    @wraps(draw)
    def checked(*args, **kwargs):
        if any(isinstance(value, Quiet) for value in (*args, *kwargs.values())):
            raise ValueError(
                f"figures.{draw.__name__}: the table comes from sensitive records; pass it through evaluation.shown, "
                f"which lets aggregates through."
            )
        return draw(*args, **kwargs)

    return checked


@no_records
def forest(summary: pd.DataFrame, metrics: tuple[str, ...], labels: Mapping[str, str], zero: bool = False):
    """Points with intervals, a panel a metric, a line a strategy.

    Parameters
    ----------
    summary : DataFrame
        Columns ``strategy, metric, value, low, high``.
    metrics : tuple of str
        Panels, left to right.
    labels : mapping
        Strategy to label; its order is the order from top to bottom.
    zero : bool
        The values are differences: draw the line of no difference, and say so on the axis.
    """
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    names = [s for s in labels if s in set(summary["strategy"])]
    with style():
        size = (3.1 * len(metrics) + 2.4, 0.36 * len(names) + 1.1)
        figure, axes = plt.subplots(1, len(metrics), figsize=size, sharey=True, squeeze=False)
        for ax, metric in zip(axes[0], metrics, strict=True):
            rows = summary[summary["metric"] == metric].set_index("strategy").reindex(names)
            y = np.arange(len(names))
            ax.hlines(y, rows["low"], rows["high"], color=GREY, lw=2.5)
            ax.plot(rows["value"], y, "o", color=COLOURS[0], ms=6)
            if zero:
                ax.axvline(0, color="black", lw=0.8)
            words = difference(metric) if zero else AXIS.get(metric, metric)
            ax.set_xlabel("\n(".join(words.split(" (")), fontsize=9)
            ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes[0, 0].set_yticks(np.arange(len(names)), [labels[s] for s in names])
        axes[0, 0].invert_yaxis()
    return figure


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
        side = 0.27 * len(names) + 2.6
        figure, ax = plt.subplots(figsize=(side, side))
        colours = ListedColormap([COLOURS[1], "#F1C6A5", "white", "#A9CCE3", COLOURS[0]])
        ax.imshow(np.ma.masked_invalid(table.to_numpy(float)), cmap=colours, vmin=-2.5, vmax=2.5)
        ax.set_xticks(np.arange(len(names)), [labels[s] for s in names], rotation=90, fontsize=8)
        ax.set_yticks(np.arange(len(names)), [labels[s] for s in names], fontsize=8)
        ax.set_facecolor("#DDDDDD")
        ax.grid(False)
    return figure


@no_records
def curves(
    summary: pd.DataFrame,
    metric: str,
    labels: Mapping[str, str],
    x: str = "at",
    x_label: str | None = None,
    log_x: bool = False,
    y_label: str | None = None,
    diagonal: str | None = None,
    by: str | None = None,
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
    by : str or None
        Column with a panel for each of its values, each on its own scale and with the line at zero.
    """
    import matplotlib.pyplot as plt

    parts = {"": summary} if by is None else dict(list(summary.groupby(by, sort=False, observed=True)))
    with style():
        width = 7.2 if by is None else 3.3 * len(parts) + 1.6
        figure, axes = plt.subplots(1, len(parts), figsize=(width, 4.2 if by is None else 3.6), squeeze=False)
        for ax, (title, part) in zip(axes[0], parts.items(), strict=True):
            _lines(ax, part[part["metric"] == metric], labels, x)
            if by is not None:
                ax.axhline(0, color="black", lw=0.8)
                ax.set_title("\n".join(textwrap.wrap(str(title), 32)), fontsize=10)
            if log_x:
                _share_ticks(ax, summary[x])
            ax.set_xlabel(x_label or "share of patients treated")
            if diagonal:
                ends = [part[x].min(), part[x].max()]
                ax.plot(ends, ends, ":", color="black", lw=1.2, label=diagonal)
        axes[0, 0].set_ylabel(y_label or AXIS.get(metric, metric))
        axes[0, -1].legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


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


def histograms(values: Mapping[str, np.ndarray], x_label: str, bins: int = 40, bounds: tuple | None = None):
    """Overlaid densities, one a name."""
    import matplotlib.pyplot as plt

    with style():
        figure, ax = plt.subplots(figsize=(6.4, 3.4))
        bounds = bounds or (min(map(np.min, values.values())), max(map(np.max, values.values())))
        for colour, (name, sample) in zip(COLOURS, values.items(), strict=False):
            ax.hist(sample, bins=bins, range=bounds, density=True, alpha=0.45, color=colour, label=name)
        ax.set(xlabel=x_label, ylabel="density")
        ax.legend()
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
        figure, ax = plt.subplots(figsize=(6.8, 0.42 * len(table) + 1.4))
        y = np.arange(len(table))
        for i, (column, label) in enumerate(series.items()):
            shift = (i - (len(series) - 1) / 2) * 0.18
            if f"{column}_low" in table:
                ax.hlines(y + shift, table[f"{column}_low"], table[f"{column}_high"], color=COLOURS[i], lw=2, alpha=0.6)
            ax.plot(table[column], y + shift, "os^Dv"[i % 5], color=COLOURS[i], ms=5, label=label)
        ax.set_yticks(y, table[labels])
        ax.invert_yaxis()
        ax.set_xlabel(x_label)
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@no_records
def cloud(table: pd.DataFrame, x: str, y: str, x_label: str, y_label: str, by: str | None = None, line: bool = False):
    """Points of two columns, a panel a value of ``by``; ``line`` draws the diagonal."""
    import matplotlib.pyplot as plt

    parts = {"": table} if by is None else dict(list(table.groupby(by, sort=False, observed=True)))
    with style():
        figure, axes = plt.subplots(1, len(parts), figsize=(4.2 * len(parts), 3.8), squeeze=False)
        for ax, (name, part) in zip(axes[0], parts.items(), strict=True):
            ax.plot(part[x], part[y], ".", ms=3, alpha=0.35, color=COLOURS[0], rasterized=True)
            if line:
                ends = [part[[x, y]].min().min(), part[[x, y]].max().max()]
                ax.plot(ends, ends, color="black", lw=0.8)
            ax.set(xlabel=x_label, ylabel=y_label, title=str(name))
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
        figure, axes = plt.subplots(1, len(by), figsize=(3.3 * len(by), 3.6), sharex=True, sharey=True, squeeze=False)
        for ax, column in zip(axes[0], by, strict=True):
            for colour, (level, part) in zip(COLOURS, table.groupby(column, observed=True), strict=False):
                ax.plot(part[x], part[y], ".", ms=4, alpha=0.6, color=colour, label=str(level), rasterized=True)
            ax.legend(title=column, fontsize=8, markerscale=2)
            ax.set_xlabel(x_label, fontsize=9)
        axes[0, 0].set_ylabel(y_label, fontsize=9)
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
        figure, axes = plt.subplots(1, len(charts), figsize=(3.1 * len(charts), 0.95 * longest + 0.5), squeeze=False)
        for ax, (title, chart) in zip(axes[0], charts.items(), strict=True):
            ax.set(xlim=(0, 1), ylim=(-longest + 0.4, 0.6), title=title)
            ax.set_axis_off()
            for place, (step, now, before) in enumerate(
                zip(chart["step"], chart["patients"], chart["patients"].shift(), strict=True)
            ):
                box = {"boxstyle": "round", "facecolor": "white", "edgecolor": COLOURS[0]}
                words = f"{textwrap.fill(step, 30)}\n{_counted(now)}"
                ax.text(0.5, -place, words, ha="center", va="center", fontsize=9, bbox=box)
                if place:
                    arrow = {"arrowstyle": "->", "lw": 0.8}
                    ax.annotate("", (0.5, -place + 0.32), (0.5, -place + 0.68), arrowprops=arrow)
                    left = np.nan if pd.isna(now) or pd.isna(before) else before - now
                    ax.text(0.54, -place + 0.5, f"left out: {_counted(left)}", fontsize=8, va="center")
    return figure


def _counted(count) -> str:
    return "withheld" if pd.isna(count) else f"{int(count):,}"
