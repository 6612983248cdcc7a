"""Chapters that step aside where a data set lacks what they are about.

A notebook says what it needs in one line after its parameters are checked::

    chapters.require(config, "truth")

Where the data set has it, nothing happens. Else a note says why, and every later cell of the notebook does nothing,
until the parameters or the requirement change: in Jupyter, under papermill and in the book, which leaves the rest out.
"""

from __future__ import annotations

import ast
import sys

from helpers.config import MIMIC, SIMULATED, Config
from helpers.data.load import own_spec
from helpers.data.own.spec import load_spec

STEPPED_ASIDE = "stepped_aside"  # in the metadata of the note's output; workflow/book.py looks for it
TITLE = "This chapter steps aside"
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


def require(config: Config, *needs: str, **found: bool) -> None:
    """Let the chapter go on if the data set has all it needs; else say why not and make later cells do nothing.

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
    ValueError
        An unknown need.
    """
    shell = _shell()
    if shell is not None:
        _listen_again(shell)
    unknown = sorted(set(found) - set(FOUND))
    if unknown:
        raise ValueError(f"found = {unknown}: must be among {sorted(FOUND)}.")
    said = [STEP_ASIDE_REASONS[need] for need in needs if not has(config, need)]
    said += [FOUND[need] for need, met in found.items() if not met]
    reasons = [reason.format(dataset=config.dataset) for reason in said]
    if not reasons:
        return
    if shell is None:
        print(f"{TITLE}. {' '.join(reasons)}")
        sys.exit(0)
    _say(shell, reasons)
    shell.input_transformers_cleanup.insert(0, _Silence())


def has(config: Config, need: str) -> bool:
    """Whether the data set of a configuration has something that chapters need; see :func:`require`."""
    if need not in STEP_ASIDE_REASONS:
        raise ValueError(f"need = {need!r}: must be one of {sorted(STEP_ASIDE_REASONS)}.")
    if need == "simsum" or config.dataset in SIMULATED:
        return config.dataset in SIMULATED
    if need == "truth":
        return config.dataset == "mimic-syn"
    if config.dataset in MIMIC:
        return config.dataset == "mimic-syn"  # the others are annotated with vital signs
    return all(field.type != "numeric" for field in load_spec(own_spec(config)).annotations.values())


class _Silence:
    """An input transformer that empties every cell but those that could change the parameters or the requirement."""

    def __call__(self, lines: list[str]) -> list[str]:
        source = "".join(lines)
        return lines if "chapters.require(" in source or _only_literals(source) else []


def _only_literals(source: str) -> bool:
    """Whether a cell only assigns plain values, as the parameters cell and papermill's do."""
    try:
        body = ast.parse(source).body
        for statement in body:
            ast.literal_eval(statement.value)
        return bool(body) and all(isinstance(statement, ast.Assign) for statement in body)
    except (SyntaxError, ValueError, AttributeError):
        return False


def _shell():
    from IPython import get_ipython

    return get_ipython()


def _listen_again(shell) -> None:
    kept = [t for t in shell.input_transformers_cleanup if not isinstance(t, _Silence)]
    shell.input_transformers_cleanup[:] = kept


def _say(shell, reasons: list[str]) -> None:
    end = "In a notebook the cells below do nothing until <code>dataset</code> names another data set."
    paragraphs = "".join(f"<p>{text}</p>" for text in (*reasons, end))
    note = f'<div class="admonition note"><p class="admonition-title">{TITLE}</p>{paragraphs}</div>'
    plain = f"{TITLE}. {' '.join(reasons)}"
    shell.display_pub.publish({"text/html": note, "text/plain": plain}, metadata={STEPPED_ASIDE: True})
