"""How the figures of the book look, and what they refuse to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from helpers.privacy.quiet import Quiet

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
                f"figures.{draw.__name__}: the table comes from sensitive records; pass it through report.shown, "
                f"which lets aggregates through."
            )
        return draw(*args, **kwargs)

    return checked
