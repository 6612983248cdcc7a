"""What a comparison of strategies says: by group, step by step, on whole notes, and at a budget.

A strategy is a learner and the representation it reads. ``named`` maps the names of strategies to them; of each its
``label``, ``group`` and ``features`` are used.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.report.gains import turned
from helpers.report.results import facts
from helpers.report.words import WORLD_WORDS, cell, number


def in_world(process: str) -> str:
    """Where a process holds, in words."""
    return WORLD_WORDS.get(process, "in this world")


def by_group(labels: Mapping[str, str], named: Mapping, groups: Mapping[str, str]) -> dict[str, str]:
    """The labels in the order of the groups of strategies."""
    place = list(groups)
    return dict(sorted(labels.items(), key=lambda item: place.index(named[item[0]].group)))


def captured_sentence(areas: pd.DataFrame, recommended: str, labels: Mapping[str, str]) -> str:
    """What risk, the published and the recommended pairing capture of the attainable benefit, in every world.

    Parameters
    ----------
    areas : DataFrame
        ``process, strategy, metric, seed, value``.
    recommended : str
    labels : mapping
    """
    rows = areas[areas["metric"] == "captured"]
    parts = []
    for process, part in rows.groupby("process", sort=False):
        table = evaluation.summarise(part, by=("strategy",)).set_index("strategy")
        said = {name: _share(table.loc[name]) for name in ("risk", "aace", recommended) if name in table.index}
        words = [f"{labels[name]} captures {share}" for name, share in said.items()]
        parts.append(f"{in_world(process)}, {', '.join(words)} of the attainable benefit")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _share(row) -> str:
    return cell(row["value"], row["low"], row["high"], 0, percent=True)


def placed_sentences(test: Cohort, orders: Mapping[str, np.ndarray], shown: Mapping[str, str]) -> list[str]:
    """Two patients whom the first and the last of some orders put furthest apart, and where each order puts them.

    Parameters
    ----------
    test : Cohort
        Records whose effects are known.
    orders : mapping of name to (n,) array
        Priorities, higher is treated sooner.
    shown : mapping
        Name to how it is told.
    """
    places = {name: pd.Series(-np.asarray(p)).rank(method="first").astype(int) for name, p in orders.items()}
    first, last = (places[name] for name in (list(orders)[0], list(orders)[-1]))
    gap = (first - last).to_numpy()
    lines = []
    for letter, row in zip("AB", (int(np.argmax(gap)), int(np.argmin(gap))), strict=True):
        effect = test.tau[row]
        helped = "helped" if effect < 0 else "harmed"
        where = ", ".join(f"{shown[name]} place {places[name][row]:,}" for name in orders)
        lines.append(
            f"**Patient {letter}** would be {helped} by treatment (true effect {number(effect, 2, sign=True)}). Of "
            f"{len(test):,} patients, {where}."
        )
    return lines


def group_table(summary: pd.DataFrame, named: Mapping, groups: Mapping[str, str]) -> pd.DataFrame:
    """The best and the poorest strategy of each group by the share of the attainable benefit: a row a group."""
    rows = summary[summary["metric"] == "captured"]
    rows = rows.assign(group=[named[s].group for s in rows["strategy"]])
    found = []
    for group, words in groups.items():
        part = rows[(rows["group"] == group) & (rows["strategy"] != "oracle")]
        if part.empty:
            continue
        best, worst = part.loc[part["value"].idxmax()], part.loc[part["value"].idxmin()]
        about = {"kind": words, "strategies": len(part), "best": named[best["strategy"]].label}
        found.append(about | {"captures": _share(best), "the poorest captures": _share(worst)})
    return pd.DataFrame(found)


def step_table(steps: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Paired differences of the captured share, a row a step: ``strategy, than, value, low, high``."""
    words = {"learner": "another learner, same vectors", "reading": "another reading, same learner"}
    return pd.DataFrame(
        {
            "what is changed": [words[step] for step in steps["step"]],
            "from": [labels[name] for name in steps["than"]],
            "to": [labels[name] for name in steps["strategy"]],
            "share of the benefit": [
                cell(r.value, r.low, r.high, 0, sign=True, percent=True) for r in steps.itertuples()
            ],
        }
    )


