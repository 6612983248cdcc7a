"""The columns of SimSUM's records, which the published file and the generated replica share."""

from __future__ import annotations

from helpers.data.cohort import Roles

NETWORK_COLUMNS = (
    *("policy", "self_empl", "asthma", "smoking", "hay_fever", "winter", "COPD", "inf", "pneu"),
    *("dysp", "cough", "pain", "nasal", "fever", "antibiotics", "days_at_home"),
)
FEVER_LEVELS = ("none", "low", "high")
TABULAR = ("self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever")
ANNOTATIONS = ("dysp", "cough", "pain", "nasal", "fever")
SIMSUM_ROLES = Roles(id="id", text="text", tabular=TABULAR, annotations=ANNOTATIONS)
