"""What representations of the note keep of the confounders, in sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers import evaluation
from helpers.privacy.escaping import escaped
from helpers.report.sentences import listed
from helpers.report.words import cell, named_word, number

PERFECT = "said"


def recovered_sentence(kept: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How well each view tells patients apart on average, or what it keeps of what a perfect reader would know.

    Parameters
    ----------
    kept : DataFrame
        As ``encoders.share_kept`` gives it.
    labels : mapping
        View to words, those without a perfect reader's first.
    """
    metric = "kept" if PERFECT in set(kept["strategy"]) else "auroc"
    rows = evaluation.summarise(kept[kept["metric"] == metric], by=("strategy",)).set_index("strategy")
    if metric == "auroc":
        rows = rows.assign(low=rows["low"].clip(0, 1), high=rows["high"].clip(0, 1))
    names = [name for name in labels if name in rows.index and name != PERFECT]
    verb = "keeps " if metric == "kept" else "reaches "
    said = [
        f"the {labels[name]} {verb if i == 0 else ''}{_ends(rows.loc[name], metric == 'kept')}"
        for i, name in enumerate(names)
    ]
    if metric == "kept":
        return f"Of what a perfect reader of the notes could tell about the confounders, {listed(said)}."
    return f"In mean AUROC over the levels of the confounders, {listed(said)}."


def _ends(row, percent: bool) -> str:
    return cell(row["value"], row["low"], row["high"], 0 if percent else 2, percent=percent)


def representation_table(scores: pd.DataFrame, names: Mapping[str, str], setting: str = "home") -> pd.DataFrame:
    """A row a representation, best AUROC first: means over levels and repetitions, ``auroc``, ``f1`` and ``ece``.

    Parameters
    ----------
    scores : DataFrame
        ``encoder, setting, metric, level, value`` of the committed comparison.
    names : mapping
        Representation to words; those that the table lacks are left out.
    setting : str
        Of the notes that are read.
    """
    rows = scores[(scores["setting"] == setting) & scores["encoder"].isin(list(names))]
    wide = rows.pivot_table(index="encoder", columns="metric", values="value", aggfunc="mean")
    wide = wide.reindex(columns=["auroc", "f1", "ece"]).sort_values("auroc", ascending=False)
    return wide.rename(index=names, columns={"f1": "F1"}).rename_axis(index="representation", columns=None)


def why_sentence(scores: pd.DataFrame, names: Mapping[str, str], setting: str = "home") -> str:
    """Why one frozen vector is the worse representation: what learning brings after the mean, and before it.

    Parameters
    ----------
    scores, names, setting
        As :func:`representation_table` takes them.
    """
    rows = scores[(scores["setting"] == setting) & (scores["metric"] == "auroc")]
    means = rows.groupby("encoder")["value"].mean()
    frozen, learned, reader = ("minilm", "minilm:projection", "minilm:sentences")
    if not {frozen, learned, reader} <= set(means.index):
        return "The committed comparison of representations is not at hand."
    after, before = means[learned] - means[frozen], means[reader] - means[frozen]
    least = "hardly anything" if abs(after) < before / 5 else "less"
    return (
        f"Learning from the annotations *after* averaging brings {least} ({names[learned]}: AUROC "
        f"{number(means[learned], 2)} against {number(means[frozen], 2)}); learning from the same annotations *before* "
        f"averaging brings it to {number(means[reader], 2)} ({names[reader]}). What a mean has blurred, no learning "
        f"brings back."
    )


def lost_table(silent: pd.DataFrame, auroc: pd.DataFrame, views: Mapping[str, str]) -> pd.DataFrame:
    """A row a level: how often the note is silent of those who have it, the limit that follows, what views keep of it.

    Parameters
    ----------
    silent : DataFrame
        Indexed by level, with ``silent``, means over repetitions.
    auroc : DataFrame
        Indexed by level, a column a view and ``said``, means over repetitions.
    views : mapping of view to words
    """
    limit = auroc[PERFECT] - 0.5
    shares = {"have it, note silent": silent["silent"]}
    shares |= {f"kept by {words}": (auroc[view] - 0.5) / limit for view, words in views.items()}
    shown = pd.DataFrame(shares).map(lambda v: number(v, 0, percent=True))
    shown.insert(1, "AUROC of a perfect reader", auroc[PERFECT].reindex(shown.index))
    return shown.rename(index=named_word).rename_axis(index="")


def read_cases(has: pd.DataFrame, said: pd.DataFrame, p: Mapping[str, pd.DataFrame]) -> list[str]:
    """Two patients with the same finding: one whose note says it, and one whose note is silent, and what views see.

    Parameters
    ----------
    has, said : DataFrame
        (n, k) truth values, a column a level: who has it, and whose note speaks of it.
    p : mapping
        Probabilities as (n, k) tables, from ``phi`` and from ``read``.
    """
    gap = (p["read"] - p["phi"]).where(has & said).stack().dropna()
    if gap.empty:
        return ["No note of these test records says what its patient has."]
    row, level = gap.idxmax()
    word = escaped(named_word(level))
    lines = [
        f"**Patient A** has {word}, and the note says so. To a model that sees the frozen vector the chance of it is "
        f"{_chance(p['phi'], row, level)}, to the reader {_chance(p['read'], row, level)}: of all test patients, "
        f"here the two are furthest apart."
    ]
    quiet = has.index[has[level] & ~said[level]]
    if len(quiet):
        lines.append(
            f"**Patient B** has {word} too, but the note does not speak of it. To the reader the chance is "
            f"{_chance(p['read'], quiet[0], level)}: what is not written, nobody can read."
        )
    return lines


def _chance(p: pd.DataFrame, row: int, level: str) -> str:
    return number(p.loc[row, level], 0, percent=True)
