"""The pseudo-outcome against doubleml's score and against simulated truth."""

import numpy as np
import pandas as pd
import pytest

from helpers.effects.nuisance.diagnostics import overlap_report
from helpers.effects.nuisance.pseudo_outcome import pseudo_outcome


def simulate(n, seed):
    """Confounded treatment with known nuisances."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    e = 1 / (1 + np.exp(-x))
    mu0, tau = 1 + 2 * x, -1 + 0.5 * x
    T = (rng.random(n) < e).astype(int)
    Y = mu0 + T * tau + rng.normal(size=n)
    return Y, T, mu0, mu0 + tau, e, tau


def test_equals_doubleml_for_the_same_predictions():
    import doubleml as dml
    from sklearn.dummy import DummyClassifier, DummyRegressor

    Y, T, mu0, mu1, e, _ = simulate(400, 0)
    frame = pd.DataFrame({"y": Y, "d": T, "x": np.arange(400.0)})
    model = dml.DoubleMLIRM(dml.DoubleMLData(frame, "y", "d"), DummyRegressor(), DummyClassifier(), n_folds=2)
    given = {"ml_g0": mu0[:, None], "ml_g1": mu1[:, None], "ml_m": e[:, None]}
    model.fit(external_predictions={"d": given})
    theirs = model.psi_elements["psi_b"].reshape(-1)
    np.testing.assert_allclose(pseudo_outcome(Y, T, mu0, mu1, e), theirs, atol=1e-10)


def ate_error(wrong_outcomes, wrong_propensity, n=200_000):
    """(error of the mean of psi, its standard error)."""
    Y, T, mu0, mu1, e, tau = simulate(n, 1)
    m0, m1 = (np.zeros(n), np.full(n, 0.3)) if wrong_outcomes else (mu0, mu1)
    psi = pseudo_outcome(Y, T, m0, m1, np.full(n, 0.4) if wrong_propensity else e)
    return psi.mean() - tau.mean(), psi.std() / np.sqrt(n)


@pytest.mark.parametrize(("outcomes", "propensity"), [(False, False), (True, False), (False, True)])
def test_either_nuisance_may_be_wrong(outcomes, propensity):
    error, se = ate_error(outcomes, propensity)
    assert abs(error) < 4 * se


def test_both_wrong_is_biased():
    error, se = ate_error(True, True)
    assert abs(error) > 20 * se


def test_heterogeneity_survives_one_wrong_nuisance():
    Y, T, mu0, mu1, e, tau = simulate(200_000, 2)
    psi = pseudo_outcome(Y, T, np.zeros_like(Y), np.zeros_like(Y), np.clip(e, 0.02, 0.98))
    low, high = tau < np.median(tau), tau >= np.median(tau)
    assert psi[high].mean() - psi[low].mean() == pytest.approx(tau[high].mean() - tau[low].mean(), abs=0.1)


def test_propensity_at_the_border_is_refused():
    with pytest.raises(ValueError, match="1 of 2 values"):
        pseudo_outcome([1, 2], [0, 1], [0, 0], [1, 1], [0.5, 1.0])


GOOD = {"Y": [1.0, 2.0], "T": [0, 1], "mu0": [0.0, 0.0], "mu1": [1.0, 1.0], "e": [0.5, 0.5]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"e": [0.5, np.nan]}, "e: 1 of 2 values are not finite"),
        ({"e": [0.5, 1.2]}, "1 of 2 values lie at or beyond"),
        ({"e": [0.0, 0.5]}, "1 of 2 values lie at or beyond"),
        ({"T": [0, 2]}, r"T takes the values \[0.0, 2.0\]"),
        ({"T": [0.5, 1]}, "must be 0 or 1"),
        ({"T": [0, np.nan]}, "T: 1 of 2"),
        ({"Y": [np.inf, 1]}, "Y: 1 of 2"),
        ({"mu1": [np.nan, 1]}, "mu1: 1 of 2"),
        ({"mu0": [1.0]}, "of one length"),
        ({"e": 0.5}, "of one length"),
        ({"Y": [[1.0], [2.0]]}, "of one length"),
    ],
)
def test_what_cannot_be_scored_is_refused_by_name(change, message):
    assert pseudo_outcome(**GOOD).shape == (2,)
    with pytest.raises(ValueError, match=message):
        pseudo_outcome(**(GOOD | change))


def test_a_propensity_at_the_bound_is_not_clipped():
    report = overlap_report(np.array([0, 1]), np.array([0.1, 0.9]), clip=0.1).set_index("arm")
    assert report.loc["all", ["clipped_low", "clipped_high"]].tolist() == [0, 0]
    report = overlap_report(np.array([0, 1]), np.array([0.09, 0.91]), clip=0.1).set_index("arm")
    assert report.loc["all", ["clipped_low", "clipped_high"]].tolist() == [1, 1]


def test_overlap_report_by_hand():
    T, e = np.array([0, 0, 1, 1]), np.array([0.005, 0.5, 0.5, 0.999])
    report = overlap_report(T, e, clip=0.01).set_index("arm")
    assert report.loc["all", "clipped_low"] == 1 and report.loc["all", "clipped_high"] == 1
    weights = np.array([1 / 0.99, 2.0])
    assert report.loc["untreated", "effective_n"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert report.loc["treated", "e_max"] == pytest.approx(0.999)
