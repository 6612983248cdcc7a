"""The sensitivity bounds against their formula, and against a confounder that was really left out."""

from copy import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from helpers.data.cohort import Cohort, Roles, design_matrix
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome
from helpers.evaluation.confounding import as_strong, columns_of, hidden_confounding, recorded_strength
from helpers.report.first_stage import hidden_sentences
from helpers.stats.intervals import mean_interval

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


def test_a_patient_a_row_gives_what_no_patients_give():
    Y, T, W = simulate()
    f = fitted(Y, T, W)
    alone, named = (hidden_confounding(Y, T, f, groups, [0.1]) for groups in (None, np.arange(len(Y))[::-1]))
    pd.testing.assert_frame_equal(alone, named)


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


def test_columns_of_a_field_are_found_whatever_its_name():
    levels = pd.Categorical(["none", "low", "high"], ["none", "low", "high"])
    frame = pd.DataFrame({"id": [1, 2, 3], "text": "", "heart_rate": 1.0, "fever": levels, "pain": 0, "age": 3.0})
    cohort = Cohort(frame, Roles(annotations=("heart_rate", "fever", "pain"), tabular=("age",)))
    found = columns_of(cohort)
    assert list(found) == ["heart_rate", "fever", "pain"]
    assert sorted(sum(found.values(), [])) == list(range(cohort.annotations.shape[1]))
    names = design_matrix(cohort.frame, cohort.roles.annotations)[1]
    assert all(names[i].startswith(field) for field, places in found.items() for i in places)


def test_bounds_at_the_strengths_of_recorded_ones():
    Y, T, W = simulate()
    f = fitted(Y, T, W)
    yardstick = pd.DataFrame({"left_out": ["u", "v"], "cf_y": [0.1, 0.9], "cf_d": [0.05, 0.9], "rho": 1.0})
    yardstick = yardstick.assign(change=[0.0, 0.0])
    found = as_strong(Y, T, f, yardstick)
    table = hidden_confounding(Y, T, f, strengths=[(0.1, 0.05), (0.9, 0.9)])
    np.testing.assert_allclose(found["bound"], table["bound_high"])
    np.testing.assert_allclose(found["limit"], table["high"])
    assert found["overturns"].tolist() == [False, True]
    mirrored = copy(f)  # the same folds, which follow from the outcomes too
    mirrored.mu0_, mirrored.mu1_ = -f.mu0_, -f.mu1_
    flipped = as_strong(-Y, T, mirrored, yardstick)
    np.testing.assert_allclose(flipped["limit"], -found["limit"], rtol=1e-6)
    assert flipped["overturns"].tolist() == [False, True]
    moved = as_strong(Y, T, f, yardstick.assign(cf_d=0.0, change=[0.4, -3.0]))
    np.testing.assert_allclose(moved["bound"] - moved["value"], [0.4, 3.0])
    assert moved["overturns"].tolist() == [False, True]


def test_the_limit_is_quoted_and_not_the_point():
    hidden = pd.DataFrame({"value": [-1.0], "robustness": [0.4], "robustness_limit": [0.3]})
    row = {"cf_y": 0.2, "cf_d": 0.1, "rho": 1.0, "change": 0.1, "value": -1.0}
    weak, strong = {"left_out": "weak", "limit": -0.8, "bound": -0.9}, {"left_out": "strong", "limit": 0.1, "bound": 0}
    said = " ".join(hidden_sentences(hidden, pd.DataFrame([{**row, **weak, "overturns": False}])))
    assert "strength of 30% on both" in said and "as weak" in said and "would not overturn" in said
    rows = [{**row, **weak, "overturns": False}, {**row, **strong, "overturns": True, "cf_d": 0.0}]
    said = " ".join(hidden_sentences(hidden, pd.DataFrame(rows)))
    assert "could overturn the sign**: strong." in said and "strong: a second strength of 0" in said
    assert "nothing to overturn" in hidden_sentences(hidden.assign(robustness_limit=0.0), pd.DataFrame([row]))[0]


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
