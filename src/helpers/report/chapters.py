"""Chapters that step aside where a data set lacks what they are about.

What a chapter needs stands in the metadata of its notebook (``needs``), so that a run decides before it starts a
kernel, and in one line after its parameters are checked, which decides wherever the notebook is opened by itself::

    report.require(config, "truth")

Where the data set has it, nothing happens. Else the chapter ends there with a note that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpers.config import MIMIC, SIMULATED, Config
from helpers.data.load import own_spec
from helpers.data.own.spec import load_spec

STEPPED_ASIDE = "stepped_aside"  # in the metadata of the note's output; workflow/book.py looks for it
TITLE = "This chapter steps aside"
UNTIL = "In a notebook the cells below have nothing to work on until `dataset` names another data set."
STEP_ASIDE_REASONS = {
    "truth": "It compares what is learned with the true effect of every patient, and for the data set “{dataset}” "
    "nobody knows them. The chapter on evaluation without known effects takes its place.",
    "simsum": "It is about the symptoms, the two note styles and the outcome processes of SimSUM-like records; the "
    "data set “{dataset}” has others.",
    "levels": "It needs annotations with levels (yes or no, or categories), and some of the data set “{dataset}” are "
    "measured numbers.",
}
# What only the records themselves can tell: the chapter looks, and says what it found.
FOUND = {
    "worlds": "It compares a world to learn in with another to be used in, and nothing in the records of the data set "
    "“{dataset}” tells two worlds apart.",
}


class SteppedAside(Exception):
    """Ends a chapter whose data set lacks what it is about; the message says what. Notebooks show the message alone."""

    def __init__(self, reasons: Iterable[str]) -> None:
        super().__init__(f"{TITLE}. {' '.join(reasons)}")

    def _render_traceback_(self) -> list[str]:
        return [f"{self}\n{UNTIL}"]


def require(config: Config, *needs: str, **found: bool) -> None:
    """Let the chapter go on if the data set has all it needs.

    Parameters
    ----------
    config : Config
    *needs : str
        ``truth``: known effects of every patient. ``simsum``: records of SimSUM's kind, whose treatment and outcome a
        process draws. ``levels``: annotations without measured numbers.
    **found : bool
        Needs that only the records can tell, and whether they are met. ``worlds``: two worlds to compare.

    Raises
    ------
    SteppedAside
        If it lacks one: says which, and why it matters.
    ValueError
        An unknown need.
    """
    unknown = sorted(set(found) - set(FOUND))
    if unknown:
        raise ValueError(f"found = {unknown}: must be among {sorted(FOUND)}.")
    reasons = lacking(config, needs)
    reasons += [FOUND[need].format(dataset=config.dataset) for need, met in found.items() if not met]
    if reasons:
        raise SteppedAside(reasons)


def lacking(config: Config, needs: Sequence[str]) -> list[str]:
    """A sentence for each need that the data set of a configuration does not meet; see :func:`require`."""
    return [STEP_ASIDE_REASONS[need].format(dataset=config.dataset) for need in needs if not has(config, need)]


def has(config: Config, need: str) -> bool:
    """Whether the data set of a configuration has something that chapters need; see :func:`require`."""
    if need not in STEP_ASIDE_REASONS:
        raise ValueError(f"need = {need!r}: must be one of {sorted(STEP_ASIDE_REASONS)}.")
    if need == "simsum" or config.dataset in SIMULATED:
        return config.dataset in SIMULATED
    if need == "truth":
        return config.dataset == "mimic-syn"
    if config.dataset == "meds":
        return True  # an annotated field of MEDS is read with its levels
    if config.dataset in MIMIC:
        return config.dataset == "mimic-syn"  # the others are annotated with vital signs
    return all(field.type != "numeric" for field in load_spec(own_spec(config)).annotations.values())


def note(said: str) -> dict:
    """The output of a cell that says why a chapter steps aside; the book leaves out what follows it."""
    text = said.removeprefix(f"{TITLE}. ")
    paragraphs = "".join(f"<p>{part}</p>" for part in (text, UNTIL))
    shown = f'<div class="admonition note"><p class="admonition-title">{TITLE}</p>{paragraphs}</div>'
    data = {"text/html": shown, "text/plain": f"{TITLE}. {text}"}
    return {"output_type": "display_data", "data": data, "metadata": {STEPPED_ASIDE: True}}
