"""What vectors of notes are like: neighbours, the same encounter told twice, and what embedding costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.report.sentences import listed
from helpers.report.words import named_word, number


def vector_sentence(found: float, others: int, lifts: pd.DataFrame) -> str:
    """How often the other version of an encounter is the nearest, and how much more often neighbours share a symptom.

    Parameters
    ----------
    found : float
        Share of the notes whose own encounter, told in the other style, is the nearest.
    others : int
        Encounters among which it is found.
    lifts : DataFrame
        ``name, lift``, a row a symptom.
    """
    least, most = lifts.loc[lifts["lift"].idxmin()], lifts.loc[lifts["lift"].idxmax()]
    luck, ends = (
        number(1 / others, 1, percent=True),
        [(number(r["lift"], 1), named_word(r["name"])) for r in (least, most)],
    )
    return (
        f"Told in the other style, the same encounter is the nearest of {others:,} for "
        f"{number(found, 0, percent=True)} of the notes (by chance for {luck}); the ten nearest notes share a symptom "
        f"from {ends[0][0]} times ({ends[0][1]}) to {ends[1][0]} times ({ends[1][1]}) as often as chance."
    )


def nearest_case(vectors: np.ndarray, has: Mapping[str, np.ndarray], row: int) -> list[str]:
    """One note, the nearest other one and the furthest, and which symptoms their patients have.

    Parameters
    ----------
    vectors : (n, d) array
        Rows of unit length.
    has : mapping
        Symptom to (n,) bool array.
    row : int
        The note.
    """
    cosine = vectors @ vectors[row]
    cosine[row] = np.nan
    lines = [f"**Patient A** has {_symptoms(has, row)}."]
    for who, place in (("B", int(np.nanargmax(cosine))), ("C", int(np.nanargmin(cosine)))):
        side = "most like" if who == "B" else "least like"
        lines.append(
            f"The note {side} A's is that of **patient {who}** (cosine {number(cosine[place], 2)}), who has "
            f"{_symptoms(has, place)}."
        )
    return lines


def _symptoms(has: Mapping[str, np.ndarray], row: int) -> str:
    found = [named_word(name) for name, mask in has.items() if np.asarray(mask)[row]]
    return listed(found) if found else "none of the symptoms"


def lift_sentence(lifts: pd.DataFrame, first: str, second: str, words: Mapping[str, str]) -> str:
    """Which of two ways to make a vector has the neighbours that share more, on average over the symptoms.

    Parameters
    ----------
    lifts : DataFrame
        ``way, name, lift``.
    first, second : str
        Values of ``way``.
    words : mapping
        Way to words.
    """
    wide = lifts.pivot(index="name", columns="way", values="lift")
    more = int((wide[first] > wide[second]).sum())
    return (
        f"Neighbours by the {words[first]} share a symptom {number(wide[first].mean(), 2)} times as often as chance on "
        f"average, by the {words[second]} {number(wide[second].mean(), 2)} times; the first is ahead for {more} of "
        f"{len(wide)} symptoms."
    )
