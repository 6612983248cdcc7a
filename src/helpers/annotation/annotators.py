"""Imperfect annotators, simulated: what they would write for the records of a cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.annotation.errors import asymmetric, flip, mentioned, omit, symmetric
from helpers.annotation.keywords import KeywordAnnotator
from helpers.data.cohort import Cohort
from helpers.data.fields import MISSING, codes

ANNOTATION_SOURCES = ("flip", "slip", "note", "keywords")


@dataclass(frozen=True)
class Annotator:
    """Someone, or something, that writes annotations.

    Parameters
    ----------
    kind : {"flip", "slip", "note", "keywords"}
        ``flip``: wrong at one rate, all wrong levels alike. ``slip``: overlooks and invents, at a rate each.
        ``note``: knows only what the note mentions. ``keywords``: :class:`helpers.annotation.keywords.KeywordAnnotator`.
    rates : tuple of float
        (rate,) of ``flip``; (miss, invent) of ``slip``; else empty.
    blank : bool
        ``note`` and ``keywords`` only. True: what the note does not tell is left blank; False: written as absent.
    """

    kind: str = "flip"
    rates: tuple[float, ...] = (0.0,)
    blank: bool = False

    def __post_init__(self) -> None:
        wanted = {"flip": 1, "slip": 2}.get(self.kind, 0)
        if self.kind not in ANNOTATION_SOURCES or len(self.rates) != wanted:
            raise ValueError(
                f"kind = {self.kind!r}, rates = {self.rates}: kinds are {ANNOTATION_SOURCES}; flip has one rate, slip has "
                f"(miss, invent), the others have none, rates=()."
            )

    @property
    def noise(self) -> float:
        """Rate of ``flip``; missing for the others."""
        return self.rates[0] if self.kind == "flip" else np.nan

    def errors(self, levels: tuple[int, ...]) -> list[np.ndarray]:
        """The matrices it errs by, ``P(written | true)``; only ``flip`` and ``slip`` have them.

        Raises
        ------
        ValueError
            For the other kinds, whose errors follow from the note.
        """
        if self.kind not in ("flip", "slip"):
            raise ValueError(f"kind = {self.kind!r}: errors that follow from the note have no known matrices.")
        make = symmetric if self.kind == "flip" else asymmetric
        return make(levels, *self.rates)

    def write(self, cohort: Cohort, seed: int) -> np.ndarray:
        """(n, F) levels that it writes for the records of a cohort, -1 where it leaves a blank."""
        silent = MISSING if self.blank else 0
        if self.kind == "keywords":
            return np.maximum(KeywordAnnotator().read(cohort.texts, cohort.roles.annotations), silent)
        truth, levels = codes(cohort)
        if self.kind == "note":
            return omit(truth, mentioned(cohort), silent)
        return flip(truth, self.errors(levels), seed)
