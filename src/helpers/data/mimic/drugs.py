"""Antibiotics by the name of the drug, and the orders that bring none of it into the blood."""

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
# Routes whose drug acts where it is put: eye, ear, skin, nose, airways, vagina, rectum (enemas), wounds and cavities
# that are rinsed, catheters that are filled. Codes as they stand in ROUTE, and words within it.
LOCAL = ("ou", "os", "od", "au", "as", "ad", "tp", "top", "vg", "pv", "vag", "pr", "ir", "irr") + (
    ("ih", "inh", "neb", "in", "nu", "nas", "dwell", "lock")
)
PLACES = r"(eye|ear|nostril)s?|nasal|vaginal|rectal|topical|ophth\w*|otic|inhal\w*|nebul\w*|irrig\w*|enema|dwell|lock"
# Where no route is written, the name tells: its form, or the part of the body.
FORMS = rf"{PLACES}|cream|oint|ointment|gel|lotion|foam|opht|neb|suppository|mouthwash"
# By mouth or tube these stay in the bowel. One whose name says oral and that has no route counts as by mouth.
UNABSORBED = "vancomycin|teicoplanin|gentamicin|tobramycin|amikacin|streptomycin|polymyxin|colisti"
ENTERAL = "((po|ng|og|nj|oj|peg|oral|[gj][ -]?tube)[ /]*)+"


def is_antibiotic(names: tuple[str, ...], systemic: bool = False) -> str:
    """SQL condition on ``drug`` and, if only ``systemic`` orders count, on ``route``.

    Parameters
    ----------
    names : tuple of str
        :data:`PUBLISHED` or :data:`UNION`.
    systemic : bool
        Leave out orders that bring no drug into the blood: by a local route, by mouth where the drug is not absorbed
        and, if the route is empty, by the form in the drug's name. Any other route counts, and so does an empty one.
    """
    named = f"regexp_matches(lower(drug), '{'|'.join(names)}')"
    if not systemic:
        return named
    route = "nullif(lower(trim(route)), '')"
    codes = f"regexp_full_match({route}, '(({'|'.join(LOCAL)})[ /,]*)+')"
    local = f"coalesce({codes} or {_says(route, PLACES)}, {_says('drug', FORMS)})"
    by_mouth = f"coalesce(regexp_full_match({route}, '{ENTERAL}'), {_says('drug', 'oral')})"
    in_bowel = f"regexp_matches(lower(drug), '{UNABSORBED}') and {by_mouth}"
    return f"({named} and not coalesce({local}, false) and not coalesce({in_bowel}, false))"


def _says(text: str, words: str) -> str:
    return rf"regexp_matches(lower({text}), '\b({words})\b')"
