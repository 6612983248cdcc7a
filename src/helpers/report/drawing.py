"""How the figures of the book look, and what they refuse to draw."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps

from helpers.privacy.quiet import Quiet
from helpers.report.style import INK
from helpers.report.words import is_share, number

WIDTH, PHONE = 7.0, 3.7  # inches of a figure on a page, and on a phone
TICK, LINE = 22, 0.16  # letters of a name on a line of a phone, and the height of a line in inches
STYLE = {
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.02,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.14,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "font.size": 10,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "who-to-treat",
    "svg.fonttype": "none",
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
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
    for drawn in set(plt.get_fignums()) - set(before):
        _in_percent(plt.figure(drawn).axes)
        plt.close(drawn)


def _in_percent(axes) -> None:
    """What is called a share is written in percent, unless its ticks were named by hand."""
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    for axis in (a for ax in axes for a in (ax.xaxis, ax.yaxis)):
        words = axis.get_label().get_text() or (axis.axes.get_title() if axis is axis.axes.xaxis else "")
        if is_share(" ".join(words.split())) and isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value)))


def _percent(value: float) -> str:
    return number(value, 0 if abs(100 * value - round(100 * value)) < 1e-6 else 1, percent=True)


def legend_below(figure, ax, columns: int = 2) -> None:
    """The legend of an axis under the figure, where it costs no width."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        _legend(figure, handles, labels, min(columns, len(handles)))


def _legend(figure, handles, labels, columns: int) -> None:
    figure.legend(handles, labels, loc="outside lower left", ncols=columns)


def wrapped(words: str, width: int) -> str:
    """Words of an axis on lines of at most ``width`` letters; a remark in brackets begins one."""
    head, *tail = str(words).split(" (", 1)
    return "\n".join(textwrap.fill(part, width) for part in (head, *(f"({rest}" for rest in tail)))


def narrow(figure) -> None:
    """Make a figure fit a phone, in place: its panels below one another, long names on two lines, one legend column."""
    axes = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    rows, columns = axes[0].get_subplotspec().get_gridspec().get_geometry() if axes else (1, 1)
    height = figure.get_size_inches()[1] * (columns if columns > 1 else 1)
    height += LINE * sum(map(_further_lines, axes))
    legend_lines = sum(len(legend.get_texts()) // 2 for legend in figure.legends)
    figure.set_size_inches(PHONE, height + 0.2 * legend_lines)
    if columns > 1:
        grid = figure.add_gridspec(rows * columns, 1)
        for place, ax in enumerate(axes):
            ax.set_subplotspec(grid[place])
            ax.tick_params(labelleft=True, labelbottom=True)
    for ax in axes:
        ax.set_xlabel(wrapped(" ".join(ax.get_xlabel().split()), 42))
        if ax.get_ylabel():
            ax.set_ylabel(wrapped(" ".join(ax.get_ylabel().split()), 34))
        _short_ticks(ax, TICK)
    for legend in list(figure.legends):
        names = [text.get_text() for text in legend.get_texts()]
        legend.remove()
        _legend(figure, legend.legend_handles, names, 1)


def _further_lines(ax) -> int:
    """Lines to add to an axis so that each of its names has room; two lines a name have it."""
    lines = [len(textwrap.wrap(label.get_text(), TICK)) for label in ax.get_yticklabels()]
    return len(lines) * max(0, max(lines, default=0) - 2)


def _short_ticks(ax, width: int) -> None:
    names: Iterable[str] = [label.get_text() for label in ax.get_yticklabels()]
    if any(len(name) > width for name in names):
        ax.set_yticks(ax.get_yticks(), [textwrap.fill(name, width) for name in names])


def no_records(draw: Callable) -> Callable:
    """A figure of a table that refuses records which may not be shown."""

    @wraps(draw)
    def checked(*args, **kwargs):
        if any(isinstance(value, Quiet) for value in (*args, *kwargs.values())):
            raise ValueError(
                f"report.{draw.__name__}: the table comes from sensitive records; pass it through report.shown, "
                f"which lets aggregates through."
            )
        return draw(*args, **kwargs)

    return checked
