"""MIMIC-Real as published: antibiotics in intensive care by the day of the order. Kept to show why not to trust it.

PRESCRIPTIONS has days, not hours, so that an order counts as within the window only if midnight falls into it. Built as
described, with two repairs without which it does not run: ages of 300 years are capped, and of two values charted in
the same minute the one with the larger ROW_ID counts. Values and notes dated before the stay or admission they are
filed under are left out, since their date is wrong. See :mod:`helpers.data.mimic.diagnosis` and
:mod:`helpers.data.mimic.repaired`.
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

FIRST_ORDER = f"""
    select icustay_id, min(startdate) as start from prescriptions
    where {drugs.is_antibiotic(drugs.PUBLISHED_DRUGS)} group by icustay_id"""
# Values count only if patient, admission and stay are all written on the row, as grouping by the three keys demands.
CHARTED_PUBLISHED = f"""
    select icustay_id, itemid, charttime, row_id, valuenum
    from chartevents join enrolled using (subject_id, hadm_id, icustay_id) where {OF_THE_STAY}"""
PUBLISHED_DESIGN = Design(
    kind="published",
    everyone="patients with a stay in intensive care",
    candidates=candidates(FIRST_ORDER, "icustay_id"),
    steps=FLOW_STEPS | UNTREATED,
    notes=f"""
        select subject_id, n.row_id, charttime as moment from noteevents n join eligible using (subject_id) {FILED}
        where charttime <= t0 and {of_its_admission("charttime")} and text is not null""",
    columns=STAY_COLUMNS,
    extra=f"left join ({vitals.last_values(vitals.PUBLISHED_VITALS, CHARTED_PUBLISHED)}) using (icustay_id)",
)


def published_cohort(folder: MimicFolder, *, notes: NotesRule = None) -> Cohort:
    """First ICU stays of adults; T = 1 if the first antibiotic order falls 3 to 9 hours after their start.

    Left out: who has an earlier order, leaves intensive care or dies before the window ends.

    Parameters
    ----------
    folder, notes
        As :func:`helpers.data.mimic.syn.syn_cohort`.

    Returns
    -------
    Cohort
        One row a patient: ``id``, ``hadm_id``, ``icustay_id``, ``dbsource``, ``first_careunit``, ``hour`` of admission,
        ``text`` (all notes charted up to t0 = admission + 3 h), ``age``, ``decades`` and ``gender`` as in
        :func:`helpers.data.mimic.syn.syn_cohort`; annotations ``temperature`` (C), ``heart_rate`` and ``resp_rate``
        (1/min), ``sbp`` and ``map`` (mmHg), ``spo2`` (%): the last value up to t0, NaN if there is none (nuisances
        impute within folds); ``T``; ``Y`` = death in hospital after the window, so lower is better.
    """
    return stay_cohort(folder, PUBLISHED_DESIGN, notes)
