"""What rules and policies differ in, in words and in tables.

Readers see gains: how much lower the mean outcome, the cost of treatments added, is than under the other rule; above
zero the rule is better. Tables of results keep the library's direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.evaluation.results import AS_MANY, SCORES, TRUTH
from helpers.privacy.escaping import plain_line
from helpers.privacy.small_counts import SMALLEST
from helpers.report.sentences import change, listed, signed
from helpers.report.words import FIELD_NAMES, cell, named_word, number

GAIN = "gain a patient over treating nobody, the cost of treatments taken off"
_ENDS = ["value", "low", "high"]


def as_gains(table: pd.DataFrame) -> pd.DataFrame:
    """Changes of the outcome plus cost as gains: ``value, low, high`` with their signs turned."""
    turned = {"value": -table["value"], "low": -table["high"], "high": -table["low"]}
    return table.assign(**turned)


def rule_rows(table: pd.DataFrame, owners: Mapping[str, str], by: str = TRUTH) -> tuple[pd.DataFrame, dict[str, str]]:
    """What each rule is worth as a forest takes it, and the labels of its rows with the share that each treats.

    Parameters
    ----------
    table : DataFrame
        As ``study.pooled_rules`` gives it.
    owners : mapping of rule to the strategy whose colour it has
    by : str
        Which values.
    """
    rows = as_gains(table[(table["baseline"] == "") & (table["by"] == by)])
    keys = [f"{owners[rule]}@{rule}" if rule in owners else rule for rule in rows["policy"]]
    names = [f"{r.policy} ({number(r.share, 0, percent=True)})" for r in rows.itertuples()]
    shown = rows.assign(strategy=keys, metric=GAIN)[["strategy", "metric", *_ENDS]]
    return shown.reset_index(drop=True), dict(zip(keys, names, strict=True))


def machine_sentence(table: pd.DataFrame, machine: tuple[str, str]) -> str:
    """Whether the policy is needed beside questions that treat as many, by the true effects.

    Parameters
    ----------
    table : DataFrame
    machine : tuple of str
        Rule by the policy, and the questions.
    """
    found = _by_rule(table)
    first, second = machine
    if (first, second, TRUTH) not in found:
        return "These records have nothing that could be asked about."
    gap, asked, own = found[first, second, TRUTH], found[second, "", TRUTH], found[first, "", TRUTH]
    verdict = signed(
        gap, "**is needed**: it gains", "**is not needed**: it loses", "**cannot be told apart** from them:"
    )
    share = number(asked.share, 0, percent=True)
    return (
        f"{second[0].upper()}{second[1:]} gain {_gain(asked)} a patient and treat {share}; the policy, treating as "
        f"many, gains {_gain(own)}. The machine {verdict} {change(gap)} on the questions, if they are answered without "
        f"error."
    )


def _by_rule(table: pd.DataFrame) -> dict:
    return {(r.policy, r.baseline, r.by): r for r in as_gains(table).itertuples()}


def _gain(row) -> str:
    return cell(row.value, row.low, row.high)


def gains_table(table: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """A row a comparison: the rule, the one it is compared with, the share treated, and the gain from both sources."""
    found, rows = _by_rule(table), []
    for first, second in pairs:
        known = {by: found[first, second, by] for by in (TRUTH, SCORES) if (first, second, by) in found}
        if known:
            share = number(next(iter(known.values())).share, 0, percent=True)
            about = {"rule": _short(first) if second else first, "compared with": second, "treated": share}
            rows.append(about | {f"gain by {by}": change(row) for by, row in known.items()})
    return pd.DataFrame(rows)


def values_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a rule: the share treated, and the gain over treating nobody from both sources."""
    rules = table.loc[table["baseline"] == "", "policy"].drop_duplicates()
    return gains_table(table, [(rule, "") for rule in rules]).drop(columns="compared with")


def _short(rule: str) -> str:
    """A rule that follows another in number, beside the name of that one."""
    return AS_MANY if rule.startswith(AS_MANY) else rule


