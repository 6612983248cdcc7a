"""Antibiotics by the name of the drug, and the routes that bring none of it into the blood."""

from __future__ import annotations

# Parts of names, in lower case. The published list has no aztreonam, daptomycin, rifampin, cefpodoxime or brand names.
PUBLISHED_DRUGS = (
    ("penicillin", "ampicillin", "amoxicillin", "nafcillin", "oxacillin", "piperacillin", "ticarcillin")
    + ("cefazolin", "cephalexin", "cefuroxime", "cefoxitin", "cefotetan", "ceftriaxone", "ceftazidime", "cefepime")
    + ("cefotaxime", "cefixime", "cefaclor", "cefadroxil", "ceftaroline", "imipenem", "meropenem", "ertapenem")
    + ("doripenem", "ciprofloxacin", "levofloxacin", "moxifloxacin", "ofloxacin", "norfloxacin", "gatifloxacin")
    + ("azithromycin", "clarithromycin", "erythromycin", "vancomycin", "teicoplanin", "doxycycline", "minocycline")
    + ("tetracycline", "demeclocycline", "tigecycline", "gentamicin", "tobramycin", "amikacin", "streptomycin")
    + ("clindamycin", "metronidazole", "trimethoprim", "sulfamethoxazole", "linezolid", "colistin", "polymyxin")
)
UNION = PUBLISHED_DRUGS + (
    ("aztreonam", "daptomycin", "rifampin", "cefpodoxime", "cefdinir", "cefprozil", "unasyn", "zosyn", "augmentin")
    + ("timentin", "bactrim", "septra", "levaquin", "cipro", "avelox", "flagyl", "keflex", "ancef", "rocephin")
    + ("primaxin", "zyvox", "zithromax", "biaxin", "cleocin", "colistimethate", "synercid", "quinupristin")
    + ("chloramphenicol", "nitrofurantoin", "macrobid", "sulfadiazine", "telavancin", "fosfomycin")
)
TOPICAL = ("ou", "os", "od", "au", "as", "ad", "tp")
TOPICAL_WORDS = "eye|ear"


def is_antibiotic(names: tuple[str, ...], systemic: bool = False) -> str:
    """SQL condition on ``drug`` and, if only ``systemic`` orders count, on ``route``; an unknown route counts."""
    named = f"regexp_matches(lower(drug), '{'|'.join(names)}')"
    if not systemic:
        return named
    local = f"lower(trim(route)) in {TOPICAL} or regexp_matches(lower(route), '\\b({TOPICAL_WORDS})s?\\b')"
    return f"{named} and not coalesce({local}, false)"
