"""What a second stage and a modality are worth, and where annotations are needed, in words and small tables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.report.sentences import signed
from helpers.report.words import cell, number

_PERCENT = {"digits": 0, "percent": True}


def modality_sentence(summary: pd.DataFrame, modalities: Mapping[str, str], learner: str) -> str:
    """What one learner captures from each modality: ``strategy, metric, value, low, high``."""
    rows = summary[summary["metric"] == "captured"].set_index("strategy")
    said = [
        f"{cell(*rows.loc[name, ['value', 'low', 'high']], **_PERCENT)} from {words}"
        for name, words in modalities.items()
        if name in rows.index
    ]
    return f"Of the attainable benefit the same learner, {learner}, captures {'; '.join(said)}."


def steps_table(areas: pd.DataFrame, steps: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """What single changes bring, paired: a row a step with the change of captured share and of the error of effects.

    Parameters
    ----------
    areas : DataFrame
        ``strategy, metric, seed, value``.
    steps : mapping
        What is changed -> (strategy, the one before).
    """
    rows = []
    for words, (name, before) in steps.items():
        pair = areas[areas["strategy"].isin([name, before])]
        if set(pair["strategy"]) != {name, before}:
            continue
        gaps = evaluation.paired(pair, before).set_index("metric")
        captured, pehe = gaps.loc["captured"], gaps.loc["pehe"]
        rows.append(
            {
                "one thing changes": words,
                "share of the benefit": cell(captured["value"], captured["low"], captured["high"], 0, True, True),
                "error of the effects": cell(pehe["value"], pehe["low"], pehe["high"], 2, True),
            }
        )
    return pd.DataFrame(rows)


def steps_sentence(areas: pd.DataFrame, steps: Mapping[str, tuple[str, str]]) -> str:
    """Which single change brings most of the attainable benefit, and whether it surely brings anything."""
    found = {}
    for words, (name, before) in steps.items():
        pair = areas[(areas["metric"] == "captured") & areas["strategy"].isin([name, before])]
        if set(pair["strategy"]) == {name, before}:
            found[words] = evaluation.paired(pair, before).iloc[0]
    best = max(found, key=lambda words: found[words]["value"])
    row = found[best]
    sure = signed(row, "", " (surely a loss)", ", which cannot be told from nothing")
    said = cell(row["value"], row["low"], row["high"], 0, True, True)
    return f"Of single changes, {best} brings most: {said} of the attainable benefit{sure}."


def modality_gaps_sentences(areas: pd.DataFrame, pairs: Mapping[str, tuple[str, str]]) -> list[str]:
    """What is added to what, paired: ``words -> (strategy, baseline)``; a sentence each, in captured share."""
    lines = []
    for words, (name, before) in pairs.items():
        pair = areas[(areas["metric"] == "captured") & areas["strategy"].isin([name, before])]
        if set(pair["strategy"]) != {name, before}:
            continue
        row = evaluation.paired(pair, before).iloc[0]
        verdict = signed(row, "adds", "takes away", "changes nothing that can be told from zero")
        lines.append(f"{words} {verdict}: {cell(row['value'], row['low'], row['high'], 0, True, True)}.")
    return lines


def entering_table(areas: pd.DataFrame, cases: Mapping[str, str], baseline: str = "neither") -> pd.DataFrame:
    """Captured share by where annotations enter, and the paired difference to where they do not: a row a case."""
    rows = areas[areas["metric"] == "captured"]
    means = evaluation.summarise(rows, by=("strategy",)).set_index("strategy")
    gaps = evaluation.paired(rows, baseline).set_index("strategy")
    found = []
    for case, words in cases.items():
        mean = cell(*means.loc[case, ["value", "low", "high"]], **_PERCENT)
        gap = cell(*gaps.loc[case, ["value", "low", "high"]], 0, True, True) if case in gaps.index else ""
        found.append({"annotations enter": words, "captures": mean, "less none": gap})
    return pd.DataFrame(found)


def entering_sentence(areas: pd.DataFrame) -> str:
    """Whether annotations matter more in the outcome models or in the chance of treatment, paired."""
    rows = areas[(areas["metric"] == "captured") & areas["strategy"].isin(["outcome", "treatment"])]
    row = evaluation.paired(rows, "treatment").iloc[0]
    models, chance = "the outcome models", "the chance of treatment"
    ways = (f"more in {models} than in {chance}", f"more in {chance} than in {models}", "")
    said = cell(row["value"], row["low"], row["high"], 0, True, True)
    if not (told := signed(row, *ways)):
        return f"In {models} or in {chance}: where annotations are worth more cannot be told ({said})."
    return f"Annotations are worth {told} ({models} less {chance}: {said})."


def smoothed_sentences(tau: np.ndarray, psi: np.ndarray, target: np.ndarray, rows: tuple[int, int]) -> list[str]:
    """Two patients: the raw stand-in of the effect, the smoothed one, and the truth."""
    return [
        f"**Patient {letter}**: the stand-in says {number(psi[i], 1, sign=True)}, smoothed it says "
        f"{number(target[i], 1, sign=True)}; the true effect is {number(tau[i], 1, sign=True)}."
        for letter, i in zip("AB", rows, strict=True)
    ]


def furthest_off(tau: np.ndarray, psi: np.ndarray) -> tuple[int, int]:
    """Rows of the stand-in that is furthest below the true effect, and furthest above."""
    gap = np.asarray(psi) - np.asarray(tau)
    return int(gap.argmin()), int(gap.argmax())