def rule_sentences(table: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """One line a comparison: what the true effects say, and what one held-out sample would have told a clinic."""
    found = _by_rule(table)
    lines = []
    for first, second in pairs:
        rows = {by: found.get((first, second, by)) for by in (TRUTH, SCORES)}
        said = [say(rows[by]) for by, say in ((TRUTH, _truly), (SCORES, _told)) if rows[by] is not None]
        if said:
            lines.append(f"**{_short(first)}** against **{second}**: {'; '.join(said)}.")
    return lines


def _truly(row) -> str:
    verdict = signed(row, "it **gains**", "it **loses**", "the two **cannot be told apart**")
    return f"by the true effects {verdict} ({change(row)} a patient)"


def _told(row) -> str:
    mean = f"held-out scores ({change(row)} in the mean)"
    shares = {"that it gains": row.gains, "that it loses": row.loses}
    told = [f"{what} in {share * row.seeds:.0f} of {row.seeds} samples" for what, share in shares.items() if share]
    return f"{mean} tell a clinic {' and '.join(told)}" if told else f"{mean} tell a clinic nothing in any sample"


def net_benefit_sentence(curve: pd.DataFrame, limit: Mapping[str, float], cost: float) -> str:
    """How many to treat at a cost, what that gains, and how dear the treatment might be before it loses.

    Parameters
    ----------
    curve : DataFrame
        As ``evaluation.net_benefit_curve`` gives it, one policy.
    limit : mapping with ``value, low, high``
        As ``evaluation.break_even`` gives it for those whom the policy treats at this cost.
    cost : float
    """
    top = curve.loc[curve["value"].idxmax()]
    if top["value"] <= 0:
        return f"By held-out scores, at a cost of {cost:g} no share of the patients is worth treating."
    share = number(top["at"], 0, percent=True)
    said = (
        f"By held-out scores, at a cost of {cost:g} the net benefit is highest where {share} are treated: "
        f"{cell(top['value'], top['low'], top['high'], 2, sign=True)} a patient."
    )
    if pd.isna(limit["value"]):
        return said
    even = cell(limit["value"], limit["low"], limit["high"], 2)
    return f"{said} Those whom the policy treats are worth it up to a cost of {even}."


def decided_sentences(test: Cohort, masks: Mapping[str, np.ndarray], first: str, second: str) -> list[str]:
    """Two patients on whom two rules disagree: who is helped most under the first, and least under the other.

    Parameters
    ----------
    test : Cohort
        Records whose effects are known; nothing but effect and decisions is told.
    masks : mapping of rule to (n,) bool array
        All rules to tell of.
    first, second : str
        Two of them.
    """
    only = {"A": masks[first] & ~masks[second], "B": masks[second] & ~masks[first]}
    lines = []
    for (letter, mask), pick in zip(only.items(), (np.argmin, np.argmax), strict=True):
        rows = np.flatnonzero(mask)
        if not len(rows):
            return ["The two rules treat the same patients."]
        row = rows[pick(test.tau[rows])]
        effect = test.tau[row]
        yes, no = ([rule for rule, m in masks.items() if m[row] == said] for said in (True, False))
        lines.append(
            f"**Patient {letter}** would be {'helped' if effect < 0 else 'harmed'} by treatment (true effect "
            f"{number(effect, 2, sign=True)}). Treated under: {listed(yes)}. "
            f"{'Not under: ' + listed(no) + '.' if no else ''}".rstrip()
        )
    return lines


def overlap_sentence(overlaps: pd.DataFrame, labels: Mapping[str, str], chosen: str, share: float) -> str:
    """How many of those treated by one policy others treat too, at one budget.

    Parameters
    ----------
    overlaps : DataFrame
        ``strategy, at, value, low, high``.
    labels : mapping
    chosen : str
        How the one policy is called.
    share : float
    """
    rows = overlaps[(overlaps["at"] - share).abs() < 1e-9].set_index("strategy")
    said = [
        f"{labels[name]} treats {cell(*rows.loc[name, _ENDS], 0, percent=True)} too"
        for name in labels
        if name in rows.index
    ]
    treated = number(share, 0, percent=True)
    if not said:
        return f"At {treated} treated too few patients are treated by both to say how many."
    return f"Of the {treated} of patients whom {chosen} treats, {listed(said)}; unrelated orders would share {treated}."


def fair_sentence(tables: Mapping[str, pd.DataFrame]) -> str:
    """Under each rule, the column whose groups are treated most unequally, with the least and the greatest share.

    Groups of fewer than 11 patients are passed over: their shares say little.

    Parameters
    ----------
    tables : mapping of rule to its table of shares
        ``column, group, n, share, hidden``.
    """
    said = []
    for rule, table in tables.items():
        shown = table[~table["hidden"] & (table["n"] >= SMALLEST).fillna(False).astype(bool)]
        ends = shown.groupby("column", sort=False)["share"].agg(["min", "max", "size"])
        ends = ends[ends["size"] > 1]
        if ends.empty:
            continue
        name = (ends["max"] - ends["min"]).idxmax()
        low, high = (number(ends.loc[name, end], 0, percent=True) for end in ("min", "max"))
        said.append(f"{rule}: by {_named(name)}, {low} to {high} of its groups")
    if not said:
        return "Too few patients of every group to show their shares."
    return f"Where the shares treated differ most: {'; '.join(said)}."


def mix_in_words(mix: pd.DataFrame, only_a: str, only_b: str) -> str:
    """One sentence: by which columns the two groups on whom the policies disagree stand out most."""
    gaps = mix.dropna(subset="gap").sort_values("gap")
    if gaps.empty:
        return "Too few patients disagree to say who they are."
    least, most = gaps.iloc[0], gaps.iloc[-1]
    said = []
    for row, group, own, other in ((most, only_a, "only_a", "only_b"), (least, only_b, "only_b", "only_a")):
        if (row["gap"] > 0) == (own == "only_a"):
            name, spread = _named(row["variable"]), f"{number(abs(row['gap']), 1)} standard deviations more"
            means = f"mean {number(row[own], 2)} against {number(row[other], 2)}"
            said.append(f"{name} of those {group} ({means}, {spread})")
    missing = mix.loc[mix["variable"] != "patients", "gap"].isna().any()
    start = "Of the columns shown, what sets them apart most" if missing else "What sets them apart most"
    return f"{start}: {'; '.join(said)}." if said else "The two groups are alike in every column."


def _named(column: str) -> str:
    """A column's word; the name of one that has none, as code."""
    known = column in FIELD_NAMES or named_word(column) != str(column)
    return named_word(column) if known else f"`{plain_line(column)}`"
