"""Scores against scikit-learn and by hand, views compared, and the gate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, f1_score
from symptoms import FIELDS, cohort, random_cohort

from helpers import data, encoders, report
from helpers.data.cohort import Cohort


def proba(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.hstack([rng.dirichlet(np.ones(2), n), rng.dirichlet(np.ones(3), n)])


def value(table: pd.DataFrame, level: str, metric: str) -> float:
    return table.set_index(["level", "metric"])["value"].loc[(level, metric)]


def auroc_by_pairs(is_true, p) -> float:
    wins = [(a > b) + 0.5 * (a == b) for a in p[is_true] for b in p[~is_true]]
    return float(np.mean(wins))


@pytest.mark.slow
@given(st.integers(0, 1_000))
@settings(max_examples=20, deadline=None)
def test_scores_equal_brute_force_and_sklearn(seed):
    c, p = random_cohort(60, seed), proba(60, seed)
    p[:, :2] = np.round(p[:, :2], 1)  # ties
    table = encoders.score_fields(FIELDS, data.labels_of(c, FIELDS), p)
    cough = c.frame["cough"].to_numpy() == 1
    assert value(table, "cough", "auroc") == pytest.approx(auroc_by_pairs(cough, p[:, 1]))
    assert value(table, "cough", "brier") == pytest.approx(brier_score_loss(cough, p[:, 1]))
    chosen = p[:, 1] > p[:, 0]
    f1 = 2 * (chosen & cough).sum() / (chosen.sum() + cough.sum())
    assert value(table, "cough", "f1") == pytest.approx(f1) == pytest.approx(f1_score(cough, chosen))
    codes = c.frame["fever"].cat.codes.to_numpy()
    macro = f1_score(codes, p[:, 2:].argmax(1), average="macro", labels=[0, 1, 2], zero_division=0)
    assert value(table, "fever", "f1") == pytest.approx(macro)
    low = auroc_by_pairs(codes == 1, p[:, 3])
    assert value(table, "fever_low", "auroc") == pytest.approx(low)


def test_auroc_is_missing_for_one_class():
    c = cohort([1, 1, 1], [0, 1, 2])
    assert np.isnan(value(encoders.score_fields(FIELDS, data.labels_of(c, FIELDS), proba(3, 0)), "cough", "auroc"))


def test_calibration_by_hand():
    is_true, p = np.array([0, 1, 1, 1]), np.array([0.12, 0.18, 0.95, 1.0])
    table = encoders.reliability(is_true, p)
    assert table["bin"].tolist() == pytest.approx([0.15, 0.95])
    assert table["observed"].tolist() == [0.5, 1.0]
    assert table["weight"].sum() == 1
    expected = 0.5 * abs(0.5 - 0.15) + 0.5 * abs(1 - 0.975)
    labels = np.column_stack([1 - is_true, is_true, np.ones(4), np.zeros((4, 2))])
    scores = encoders.score_fields(FIELDS, labels, np.column_stack([1 - p, p, np.ones(4), np.zeros((4, 2))]))
    assert value(scores, "cough", "ece") == pytest.approx(expected)


def test_right_probabilities_are_calibrated():
    rng = np.random.default_rng(3)
    p = rng.random(200_000)
    table = encoders.reliability(rng.random(len(p)) < p, p)
    assert np.abs(table["observed"] - table["predicted"]).max() < 0.02


def test_compare_finds_what_is_there():
    train, test = random_cohort(600, 1, 0.8), random_cohort(400, 2, 0.8)
    views = {
        "all": (data.labels_of(train, FIELDS), data.labels_of(test, FIELDS)),
        "noise": (np.random.default_rng(0).normal(size=(600, 3)), np.random.default_rng(1).normal(size=(400, 3))),
    }
    scores, curves = encoders.compare(train, test, views, seed=0)
    means = scores[scores["metric"] == "auroc"].groupby("strategy")["value"].mean()
    assert means["all"] == 1.0
    assert abs(means["noise"] - 0.5) < 0.08
    assert 0.8 < means["said"] < 1
    assert set(curves["strategy"]) == {"all", "noise", "said"}
    again, _ = encoders.compare(train, test, views, seed=0)
    pd.testing.assert_frame_equal(scores, again)


def test_only_annotated_records_teach():
    train, test = random_cohort(600, 1), random_cohort(100, 2)
    views = {"all": (data.labels_of(train, FIELDS), data.labels_of(test, FIELDS))}
    mask = np.arange(600) < 300
    hidden = train.frame.assign(cough=np.where(mask, train.frame["cough"], 1 - train.frame["cough"]))
    expected, _ = encoders.compare(train, test, views, 0, mask)
    found, _ = encoders.compare(Cohort(hidden, train.roles), test, views, 0, mask)
    pd.testing.assert_frame_equal(expected, found)


def aurocs(**values) -> pd.DataFrame:
    rows = [{"field": k.split("_")[0], "level": k, "metric": "auroc", "value": v} for k, v in values.items()]
    return pd.DataFrame(rows)


def test_gate():
    good = dict(dysp=0.9, cough=0.9, nasal=0.8, fever_low=0.75, fever_high=0.9)
    assert encoders.gate(aurocs(**good, pain=0.6)) == encoders.Gate(True, 0.8, ("pain",))
    failed = encoders.gate(aurocs(**(good | {"fever_low": 0.7}), pain=0.6))
    assert failed == encoders.Gate(False, 0.6, ("fever", "pain"))
    assert not encoders.gate(aurocs(**(good | {"dysp": np.nan}), pain=0.6)).passed
    with pytest.raises(ValueError, match="auroc"):
        encoders.gate(aurocs(**good).assign(metric="f1"))


def test_gate_takes_the_mean_over_repetitions():
    twice = pd.concat([aurocs(cough=0.6), aurocs(cough=0.9)])
    assert encoders.gate(twice).passed


def test_beside_lays_strategies_side_by_side():
    rows = [("a", "f1", "cough", 0.5), ("b", "f1", "cough", 0.7), ("a", "auroc", "cough", 0.9)]
    summary = pd.DataFrame(rows, columns=["strategy", "metric", "level", "value"]).assign(low=0.1, high=1.0)
    table = report.views_wide(summary, "f1")
    assert table.iloc[0].to_dict() == {
        "level": "cough", "a": 0.5, "a_low": 0.1, "a_high": 1.0, "b": 0.7, "b_low": 0.1, "b_high": 1.0
    }  # fmt: skip


def test_compare_is_its_parts():
    train, test = random_cohort(400, 1), random_cohort(200, 2)
    views = {"phi": (np.arange(400.0)[:, None], np.arange(200.0)[:, None])}
    scores, curves = encoders.compare(train, test, views, 0)
    p = encoders.predict_views(train, test, views, 0)
    pd.testing.assert_frame_equal(scores, encoders.score_views(test, p, FIELDS))
    pd.testing.assert_frame_equal(curves, encoders.curves_of(test, p, FIELDS))
    parts = np.array(["a", "b"])[np.arange(200) % 2]
    by_part = encoders.score_parts(test, p, FIELDS, parts)
    half = encoders.score_views(test.take(parts == "b"), {k: v[parts == "b"] for k, v in p.items()}, FIELDS)
    pd.testing.assert_frame_equal(by_part[by_part["part"] == "b"].drop(columns="part").reset_index(drop=True), half)


def test_thirds_by_length():
    texts = ["a " * k for k in (5, 1, 9, 2, 7, 3)]
    assert encoders.length_thirds(texts).tolist() == ["middle", "short", "long", "short", "long", "middle"]
    assert encoders.length_thirds([]).tolist() == []


def test_lost_mentions_by_hand():
    c = cohort([1, 1, 0, 0], [2, 1, 0, 0], [True, False, False, True], [True, False, True, False])
    table = encoders.lost_mentions(c).set_index("level")
    assert table.loc["cough"].tolist() == [0.5, 0.5, 0.5]
    assert table.loc["fever_high"].tolist() == [0.25, 0.0, pytest.approx(2 / 3)]
    assert table.loc["fever_low"].tolist() == [0.25, 1.0, pytest.approx(1 / 3)]
    assert encoders.lost_mentions(cohort([1, 0], [0, 1])) is None


def test_a_failed_gate_warns_or_stops():
    failed, passed = encoders.Gate(False, 0.5, ("pain",)), encoders.Gate(True, 1.0, ())
    assert encoders.enforce(failed, "warn").startswith("**FAILED**") and "pain" in encoders.enforce(failed, "warn")
    assert encoders.enforce(passed, "stop") == "**Passed**: 100% of the confounders are recoverable."
    with pytest.raises(encoders.NotRecoverable, match="pain"):
        encoders.enforce(failed, "stop")
    with pytest.raises(ValueError, match="'warn' or 'stop'"):
        encoders.enforce(passed, "ask")


def test_the_scored_columns_are_named_by_their_levels():
    c = cohort([1, 0, 1], [0, 1, 2])
    shown = encoders.shown_levels(FIELDS, data.labels_of(c, FIELDS))
    assert shown["cough"].tolist() == [1, 0, 1] and shown["fever_high"].tolist() == [0, 0, 1]
    assert list(shown) == ["cough", "fever_none", "fever_low", "fever_high"]
