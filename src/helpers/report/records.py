"""Records, treatments and outcomes in words: what columns tell, what notes leave out, what a naive comparison hides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.data.manifest import Manifest
from helpers.data.processes import Meaning
from helpers.report.words import named_word, number

CLEARLY = 0.1  # difference of two shares that a sentence makes something of
ROLES = {  # of columns: what readers call them, and who sees them
    "tabular": ("bedside column", "every policy"),
    "text": ("note", "every policy"),
    "annotation": ("symptom", "an expert, in training records"),
    "treatment": ("treatment", "known of past patients"),
    "outcome": ("outcome", "known of past patients"),
    "truth": ("truth", "the simulation alone"),
    "other": ("other", "no model"),
}
MEANINGS = 6  # of one role that a table names
QUANTITIES = {"ATE": "mean effect (ATE)", "corr(risk, benefit)": "correlation of risk and benefit"}


def told_sentence(told: pd.DataFrame) -> str:
    """What the bedside columns tell of risk and of effect, from :func:`helpers.study.told_by`."""
    by = told.set_index("asked")
    risk, effect = by.loc["risk", "tabular"], by.loc["effect", "tabular"]
    lesson = (
        "who is at risk can partly be read off the columns, who benefits stands in the note"
        if risk - effect > CLEARLY
        else "who is at risk and who benefits stand equally in the note"
    )
    return (
        f"Of what makes patients differ, the bedside columns tell **{_share(risk)}** of the outcome without treatment "
        f"and **{_share(effect)}** of the effect of treatment: {lesson}."
    )


def told_caption(told: pd.DataFrame) -> str:
    """The figure of the same table in a sentence."""
    by = told.set_index("asked")
    parts = [
        f"{_share(by.loc[asked, 'annotations'])} of {what} (the columns {_share(by.loc[asked, 'tabular'])})"
        for asked, what in (("risk", "the risk"), ("effect", "the effect"), ("treatment", "the chance of treatment"))
    ]
    return f"The symptoms in the note tell {', '.join(parts[:-1])} and {parts[-1]}, by linear regression."


def parts_of_naive(naive: float, effect: float, worse: float) -> list[str]:
    """The naive difference as effect on the treated, difference they would have had anyway, and luck."""
    luck = naive - effect - worse
    return [
        f"Seen: the outcome of treated patients is {_than(naive)} that of untreated ones.",
        f"What treatment did to the treated: {number(effect, 2, sign=True)}. How they would have differed anyway: "
        f"{number(worse, 2, sign=True)}. Luck of this sample: {number(luck, 2, sign=True)}.",
    ]


def confounding_sentence(ate: float, naive: float, unit: str | None) -> str:
    """How far the naive difference is from the mean effect, in the whole population."""
    counted = f" {unit}" if unit else ""
    gap = naive - ate
    seen, true, between = (f"{number(value, 2, sign=True)}{counted}" for value in (naive, ate, gap))
    why = "those who are treated are more ill to begin with" if gap > 0 else "those who are treated are less ill"
    return (
        f"Comparing treated and untreated patients suggests an effect of {seen}; the mean effect is {true}. The "
        f"difference of {between} is confounding: {why}."
    )


def columns_by_role(manifest: Manifest) -> pd.DataFrame:
    """A row a role of a data set's columns: ``role, meaning`` (the first ones), ``seen by``."""
    rows = []
    for role, (word, seen) in ROLES.items():
        meanings = [c.meaning for c in manifest.columns.values() if c.role == role]
        more = [f"and {len(meanings) - MEANINGS} more"] if len(meanings) > MEANINGS else []
        if meanings:
            rows.append((word, "; ".join([*meanings[:MEANINGS], *more]), seen))
    return pd.DataFrame(rows, columns=["role", "meaning", "seen by"])


def column_lines(manifest: Manifest) -> list[str]:
    """Each column by its name in the data: type, role, meaning."""
    return [f"`{n}` ({c.type}, {ROLES.get(c.role, (c.role,))[0]}): {c.meaning}" for n, c in manifest.columns.items()]


def meaning_sentences(meaning: Meaning, cohort: Cohort) -> list[str]:
    """What the treatment is, what the outcome is, in which unit, and how much it varies among these patients."""
    Y = cohort.Y
    low, middle, high = (number(q, 1) for q in np.quantile(Y, [0.05, 0.5, 0.95]))
    spread = f"Half of the patients are below {middle}, one in twenty below {low}, one in twenty above {high}"
    if meaning.unit:
        what = f"The outcome is {meaning.outcome}, a whole number drawn around each patient's mean"
    else:
        what = (
            f"The outcome is a {meaning.outcome} **without a clinical unit**: no number of days, no scale of a "
            f"questionnaire. Read it against its spread"
        )
    said = "The treatment is antibiotics." if meaning.unit else "The process does not say which treatment it means."
    sd = f"one standard deviation is {number(Y.std(), 1)}{f' {meaning.unit}' if meaning.unit else ''}"
    size = number(abs(cohort.tau.mean()) / Y.std(), 2)
    return [
        f"{said} {number(cohort.T.mean(), 0, percent=True)} of the patients get it.",
        f"{what}; lower is better. {spread}; {sd}. The mean effect is {size} of it.",
    ]


def added_caption(added: pd.DataFrame) -> str:
    """Which symptoms raise risk and benefit together, and which raise the risk but not the benefit."""
    rows = added[added["risk"] > CLEARLY]
    groups = {
        "with higher risk and higher benefit": rows["benefit"] > CLEARLY,
        "with higher risk and lower benefit": rows["benefit"] < -CLEARLY,
        "with higher risk alone": rows["benefit"].abs() <= CLEARLY,
    }
    names = {words: [named_word(s) for s in rows.loc[chosen, "symptom"]] for words, chosen in groups.items()}
    sentence = "; ".join(f"{_and(found)} {words}" for words, found in names.items() if found)
    return f"All else equal: {sentence or 'nothing goes with higher risk'}."


def symptom_words(symptoms: pd.Series) -> pd.Series:
    """Rows of :func:`helpers.study.mention_rates` in words: ``dysp absent`` is no shortness of breath."""
    absent = symptoms.str.endswith(" absent")
    words = symptoms.str.removesuffix(" absent").map(named_word).replace({"fever_none": "no fever"})
    return words.where(~absent, "no " + words)


def mention_caption(mentions: pd.DataFrame) -> str:
    """How rarely and how often notes speak of a symptom."""
    words, rates = symptom_words(mentions["symptom"]), mentions["notes"]
    least, most = words[rates.idxmin()], words[rates.idxmax()]
    return (
        f"Notes speak most of {most} ({_share(rates.max())} of the patients who have it) and least of {least} "
        f"({_share(rates.min())})."
    )


def silence_sentence(mentions: pd.DataFrame) -> str:
    """Whether silence is a hint: how often a present and an absent symptom go unmentioned."""
    absent = mentions["symptom"].str.endswith((" absent", "_none"))
    left_out = [1 - mentions.loc[rows, "notes"].mean() for rows in (absent, ~absent)]
    hint = "so silence itself is a hint" if left_out[0] - left_out[1] > 0.02 else "so silence tells little"
    return (
        f"Notes leave out {_share(left_out[0])} of the absent symptoms and {_share(left_out[1])} of the present ones, "
        f"{hint}; what is left out, no reader can find."
    )


def _share(value: float) -> str:
    return number(value, 0, percent=True)


def _than(value: float) -> str:
    size = number(abs(value), 2)
    return f"{size} higher than" if value > 0 else f"{size} lower than"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