def step_sentence(steps: pd.DataFrame) -> str:
    """Which brought more, each change taken for itself: the best learner on frozen vectors, or the reading."""
    learner = steps[steps["step"] == "learner"]
    learner = learner.loc[learner["value"].idxmax()]
    reading = steps[(steps["step"] == "reading") & (steps["than"] == "aace")].iloc[0]
    more = "the reading" if reading["value"] > learner["value"] else "the learner"
    if learner["low"] <= reading["value"] <= learner["high"] or reading["low"] <= learner["value"] <= reading["high"]:
        more = "neither clearly"
    share = {"digits": 0, "sign": True, "percent": True}
    return (
        f"From the published pairing, the best other learner on the same frozen vectors changes the captured share by "
        f"{cell(learner['value'], learner['low'], learner['high'], **share)}, the reader under the same network by "
        f"{cell(reading['value'], reading['low'], reading['high'], **share)}: {more} brings more."
    )


def whole_note_sentences(
    whole: pd.DataFrame, own: pd.DataFrame, recommended: str, labels: Mapping[str, str]
) -> list[str]:
    """What strategies capture on vectors of whole notes, and how far the recommended one is ahead, paired.

    Parameters
    ----------
    whole, own : DataFrame
        ``strategy, metric, seed, value``: of the committed full-size run on whole notes, and of this run.
    recommended : str
    labels : mapping
    """
    if whole.empty:
        return [
            "The committed table on vectors of whole notes is of other records than these; "
            "`python benchmarks/whole_notes.py` says how it is made."
        ]
    rows = whole[whole["metric"] == "captured"]
    table = evaluation.summarise(rows, by=("strategy",)).set_index("strategy")
    said = "; ".join(f"{labels[name]} {_share(row)}" for name, row in table.iterrows() if name in labels)
    ours = own[(own["strategy"] == recommended) & (own["metric"] == "captured")]
    pair = pd.concat([ours, rows[rows["strategy"] == "aace"]])
    gap = evaluation.paired(pair, "aace").iloc[0]
    ahead = cell(gap["value"], gap["low"], gap["high"], 0, sign=True, percent=True)
    return [
        f"On vectors of whole notes, as published (committed run at full size), of the attainable benefit: {said}.",
        f"{labels[recommended]} less AACE as published on whole notes, on the same splits and draws: {ahead}.",
    ]


def curve_sentence(gains: pd.DataFrame, labels: Mapping[str, str], recommended: str, share: float = 0.2) -> str:
    """What risk, the published and the recommended pairing gain over a random order at one share treated."""
    rows = turned(gains[gains["metric"] == "policy_curve"])
    near = rows["at"].unique()[np.abs(rows["at"].unique() - share).argmin()]
    at = rows[rows["at"] == near].set_index("strategy")
    names = [name for name in ("risk", "aace", recommended) if name in at.index]
    said = "; ".join(f"{labels[n]} {cell(*at.loc[n, ['value', 'low', 'high']], 3, sign=True)}" for n in names)
    treated = number(near, 0, percent=True)
    return f"With {treated} of the patients treated, gain a patient over a random order: {said}."


def comparison_facts(
    areas: pd.DataFrame, config: Config, recommended: str, labels: Mapping[str, str]
) -> dict[str, str | int]:
    """Numbers that prose quotes: captured shares in each world, and paired gaps in policy value.

    Names: ``captured_<strategy>`` in the configuration's world, ``captured_<strategy>_<process>`` in others, with
    ``_on_`` for ``@``; ``recommended`` stands for the recommended strategy.
    """
    found: dict[str, str | int] = {}
    for process, part in areas[areas["metric"] == "captured"].groupby("process", sort=False):
        table = evaluation.summarise(part, by=("strategy",)).set_index("strategy")
        for name in (n for n in labels if n in table.index):
            key = f"captured_{_plain(name, recommended)}{'' if process == config.process else f'_{process}'}"
            found[key] = _share(table.loc[name])
    own = areas[(areas["process"] == config.process) & areas["strategy"].isin(list(labels))]
    gaps = {"aace_risk": ("aace", "risk"), "aace_free": ("aace", "dr"), "recommended_aace": (recommended, "aace")}
    gaps = {name: pair for name, pair in gaps.items() if set(pair) <= set(own["strategy"])}
    found |= {name: value for name, value in facts(own, "policy_value", gaps).items() if name.startswith("gap_")}
    return found | {"records": f"{config.n:,}", "repetitions": config.seeds, "encoder": config.encoder}


def _plain(name: str, recommended: str) -> str:
    return "recommended" if name == recommended else name.replace("@", "_on_")
