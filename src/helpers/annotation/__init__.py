"""Who annotates what, how well, and how to mend it: designs, simulated and real annotators, error rates."""

from helpers.annotation.agreement import error_rates_from_double, kappa_table
from helpers.annotation.allocation import annotate_by
from helpers.annotation.annotators import Annotator
from helpers.annotation.dawid_skene import AnnotatorModel, dawid_skene
from helpers.annotation.designs import choose, choose_by_probability, optimal_probability
from helpers.annotation.errors import asymmetric, error_matrices, flip, leave_out, mentioned, omit, symmetric
from helpers.annotation.exchange import read_answers, record_keys, write_batch
from helpers.annotation.files import FileAnnotations, read_annotations, record_ids, write_template
from helpers.annotation.keywords import KeywordAnnotator
from helpers.annotation.label_studio import GivenAnswers, configuration, tasks_of
from helpers.annotation.prompts import parse_answer, prompt_for
from helpers.annotation.settling import Settled, settle
from helpers.annotation.trained import TrainedAnnotator

__all__ = [
    "Annotator",
    "AnnotatorModel",
    "GivenAnswers",
    "FileAnnotations",
    "KeywordAnnotator",
    "Settled",
    "TrainedAnnotator",
    "annotate_by",
    "asymmetric",
    "choose",
    "choose_by_probability",
    "configuration",
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
    "read_answers",
    "record_ids",
    "record_keys",
    "settle",
    "symmetric",
    "tasks_of",
    "write_batch",
    "write_template",
]
