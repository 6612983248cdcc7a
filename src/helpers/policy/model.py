"""A fitted policy: reads raw records, gives effects and priorities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers.data.cohort import Cohort
from helpers.data.own.spec import OwnSpec
from helpers.effects.learners import EffectLearner, KnownEffect, RandomOrder, RiskRanker
from helpers.effects.networks.heads import HeadRegressor
from helpers.encoders.base import NO_WORD
from helpers.encoders.features import Features
from helpers.policy.encoding import Exportable
from helpers.policy.records import Inputs
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.stats.ties import without_noise

FEATURE_SETS = ("phi", "text", "tabular")
ROWS_AT_ONCE = 500
NOT_READ = "not read"
EXPORTABLE = (
    "Can be exported: learners whose effect is linear in their features (dr, tabular, aace_ridge, aace_smooth and "
    "their like: scaled inputs and ridge), and 64-unit heads (aace), on the features phi, text or tabular."
)


@dataclass(frozen=True, repr=False, eq=False)
class Policy:
    """Everything that scoring a record takes.

    Attributes
    ----------
    inputs : Inputs
        Columns of a record, and what they may hold.
    encoder : TfidfEncoder, TransformerEncoder or None
        Fitted; None if the note is not read.
    kind : {"linear", "head"}
    weights : dict of arrays
        ``weight`` (d,) and ``constant`` (1,), or the arrays of a 64-unit head and its ``scale`` (2,).
    lower_is_better : bool
        Direction of the outcome as the user has it; effects are given in it.
    card : dict
        From :func:`helpers.policy.card.make_card`.
    """

    inputs: Inputs
    encoder: Exportable | None
    kind: str
    weights: dict[str, np.ndarray]
    lower_is_better: bool
    card: dict

    def __repr__(self) -> str:
        return f"Policy({self.card['strategy']!r}, {self.kind}, reads {[c.name for c in self.inputs.columns]})"

    @no_data_in_errors("records: scoring")
    def score(self, records: pd.DataFrame, progress: bool = False) -> pd.DataFrame:
        """Effects and priorities of raw records.

        Parameters
        ----------
        records : DataFrame
            With the columns of ``inputs``; others are ignored.
        progress : bool
            Show a bar over the records.

        Returns
        -------
        DataFrame in the order of the records, with ``id``; ``effect``, in units and direction of the outcome;
        ``priority``, high for the greatest benefit; ``rank``, 1 for whom to treat first (equal effects, or such as
        differ by rounding alone, by row order); and ``reading``, how much of the note the policy has seen: ``whole``,
        ``cut at 512 tokens``, or ``no known word``, in which case it has nothing to say of the record: no effect, no
        priority, no rank.

        Raises
        ------
        ValueError
            Names every column at fault and its number of rows; no value of a record is shown.
        """
        checked = self.inputs.check(records)
        effect = np.empty(len(checked))
        reading = []
        with tqdm(total=len(checked), desc="scoring", unit="record", disable=not progress) as bar:
            for start in range(0, len(checked), ROWS_AT_ONCE):
                part = checked.iloc[start : start + ROWS_AT_ONCE]
                effect[start : start + len(part)] = self.effect(self.phi(part))
                reading += self.reading(part)
                bar.update(len(part))
        effect[[state == NO_WORD for state in reading]] = np.nan
        shown = effect if self.lower_is_better else -effect
        ids = checked[self.inputs.id].to_numpy()
        columns = {"id": ids, "effect": shown, "priority": -effect, "rank": _ranks(effect), "reading": reading}
        return pd.DataFrame(columns)

    def reading(self, records: pd.DataFrame) -> list[str]:
        """How much of the note of each of n checked records is read; ``not read`` by a policy without an encoder."""
        if self.encoder is None:
            return [NOT_READ] * len(records)
        return self.encoder.reading(records[self.inputs.text].tolist())

    def phi(self, records: pd.DataFrame) -> np.ndarray:
        """(n, d) float32 features of checked records: the note's vector, then the tabular columns."""
        if self.encoder is None:
            return Features(np.empty((len(records), 0)), self.inputs.matrix(records)).phi
        seen = getattr(self.encoder, "vectors", self.encoder.transform)  # reading() tells which notes were cut
        return Features(seen(records[self.inputs.text].tolist()), self.inputs.matrix(records)).phi

    def effect(self, phi: np.ndarray) -> np.ndarray:
        """(n,) effects of features; below zero is a benefit, whatever the direction of the outcome."""
        width = len(self.weights["weight" if self.kind == "linear" else "hidden.w"])
        if phi.shape[1] != width:
            raise DataError(f"phi: {phi.shape[1]} columns; this policy weighs {width}. Its encoder is another one.")
        if self.kind == "head":
            return HeadRegressor.predicted(self.weights, phi)
        # A product and a sum, row by row: unlike a matrix product, its bits depend on no other row and no thread.
        return np.add.reduce(phi.astype(float) * self.weights["weight"], axis=1) + self.weights["constant"][0]


