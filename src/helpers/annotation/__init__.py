"""Who annotates what, how well, and how to mend it: designs, simulated and real annotators, error rates."""

from helpers.annotation.agreement import error_rates_from_double, kappa_table
from helpers.annotation.allocation import annotate_by
from helpers.annotation.annotators import Annotator
from helpers.annotation.dawid_skene import AnnotatorModel, dawid_skene
from helpers.annotation.designs import choose, choose_by_probability, optimal_probability
from helpers.annotation.errors import asymmetric, error_matrices, flip, leave_out, mentioned, omit, symmetric
from helpers.annotation.files import FileAnnotations, read_annotations, write_template
from helpers.annotation.keywords import KeywordAnnotator
from helpers.annotation.prompts import parse_answer, prompt_for
from helpers.annotation.trained import TrainedAnnotator

__all__ = [
    "Annotator",
    "AnnotatorModel",
    "FileAnnotations",
    "KeywordAnnotator",
    "TrainedAnnotator",
    "annotate_by",
    "asymmetric",
    "choose",
    "choose_by_probability",
    "dawid_skene",
    "error_matrices",
    "error_rates_from_double",
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
    "write_template",
]
