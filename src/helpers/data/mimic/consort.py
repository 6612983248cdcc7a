"""Who is in a cohort and who was left out: the counts of the flow chart."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from helpers.data.mimic import published, repaired, syn
from helpers.data.mimic.design import NotesRule, enrol, with_notes
from helpers.data.mimic.folder import MimicFolder
from helpers.privacy.small_counts import suppress_nested

COHORT_DESIGNS = {
    design.kind: design for design in (syn.SYN_DESIGN, published.PUBLISHED_DESIGN, repaired.REPAIRED_DESIGN)
}


def consort_flow(
    folder: MimicFolder, kind: Literal["syn", "published", "repaired"], *, notes: NotesRule = None
) -> pd.DataFrame:
    """Patients left after each step of a cohort's making.

    Parameters
    ----------
    folder, notes
        As :func:`helpers.data.mimic.syn.syn_cohort`.
    kind : {"syn", "published", "repaired"}
        Which cohort.

    Returns
    -------
    DataFrame
        ``step``; ``patients`` (Int64), missing where the count itself or the number left out would be 1 to 10.
    """
    if kind not in COHORT_DESIGNS:
        raise ValueError(f"kind = {kind!r}: must be one of {sorted(COHORT_DESIGNS)}.")
    has = with_notes(folder, kind, notes)
    with folder.session() as session:
        steps = pd.DataFrame(enrol(session, COHORT_DESIGNS[kind], has))
    return steps.assign(patients=pd.array(suppress_nested(steps["patients"].tolist()), dtype="Int64"))
