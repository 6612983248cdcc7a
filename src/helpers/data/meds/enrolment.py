"""From events to patients: who is in the cohort, what was done, what was known, and what came of it."""

from __future__ import annotations

import pandas as pd

from helpers.data.engine import Session
from helpers.data.meds.events import STEP, hours
from helpers.data.meds.spec import Covariate, MedsSpec

YEAR = 365.2425 * 86_400  # seconds
OLDEST_KNOWN = 91.4  # years; those over 89 share an age, or were given a birth of long ago


def enrol_patients(session: Session, spec: MedsSpec) -> list[dict]:
    """Make the tables ``stay``, ``enrolled`` and ``chosen`` (notes); the counts of the flow chart.

    ``stay`` has a row for each patient with an index event: ``subject_id, began, t0, t1, first_dose, ends``.
    """
    session.run(f"create temp table stay as {_stays(spec)}", f"{STEP}: stays")
    steps, passed = _steps(spec), "true"
    flow = [{"step": "patients with the index event", "patients": _count(session, "stay")}]
    for label, condition in steps.items():
        passed += f" and coalesce({condition}, false)"
        flow.append({"step": label, "patients": _count(session, f"stay where {passed}")})
    session.run(f"create temp table eligible as select * from stay where {passed}", f"{STEP}: patients")
    session.run(f"create temp table chosen as {_notes(spec)}", f"{STEP}: choosing notes")
    session.run(
        "create temp table enrolled as select * from eligible semi join chosen using (subject_id)", f"{STEP}: patients"
    )
    flow.append(
        {"step": "with a note that could be read at the time of the decision", "patients": _count(session, "enrolled")}
    )
    return flow


def columns(session: Session, spec: MedsSpec) -> pd.DataFrame:
    """``id, hour, T, Y`` and the covariates of each enrolled patient, by ``id``."""
    parts = [_covariate(name, part) for name, part in spec.covariates.items()]
    known = ", ".join(sql for sql in parts)
    return session.frame(
        f"""
        with seen as (
            select s.subject_id, {known} from enrolled s left join event e using (subject_id) group by s.subject_id
        ), after as ({_outcome(spec)})
        select subject_id as id, extract(hour from began) as hour,
            cast(coalesce(first_dose <= t1, false) as bigint) as T, coalesce(after.y, 0)::double as Y,
            {", ".join(spec.covariates)}
        from enrolled join seen using (subject_id) left join after using (subject_id) order by subject_id""",
        f"{STEP}: columns",
    )


def leakage(session: Session, spec: MedsSpec) -> pd.DataFrame:
    """For each covariate and kind of note, where the rows of the enrolled lie.

    Returns
    -------
    DataFrame
        ``source`` (covariate or note), ``name``, ``rows``, and its parts: ``before`` (known by t0), ``late`` (of
        before t0, but stored after it), ``inside`` the window, ``after`` it, ``untimed``.
    """
    late = "time <= t0 and known > t0"
    return session.frame(
        f"""
        select case when starts_with(part, 'notes.') then 'note' else 'covariate' end as source,
            split_part(part, '.', 2) as name, count(*) as rows, count(*) filter (known <= t0) as before,
            count(*) filter ({late}) as late,
            count(*) filter (known > t0 and known <= t1 and not ({late})) as inside,
            count(*) filter (known > t1 and not ({late})) as after, count(*) filter (known is null) as untimed
        from event join enrolled using (subject_id)
        where starts_with(part, 'notes.') or starts_with(part, 'covariates.')
        group by source, name order by source, name""",
        f"{STEP}: leakage",
    )


def _stays(spec: MedsSpec) -> str:
    """First index event, times of the window, first treatment that counts, and what else decides who is in."""
    washout = spec.treatment.washout_hours
    back = "true" if washout is None else f"time >= t0 - {hours(washout)}"
    horizon = f"t1 + {hours(spec.outcome.hours)}"
    until = "coalesce(min(time) filter (part = 'until' and time > t1), 'infinity'::timestamp)"
    return f"""
        with first as (
            select subject_id, min(time) as began, min(time) + {hours(spec.index.hours_after)} as t0,
                min(time) + {hours(spec.index.hours_after + spec.treatment.hours)} as t1
            from event where part = 'index' and time is not null group by subject_id
        )
        select subject_id, began, t0, t1, min(time) filter (part = 'treatment' and {back}) as first_dose,
            count(*) filter (part = 'treatment' and time is null) as undated,
            count(*) filter (part = 'gone' and time between began and t1) as gone,
            count(*) filter (part = 'outcome' and time between began and t1) as early,
            min(time) filter (part = 'birth') as born, least({horizon}, {until}) as ends
        from first join event using (subject_id) group by subject_id, began, t0, t1"""


def _steps(spec: MedsSpec) -> dict[str, str]:
    steps = {}
    if spec.least_age is not None:
        steps[f"aged {spec.least_age:g} or over"] = f"date_diff('second', born, t0) / {YEAR} >= {spec.least_age!r}"
    if spec.present is not None:
        steps["there until the window ends"] = "gone = 0"
    if spec.outcome.take == "any":
        steps["without the outcome until the window ends"] = "early = 0"
    return {
        **steps,
        "every treatment dated": "undated = 0",
        "not treated before the window": "first_dose is null or first_dose >= t0",
    }


def _notes(spec: MedsSpec) -> str:
    kinds = [
        f"select subject_id, known, file, row from event join eligible using (subject_id) "
        f"where part = 'notes.{name}' and known <= t0 and {_recent(part.hours)}"
        for name, part in spec.notes.items()
    ]
    return " union all ".join(kinds)


def _recent(back: float | None) -> str:
    return "true" if back is None else f"known >= t0 - {hours(back)}"


def _covariate(name: str, part: Covariate) -> str:
    """SQL for one covariate from ``s`` (stay) and ``e`` (its events): what was known by t0."""
    known = f"known <= s.t0 and {_recent(part.hours).replace('t0', 's.t0')}"
    rows = f"part = 'covariates.{name}' and ({f'({known}) or time is null' if part.static else known})"
    if part.take == "any":
        return f"cast(count(*) filter ({rows}) > 0 as double) as {name}"
    if part.take == "count":
        return f"cast(count(*) filter ({rows}) as double) as {name}"
    if part.take == "age":
        return (
            f"least(date_diff('second', min(time) filter ({rows}), any_value(s.t0)) / {YEAR}, {OLDEST_KNOWN}) as {name}"
        )
    # The last number is chosen first and then judged: an older one would hide that nobody knows the present one. Of two
    # numbers of one time the one that stands later in the file counts.
    last = f"arg_max(x, (known, file, row)) filter ({rows} and x is not null)"
    low, high = (
        f"'{end}inf'::double" if b is None else repr(float(b)) for b, end in ((part.low, "-"), (part.high, ""))
    )
    return f"case when {last} between {low} and {high} then {last} end as {name}"


def _outcome(spec: MedsSpec) -> str:
    take = {"any": "1", "count": "count(*)", "last": "arg_max(x, (time, file, row)) filter (x is not null)"}
    return f"""
        select subject_id, {take[spec.outcome.take]} as y from event join enrolled using (subject_id)
        where part = 'outcome' and time > t1 and time <= ends group by subject_id"""


def _count(session: Session, what: str) -> int:
    return int(session.frame(f"select count(*) as n from {what}", f"{STEP}: counting")["n"][0])
