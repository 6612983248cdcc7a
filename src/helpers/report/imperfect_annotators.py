"""What wrong annotations cost and how much of it comes back, in words and small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import evaluation
from helpers.report.sentences import listed, signed
from helpers.report.words import cell, named_word, number


def errors_sentence(cost: pd.DataFrame, won: Mapping, rate: float, twice: float) -> str:
    """What errors cost EM in captured share, and what error rates from double annotation win back of it.

    Parameters
    ----------
    cost : DataFrame
        ``strategy, metric, value, low, high``, with the learners ``em, ignored`` and ``em, disagreement``.
    won : mapping
        ``share, low, high`` of the captured share, as :func:`helpers.study.won_back` gives it.
    rate, twice : float
        Share of annotations that are wrong, and of the records that are annotated twice.
    """
    rows = cost[cost["metric"] == "captured"].set_index("strategy")
    loss = rows.loc["em, ignored"]
    said = signed(loss, "seem to help EM", "cost EM", "cost EM nothing that can be told from zero")
    amount = cell(abs(loss["value"]), *sorted((-loss["low"], -loss["high"])), digits=0, percent=True)
    head = f"With {number(rate, 0, percent=True)} of the annotations wrong, errors {said} ({amount} of the attainable"
    if loss["low"] <= 0 <= loss["high"] or pd.isna(won["share"]):
        return f"{head} benefit), so there is nothing to win back."
    back = cell(won["share"], won["low"], won["high"], 0, percent=True)
    return (
        f"{head} benefit); error rates estimated from the {number(twice, 0, percent=True)} that are annotated twice "
        f"win back {back} of that."
    )


def twice_sentences(
    first: np.ndarray, second: np.ndarray, truth: np.ndarray, fields: Sequence[str], levels: Sequence[int]
) -> list[str]:
    """Two patients whom both annotators looked at: one on whom they differ, one on whom they agree although one errs.

    Parameters
    ----------
    first, second, truth : (n, F) int arrays
        Levels; -1 where nothing was written.
    fields : sequence of str
    levels : sequence of int
        Number of levels of each field; of those with two levels examples are shown.
    """
    binary = np.flatnonzero(np.asarray(levels) == 2)
    both = (first >= 0).all(1) & (second >= 0).all(1)
    differ = both & (first != second)[:, binary].any(1)
    wrong = both & ((first == second) & (first != truth))[:, binary].any(1)
    lines = []
    if differ.any():
        row = int(np.flatnonzero(differ)[0])
        f = binary[(first != second)[row, binary]][0]
        lines.append(
            f"**Patient A** was annotated twice. Of {named_word(fields[f])}, the first annotator wrote "
            f"{_word(first[row, f])}, the second {_word(second[row, f])}: one of them is wrong. Nobody needs to "
            f"know which one to count such records."
        )
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        f = binary[((first == second) & (first != truth))[row, binary]][0]
        lines.append(
            f"**Patient B** was annotated twice as well. Both wrote {_word(first[row, f])} for "
            f"{named_word(fields[f])}, and both are wrong. That happens rarely and never shows."
        )
    return lines


def _word(level: int) -> str:
    return "yes" if level else "no"


def rates_sentence(rates: pd.DataFrame) -> str:
    """In how many fields the interval of the estimated rate holds what annotators really did: ``low, high, really``."""
    known = rates.dropna(subset=["really"])
    inside = known["really"].between(known["low"], known["high"])
    return (
        f"In {inside.sum()} of {len(known)} fields the 95% interval of the estimated error rate holds the share that "
        f"is really wrong, on {int(known['n'].min())} records annotated twice."
    )


def standing_table(other: pd.DataFrame, baseline: str, free: pd.Series) -> pd.DataFrame:
    """Where each annotator stands between nobody and right annotations, best first.

    Parameters
    ----------
    other : DataFrame
        ``strategy, seed, value`` of the captured share.
    baseline : str
        The strategy with right annotations.
    free : Series
        Captured share without annotations, by seed.
    """
    nobody = free.loc[sorted(other["seed"].unique())].rename("value").rename_axis("seed").reset_index()
    rows = pd.concat([other, nobody.assign(strategy="nobody: learner without annotations")], ignore_index=True)
    means = evaluation.summarise(rows, by=("strategy",)).sort_values("value", ascending=False, kind="stable")
    gaps = evaluation.paired(rows.assign(metric="captured"), baseline).set_index("strategy")
    shown = {
        "who annotated, what was done": means["strategy"],
        "captures": [cell(r.value, r.low, r.high, 0, percent=True) for r in means.itertuples()],
        "less right annotations": [
            cell(gaps.loc[s, "value"], gaps.loc[s, "low"], gaps.loc[s, "high"], 0, True, True)
            if s in gaps.index
            else ""
            for s in means["strategy"]
        ],
    }
    return pd.DataFrame(shown).reset_index(drop=True)


def best_kind_sentence(other: pd.DataFrame, baseline: str, labels: Mapping[str, str]) -> str:
    """Which of the annotators cannot be told apart from right annotations, and which cost most.

    Parameters
    ----------
    other : DataFrame
        ``strategy, seed, value`` of the captured share.
    baseline : str
    labels : mapping
    """
    gaps = evaluation.paired(other.assign(metric="captured"), baseline)
    level = [labels[s] for s in gaps.loc[~gaps["real"], "strategy"]]
    worst = gaps.loc[gaps["value"].idxmin()]
    lost = cell(worst["value"], worst["low"], worst["high"], 0, True, True)
    alike = f"Not to be told apart from right annotations: {listed(level)}. " if level else ""
    return f"{alike}The dearest: {labels[worst['strategy']]} ({lost} of the attainable benefit)."


def rules_table(rules: pd.DataFrame, half: str = "aside") -> pd.DataFrame:
    """Sentences that each program reads right, all and by kind, and its sensitivity and specificity: a row each.

    Parameters
    ----------
    rules : DataFrame
        The committed ``benchmarks/keyword_rules.csv``: ``program, half, kind, right, n, sensitivity, specificity``.
    half : str
        Which half of the sentences.
    """
    kinds = {
        "all": "all sentences",
        "affirmed": "a symptom is affirmed",
        "denied_list": "a list is denied",
        "not_denied": "looks denied, is not",
        "terminated": "what ends a denial",
        "person": "about somebody else",
        "time": "of another time",
        "conditional": "a condition or a plan",
        "uncertain": "uncertain",
        "checklist": "check lists",
        "measured": "temperatures",
    }
    scores = {"sensitivity": "symptoms found (sensitivity)", "specificity": "others left alone (specificity)"}
    part = rules[(rules["half"] == half) & rules["kind"].isin(list(kinds))]
    said = part.assign(said=[f"{r.right} of {r.n}" for r in part.itertuples()])
    table = said.pivot(index="kind", columns="program", values="said").reindex(list(kinds))
    whole = part[part["kind"] == "all"].set_index("program")[list(scores)]
    shares = whole.map(lambda value: number(value, 1, percent=True)).T
    table = pd.concat([shares[table.columns], table]).rename(index={**scores, **kinds})
    return table.rename(columns={"helpers": "this study's rules"}).rename_axis(index=None, columns=None)


def quality_sentence(quality: pd.DataFrame) -> str:
    """How often the keyword annotator is wrong where it writes, over the fields: column ``wrong where it writes``."""
    wrong = quality["wrong where it writes"]
    return (
        f"Where the program writes something it is wrong in {number(wrong.min(), 1, percent=True)} to "
        f"{number(wrong.max(), 1, percent=True)} of the records; it leaves "
        f"{number(quality['blank'].min(), 0, percent=True)} to {number(quality['blank'].max(), 0, percent=True)} blank."
    )
