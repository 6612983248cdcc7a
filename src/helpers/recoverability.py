"""Can the annotated confounders be read off the representation? Scores, a perfect reader, and the gate (layer 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score

from helpers.effects.softmax import SoftmaxFields, choose_penalty
from helpers.gate import Gate, NotRecoverable, enforce, gate
from helpers.schema import Cohort

__all__ = [
    "PUBLISHED_F1",
    "Fields",
    "Gate",
    "NotRecoverable",
    "beside",
    "compare",
    "curves_of",
    "enforce",
    "fields_of",
    "gate",
    "labels_of",
    "length_thirds",
    "lost_mentions",
    "mentions_of",
    "predict",
    "predict_views",
    "read_perfectly",
    "reliability",
    "score",
    "score_parts",
    "score_views",
]

PENALTIES = (30.0, 300.0)
TRIAL_ROWS = 3_000  # enough to choose a penalty, which acts as a prior and does not grow with the records
BINS = 10
# F1 on 2,000 held-out SimSUM notes, frozen BioLORD embeddings and a network (normal and compact notes), and XGBoost on
# the tabular columns; fever: macro over its levels. P. Rabaey et al., arXiv 2409.08936.
PUBLISHED_F1 = {
    "dysp": {"normal": 0.962, "compact": 0.944, "tabular": 0.664},
    "cough": {"normal": 0.960, "compact": 0.940, "tabular": 0.785},
    "pain": {"normal": 0.814, "compact": 0.794, "tabular": 0.407},
    "nasal": {"normal": 0.963, "compact": 0.962, "tabular": 0.713},
    "fever": {"normal": 0.910, "compact": 0.901, "tabular": 0.411},
}


@dataclass(frozen=True)
class Fields:
    """The annotated confounders as categorical fields.

    Attributes
    ----------
    names : tuple of str
        One a field.
    levels : tuple of tuple
        Values of each field, in order; the first of a binary field is its absence.
    """

    names: tuple[str, ...]
    levels: tuple[tuple, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of levels of each field."""
        return tuple(len(levels) for levels in self.levels)

    def blocks(self, array: np.ndarray) -> dict[str, np.ndarray]:
        """An (n, sum of sizes) array by field."""
        return dict(zip(self.names, np.split(array, np.cumsum(self.sizes)[:-1], axis=1), strict=True))

    def shown(self, name: str) -> list[tuple[int, str]]:
        """Position and label of the levels that are scored: presence of a binary field, every level of others."""
        levels = self.levels[self.names.index(name)]
        return [(1, name)] if len(levels) == 2 else [(k, f"{name}_{level}") for k, level in enumerate(levels)]


def fields_of(cohort: Cohort) -> Fields:
    """The fields of a cohort's annotations: categories, or 0 and 1; empty where nobody annotated.

    Raises
    ------
    ValueError
        If an annotation is neither categorical nor binary.
    """
    levels = []
    for name in cohort.roles.annotations:
        series = cohort.frame[name]
        if isinstance(series.dtype, pd.CategoricalDtype):
            levels.append(tuple(series.cat.categories))
        elif series.dropna().isin([0, 1]).all():
            levels.append((0, 1))
        else:
            raise ValueError(f"annotation {name!r}: neither 0/1 nor categorical; cut it into categories first.")
    return Fields(tuple(cohort.roles.annotations), tuple(levels))


def labels_of(cohort: Cohort, fields: Fields) -> np.ndarray:
    """(n, sum of sizes) indicators of each field's true level."""
    columns = [
        cohort.frame[f] == level for f, levels in zip(fields.names, fields.levels, strict=True) for level in levels
    ]
    return np.column_stack(columns).astype(float)


def predict(
    fields: Fields, X_train: np.ndarray, labels: np.ndarray, X_test: np.ndarray, seed: int, penalty: float | None = None
) -> np.ndarray:
    """(n_test, sum of sizes) probabilities from penalised regressions; rows of zeros in ``labels`` are missing.

    ``penalty`` None: chosen among ``PENALTIES`` by cross-validation on the training rows.
    """
    if penalty is None:
        rows = np.random.default_rng(seed).permutation(len(X_train))[:TRIAL_ROWS]
        penalty = choose_penalty(np.asarray(X_train[rows], float), labels[rows], fields.sizes, PENALTIES, seed)
    return SoftmaxFields(fields.sizes, penalty).fit(X_train, labels).predict_proba(X_test)


