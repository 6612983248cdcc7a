"""Generated tables in the shape of MIMIC-III, for tests and for readers without access.

Any number of patients, the same headers, quoting, ratios and pitfalls, notes written from each patient's own state, a
known effect of early antibiotics, and a canary in every note."""

from helpers.data.mimic_synthetic.canary import CANARY
from helpers.data.mimic_synthetic.folder import VERSION, make_folder

__all__ = [
    "CANARY",
    "VERSION",
    "make_folder",
]
