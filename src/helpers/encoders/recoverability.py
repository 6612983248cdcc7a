"""Can the annotated confounders be read off the representation? Scores, views compared, and the gate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, roc_auc_score

from helpers.data.cohort import Cohort
from helpers.data.fields import Fields, fields_of, labels_of, mentions_of
from helpers.encoders.probe import predict_fields, read_perfectly

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


def score_fields(fields: Fields, truth: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
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
    probabilities = {name: predict_fields(fields, a[rows], labels, b, seed) for name, (a, b) in views.items()}
    read = read_perfectly(fields, train.take(rows), test)
    return probabilities | ({} if read is None else {"said": read})


def score_views(test: Cohort, probabilities: Mapping[str, np.ndarray], fields: Fields) -> pd.DataFrame:
    """:func:`score` of every view, with a column ``strategy``: the view."""
    truth = labels_of(test, fields)
    return pd.concat(
        [score_fields(fields, truth, p).assign(strategy=name) for name, p in probabilities.items()], ignore_index=True
    )


def shown_levels(fields: Fields, array: np.ndarray) -> pd.DataFrame:
    """The columns of an (n, sum of sizes) array that are scored, named by their levels."""
    blocks = fields.blocks(array)
    return pd.DataFrame({level: blocks[name][:, k] for name in fields.names for k, level in fields.shown(name)})


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


def share_kept(scores: pd.DataFrame, limit: str = "said") -> pd.DataFrame:
    """How far each view comes from chance to a perfect reader: AUROC above one half, as a share of the limit's.

    Parameters
    ----------
    scores : DataFrame
        Columns ``strategy, level, metric, seed, value``, as :func:`score_views` gives them, over repetitions.
    limit : str
        The view that stands for everything that the notes hold.

    Returns
    -------
    DataFrame
        ``strategy, seed, metric, value``: ``auroc``, the mean over the levels, and ``kept``; without the limit's rows
        among the scores ``auroc`` alone.
    """
    rows = scores[(scores["metric"] == "auroc") & scores["value"].notna()]
    means = rows.groupby(["strategy", "seed"], sort=False)["value"].mean().reset_index().assign(metric="auroc")
    most = means[means["strategy"] == limit].set_index("seed")["value"]
    if most.empty:
        return means
    above = (means["value"] - 0.5) / (most.reindex(means["seed"]).to_numpy() - 0.5)
    return pd.concat([means, means.assign(metric="kept", value=above)], ignore_index=True)


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