def mentions_of(cohort: Cohort, fields: Fields) -> np.ndarray | None:
    """(n, sum of sizes) whether the note speaks of each field, repeated over its levels; None if not recorded."""
    if any(f"said_{name}" not in cohort.frame for name in fields.names):
        return None
    columns = [
        cohort.frame[f"said_{f}"] for f, size in zip(fields.names, fields.sizes, strict=True) for _ in range(size)
    ]
    return np.column_stack(columns).astype(bool)


def read_perfectly(fields: Fields, train: Cohort, test: Cohort) -> np.ndarray | None:
    """What a reader would know who misses nothing that a note says about the confounders.

    The truth where it is said. Where it is not, a probability learned on the silent training records, from what
    is said about the other confounders and the tabular columns.

    Returns
    -------
    (n_test, sum of sizes) probabilities, or None where mentions were not recorded.
    """
    said = [mentions_of(c, fields) for c in (train, test)]
    if said[0] is None or said[1] is None:
        return None
    truth = [labels_of(c, fields) for c in (train, test)]
    known = [np.hstack([t * s, c.tabular]) for t, s, c in zip(truth, said, (train, test), strict=True)]
    guess = predict(fields, known[0], truth[0] * ~said[0], known[1], seed=0, penalty=1.0)
    return np.where(said[1], truth[1], guess)


