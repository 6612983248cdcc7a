"""Tables to show: words for columns, one cell an estimate with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.data.own.spec import OwnSpec
from helpers.evaluation.policy_agreement import MIX_GROUPS
from helpers.privacy.small_counts import SMALLEST
from helpers.report.words import COLUMN_NAMES, SHARES, WORDS, cell, cells, direction, number

MIX_HEADERS = {
    "overlap": "overlap",
    "same_decision": "same decision",
    "kappa": "kappa",
    "spearman": "Spearman",
    "kendall": "Kendall",
}


def at_shares(compared: pd.DataFrame, shares: Mapping[str, float], labels: Mapping[str, str]) -> pd.DataFrame:
    """The agreement of one policy with others to show, each at one share treated.

    Parameters
    ----------
    compared : DataFrame
        Tables of :func:`agreement` with the column ``strategy``.
    shares : mapping of strategy to a share that was among its budgets
    labels : mapping of strategy to what it is called
    """
    wanted = compared["strategy"].map(shares)
    rows = compared[compared["at"].isna() | (compared["at"] - wanted).abs().lt(1e-9)]
    order = rows["strategy"].drop_duplicates()
    wide = rows.pivot(index="strategy", columns="metric", values="value").reindex(
        index=order, columns=list(MIX_HEADERS)
    )
    shown = wide.apply(lambda column: [_agreement(v, str(column.name)) for v in column]).rename(columns=MIX_HEADERS)
    shown.insert(0, "treated", [f"{shares[name]:.0%}" for name in order])
    return shown.rename(index=labels).rename_axis(index=None, columns=None)


def _agreement(value: float, metric: str) -> str:
    share = metric in ("overlap", "same_decision")
    return number(value, 0 if share else 2, percent=share)


def mix_shown(mix: pd.DataFrame, only_a: str, only_b: str) -> pd.DataFrame:
    """A case-mix table to show: means with two decimals, ``hidden`` where missing, the two groups by their names."""
    means = mix[["variable", *MIX_GROUPS]].set_index("variable").rename(columns={"only_a": only_a, "only_b": only_b})
    shown = means.map(lambda v: v if isinstance(v, str) else _or_blank(v, "hidden", ".2f"))
    return shown.assign(gap=[_or_blank(v, "", "+.2f") for v in mix["gap"]])


def _or_blank(value: float, blank: str, digits: str) -> str:
    return blank if np.isnan(value) else f"{value:{digits}}"


def marked(labels: Mapping[str, str], results: pd.DataFrame) -> dict[str, str]:
    """The labels, with the number of repetitions added where a strategy has fewer than others.

    Its mean is over other test patients than theirs: compare paired differences only.

    Parameters
    ----------
    labels : mapping
        Strategy to label.
    results : DataFrame
        Long results with ``strategy`` and ``seed``.
    """
    counts = results.groupby("strategy")["seed"].nunique()
    few = counts[counts < counts.max()]
    return {name: f"{label} ({few[name]} repetitions)" if name in few else label for name, label in labels.items()}


def with_intervals(
    summary: pd.DataFrame, labels: Mapping[str, str], columns: Sequence[str], by: str = "metric", digits: int = 3
) -> pd.DataFrame:
    """A table to show: a row a strategy in the order of ``labels``, a column a value of ``by``, "mean [low, high]".

    Columns of metrics are named in words; shares are written in percent.
    """
    rows = summary[summary[by].isin(list(columns)) & summary["strategy"].isin(list(labels))].reset_index(drop=True)
    share = rows["metric"].isin(SHARES) if "metric" in rows else pd.Series(False, index=rows.index)
    written = [*cells(rows[share], 0, percent=True), *cells(rows[~share], digits)]
    said = pd.Series(written, index=[*rows.index[share], *rows.index[~share]], dtype=object)
    wide = rows.assign(cell=said).pivot(index="strategy", columns=by, values="cell")
    order = [s for s in labels if s in wide.index]
    shown = wide.reindex(index=order, columns=list(columns)).rename(index=labels)
    return shown.where(shown.notna(), "-").rename(columns=COLUMN_NAMES).rename_axis(index=None, columns=None)


def notes_in_styles(cohorts: Mapping[str, Cohort], cases: Mapping[str, str]):
    """The first note of each case, a column a style, escaped: a pandas Styler.

    Parameters
    ----------
    cohorts : mapping of style to the same records in it
    cases : mapping of words to a query on the records' columns
    """
    frame = next(iter(cohorts.values())).frame
    found = {case: frame.query(rule).index[:1] for case, rule in cases.items()}
    notes = [{"case": c, **{s: o.texts[i] for s, o in cohorts.items()}} for c, rows in found.items() for i in rows]
    shown = pd.DataFrame(notes).set_index("case").style.set_uuid("notes").format(escape="html")
    return shown.set_properties(**{"white-space": "pre-wrap", "text-align": "left", "vertical-align": "top"})


def described(side: Cohort) -> dict[str, str]:
    """Size and averages of records whose effects are known, in words."""
    return {
        "records": f"{len(side):,}",
        "patients": f"{len(set(side.ids)):,}",
        "share treated": number(side.T.mean(), 0, percent=True),
        "mean outcome": f"{side.Y.mean():.3f}",
        "ATE": f"{side.tau.mean():+.3f}",
    }


def own_columns(spec: OwnSpec, cohort: Cohort) -> pd.DataFrame:
    """A row a bedside column or annotation of an own table: what it became, and how much of it is empty.

    Where the records are not public, the share of fewer than 11 empty cells is withheld.
    """
    rows = []
    for name, field in spec.fields().items():
        asked = cohort.frame[name][cohort.annotated if name in spec.annotations else slice(None)]
        role = "annotation" if name in spec.annotations else "bedside"
        empty = asked.isna() | (asked.astype(object) == "missing")
        few = 0 < empty.sum() < SMALLEST and not spec.public
        rows.append([name, field.column or name, role, field.type, "withheld" if few else f"{empty.mean():.1%}"])
    return pd.DataFrame(rows, columns=["study", "table", "role", "type", "empty"]).set_index("study")


def ranges(table: pd.DataFrame, names: Sequence[str], digits: int = 3) -> pd.DataFrame:
    """A table to show: estimates in columns ``<name>, <name>_low, <name>_high`` become one, "value [low, high]"."""
    shown = table.drop(columns=[f"{name}_{end}" for name in names for end in ("low", "high")]).copy()
    for name in names:
        rows = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        shown[name] = [cell(*row, digits) for row in rows]
    return shown


def views_wide(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row a level, columns ``<strategy>``, ``<strategy>_low``, ``<strategy>_high``: as ``figures.bars`` takes it."""
    part = summary[summary["metric"] == metric]
    blocks = []
    for name, group in part.groupby("strategy", sort=False):
        ends = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
        blocks.append(group.set_index("level")[list(ends)].rename(columns=ends))
    return pd.concat(blocks, axis=1).reset_index()


AREAS_IN_WORDS = {
    "policy_value": "policy value: mean outcome over all budgets ({better} is better)",
    "autoc": "AUTOC (more {sign} is better)",
}


def held_out_table(table: pd.DataFrame, cohort: Cohort, differences: bool = False) -> pd.DataFrame:
    """The table with metrics named as figures show them, in the direction of the user's outcome.

    Parameters
    ----------
    table : DataFrame
    cohort : Cohort
    differences : bool
        The rows are differences to a baseline.
    """
    better, sign = direction(cohort)
    words = {m: name.format(better=better, sign=sign) for m, name in AREAS_IN_WORDS.items()}
    if differences:
        side = "below" if better == "lower" else "above"
        words = {m: f"difference in {WORDS[m]} ({side} zero is better)" for m in AREAS_IN_WORDS}
    return table.assign(metric=table["metric"].replace(words))
