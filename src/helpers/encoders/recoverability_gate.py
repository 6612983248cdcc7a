"""The gate: whether enough of the confounders can be recovered from the representation to go on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Gate:
    """Whether the representation keeps enough of the confounders to go on.

    Attributes
    ----------
    passed : bool
    share : float
        Share of the confounders that are recoverable.
    missed : tuple of str
        The others.
    """

    passed: bool
    share: float
    missed: tuple[str, ...]


def gate(scores: pd.DataFrame, auroc: float = 0.7, share: float = 0.8) -> Gate:
    """Ask for an AUROC above ``auroc`` for at least ``share`` of the confounders.

    A confounder is recoverable if the AUROC of its worst level, mean over repetitions, is above the bound; one
    that could not be scored is not.

    Parameters
    ----------
    scores : DataFrame
        Columns ``field, level, metric, value``: of one strategy, over repetitions.
    """
    rows = scores[scores["metric"] == "auroc"]
    if rows.empty:
        raise ValueError("scores: no row with metric 'auroc'; give the table of recoverability.score or compare.")
    worst = rows.groupby(["field", "level"], sort=False)["value"].mean().groupby("field", sort=False).min()
    good = worst > auroc
    return Gate(bool(good.mean() >= share), float(good.mean()), tuple(worst.index[~good]))


class NotRecoverable(RuntimeError):
    """The gate failed and the run was told to stop there."""


def enforce(gate: Gate, action: str) -> str:
    """A sentence on the gate; where it failed, a warning in it, or the end of the run.

    Parameters
    ----------
    gate : Gate
    action : {"warn", "stop"}

    Raises
    ------
    NotRecoverable
        If the gate failed and ``action`` is ``stop``.
    ValueError
        For another action.
    """
    if action not in ("warn", "stop"):
        raise ValueError(f"gate = {action!r}: must be 'warn' or 'stop'.")
    found = f"{gate.share:.0%} of the confounders are recoverable"
    if gate.passed:
        return f"**Passed**: {found}." + (f" Not recoverable: {', '.join(gate.missed)}." if gate.missed else "")
    said = f"only {found}; not recoverable: {', '.join(gate.missed)}"
    if action == "stop":
        raise NotRecoverable(
            f"gate = 'stop': {said}. Take a better encoder, more annotations or richer notes; set gate = 'warn' to go "
            f"on all the same."
        )
    return f"**FAILED**: {said}. Do not read the later chapters as results before a remedy has helped."
