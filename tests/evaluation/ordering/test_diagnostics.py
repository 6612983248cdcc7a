"""Every diagnostic against a computation by hand."""

import numpy as np
import pytest
from scipy import stats
from simulated import cohort
from sklearn.isotonic import IsotonicRegression

from helpers.evaluation import ordering
from helpers.evaluation.held_out import HeldOutScores
from helpers.evaluation.ordering.diagnostics import DIAGNOSTIC_LABELS, diagnose, group_effects
from helpers.evaluation.ordering.reference import Reference
from helpers.stats import metrics

RNG = np.random.default_rng(0)
N = 400
TAU = RNG.normal(size=N)
PSI = TAU + RNG.normal(size=N)
F, G = TAU + 0.3 * RNG.normal(size=N), 0.7 * TAU + RNG.normal(size=N)


def scores_of(test):
    return HeldOutScores(test.Y, test.T, test.mu0, test.mu1, test.e, test.ids)


def test_the_autoc_gap_is_that_of_psi():
    test = cohort(300)
    scores, noisy = scores_of(test), test.tau + np.random.default_rng(1).normal(size=300)
    value, low, high, p = ordering.autoc_gap(scores, test.tau, noisy)
    assert value == pytest.approx(metrics.autoc(scores.psi, -noisy) - metrics.autoc(scores.psi, -test.tau))
    assert low < value < high and p < 0.05
    assert ordering.autoc_gap(scores, test.tau, test.tau)[0::3] == (0, 1)


def test_gates_are_means_of_psi_in_fifths():
    table = group_effects(PSI, G)
    order = np.argsort(G)
    for k in range(5):
        inside = order[80 * k : 80 * (k + 1)]
        assert table["value"][k] == pytest.approx(PSI[inside].mean())
        assert table["predicted"][k] == pytest.approx(G[inside].mean())
        assert table["se"][k] == pytest.approx(stats.sem(PSI[inside]))
    spread = [t["value"][4] - t["value"][0] for t in (group_effects(PSI, F), table)]
    assert ordering.gates_gap(PSI, F, G)[0] == pytest.approx(spread[0] - spread[1])
    with pytest.raises(ValueError, match="8 rows for 5 groups"):
        group_effects(PSI[:8], G[:8])


def test_information_slope_by_partialling_out():
    def rest(y):
        return y - np.polyval(np.polyfit(G, y, 1), G)

    found = ordering.information(PSI, F, G)
    slope = rest(F - G) @ PSI / (rest(F - G) @ rest(F - G))
    assert found["information"][0] == pytest.approx(slope)
    assert found["information_sd"][0] == pytest.approx(np.sqrt(slope) * rest(F).std())
    assert ordering.information(PSI, G, G)["information"] == (0, 0, 0, 1)
    assert ordering.information(PSI, G + 0.1 - 0.1, G)["information"] == (0, 0, 0, 1), "rounding"
    for unit in (1e-12, 1e-9, 1e9):
        other = ordering.information(unit * PSI, unit * F, unit * G)
        assert other["information"] == pytest.approx(found["information"], rel=1e-6, abs=1e-30)
        assert other["information_sd"][0] / unit == pytest.approx(found["information_sd"][0], rel=1e-6)


def test_calibration_is_the_distance_of_the_slope_from_one():
    slope = np.polyfit(G, PSI, 1)[0]
    value, low, high, p = ordering.calibration(PSI, G)
    assert value == pytest.approx(abs(slope - 1)) and low < slope < high and p < 0.05
    assert ordering.calibration(PSI, TAU)[3] > 0.05


def test_confounding_looks_at_mean_and_slope():
    noise = np.random.default_rng(2).normal(size=N)
    assert ordering.confounding_loss(PSI, PSI + noise - noise.mean(), G)[0] == pytest.approx(0)
    shifted = ordering.confounding_loss(PSI, PSI + 0.5 + 0.1 * noise, G)
    assert shifted[0] == pytest.approx(0.5, abs=0.02) and shifted[2] < 0 and shifted[3] < 1e-6
    assert ordering.confounding_loss(PSI, PSI + noise - noise.mean() + 0.5 * (G - G.mean()), G)[3] < 1e-3


def test_l2_calibration_error_is_free_of_noise():
    rng = np.random.default_rng(3)
    g = rng.normal(size=20_000)
    errors = [ordering.l2_calibration_error(slope * g + 3 * rng.normal(size=len(g)), g) for slope in (1.0, 1.0, 0.5)]
    assert abs(errors[0]) < 0.02 and abs(errors[1]) < 0.02
    assert errors[2] == pytest.approx(0.25, abs=0.05)


def test_isotonic_distance():
    calibrated = IsotonicRegression().fit(G, PSI).predict(G)
    assert ordering.isotonic_distance(PSI, G) == pytest.approx(np.sqrt(np.mean((calibrated - G) ** 2)))


def test_inversions_are_those_of_normal_effects_around_what_is_kept():
    rng = np.random.default_rng(4)
    g = rng.normal(size=3_000)
    f = g + 0.8 * rng.normal(size=3_000)
    flipped = np.mean([stats.norm.cdf(-np.abs(g - np.roll(g, k)) / (0.8 * np.sqrt(2))).mean() for k in range(1, 40)])
    assert ordering.inversion_share(f, -g, slope=1.0) == pytest.approx(flipped, abs=0.01)
    assert ordering.inversion_share(f, -g, slope=0.0) == ordering.inversion_share(f, -g, slope=-1.0) == 0
    assert ordering.inversion_share(f, rng.normal(size=3_000), slope=1.0) == pytest.approx(0.5, abs=0.03)


def test_the_table_has_every_diagnostic_once_and_grows_with_the_loss():
    test = cohort(500)
    rng = np.random.default_rng(5)
    reference = Reference(test.tau + 0.2 * rng.normal(size=500), np.arange(500) % 3)
    scores = scores_of(test)
    good, bad = (diagnose(scores, reference, test.tau + s * rng.normal(size=500), scores.psi + 0.1) for s in (0.1, 2))
    assert sorted(good["diagnostic"]) == sorted(DIAGNOSTIC_LABELS)
    assert good["value"].notna().all()
    good, bad = good.set_index("diagnostic"), bad.set_index("diagnostic")
    rising = ["order_loss", "order_share", "autoc_gap", "plug_in", "gates_gap", "information_sd", "inversion"]
    noisy = test.tau + np.random.default_rng(6).normal(size=500)
    shares = diagnose(scores, reference, noisy).set_index("diagnostic")["value"]
    best = metrics.autoc(scores.psi, -reference.effects)
    assert shares["gap_share"] == pytest.approx(1 - metrics.autoc(scores.psi, -noisy) / best)
    assert shares["plug_share"] == pytest.approx(
        shares["plug_in"] / -metrics.autoc(reference.effects, -reference.effects)
    )
    assert (bad.loc[rising, "value"] > good.loc[rising, "value"]).all()
    assert good["p"].dropna().between(0, 1).all() and "confounding" not in set(
        diagnose(scores, reference, test.tau)["diagnostic"]
    )
