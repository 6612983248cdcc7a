"""The process whose effect is no sum of symptoms: exact population values, and how far a sum gets."""

import numpy as np
import pandas as pd
import pytest
from enumeration import cells

from helpers.data.processes import means_nonadditive, means_v3
from helpers.data.replica.network import indicator

SUMMANDS = ["dysp", "cough", "pain", "nasal", "fever_low", "fever_high"]
SUMMANDS += ["self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever"]


@pytest.fixture(scope="module")
def population():
    frame, weight = cells()
    return frame, weight, *means_nonadditive(frame)


def test_exact_population_values(population):
    _, weight, mu0, mu1, e = population
    tau = mu1 - mu0
    assert weight @ e == pytest.approx(0.489, abs=1e-3)
    assert weight @ tau == pytest.approx(-0.703, abs=2e-3)
    assert np.sqrt(weight @ (tau - weight @ tau) ** 2) == pytest.approx(0.983, abs=2e-3)
    assert weight @ (tau > 0) == pytest.approx(0.184, abs=2e-3)
    naive = weight @ (e * mu1) / (weight @ e) - weight @ ((1 - e) * mu0) / (weight @ (1 - e))
    assert naive == pytest.approx(0.121, abs=1e-3)


def test_no_sum_comes_near_the_effect_though_it_does_under_v3(population):
    frame, weight, *_ = population
    X = np.column_stack([np.ones(len(frame)), *(indicator(frame, name) for name in SUMMANDS)])
    root = np.sqrt(weight)[:, None]
    shares = []
    for mu0, mu1, _ in (means_v3(frame), population[2:]):
        tau = mu1 - mu0
        fitted = X @ np.linalg.lstsq(root * X, root[:, 0] * tau, rcond=None)[0]
        shares.append(1 - weight @ (tau - fitted) ** 2 / (weight @ (tau - weight @ tau) ** 2))
    assert shares[0] == pytest.approx(1) and shares[1] == pytest.approx(0.22, abs=5e-3)


def test_only_the_effect_differs_from_v3(population):
    frame, _, mu0, _, e = population
    np.testing.assert_array_equal(mu0, means_v3(frame)[0])
    np.testing.assert_array_equal(e, means_v3(frame)[2])


def test_by_hand():
    row = {"policy": 0, "self_empl": 0, "dysp": 1, "cough": 1, "pain": 1, "nasal": 1, "fever": "low"}
    mu0, mu1, _ = means_nonadditive(pd.DataFrame([row]))
    assert mu1 - mu0 == pytest.approx([-1 + 1.2 + 0.9 - 3.6 + 1.1 + 1.0 - 2.6 + 0.7 - 1.2])
