"""A fitted policy: reads raw records, gives effects and priorities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers.data.cohort import Cohort
from helpers.data.own.spec import OwnSpec
from helpers.effects.learners import EffectLearner
from helpers.encoders.base import NO_WORD, Encoder
from helpers.encoders.features import Features
from helpers.policy.columns import Fault
from helpers.policy.encoding import check_exportable
from helpers.policy.reading import PolicyReader
from helpers.policy.records import Inputs
from helpers.policy.weights import EXPORTABLE, effect_of, learner_weights
from helpers.privacy.errors import no_data_in_errors
from helpers.stats.ties import without_noise

FEATURE_SETS = ("phi", "read", "text", "tabular")
ROWS_AT_ONCE = 500
NOT_READ = "not read"


@dataclass(frozen=True, repr=False, eq=False)
class Policy:
    """Everything that scoring a record takes.

    Attributes
    ----------
    inputs : Inputs
        Columns of a record, and what they may hold.
    encoder : Encoder or None
        Fitted, of a kind that :func:`helpers.policy.encoding.check_exportable` lets pass; None if the note is not read.
    kind : {"linear", "head", "plug"}
    weights : dict of arrays
        As :func:`helpers.policy.weights.learner_weights` gives them.
    lower_is_better : bool
        Direction of the outcome as the user has it; effects are given in it.
    card : dict
        From :func:`helpers.policy.card.make_card`.
    reference : dict or None
        From :func:`helpers.policy.reference.make_reference`: what later records are compared with.
    """

    inputs: Inputs
    encoder: Encoder | None
    kind: str
    weights: dict[str, np.ndarray]
    lower_is_better: bool
    card: dict
    reference: dict | None = None

    def __repr__(self) -> str:
        return f"Policy({self.card['strategy']!r}, {self.kind}, reads {[c.name for c in self.inputs.columns]})"

    @property
    def holds_words(self) -> bool:
        """Whether words of the training notes are part of it: the vocabulary of its encoder."""
        return bool(getattr(self.encoder, "holds_words", False))

    @no_data_in_errors("records: scoring")
    def score(
        self, records: pd.DataFrame, progress: bool = False, watch: Callable[[np.ndarray], object] | None = None
    ) -> pd.DataFrame:
        """Effects and priorities of raw records.

        Parameters
        ----------
        records : DataFrame
            With the columns of ``inputs``; others are ignored.
        progress : bool
            Show a bar over the records.
        watch : callable or None
            Given the features of each block of records, in order.

        Returns
        -------
        DataFrame in the order of the records, with ``id``; ``effect``, in units and direction of the outcome;
        ``priority``, high for the greatest benefit; ``rank``, 1 for whom to treat first (equal effects, or such as
        differ by rounding alone, by row order); ``reading``, how much of the note the policy has seen: ``whole``,
        ``cut at 512 tokens``, or ``no known word``; and ``unseen``, the columns with a level or a gap that training
        records had not. Of records without a known word, or with something unseen, the policy has nothing to say: no
        effect, no priority, no rank.

        Raises
        ------
        ValueError
            Names every column at fault and its number of rows; no value of a record is shown.
        """
        checked, unseen = self.inputs.read(records)
        effect, reading = np.empty(len(checked)), []
        reader = None if self.encoder is None else PolicyReader(self.encoder)
        with tqdm(total=len(checked), desc="scoring", unit="record", disable=not progress) as bar:
            for start in range(0, len(checked), ROWS_AT_ONCE):
                part = checked.iloc[start : start + ROWS_AT_ONCE]
                phi, states = self.read(part, reader)
                effect[start : start + len(part)] = self.effect(phi)
                if watch is not None:
                    watch(phi)
                reading += states
                bar.update(len(part))
        columns = _named(unseen, len(checked))
        effect[[state == NO_WORD or bool(names) for state, names in zip(reading, columns, strict=True)]] = np.nan
        shown = effect if self.lower_is_better else -effect
        told = {"effect": shown, "priority": -effect, "rank": _ranks(effect), "reading": reading, "unseen": columns}
        return pd.DataFrame({"id": checked[self.inputs.id].to_numpy(), **told})

    def read(self, records: pd.DataFrame, reader: PolicyReader | None = None) -> tuple[np.ndarray, list[str]]:
        """(n, d) float32 features of checked records, the note's vector, then the tabular columns; and how much of each
        note is read, ``not read`` by a policy without an encoder."""
        if self.encoder is None:
            vectors, states = np.empty((len(records), 0)), [NOT_READ] * len(records)
        else:
            vectors, states = (reader or PolicyReader(self.encoder)).read(records[self.inputs.text].tolist())
        return Features(vectors, self.inputs.matrix(records)).phi, states

    def phi(self, records: pd.DataFrame) -> np.ndarray:
        """(n, d) float32 features of checked records."""
        return self.read(records)[0]

    def effect(self, phi: np.ndarray) -> np.ndarray:
        """(n,) effects of features; below zero is a benefit, whatever the direction of the outcome."""
        return effect_of(self.kind, self.weights, phi)


def from_learner(
    learner: EffectLearner,
    cohort: Cohort,
    encoder: Encoder | None,
    card: dict,
    features: str = "phi",
    spec: OwnSpec | None = None,
) -> Policy:
    """A policy that gives the effects of a fitted learner.

    Parameters
    ----------
    learner : EffectLearner
        Fitted on ``features`` of ``cohort``.
    cohort : Cohort
        The training records: their roles, column types and categories are kept, and a few rows serve to check that
        the policy agrees with the learner.
    encoder : Encoder or None
        Fitted on their notes, and on their annotations where it learns from these; None if ``features`` is tabular.
    card : dict
        From :func:`helpers.policy.card.make_card`.
    features : {"phi", "read", "text", "tabular"}
        What the learner sees; ``read`` are phi by an encoder that learned from annotations.
    spec : OwnSpec or None
        Describes the table that the records come from, so that such a table can be scored as it is.

    Raises
    ------
    ValueError
        If learner or encoder cannot be exported; says which can.
    """
    if features not in FEATURE_SETS:
        raise ValueError(f"features = {features!r}: not at hand for new records. {EXPORTABLE}")
    if (encoder is None) != (features == "tabular"):
        raise ValueError(f"encoder: {encoder!r} with features = {features!r}; give one exactly where the note is read.")
    check_exportable(encoder, public=not cohort.sensitive)
    inputs = Inputs.of(cohort, features, spec)
    empty = Policy(inputs, encoder, "linear", {}, cohort.roles.lower_is_better, card)
    kind, weights = learner_weights(learner, empty.phi(cohort.frame.head(64)))
    return Policy(inputs, encoder, kind, weights, cohort.roles.lower_is_better, card)


def _named(faults: list[Fault], n: int) -> list[str]:
    """For each of n records the columns of its faults."""
    return [", ".join(fault.column for fault in faults if fault.rows[i]) for i in range(n)]


def _ranks(effect: np.ndarray) -> np.ndarray | pd.arrays.IntegerArray:
    """(n,) places by effect, the lowest first; missing where there is none."""
    known = np.flatnonzero(~np.isnan(effect))
    rank = np.zeros(len(effect), int)
    rank[known[np.argsort(without_noise(effect[known]), kind="stable")]] = np.arange(1, len(known) + 1)
    return rank if len(known) == len(effect) else pd.arrays.IntegerArray(rank, np.isnan(effect))
