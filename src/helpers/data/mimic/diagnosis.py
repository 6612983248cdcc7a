"""Why the published cohort is not to be trusted: its treatment by the clock, its vital signs, its labels.

Every table is an aggregate with counts of 1 to 10 blanked; see :func:`helpers.privacy.small_counts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pandas as pd

from helpers.data.engine import Session
from helpers.data.mimic import published, repaired, vitals
from helpers.data.mimic.design import Design, enrol
from helpers.data.mimic.folder import MimicFolder
from helpers.data.mimic.stays import FLOW_STEPS
from helpers.privacy.small_counts import suppress

DIAGNOSED_DESIGNS = {"published": published.PUBLISHED_DESIGN, "repaired": repaired.REPAIRED_DESIGN}
# Midnight, the time of every order, lies within 3 to 9 hours after admission only if that was in these hours.
BAND = "case when cast(intime as time) between time '15:00:00' and time '21:00:00' then '15:00-21:00' else 'other' end"
TREATED = "count(subject_id) as stays, count(*) filter (start <= t1) as treated"
# All stays the published rules could label, before those with an earlier order are left out.
LABELLED = replace(published.PUBLISHED_DESIGN, steps={"charted in MetaVision": "dbsource = 'metavision'"} | FLOW_STEPS)


def treated_by_hour(folder: MimicFolder, kind: str = "published") -> pd.DataFrame:
    """P(T = 1 | hour of admission to intensive care): ``hour`` (0-23), ``stays``, ``treated``, ``share``."""
    joined = "range(24) r(hour) left join enrolled on extract(hour from intime) = r.hour"
    return _treated(folder, kind, f"select r.hour, {TREATED} from {joined} group by r.hour order by r.hour")


def treated_by_band(folder: MimicFolder, kind: str = "published") -> pd.DataFrame:
    """The same inside 15:00 to 21:00 and outside: ``band``, ``stays``, ``treated``, ``share``."""
    return _treated(folder, kind, f"select {BAND} as band, {TREATED} from enrolled group by band order by band")


def missing_vitals(folder: MimicFolder) -> pd.DataFrame:
    """Vital signs without a usable value up to t0, by charting system and list of items.

    Returns
    -------
    DataFrame
        ``items`` (published or full), ``dbsource``, ``vital``, ``stays``, ``missing``, ``implausible`` (of the missing
        ones, those with a number charted: with the full list the last one is out of range, with the published list
        all are), ``share`` of stays that are missing. Each list is read in the way of its cohort, both for the stays of
        the published cohort.
    """
    lists = {
        "published": (vitals.PUBLISHED_VITALS, published.CHARTED_PUBLISHED),
        "full": (vitals.FULL, repaired.CHARTED_REPAIRED),
    }
    with _enrolled(folder, published.PUBLISHED_DESIGN) as session:
        tables = [_missing(session, *how).assign(items=items) for items, how in lists.items()]
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(share=table["missing"] / table["stays"])
    shown = suppress(table, "stays", ["missing"], ["share"], within=["items", "vital"])
    parts = suppress(table, "missing", ["implausible"], within=["items", "vital"])["implausible"]
    shown = shown.assign(implausible=parts.mask(shown["missing"].isna()))
    return shown[["items", "dbsource", "vital", "stays", "missing", "implausible", "share"]]


def label_agreement(folder: MimicFolder) -> pd.DataFrame:
    """The published label against the time of the first infusion, in the MetaVision stays it could label.

    Returns
    -------
    DataFrame
        ``infusion`` (first antibiotic infusion ``before`` the window, ``within`` it, ``after or none``), ``stays``,
        and what the published rules make of them: ``left_out`` (an order dated before the window), ``untreated``,
        ``treated`` (T = 1); ``share`` of stays with T = 1.
    """
    folder.require("repaired", notes=False)
    dose = f"""
        with stay as (select * from enrolled)
        select subject_id, min(moment) as dose from ({repaired.GIVEN}) group by subject_id"""
    with _enrolled(folder, LABELLED) as session:
        table = session.frame(
            f"""
            select case when dose < t0 then 'before' when dose <= t1 then 'within' else 'after or none' end as infusion,
                count(*) as stays, count(*) filter (start < t0) as left_out,
                count(*) filter (coalesce(start > t1, true)) as untreated,
                count(*) filter (start between t0 and t1) as treated
            from enrolled left join ({dose}) using (subject_id) group by infusion order by infusion""",
            "agreement of labels",
        )
    table = table.assign(share=table["treated"] / table["stays"])
    return suppress(table, "stays", ["left_out", "untreated", "treated"], ["share"])


@contextmanager
def _enrolled(folder: MimicFolder, design: Design) -> Iterator[Session]:
    """A session with the table ``enrolled`` of a design, notes left aside."""
    folder.require(design.kind, notes=False)
    with folder.session() as session:
        enrol(session, design, notes=False)
        yield session


def _treated(folder: MimicFolder, kind: str, sql: str) -> pd.DataFrame:
    if kind not in DIAGNOSED_DESIGNS:
        raise ValueError(f"kind = {kind!r}: must be one of {sorted(DIAGNOSED_DESIGNS)}.")
    with _enrolled(folder, DIAGNOSED_DESIGNS[kind]) as session:
        table = session.frame(sql, f"cohort {kind!r}: treatment by hour")
    table = table.assign(share=table["treated"] / table["stays"])
    return suppress(table, "stays", ["treated"], ["share"])


def _missing(session: Session, which: dict[str, vitals.Vital], charted: str) -> pd.DataFrame:
    last = vitals.last_values(which, charted, charted=True)
    counts = [
        f"select {i} as place, '{name}' as vital, dbsource, count(*) as stays, "
        f"count(*) filter ({name} is null) as missing, "
        f"count(*) filter ({name} is null and {name}_charted) as implausible from seen group by dbsource"
        for i, name in enumerate(vitals.VITALS)
    ]
    sql = f"""
        with seen as materialized (select * from enrolled left join ({last}) using (icustay_id))
        select * exclude (place) from ({" union all ".join(counts)}) order by place, dbsource"""
    return session.frame(sql, "missing vital signs")
