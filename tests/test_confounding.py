"""The sensitivity bounds against their formula, and against a confounder that was really left out."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from helpers.confounding import hidden_confounding, recorded_strength
from helpers.nuisance import Nuisances, logistic
from helpers.scores import pseudo_outcome
from helpers.uncertainty import mean_interval

LINEAR = Nuisances(LinearRegression(), logistic(C=1.0), folds=3, clip=0.02)


def simulate(n=1_500, seed=0):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 3))
    T = (rng.random(n) < 1 / (1 + np.exp(-0.8 * W[:, 0] - 0.4 * W[:, 1]))).astype(int)
    return W @ [1, 0.5, 0.5] - T + rng.normal(size=n), T, W


def fitted(Y, T, W, groups=None):
    return Nuisances(LinearRegression(), logistic(C=1.0), folds=3, clip=0.02).fit(Y, T, W, groups)


@pytest.mark.parametrize("rows_a_patient", [1, 3])
def test_bounds_are_the_formula(rows_a_patient):
    Y, T, W = simulate()
    groups = None if rows_a_patient == 1 else np.arange(len(Y)) // rows_a_patient
    f = fitted(Y, T, W, groups)
    table = hidden_confounding(Y, T, f, groups, [0, (0.1, 0.05)], rho=0.5)
    psi = pseudo_outcome(Y, T, f.mu0_, f.mu1_, f.e_)
    residual = np.mean((Y - np.where(T == 1, f.mu1_, f.mu0_)) ** 2)
    representer = T / f.e_ - (1 - T) / (1 - f.e_)
    variance = np.mean(2 * (1 / f.e_ + 1 / (1 - f.e_)) - representer**2)
    most = np.sqrt(residual * variance)
    assert table["value"].to_numpy() == pytest.approx(psi.mean(), rel=1e-3)
    half = 0.5 * np.sqrt(0.1 * 0.05 / 0.95) * most
    assert table.loc[1, "bound_low"] == pytest.approx(table.loc[1, "value"] - half, rel=1e-3)
    assert table.loc[1, "bound_high"] == pytest.approx(table.loc[1, "value"] + half, rel=1e-3)
    rv = table.loc[0, "robustness"]
    assert 0.5 * rv / np.sqrt(1 - rv) * most == pytest.approx(abs(psi.mean()), rel=1e-2)
    one_sided = mean_interval(psi, groups, level=0.9)
    assert table.loc[0, ["low", "high"]].to_numpy(float) == pytest.approx(
        [one_sided["low"], one_sided["high"]], rel=0.02
    )
    assert (table["robustness_limit"] < table["robustness"]).all()


def test_a_confounder_left_out_stays_within_the_bounds_of_its_strength():
    Y, T, W = simulate(4_000)
    strength = recorded_strength(Y, T, W, {"strong": [0], "weak": [1], "harmless": [2]}, LINEAR)
    strength = strength.set_index("left_out")
    assert strength.loc["strong", "change"] > strength.loc["weak", "change"] > abs(strength.loc["harmless", "change"])
    assert strength.loc["harmless", "cf_d"] < 0.01 < strength.loc["strong", "cf_d"]
    without = fitted(Y, T, W[:, 1:])
    assert pseudo_outcome(Y, T, without.mu0_, without.mu1_, without.e_).mean() > -0.5
    pair = tuple(strength.loc["strong", ["cf_y", "cf_d"]])
    table = hidden_confounding(Y, T, without, strengths=[0.001, pair])
    assert table.loc[1, "low"] < -1 < table.loc[1, "high"] and not table.loc[0, "low"] < -1 < table.loc[0, "high"]


def test_extreme_propensities_are_named_with_a_remedy():
    Y, T, W = simulate(300)
    f = fitted(Y, T, W)
    f.e_ = np.where(T == 1, 0.02, 0.98)  # as wrong as can be
    with pytest.warns(UserWarning, match="choose a simpler learner or raise clip") as notes:
        hidden_confounding(Y, T, f, strengths=[0.05])
    assert len(notes) == 1


def test_errors_say_what_is_missing():
    Y, T, W = simulate(60)
    with pytest.raises(ValueError, match="fit them on these rows"):
        hidden_confounding(Y, T, Nuisances())
    with pytest.raises(ValueError, match="59 rows"):
        hidden_confounding(Y[:59], T[:59], fitted(Y, T, W))
    with pytest.raises(ValueError, match="leaves no column"):
        recorded_strength(Y, T, W, {"all": [0, 1, 2]}, LINEAR)
