"""Errors that no model could avoid, and the words on choices made in stage 1."""

import numpy as np
import pandas as pd
import pytest

from helpers import effects, report


def test_the_floor_is_the_spread_that_w_leaves():
    rng = np.random.default_rng(0)
    W, hidden = rng.integers(0, 2, (4000, 3)), rng.integers(0, 2, 4000)
    truth = 0.2 + 0.3 * W[:, 0] + 0.2 * hidden
    assert effects.spread_given(truth, W) == pytest.approx(0.1, abs=0.002)
    assert effects.spread_given(truth, np.column_stack([W, hidden])) == pytest.approx(0)
    assert np.isnan(effects.spread_given(truth[:5], np.arange(5.0)[:, None]))


def test_the_error_splits_into_floor_and_rest():
    rng = np.random.default_rng(1)
    W, hidden = rng.integers(0, 2, (4000, 1)), rng.integers(0, 2, 4000)
    truth = 0.2 + 0.3 * W[:, 0] + 0.2 * hidden
    perfect = 0.3 + 0.3 * W[:, 0]
    table = effects.nuisance_errors({"e": perfect, "off": perfect + 0.1}, {"e": truth, "off": truth}, W)
    assert table.loc["e", "error"] == pytest.approx(0.1, abs=0.002) and table.loc["e", "rest"] < 0.02
    assert table.loc["off", "rest"] == pytest.approx(0.1, abs=0.01)


def test_the_learner_in_use_is_set_against_the_best():
    rows = [("outcome", "a", 0.0, 0.0, True), ("outcome", "b", 0.05, 0.005, False)]
    rows += [("propensity", "c", 0.0, 0.0, True), ("propensity", "d", 0.0005, 0.0007, False)]
    choice = pd.DataFrame(rows, columns=["role", "learner", "gap", "gap_se", "chosen"])
    best, tied = report.kept_sentences(choice, {"outcome": "a", "propensity": "d"})
    assert best == "For the outcome the study uses a, which has the least loss."
    assert "that of c by +0.0005" in tied and "nothing tells it from the best" in tied
    assert "a real gap" in report.kept_sentences(choice, {"outcome": "b"})[0]
    with pytest.raises(ValueError, match=r"used\['outcome'\] = 'z'"):
        report.kept_sentences(choice, {"outcome": "z"})


def test_recalibration_is_judged_by_its_interval():
    rng = np.random.default_rng(2)
    e = rng.uniform(0.1, 0.9, 3000)
    T = (rng.random(3000) < e).astype(int)
    bold = np.clip(e * 1.6 - 0.3, 0.02, 0.98)
    assert "is an improvement" in report.recalibrated_sentences(T, bold, e)
    assert "makes it worse" in report.recalibrated_sentences(T, e, bold)
    assert "cannot be told" in report.recalibrated_sentences(
        T, e, np.clip(e + 0.001 * rng.normal(size=3000), 0.01, 0.99)
    )