def from_learner(
    learner: EffectLearner,
    cohort: Cohort,
    encoder: Exportable | None,
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
    encoder : TfidfEncoder, TransformerEncoder or None
        Fitted on their notes; None if ``features`` is tabular.
    card : dict
        From :func:`helpers.policy.card.make_card`.
    features : {"phi", "text", "tabular"}
        What the learner sees.
    spec : OwnSpec or None
        Describes the table that the records come from, so that such a table can be scored as it is.

    Raises
    ------
    ValueError
        If the learner cannot be exported; says which can.
    """
    if features not in FEATURE_SETS:
        raise ValueError(f"features = {features!r}: not at hand for new records. {EXPORTABLE}")
    if (encoder is None) != (features == "tabular"):
        raise ValueError(f"encoder: {encoder!r} with features = {features!r}; give one exactly where the note is read.")
    inputs = Inputs.of(cohort, features, spec)
    empty = Policy(inputs, encoder, "linear", {}, cohort.roles.lower_is_better, card)
    X = empty.phi(cohort.frame.head(64))
    kind, weights = _weights(learner, X)
    return Policy(inputs, encoder, kind, weights, cohort.roles.lower_is_better, card)


def _ranks(effect: np.ndarray) -> np.ndarray | pd.arrays.IntegerArray:
    """(n,) places by effect, the lowest first; missing where there is none."""
    known = np.flatnonzero(~np.isnan(effect))
    rank = np.zeros(len(effect), int)
    rank[known[np.argsort(without_noise(effect[known]), kind="stable")]] = np.arange(1, len(known) + 1)
    return rank if len(known) == len(effect) else pd.arrays.IntegerArray(rank, np.isnan(effect))


def _weights(learner: EffectLearner, X: np.ndarray) -> tuple[str, dict[str, np.ndarray]]:
    """Kind and weights of a learner, found by asking it, so that any one with a linear effect will do."""
    name = type(learner).__name__
    if isinstance(learner, RiskRanker | RandomOrder | KnownEffect):
        raise ValueError(f"learner: {name} does not estimate effects from records. {EXPORTABLE}")
    model = getattr(learner, "model_", None)
    if isinstance(model, HeadRegressor) and np.array_equal(learner.effect(X), model.predict(X)):
        return "head", {k: np.ascontiguousarray(v) for k, v in model.exported().items()}
    d = X.shape[1]
    constant = float(learner.effect(np.zeros((1, d)))[0])
    weight = np.asarray(learner.effect(np.eye(d)), float) - constant
    spread = np.random.default_rng(0).normal(size=(64, d)) * (X.std(0) + 1e-3)
    probes = np.vstack([X, X.mean(0) + 3 * spread])
    told = learner.effect(probes)
    if np.abs(told - probes @ weight - constant).max() > 1e-6 * (1 + np.abs(told).max()):
        raise ValueError(f"learner: {name} with {type(model).__name__} has an effect that is not linear. {EXPORTABLE}")
    return "linear", {"weight": weight, "constant": np.array([constant])}
