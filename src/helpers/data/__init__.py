"""Records with notes, treatments and outcomes: the doors through which every cohort comes (layer 1)."""

from helpers.data.ceiling import expected_effect
from helpers.data.cohorts import fingerprint, is_public, load_cohort, mimic_folder, mimic_path, own_spec, split
from helpers.data.fetch import fetch_simsum
from helpers.data.manifest import load_manifest
from helpers.data.processes import draw_outcomes
from helpers.data.simsum import read_simsum

__all__ = [
    "draw_outcomes",
    "expected_effect",
    "fetch_simsum",
    "fingerprint",
    "is_public",
    "load_cohort",
    "load_manifest",
    "mimic_folder",
    "mimic_path",
    "own_spec",
    "read_simsum",
    "split",
]
