"""Clipping, calibration and choice of learners: closed forms, and cases built so that the answer is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression

from helpers import effects, evaluation, report, stats
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome

LINEAR = Nuisances(LinearRegression(), logistic(C=1.0), folds=5)


def simulate(n=800, seed=0, slope=1.0):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 2))
    e = 1 / (1 + np.exp(-slope * W[:, 0]))
    T = (rng.random(n) < e).astype(int)
    return W @ [1, 2] + T * (W[:, 1] - 1) + rng.normal(size=n), T, W, e


def test_clipping_table_is_the_estimate_at_each_bound():
    Y, T, W, _ = simulate(slope=3.0)
    fitted = Nuisances(LinearRegression(), logistic(C=1.0), clip=0.3).fit(Y, T, W)
    table = evaluation.clipping_sensitivity(Y, T, fitted, -W[:, 1], bounds=(0.001, 0.1), draws=50).set_index("clip")
    for bound in (0.001, 0.1):
        psi = pseudo_outcome(Y, T, fitted.mu0_, fitted.mu1_, np.clip(fitted.e_raw_, bound, 1 - bound))
        assert table.loc[bound, "mean_effect"] == pytest.approx(psi.mean())
        assert table.loc[bound, "autoc"] == pytest.approx(stats.autoc(psi, -W[:, 1]))
        assert table.loc[bound, "clipped"] == ((fitted.e_raw_ < bound) | (fitted.e_raw_ > 1 - bound)).sum()
    assert table["effective_n_treated"].is_monotonic_increasing
    width = table["mean_effect_high"] - table["mean_effect_low"]
    assert width[0.1] < width[0.001]
    with pytest.raises(ValueError, match="bounds"):
        evaluation.clipping_sensitivity(Y, T, fitted, -W[:, 1], bounds=(0.6,))


def test_the_words_on_clipping_name_the_reach_and_the_verdict():
    row = {"mean_effect": -1.0, "mean_effect_low": -1.2, "mean_effect_high": -0.8}
    row |= {"autoc": -0.5, "autoc_low": -0.6, "autoc_high": -0.4}
    rows = [{**row, "clip": 0.01, "clipped": 0}, {**row, "clip": 0.1, "clipped": 0}]
    table = pd.DataFrame([*rows, {**row, "clip": 0.2, "clipped": 1234, "mean_effect": -0.95, "autoc": -0.3}])
    reach, mean, autoc = report.clipping_sentences(table, 0.01)
    assert reach == "No chance lies beyond 0.1 or its mirror; beyond 0.2: 1,234 records."
    assert "at most 0.050 (at 0.2)" in mean and "little hangs" in mean
    assert "at most 0.200" in autoc and "the bound decides" in autoc
    withheld = table.astype(float).mask(table["clip"] == 0.01, np.nan).assign(clip=table["clip"])
    assert "half of its interval at 0.1 is" in report.clipping_sentences(withheld, 0.01)[1]
    assert report.clipping_sentences(table.assign(clipped=20), 0.01)[0].startswith("Every bound")


def test_calibration_table_by_hand():
    e = np.repeat([0.2, 0.6], 50)
    T = np.concatenate([np.arange(50) < 10, np.arange(50) < 48]).astype(int)
    table = effects.calibration_table(T, e, bins=2)
    assert table["rows"].tolist() == [50, 50] and table["treated"].tolist() == [0.2, 0.96]
    assert table["calibrated"].tolist() == [True, False]
    assert table.loc[0, ["low", "high"]].to_numpy(float) == pytest.approx([0.1124, 0.3304], abs=1e-4)
    assert effects.calibration_summary(T, e, 2)["calibration_error"] == pytest.approx(0.18)
    assert len(effects.calibration_table(T, np.full(100, 0.3))) == 1


def test_the_true_propensity_is_calibrated():
    _, T, _, e = simulate(20_000)
    found = effects.calibration_summary(T, e)
    assert found["slope"] == pytest.approx(1, abs=0.06) and found["intercept"] == pytest.approx(0, abs=0.05)
    assert found["calibration_error"] < 0.015
    assert found["brier"] == pytest.approx(np.mean(e * (1 - e)), abs=0.003)


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_recalibration_mends_overconfidence(method):
    _, T, W, e = simulate(6_000)
    bold = 1 / (1 + np.exp(-3 * W[:, 0] - 0.5))
    before, after = (effects.calibration_summary(T, p) for p in (bold, effects.recalibrate(bold, T, method, seed=1)))
    assert before["slope"] == pytest.approx(1 / 3, abs=0.03)
    assert after["calibration_error"] < before["calibration_error"] / 4 and after["log_loss"] < before["log_loss"]
    if method == "logistic":
        assert np.abs(effects.recalibrate(bold, T) - e).mean() < 0.02


def test_recalibration_is_cross_fitted():
    e = np.random.default_rng(0).uniform(0.2, 0.8, 40)
    T = (np.arange(40) % 2).astype(int)
    groups = np.arange(40) // 2
    mapped = effects.recalibrate(e, T, "isotonic", groups, folds=4, seed=3)
    flipped = T.copy()
    flipped[:2] = 1 - flipped[:2]
    again = effects.recalibrate(e, flipped, "isotonic", groups, folds=4, seed=3)
    np.testing.assert_array_equal(mapped[:2], again[:2])
    with pytest.raises(ValueError, match="method = 'beta'"):
        effects.recalibrate(e, T, "beta")


def test_the_right_learners_are_chosen_by_their_out_of_fold_loss():
    Y, T, W, e = simulate(1_000)
    candidates = {
        "outcome": {"mean": DummyRegressor(), "linear": LinearRegression()},
        "propensity": {"share": DummyClassifier(), "logistic": logistic(C=1.0)},
    }
    table, chosen = effects.choose_nuisances(candidates, Y, T, W, folds=4, seed=2)
    best = table[table["chosen"]].set_index("role")
    assert best["learner"].to_dict() == {"outcome": "linear", "propensity": "logistic"}
    assert (best["gap"] == 0).all() and (table[~table["chosen"]]["gap"] > 2 * table[~table["chosen"]]["gap_se"]).all()
    fitted = chosen.fit(Y, T, W)
    assert (chosen.folds, chosen.seed) == (4, 2) and isinstance(chosen.outcome, LinearRegression)
    factual = np.where(T == 1, fitted.mu1_, fitted.mu0_)
    assert best.loc["outcome", "loss"] == pytest.approx(np.mean((Y - factual) ** 2))
    entropy = -np.mean(T * np.log(fitted.e_) + (1 - T) * np.log(1 - fitted.e_))
    assert best.loc["propensity", "loss"] == pytest.approx(entropy)
    with pytest.raises(ValueError, match="candidates"):
        effects.choose_nuisances({"outcome": {}}, Y, T, W)
