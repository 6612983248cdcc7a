"""What representations of the note are worth to a policy, at home and on notes written otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.report.sentences import listed
from helpers.report.words import cell, named_word, number

WORDINGS = {
    "home": "notes as at home",
    "compact": "compact notes",
    "paraphrase": "new wordings",
    "compact paraphrase": "compact notes in new wordings",
}


def wording_sentence(share: pd.DataFrame, names: Mapping[str, str], pair: tuple[str, str]) -> str:
    """What two representations reach of the ceiling, at home, in the other style and in new wordings.

    Parameters
    ----------
    share : DataFrame
        As ``study.share_of_ceiling`` gives it, of one number of records and one budget.
    names : mapping
        Representation to words.
    pair : two of ``names``
    """
    means = share[share["encoder"].isin(pair)].groupby(["encoder", "setting"])["value"].mean()
    told = [s for s in ("home", "compact", "paraphrase") if all((name, s) in means.index for name in pair)]
    parts = [
        f"the {names[name]} reaches {listed(number(means[name, s], 0, percent=True) for s in told)}" for name in pair
    ]
    where = listed(WORDINGS[s] for s in told)
    return f"Of what the notes allow at best, {parts[0]} on {where}; {parts[1]}."


def _ends(row) -> str:
    return cell(row["value"], row["low"], row["high"], 0, percent=True)


def worth_table(share: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a representation, the best at home first: the share of the ceiling in each setting, with its interval."""
    rows = evaluation.summarise(share, by=("encoder", "setting"))
    rows = rows.assign(cell=[_ends(row) for _, row in rows.iterrows()])
    home = rows[rows["setting"] == "home"].sort_values("value", ascending=False)["encoder"]
    wide = rows.pivot(index="encoder", columns="setting", values="cell").reindex(home)
    wide = wide[[s for s in WORDINGS if s in wide]].rename(columns=WORDINGS, index=names)
    return wide.rename_axis(index="representation", columns=None)


def cost_table(costs: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a representation, the cheapest first: processor minutes for embedding, for learning, and together."""
    known = costs[costs["encoder"].isin(list(names))].sort_values("total")
    words = {"embed": "embedding", "learn": "learning to read", "total": "together"}
    wide = known.set_index("encoder")[list(words)].rename(columns=words, index=names)
    return wide.rename_axis(index="processor minutes")


def looked_at(sentences: Sequence[str], vote: np.ndarray, weight: np.ndarray, most: int = 4) -> pd.DataFrame:
    """The sentences that a reader weighs most for one level, and how much is left for silence.

    Parameters
    ----------
    sentences : m sentences of one note
    vote, weight : (m,) arrays
        What each says of the level, and how loudly.
    most : int
        Sentences that are shown.
    """
    parts = np.append(weight, 1.0) / (1.0 + weight.sum())
    order = np.argsort(-weight, kind="stable")[:most]
    rows = [{"sentence": sentences[i], "share of the weight": parts[i], "vote": float(vote[i])} for i in order]
    rest = 1.0 - parts[order].sum() - parts[-1]
    rows.append({"sentence": "all other sentences", "share of the weight": max(rest, 0.0), "vote": np.nan})
    rows.append({"sentence": "silence: the prior stands", "share of the weight": parts[-1], "vote": 0.0})
    return pd.DataFrame(rows).set_index("sentence").rename_axis("sentence")


def sentences_found(
    sentences: Sequence[str], vote: np.ndarray, weight: np.ndarray, levels: Sequence[str], least: float = 0.2
) -> pd.DataFrame:
    """What a reader takes from each sentence of a note, a row a sentence as ``highlighted_notes`` takes it.

    Parameters
    ----------
    sentences : m sentences of one note
    vote, weight : (m, k) arrays
        Of a level of a confounder each.
    levels : k names
        An empty one is passed over, as that of a symptom's absence.
    least : float
        Share of the weight for a level, silence included, from which a sentence is marked.

    Returns
    -------
    DataFrame
        ``sentence, status, said, found``: the level for which the sentence weighs most; affirmed or denied by its vote.
    """
    share = weight / (1.0 + weight.sum(0))
    share = np.where([bool(name) for name in levels], share, 0.0)
    rows = []
    for text, v, s in zip(sentences, vote, share, strict=True):
        k = int(s.argmax())
        if s[k] < least:
            rows.append({"sentence": text, "status": "", "said": "", "found": ""})
            continue
        status = "affirmed" if v[k] > 0 else "denied"
        found = f"{number(s[k], 0, percent=True)} of the weight for it"
        rows.append({"sentence": text, "status": status, "said": named_word(levels[k]), "found": found})
    return pd.DataFrame(rows)
