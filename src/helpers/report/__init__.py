"""Tell: words, sentences, tables, figures and chapters; keep what pages quote."""

from helpers.report.chapters import STEP_ASIDE_REASONS, has, require
from helpers.report.comparisons import (
    best_of,
    comparison_sentences,
    coverage_sentences,
    held_out_verdicts,
    on_the_same,
    paired_sentences,
    question_answers,
    tally_held_out,
    tally_pairs,
    verdicts,
)
from helpers.report.coverage import coverage_lines, coverage_verdicts
from helpers.report.figures import bars, cloud, coloured, curves, flow_chart, forest, histograms, pair_matrix
from helpers.report.first_stage import clipping_sentences, hidden_sentences, kept_sentences, recalibrated_sentences
from helpers.report.policies import mix_in_words, rule_sentences, rules_wide
from helpers.report.results import facts, keep, keep_facts, shown
from helpers.report.sentences import against, change, listed, rare_and_frequent, signed
from helpers.report.shift import against_home, alarm_and_cost, introduced, right_or_wrong, stressed_by
from helpers.report.tables import (
    AREAS_IN_WORDS,
    at_shares,
    held_out_table,
    marked,
    mix_shown,
    ranges,
    views_wide,
    with_intervals,
)
from helpers.report.words import WORDS, between, cell, difference, named, number

__all__ = [
    "AREAS_IN_WORDS",
    "STEP_ASIDE_REASONS",
    "WORDS",
    "against",
    "against_home",
    "alarm_and_cost",
    "at_shares",
    "bars",
    "best_of",
    "between",
    "cell",
    "change",
    "clipping_sentences",
    "cloud",
    "coloured",
    "comparison_sentences",
    "coverage_lines",
    "coverage_sentences",
    "coverage_verdicts",
    "curves",
    "difference",
    "facts",
    "flow_chart",
    "forest",
    "has",
    "held_out_table",
    "held_out_verdicts",
    "hidden_sentences",
    "histograms",
    "introduced",
    "keep",
    "keep_facts",
    "kept_sentences",
    "listed",
    "marked",
    "mix_in_words",
    "mix_shown",
    "named",
    "number",
    "on_the_same",
    "pair_matrix",
    "paired_sentences",
    "question_answers",
    "ranges",
    "rare_and_frequent",
    "recalibrated_sentences",
    "require",
    "right_or_wrong",
    "rule_sentences",
    "rules_wide",
    "shown",
    "signed",
    "stressed_by",
    "tally_held_out",
    "tally_pairs",
    "verdicts",
    "views_wide",
    "with_intervals",
]
