"""MIMIC-Real repaired: antibiotics by the time of the infusion.

Only MetaVision stays, whose infusions have a time. It remains a landmark study: it is about those alive and in
intensive care at the end of the window.
"""

from __future__ import annotations

from helpers.data.cohort import Cohort
from helpers.data.mimic import drugs, vitals
from helpers.data.mimic.design import Design, NotesRule
from helpers.data.mimic.folder import MimicFolder
from helpers.data.mimic.stays import (
    FILED,
    FLOW_STEPS,
    OF_THE_STAY,
    STAY_COLUMNS,
    UNTREATED,
    candidates,
    of_its_admission,
    stay_cohort,
)

# A rewritten row was replaced by another one. The order in PRESCRIPTIONS has a day only: one dated before the day of t0
# is earlier for certain, one dated that day may be the order of the very infusion.
# An infusion without a time is dated before all others, so that DATED leaves the patient out.
GIVEN = """
    select stay.subject_id, coalesce(starttime, timestamp '1900-01-01') as moment from stay
    join inputevents_mv on stay.subject_id = inputevents_mv.subject_id and stay.hadm_id = inputevents_mv.hadm_id
    where statusdescription is distinct from 'Rewritten'
        and itemid in (select itemid from d_items where trim(category) = 'Antibiotics')"""
ORDERED = f"""
    select stay.subject_id, startdate as moment from stay
    join prescriptions on stay.subject_id = prescriptions.subject_id and stay.hadm_id = prescriptions.hadm_id
    where cast(startdate as date) < cast(t0 as date) and {drugs.is_antibiotic(drugs.UNION, systemic=True)}"""
FIRST_DOSE = f"select subject_id, min(moment) as start from ({GIVEN} union all {ORDERED}) group by subject_id"
# The start is that of the earliest antibiotic: one dated days before the admission it belongs to has a wrong date, so
# that nobody knows whether there was one before the window.
DATED = {"antibiotics dated within the admission": "cast(coalesce(start, admittime) as date) >= admittime::date - 1"}
# A row without ICUSTAY_ID counts if it was charted since the admission to intensive care. A value counts from when it
# was charted, not stored: whoever treats reads it at the bedside, before it is signed.
CHARTED_REPAIRED = f"""
    select enrolled.icustay_id, itemid, charttime, row_id, valuenum
    from chartevents c join enrolled on c.subject_id = enrolled.subject_id and {OF_THE_STAY}
        and (c.icustay_id = enrolled.icustay_id or (c.icustay_id is null and charttime >= intime))
    where coalesce(error, 0) <> 1"""
# A note is known when it was both charted and stored, as far as these times are given; the day alone tells too little.
NOTE_KNOWN = "case when coalesce(storetime, charttime) is not null then greatest(storetime, charttime, chartdate) end"
REPAIRED_DESIGN = Design(
    kind="repaired",
    everyone="patients with a stay in intensive care",
    candidates=candidates(FIRST_DOSE, "subject_id"),
    steps={"first stay charted in MetaVision": "dbsource = 'metavision'"} | FLOW_STEPS | DATED | UNTREATED,
    notes=f"""
        select subject_id, n.row_id, {NOTE_KNOWN} as moment from noteevents n join eligible using (subject_id) {FILED}
        where {NOTE_KNOWN} <= t0 and {of_its_admission(NOTE_KNOWN)} and coalesce(iserror, 0) <> 1
            and text is not null""",
    columns=STAY_COLUMNS,
    extra=f"left join ({vitals.last_values(vitals.FULL, CHARTED_REPAIRED)}) using (icustay_id)",
)


def repaired_cohort(folder: MimicFolder, *, notes: NotesRule = None) -> Cohort:
    """First ICU stays of adults in MetaVision; T = 1 if the first antibiotic infusion starts 3 to 9 hours in.

    Left out: who had an antibiotic before the window, by infusion or by order (full lists of drugs, without orders that
    bring none into the blood; see :mod:`helpers.data.mimic.drugs`) or at a time that cannot be true, leaves intensive
    care or dies before the window ends. Vital signs by the full item lists: the last value charted up to t0, missing if
    it is out of the plausible range. A row marked as an error was withdrawn, so that the value before it stands. Notes
    that were both charted and stored by t0, in the order in which they could be read; retracted ones dropped.

    Parameters and columns are those of :func:`helpers.data.mimic.published.published_cohort`.
    """
    return stay_cohort(folder, REPAIRED_DESIGN, notes)
