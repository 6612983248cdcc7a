"""MEDS, the Medical Event Data Standard: a cohort from shards of events, with what was known at the time alone."""

from helpers.data.meds.cohort import check_meds, flow_and_leakage, meds_contents, meds_folder, read_meds
from helpers.data.meds.spec import MedsSpec, load_meds_spec

__all__ = [
    "MedsSpec",
    "check_meds",
    "flow_and_leakage",
    "load_meds_spec",
    "meds_contents",
    "meds_folder",
    "read_meds",
]