def score(fields: Fields, truth: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    """AUROC, F1, Brier score and calibration error of held-out probabilities.

    Parameters
    ----------
    fields : Fields
    truth, proba : (n, sum of sizes) arrays
        Indicators of the true levels, and their predicted probabilities.

    Returns
    -------
    DataFrame
        Columns ``field, level, metric, value``; a row a scored level and metric, AUROC missing where only one class
        occurs. Fields with more than two levels have a further F1, the mean over levels, with ``level = field``.
    """
    rows = []
    guesses, truths = fields.blocks(proba), fields.blocks(truth)
    for name in fields.names:
        is_true, p = truths[name] == 1, guesses[name]
        chosen = p.argmax(1)[:, None] == np.arange(p.shape[1])
        for k, level in fields.shown(name):
            values = _level_scores(is_true[:, k], p[:, k], chosen[:, k])
            rows += [{"field": name, "level": level, "metric": m, "value": v} for m, v in values.items()]
        if p.shape[1] > 2:
            macro = np.mean([f1_score(is_true[:, k], chosen[:, k], zero_division=0) for k in range(p.shape[1])])
            rows.append({"field": name, "level": name, "metric": "f1", "value": float(macro)})
    return pd.DataFrame(rows)


def _level_scores(is_true: np.ndarray, p: np.ndarray, chosen: np.ndarray) -> dict[str, float]:
    both = 0 < is_true.sum() < len(is_true)
    bins = reliability(is_true, p)
    return {
        "auroc": float(roc_auc_score(is_true, p)) if both else np.nan,
        "f1": float(f1_score(is_true, chosen, zero_division=0)),
        "brier": float(np.mean((p - is_true) ** 2)),
        "ece": float((bins["weight"] * (bins["observed"] - bins["predicted"]).abs()).sum()),
    }


def reliability(is_true: np.ndarray, p: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Predicted and observed shares in equal bins: columns ``bin`` (its centre), ``predicted, observed, weight``."""
    number = np.minimum((np.asarray(p) * bins).astype(int), bins - 1)
    table = pd.DataFrame({"bin": (number + 0.5) / bins, "predicted": p, "observed": np.asarray(is_true, float)})
    found = table.groupby("bin").agg(predicted=("predicted", "mean"), observed=("observed", "mean"), n=("bin", "size"))
    return found.assign(weight=found["n"] / len(table)).drop(columns="n").reset_index()


def predict_views(
    train: Cohort,
    test: Cohort,
    views: Mapping[str, tuple[np.ndarray, np.ndarray]],
    seed: int,
    annotated: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Probabilities of the levels for the test rows: from each view of the record, and ``said``, a perfect reader's.

    Parameters
    ----------
    train, test : Cohort
    views : mapping
        Name to features of the training and the test rows.
    seed : int
        Of the folds in which penalties are chosen.
    annotated : (n_train,) bool array or None
        Training records whose annotations may be used; None: all.
    """
    fields = fields_of(train)
    rows = np.arange(len(train)) if annotated is None else np.flatnonzero(annotated)
    labels = labels_of(train, fields)[rows]
    probabilities = {name: predict(fields, a[rows], labels, b, seed) for name, (a, b) in views.items()}
    read = read_perfectly(fields, train.take(rows), test)
    return probabilities | ({} if read is None else {"said": read})


def score_views(test: Cohort, probabilities: Mapping[str, np.ndarray], fields: Fields) -> pd.DataFrame:
    """:func:`score` of every view, with a column ``strategy``: the view."""
    truth = labels_of(test, fields)
    return pd.concat(
        [score(fields, truth, p).assign(strategy=name) for name, p in probabilities.items()], ignore_index=True
    )


def score_parts(
    test: Cohort, probabilities: Mapping[str, np.ndarray], fields: Fields, parts: np.ndarray
) -> pd.DataFrame:
    """:func:`score_views` of each part of the test rows, say short and long notes; ``parts``: (n,) labels."""
    tables = []
    for part in pd.unique(np.asarray(parts)):
        rows = np.flatnonzero(np.asarray(parts) == part)
        seen = {name: p[rows] for name, p in probabilities.items()}
        tables.append(score_views(test.take(rows), seen, fields).assign(part=part))
    return pd.concat(tables, ignore_index=True)


def length_thirds(texts: list[str]) -> np.ndarray:
    """(n,) ``short``, ``middle`` or ``long``: thirds of the notes by their number of words."""
    words = np.array([len(text.split()) for text in texts])
    rank = words.argsort(kind="stable").argsort(kind="stable")
    return np.array(["short", "middle", "long"])[3 * rank // max(len(words), 1)]


def compare(
    train: Cohort,
    test: Cohort,
    views: Mapping[str, tuple[np.ndarray, np.ndarray]],
    seed: int,
    annotated: np.ndarray | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of one repetition: from each view of the record, and of a perfect reader.

    Parameters
    ----------
    train, test, views, seed, annotated
        See :func:`predict_views`.

    Returns
    -------
    scores, calibration : DataFrame
        :func:`score` and :func:`reliability` (with ``level``), with a column ``strategy``: the view, or ``said``.
    """
    fields = fields_of(train)
    probabilities = predict_views(train, test, views, seed, annotated)
    return score_views(test, probabilities, fields), curves_of(test, probabilities, fields)


def curves_of(test: Cohort, probabilities: Mapping[str, np.ndarray], fields: Fields) -> pd.DataFrame:
    """:func:`reliability` of every view and level, with columns ``level`` and ``strategy``."""
    truth = labels_of(test, fields)
    curves = [_curves(fields, truth, p).assign(strategy=name) for name, p in probabilities.items()]
    return pd.concat(curves, ignore_index=True)


def _curves(fields: Fields, truth: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    t, p = fields.blocks(truth), fields.blocks(proba)
    scored = [(name, k, level) for name in fields.names for k, level in fields.shown(name)]
    return pd.concat([reliability(t[f][:, k], p[f][:, k]).assign(level=level) for f, k, level in scored])


def lost_mentions(cohort: Cohort) -> pd.DataFrame | None:
    """How often the note is silent about a confounder: what no reader can recover.

    Returns
    -------
    DataFrame or None
        A row a level that is scored: ``level``, ``share`` (of the records that have it), ``silent`` (share of those
        whose note does not speak of the confounder), ``doubt`` (share of the other records whose note does not).
        None where mentions were not recorded.
    """
    fields = fields_of(cohort)
    said = mentions_of(cohort, fields)
    if said is None:
        return None
    truths, told = fields.blocks(labels_of(cohort, fields)), fields.blocks(said)
    rows = []
    for name in fields.names:
        silent = ~told[name][:, 0]
        for k, level in fields.shown(name):
            has = truths[name][:, k] == 1
            rows.append(
                {"level": level, "share": has.mean(), "silent": silent[has].mean(), "doubt": silent[~has].mean()}
            )
    return pd.DataFrame(rows)


def beside(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row a level, columns ``<strategy>``, ``<strategy>_low``, ``<strategy>_high``: as ``figures.bars`` takes it."""
    part = summary[summary["metric"] == metric]
    blocks = []
    for name, group in part.groupby("strategy", sort=False):
        ends = {"value": name, "low": f"{name}_low", "high": f"{name}_high"}
        blocks.append(group.set_index("level")[list(ends)].rename(columns=ends))
    return pd.concat(blocks, axis=1).reset_index()
