"""Names of columns: those the study keeps for itself, and those of SimSUM's records, which the replica shares."""

from __future__ import annotations

from helpers.data.cohort import Roles

RESERVED = ("id", "text", "T", "Y", "time", "annotated", "mu0", "mu1", "e")  # names that no field of a user has
MISSING_SUFFIX = "_missing"  # of the indicator beside a number that some records lack
NETWORK_COLUMNS = (
    *("policy", "self_empl", "asthma", "smoking", "hay_fever", "winter", "COPD", "inf", "pneu"),
    *("dysp", "cough", "pain", "nasal", "fever", "antibiotics", "days_at_home"),
)
FEVER_LEVELS = ("none", "low", "high")
TABULAR = ("self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever")
ANNOTATIONS = ("dysp", "cough", "pain", "nasal", "fever")
SIMSUM_ROLES = Roles(id="id", text="text", tabular=TABULAR, annotations=ANNOTATIONS)
