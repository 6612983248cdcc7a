"""Records with roles, from every source: cohorts, fields, outcomes, splits and folds by patient."""

from helpers.data.columns import FEVER_LEVELS
from helpers.data.example import example_spec, example_table, write_example
from helpers.data.fetch import fetch_simsum
from helpers.data.fields import MISSING, codes, field_levels, fields_of, labels_of, mentions_of, to_indicators
from helpers.data.folds import folds_by_patient, split
from helpers.data.inputs import annotated_fields, check_readable
from helpers.data.load import (
    fingerprint,
    is_public,
    load_cohort,
    make_replica,
    meds_places,
    mimic_fingerprint,
    mimic_folder,
    mimic_path,
    own_spec,
    table_spec,
)
from helpers.data.manifest import load_manifest
from helpers.data.mimic_process import MIMIC_SYN_NOISE_SD, means_mimic_syn
from helpers.data.processes import Meaning, draw_outcomes, meaning_of, weights_of
from helpers.data.replica.ceiling import expected_effect, mentions_known
from helpers.data.replica.mentions import DEFAULT_MENTION
from helpers.data.replica.network import sample_network
from helpers.data.sentences import split_sentences
from helpers.data.simsum import read_simsum
from helpers.data.spoilt import refusals

__all__ = [
    "DEFAULT_MENTION",
    "FEVER_LEVELS",
    "MIMIC_SYN_NOISE_SD",
    "MISSING",
    "Meaning",
    "annotated_fields",
    "check_readable",
    "codes",
    "draw_outcomes",
    "expected_effect",
    "example_spec",
    "example_table",
    "fetch_simsum",
    "field_levels",
    "fields_of",
    "fingerprint",
    "folds_by_patient",
    "is_public",
    "labels_of",
    "load_cohort",
    "load_manifest",
    "make_replica",
    "meaning_of",
    "meds_places",
    "means_mimic_syn",
    "mentions_known",
    "mentions_of",
    "mimic_fingerprint",
    "mimic_folder",
    "mimic_path",
    "own_spec",
    "read_simsum",
    "sample_network",
    "split",
    "refusals",
    "write_example",
    "split_sentences",
    "table_spec",
    "to_indicators",
    "weights_of",
]
