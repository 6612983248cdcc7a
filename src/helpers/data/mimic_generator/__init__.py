"""Generated tables in the shape of MIMIC-III, for tests and for readers without access (layer 1).

Any number of patients, the same headers, quoting, ratios and pitfalls, notes written from each patient's own state, a
known effect of early antibiotics, and a canary in every note.
"""

from helpers.data.mimic.reader import MARKER
from helpers.data.mimic_generator.canary import CANARY
from helpers.data.mimic_generator.folder import VERSION, make_folder

__all__ = ["CANARY", "MARKER", "VERSION", "make_folder"]
