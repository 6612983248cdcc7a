"""Budgets of the expert's time, annotation errors, and what can be learned about them (layer 4).

``designs``: who is annotated. ``errors``: how annotators err. ``keywords``: an annotator without training.
``agreement`` and ``dawid_skene``: error rates from annotators who disagree. ``files`` and ``prompts``: annotations made
elsewhere, by people or by a local model. ``coding``: annotations as whole numbers.
"""

from helpers.annotation.agreement import error_rates_from_double, kappa_table
from helpers.annotation.coding import codes, field_levels, to_indicators
from helpers.annotation.dawid_skene import AnnotatorModel, dawid_skene
from helpers.annotation.designs import choose, choose_by_probability, optimal_probability
from helpers.annotation.errors import asymmetric, error_matrices, flip, leave_out, mentioned, omit, symmetric
from helpers.annotation.files import FileAnnotations, read_annotations, write_template
from helpers.annotation.keywords import KeywordAnnotator
from helpers.annotation.prompts import parse_answer, prompt_for

__all__ = [
    "AnnotatorModel",
    "FileAnnotations",
    "KeywordAnnotator",
    "asymmetric",
    "choose",
    "choose_by_probability",
    "codes",
    "dawid_skene",
    "error_matrices",
    "error_rates_from_double",
    "field_levels",
    "flip",
    "kappa_table",
    "leave_out",
    "mentioned",
    "omit",
    "optimal_probability",
    "parse_answer",
    "prompt_for",
    "read_annotations",
    "symmetric",
    "to_indicators",
    "write_template",
]
