"""Patients in plain words: what they have, and what awaits them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.report.first_stage import stand_in_sentence
from helpers.report.words import named_word, number

ONE_BY_ONE = "Patients of this data set may not be shown one by one."
HIGH = 0.9  # share of the patients below the risk of the first patient of a case


def findings_of(cohort: Cohort, row: int, columns: Sequence[str]) -> list[str]:
    """What a patient has, in words: present findings, levels of categories, numbers with their name."""
    found = []
    for column in columns:
        value, dtype = cohort.frame[column].iloc[row], cohort.frame[column].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            found += [named_word(f"{column}_{value}")] if value != dtype.categories[0] else []
        elif cohort.frame[column].dropna().isin([0, 1]).all():
            found += [named_word(column)] if value == 1 else []
        else:
            found.append(f"{named_word(column)} {number(value, 0)}")
    return found


def two_patients(cohort: Cohort) -> tuple[int, int]:
    """Rows of two patients whose risk and benefit go against each other.

    Parameters
    ----------
    cohort : Cohort
        With known effects.

    Returns
    -------
    ill, helped : int
        Among the tenth at the highest risk the one whom treatment helps least; among those at less risk than he or she
        the one whom it helps most. Ties go to the first row.
    """
    risk, benefit = cohort.mu0, -cohort.tau
    riskiest = np.flatnonzero(risk >= np.quantile(risk, HIGH))
    ill = riskiest[np.argmin(benefit[riskiest])]
    lower = np.flatnonzero(risk < risk[ill])
    lower = lower if len(lower) else np.array([ill])
    return int(ill), int(lower[np.argmax(benefit[lower])])


def patients_to_sort(cohort: Cohort, count: int = 10) -> pd.DataFrame:
    """A few patients from those treatment helps most to those it helps least, to be put in order by hand.

    Parameters
    ----------
    cohort : Cohort
        With known effects, of records that everyone may see.
    count : int

    Returns
    -------
    DataFrame with ``who`` (what the patient has, in words; no two alike) and ``effect``, in the order of the records.
    """
    columns = (*cohort.roles.annotations, *cohort.roles.tabular)
    who = [_listed(findings_of(cohort, row, columns)) for row in range(len(cohort))]
    unlike = pd.DataFrame({"who": who, "effect": cohort.tau}).drop_duplicates("who")
    ranks = np.linspace(0, len(unlike) - 1, min(count, len(unlike))).round().astype(int)
    return unlike.loc[unlike["effect"].sort_values(kind="stable").index[ranks].sort_values()].reset_index(drop=True)


def case_sentences(cohort: Cohort, outcome: str = "outcome", unit: str | None = None) -> list[str]:
    """The two patients of :func:`two_patients` in plain words, and what treating one of them would bring.

    Parameters
    ----------
    cohort : Cohort
        With known effects; lower outcomes are better.
    outcome, unit : str, str or None
        What the outcome is, and what it is counted in.

    Returns
    -------
    list of str; of records that may be of real people one sentence that says why it shows none.
    """
    if cohort.sensitive:
        return [ONE_BY_ONE]
    rows, counted = two_patients(cohort), f" {unit}" if unit else ""
    lines = []
    for name, row in zip("AB", rows, strict=True):
        findings = findings_of(cohort, row, (*cohort.roles.annotations, *cohort.roles.tabular))
        untreated, treated = (f"{number(mean[row], 1)}{counted}" for mean in (cohort.mu0, cohort.mu1))
        without = f"Without treatment the {outcome} will be about {untreated}, with treatment about {treated}."
        lines.append(f"**Patient {name}**: {_listed(findings)}. {without}")
    of_a, of_b = (_brings(cohort.mu0[row] - cohort.mu1[row], counted) for row in rows)
    lines.append(
        f"If only one of them can be treated, who? A is worse off, but treatment {of_a}; for B it {of_b}. "
        f"Risk says A, benefit says B."
    )
    return lines


def stand_in_cases(config: Config, cohort: Cohort, found: pd.DataFrame, unit: str | None = None) -> list[str]:
    """How the pseudo-outcomes of :func:`two_patients` come about.

    Parameters
    ----------
    config : Config
        Where only aggregates may be shown, one sentence says so.
    cohort : Cohort
        With known effects.
    found : DataFrame
        A row a record: ``T, Y, mu0, mu1, e, psi, tau``, means and chance as estimated.
    unit : str or None
        Of the outcome.
    """
    if config.aggregates_only:
        return [ONE_BY_ONE]
    rows = zip("AB", two_patients(cohort), strict=True)
    return [stand_in_sentence(name, found.iloc[row], unit) for name, row in rows]


def _brings(gain: float, counted: str) -> str:
    size = number(abs(gain), 1)
    if float(size) == 0:
        return "changes next to nothing"
    return f"takes {size}{counted} off" if gain > 0 else f"adds {size}{counted}"


def _listed(findings: list[str]) -> str:
    return "none of the findings" if not findings else ", ".join(findings)
