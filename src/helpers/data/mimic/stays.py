"""What both cohorts of intensive care share: first stay, times, outcome, columns (MIMIC-Real, arXiv 2507.20993)."""

from __future__ import annotations

from helpers.data.cohort import Cohort, Roles
from helpers.data.mimic.design import ADULT, Design, NotesRule, age_at, enrol, rows, with_notes
from helpers.data.mimic.folder import MimicFolder
from helpers.data.mimic.vitals import VITALS

STAY_ROLES = Roles(tabular=("decades", "gender"), annotations=VITALS, treatment="T", outcome="Y")
STAY_COLUMNS = f"""
    subject_id as id, hadm_id, icustay_id, dbsource, first_careunit, extract(hour from intime) as hour,
    age, (age - 65) / 10 as decades, cast(trim(gender) = 'M' as tinyint) as gender, {", ".join(VITALS)},
    cast(coalesce(start <= t1, false) as tinyint) as T, cast(died as double) as Y"""

# Rows with the number of a stay belong to it from 12 hours before, the rule by which MIMIC-III numbered them; one dated
# earlier has a wrong date, and nobody knows whether it was before t0. The same holds for a note filed under an
# admission and dated more than a day before that.
OF_THE_STAY = "charttime between intime - interval 12 hour and t0"
FILED = "left join (select hadm_id as filed, admittime as since from admissions) on n.hadm_id = filed"


def of_its_admission(moment: str) -> str:
    """SQL condition: the note is not dated before the admission it is filed under; needs the join ``FILED``."""
    return f"coalesce({moment} >= since - interval 1 day, true)"


def candidates(start: str, key: str) -> str:
    """SQL for the first ICU stay of each patient, with its times and the first ``start`` of an antibiotic.

    ``start`` is SQL that gives ``<key>, start`` from ``stay``, which holds ``t0`` (3 h after admission to intensive
    care) and ``t1`` (6 h later).
    """
    return f"""
        with stay as (
            select subject_id, icustays.hadm_id, icustay_id, trim(dbsource) as dbsource, first_careunit,
                intime, outtime, intime + interval 3 hour as t0, intime + interval 9 hour as t1,
                admittime, deathtime, hospital_expire_flag = 1 as died, gender, {age_at("intime")} as age
            from icustays left join (select * exclude (subject_id) from admissions) using (hadm_id)
            join patients using (subject_id)
            qualify row_number() over (partition by subject_id order by intime, icustay_id) = 1
        ), first as ({start})
        select stay.*, start from stay left join first using ({key})"""


FLOW_STEPS = {
    "aged 18 or over": ADULT,
    "sex known": "trim(gender) in ('F', 'M')",
    "in intensive care beyond the window": "outtime > t1",
    "alive beyond the window": "died is not null and (deathtime is null or deathtime > t1)",
}
UNTREATED = {"no antibiotic before the window": "start is null or start >= t0"}


def stay_cohort(folder: MimicFolder, design: Design, notes: NotesRule) -> Cohort:
    """The cohort of a design of intensive care stays."""
    has = with_notes(folder, design.kind, notes)
    with folder.session() as session:
        enrol(session, design, has)
        frame = rows(session, design, has)
    name = f"mimic-{design.kind}"
    tags = {"dataset": name, "release": folder.release, "notes": "present" if has else "none"}
    return Cohort(frame, STAY_ROLES, name=name, tags=tags)
