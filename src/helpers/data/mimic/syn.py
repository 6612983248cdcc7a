"""MIMIC-Syn: real notes and diagnoses, one row a patient; treatment and outcome are then simulated (arXiv 2507.20993).

``draw_outcomes(cohort, "mimic", seed)`` draws them. Age and sex are bedside columns: everyone who decides knows them,
and they confound too, for the confounders of the study are the annotations and the bedside columns together
(``Cohort.W``). The four diagnoses are annotations: they stand in the notes, and the codes are written at discharge.
"""

from __future__ import annotations

from dataclasses import replace

from helpers.data.cohort import Cohort, Roles
from helpers.data.mimic.design import Design, NotesRule, age_at, enrol, rows, with_notes
from helpers.data.mimic.folder import MimicFolder

TITLES = {
    "hyp": "Hypertension NOS",
    "cor": "Crnry athrscl natve vssl",
    "afib": "Atrial fibrillation",
    "chf": "CHF NOS",
}
SYN_ROLES = Roles(tabular=("decades", "gender"), annotations=tuple(TITLES))
FLAGS = ", ".join(f"coalesce(bool_or(trim(short_title) = '{t}'), false) as {name}" for name, t in TITLES.items())
SYN_DESIGN = Design(
    kind="syn",
    everyone="patients with an admission",
    candidates=f"""
        with first as (
            select * from admissions
            qualify row_number() over (partition by subject_id order by admittime, hadm_id) = 1
        ), diagnosis as (
            select hadm_id, {FLAGS} from diagnoses_icd join d_icd_diagnoses using (icd9_code) group by hadm_id
        )
        select first.subject_id, first.hadm_id, gender, {age_at("admittime")} as age,
            {", ".join(f"coalesce({name}, false) as {name}" for name in TITLES)}
        from first join patients using (subject_id) left join diagnosis using (hadm_id)""",
    steps={"aged over 18 and under 100": "age > 18 and age < 100", "sex known": "trim(gender) in ('F', 'M')"},
    notes="""
        select subject_id, row_id, coalesce(charttime, chartdate) as moment
        from noteevents join eligible using (subject_id, hadm_id)
        where coalesce(iserror, 0) <> 1 and text is not null""",
    columns=f"""subject_id as id, hadm_id, age, (age - 65) / 10 as decades,
        cast(trim(gender) = 'M' as tinyint) as gender,
        {", ".join(f"cast({name} as tinyint) as {name}" for name in TITLES)}""",
)

# Charting systems by admission: that of all its stays in intensive care; one with stays of both, or of which nobody
# knows the system, belongs to neither.
ERAS = "ICUSTAYS"
SYSTEMS = ("carevue", "metavision")
ALL_OF = " ".join(f"when bool_and(coalesce(lower(trim(dbsource)) = '{s}', false)) then '{s}'" for s in SYSTEMS)
WITH_ERAS = replace(
    SYN_DESIGN,
    columns=f"{SYN_DESIGN.columns}, dbsource",
    extra=f"left join (select hadm_id, case {ALL_OF} end as dbsource from icustays group by hadm_id) using (hadm_id)",
)


def syn_cohort(folder: MimicFolder, *, notes: NotesRule = None) -> Cohort:
    """One row a patient: the first admission and its notes without discharge summaries and without retracted ones.

    Parameters
    ----------
    folder : MimicFolder
        As :func:`helpers.data.mimic.folder.open_folder` gives it.
    notes : {"required", "optional"} or None
        Whether NOTEEVENTS may be missing or without a note; the texts are then empty. None: only for the demo, which
        has none, and for a generated folder whose NOTEEVENTS is empty.

    Returns
    -------
    Cohort
        ``id`` (SUBJECT_ID), ``hadm_id``, ``text`` (notes in order of time, an empty line between), ``age`` in years (at
        most 91.4), ``gender`` (0 female, 1 male), ``decades`` (of age over 65, the bedside column, since networks want
        columns of one size), and ``hyp, cor, afib, chf`` (0/1). Where the folder has ICUSTAYS also ``dbsource``, the
        charting system of the admission's stays in intensive care: ``carevue`` or ``metavision``, missing if it had
        none or not all in one; a column without a role. No treatment and outcome yet. ``tags["notes"]`` says whether
        there are texts.
    """
    has = with_notes(folder, SYN_DESIGN.kind, notes)
    design = WITH_ERAS if ERAS in folder.tables else SYN_DESIGN
    with folder.session() as session:
        enrol(session, design, has)
        frame = rows(session, design, has)
    tags = {"dataset": "mimic-syn", "release": folder.release, "notes": "present" if has else "none"}
    return Cohort(frame, SYN_ROLES, name="mimic-syn", tags=tags)
