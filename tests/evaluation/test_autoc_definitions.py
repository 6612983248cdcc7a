"""Three AUTOCs: by hand on four patients, and econml's against econml."""

import numpy as np
import pytest

from helpers.evaluation.autoc_definitions import definitions, grid_autoc


def test_four_patients_by_hand():
    table = definitions(np.array([-4.0, -2, 0, 2]), np.array([4.0, 3, 2, 1])).set_index("package")["autoc"]
    # TOC = -3, -2, -1, 0 at q = 1/4, 1/2, 3/4, 1; the mean of all is -1
    assert table["definition"] == pytest.approx(-1.5)
    # midpoints -1.5, -2.5, -1.5, -.5 at q = 1/8, 3/8, 5/8, 7/8
    weights = np.array([8, 8 / 3, 8 / 5, 8 / 7])
    assert table["causalml"] == pytest.approx(weights @ [-1.5, -2.5, -1.5, -0.5] / weights.sum())
    # priorities at or above the p-th percentile, p = 5..95: three patients, then two, then one
    percent = np.linspace(5, 95, 50)
    toc = np.select([percent <= 100 / 3, percent <= 200 / 3], [-1.0, -2.0], -3.0)
    assert table["econml"] == pytest.approx(toc[:-1].sum() * 90 / 49 / 100)


def test_grid_equals_econml():
    from econml.validate.utils import calc_uplift

    rng = np.random.default_rng(0)
    priority, noise = rng.normal(size=(2, 500))
    scores = noise - priority
    reference, _, _ = calc_uplift(priority, priority, scores, np.linspace(5, 95, 50), "toc", n_bootstrap=2)
    assert grid_autoc(scores, priority) == pytest.approx(reference)


def test_all_agree_on_an_order_without_information():
    table = definitions(np.random.default_rng(0).normal(size=300), np.zeros(300))
    np.testing.assert_allclose(table["autoc"], 0, atol=1e-12)
