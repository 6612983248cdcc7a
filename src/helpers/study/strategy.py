"""What a strategy is: a learner, and the representation it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from helpers import data
from helpers.config import Config
from helpers.data.cohort import Cohort
from helpers.effects.learners import EffectLearner
from helpers.study.trials import Trial


@dataclass(frozen=True)
class Strategy:
    """A way to decide whom to treat: a learner, and the representation it reads.

    Parameters
    ----------
    label : str
        As figures show it.
    group : str
        Key of ``GROUPS``: the kind of strategy, which gives its colour on every page.
    about : str
        What it does, in one sentence.
    make : callable
        ``make(trial)`` gives an unfitted learner; of the trial it uses configuration, seed and kinds of annotations.
    features : str
        What it sees at the bedside: a key of ``FEATURES``.
    source : str
        Where it was published: keys of the bibliography; empty: here.
    annotated : bool
        Whether it learns from annotations; one that does not never sees ``read``.
    estimates : bool
        Whether its ``effect`` estimates the effect (else an order only).
    takes_pi : bool
        Whether its ``fit`` weighs records by their known chance of annotation.
    levels : bool
        Whether it needs annotations with levels, not measured numbers.
    complete : bool
        Whether it needs every annotation and bedside column of every record.
    slow : bool
        Several times slower than the others: it runs on ``slow_seeds`` repetitions only.
    """

    label: str
    group: str
    about: str
    make: Callable[[Trial], EffectLearner] = field(repr=False)
    features: str = "phi"
    source: str = ""
    annotated: bool = True
    estimates: bool = True
    takes_pi: bool = False
    levels: bool = False
    complete: bool = False
    slow: bool = False

    def repetitions(self, config: Config) -> int:
        """On how many repetitions of a configuration it runs."""
        return config.fewer_seeds if self.slow else config.seeds


# The kinds of strategies, in the order in which every page shows them.
GROUPS = {
    "rule": "rules without learning effects",
    "free": "learners without annotations",
    "published": "the published pairing",
    "frozen": "other annotated learners on frozen vectors",
    "read": "annotated learners on the reader of sentences",
    "ceiling": "ceilings: what cannot be had at the bedside",
}
# What a strategy sees at the bedside, in words.
REPRESENTATIONS = {
    "phi": "frozen vectors of the note, and the bedside columns",
    "text": "frozen vectors of the note",
    "tabular": "the bedside columns",
    "read": "what a reader trained on the annotated notes finds in the note, and the bedside columns",
    "said": "what the note really says, and the bedside columns",
    "confounders": "the confounders and the bedside columns",
    "truth": "the true effects",
}
FEATURES: dict[str, Callable[[Trial, Cohort, str], np.ndarray]] = {
    "phi": lambda trial, cohort, side: getattr(trial, f"features_{side}").phi,
    "text": lambda trial, cohort, side: getattr(trial, f"features_{side}").only("text"),
    "tabular": lambda trial, cohort, side: getattr(trial, f"features_{side}").only("tabular"),
    "read": lambda trial, cohort, side: getattr(trial, f"read_{side}").phi,
    "said": lambda trial, cohort, side: data.expected_effect(cohort)[:, None],
    "confounders": lambda trial, cohort, side: cohort.W,
    "truth": lambda trial, cohort, side: cohort.tau[:, None],
}


def features_of(trial: Trial, name: str, side: str) -> np.ndarray:
    """(n, d) features of a trial's records.

    Parameters
    ----------
    trial : Trial
    name : str
        Key of ``FEATURES``.
    side : {"train", "test"}
    """
    return FEATURES[name](trial, getattr(trial, side), side)
