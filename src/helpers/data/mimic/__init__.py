"""MIMIC-III: cohorts from a user's own folder (layer 1). No function prints or raises what stands in a record."""

from helpers.data.guard import DataError
from helpers.data.mimic import diagnosis
from helpers.data.mimic.consort import flow
from helpers.data.mimic.folder import MimicFolder, open_folder
from helpers.data.mimic.published import published_cohort
from helpers.data.mimic.repaired import repaired_cohort
from helpers.data.mimic.suppress import suppress, suppress_nested
from helpers.data.mimic.syn import syn_cohort

__all__ = [
    "DataError",
    "MimicFolder",
    "diagnosis",
    "flow",
    "open_folder",
    "published_cohort",
    "repaired_cohort",
    "suppress",
    "suppress_nested",
    "syn_cohort",
]
