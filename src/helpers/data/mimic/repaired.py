"""MIMIC-Real repaired: antibiotics by the time of the infusion.

Only MetaVision stays, whose infusions have a time. It remains a landmark study: it is about those alive and in
intensive care at the end of the window.
"""

from __future__ import annotations

from helpers.data.cohort import Cohort
from helpers.data.mimic import drugs, vitals
from helpers.data.mimic.design import Design, NotesRule
from helpers.data.mimic.folder import MimicFolder
from helpers.data.mimic.stays import FLOW_STEPS, STAY_COLUMNS, UNTREATED, candidates, stay_cohort

# A rewritten row was replaced by another one. The order in PRESCRIPTIONS has a day only: one dated before the day of t0
# is earlier for certain, one dated that day may be the order of the very infusion.
GIVEN = """
    select stay.subject_id, starttime as moment from stay
    join inputevents_mv on stay.subject_id = inputevents_mv.subject_id and stay.hadm_id = inputevents_mv.hadm_id
    where statusdescription is distinct from 'Rewritten'
        and itemid in (select itemid from d_items where trim(category) = 'Antibiotics')"""
ORDERED = f"""
    select stay.subject_id, startdate as moment from stay
    join prescriptions on stay.subject_id = prescriptions.subject_id and stay.hadm_id = prescriptions.hadm_id
    where cast(startdate as date) < cast(t0 as date) and {drugs.is_antibiotic(drugs.UNION, systemic=True)}"""
FIRST_DOSE = f"select subject_id, min(moment) as start from ({GIVEN} union all {ORDERED}) group by subject_id"
# A row without ICUSTAY_ID counts if it was charted since the admission to intensive care.
CHARTED_REPAIRED = """
    select enrolled.icustay_id, itemid, charttime, row_id, valuenum
    from chartevents c join enrolled on c.subject_id = enrolled.subject_id and charttime <= t0
        and (c.icustay_id = enrolled.icustay_id or (c.icustay_id is null and charttime >= intime))
    where coalesce(error, 0) <> 1"""
REPAIRED_DESIGN = Design(
    kind="repaired",
    everyone="patients with a stay in intensive care",
    candidates=candidates(FIRST_DOSE, "subject_id"),
    steps={"first stay charted in MetaVision": "dbsource = 'metavision'"} | FLOW_STEPS | UNTREATED,
    notes="""
        select subject_id, n.row_id, coalesce(storetime, charttime) as moment
        from noteevents n join eligible using (subject_id)
        where coalesce(storetime, charttime) <= t0 and coalesce(iserror, 0) <> 1 and text is not null""",
    columns=STAY_COLUMNS,
    extra=f"left join ({vitals.last_values(vitals.FULL, CHARTED_REPAIRED)}) using (icustay_id)",
)


def repaired_cohort(folder: MimicFolder, *, notes: NotesRule = None) -> Cohort:
    """First ICU stays of adults in MetaVision; T = 1 if the first antibiotic infusion starts 3 to 9 hours in.

    Left out: who had an antibiotic before the window, by infusion or by order (full lists of drugs, no topical routes),
    leaves intensive care or dies before the window ends. Vital signs by the full item lists within plausible ranges,
    charting errors dropped; notes by the time they were stored, retracted ones dropped.

    Parameters and columns are those of :func:`helpers.data.mimic.published.published_cohort`.
    """
    return stay_cohort(folder, REPAIRED_DESIGN, notes)
