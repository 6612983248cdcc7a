"""MIMIC-III: cohorts from a user's own folder. No function prints or raises what stands in a record."""

from helpers.data.mimic.consort import consort_flow
from helpers.data.mimic.diagnosis import label_agreement, missing_vitals, treated_by_band, treated_by_hour
from helpers.data.mimic.drugs import PUBLISHED_DRUGS, UNION
from helpers.data.mimic.folder import MimicFolder, open_folder
from helpers.data.mimic.published import published_cohort
from helpers.data.mimic.reader import MADE_UP, find_sources, read_header
from helpers.data.mimic.repaired import CHARTED_REPAIRED, repaired_cohort
from helpers.data.mimic.syn import syn_cohort
from helpers.data.mimic.vitals import FULL, last_values

__all__ = [
    "CHARTED_REPAIRED",
    "FULL",
    "MADE_UP",
    "MimicFolder",
    "PUBLISHED_DRUGS",
    "UNION",
    "consort_flow",
    "find_sources",
    "label_agreement",
    "last_values",
    "missing_vitals",
    "open_folder",
    "published_cohort",
    "read_header",
    "repaired_cohort",
    "syn_cohort",
    "treated_by_band",
    "treated_by_hour",
]
