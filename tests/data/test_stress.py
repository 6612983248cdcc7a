"""The stress process: exact population values, what it breaks, and that the other processes stay as they are."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from enumeration import cells

from helpers.data.cohort import Cohort, Roles
from helpers.data.processes import draw_outcomes, means_stress, means_v3
from helpers.data.replica.network import sample_network

SEEN = ["self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever", "dysp", "cough", "pain", "nasal", "fever"]
STATED = {"treated": 0.4494, "ate": -0.7672, "sd tau": 1.2743, "P(tau > 0)": 0.2114, "naive": 1.0451}


@pytest.fixture(scope="module")
def population():
    frame, weight = cells()
    return frame, weight, *means_stress(frame)


def described(mu0, mu1, e, weight) -> dict[str, float]:
    tau = mu1 - mu0
    ate = weight @ tau
    naive = weight @ (e * mu1) / (weight @ e) - weight @ ((1 - e) * mu0) / (weight @ (1 - e))
    spread = np.sqrt(weight @ (tau - ate) ** 2)
    values = (weight @ e, ate, spread, weight @ (tau > 0), naive)
    return dict(zip(STATED, values, strict=True))


def test_exact_population_values(population):
    _, weight, *means = population
    assert described(*means, weight) == pytest.approx(STATED, abs=6e-5)


def test_draws_agree_with_the_population():
    n = 400_000
    cohort = Cohort(sample_network(n, 11).assign(text=""), Roles())
    drawn = draw_outcomes(cohort, "stress", 5)
    Y, T = drawn.Y, drawn.T
    assert T.mean() == pytest.approx(STATED["treated"], abs=0.004)
    assert Y[T == 1].mean() - Y[T == 0].mean() == pytest.approx(STATED["naive"], abs=0.03)
    assert (Y - np.where(T == 1, drawn.mu1, drawn.mu0)).std() == pytest.approx(0.8, abs=0.004)


def test_annotations_do_not_remove_the_confounding(population):
    """Adjusting exactly for annotations and bedside columns leaves .21 of bias (policy, an instrument, summed out)."""
    frame, weight, mu0, mu1, e = population
    parts = {"w": weight, "y1": weight * e * mu1, "n1": weight * e, "y0": weight * (1 - e) * mu0}
    by = frame[SEEN].assign(**parts, n0=weight * (1 - e), t=weight * (mu1 - mu0))
    sums = by.groupby(SEEN, observed=True).sum()
    adjusted = sums.y1 / sums.n1 - sums.y0 / sums.n0
    bias = (sums.w * adjusted - sums.t).sum()
    assert bias == pytest.approx(0.2126, abs=1e-3)


def test_the_text_knows_more_about_prognosis_than_annotations(population):
    frame, weight, mu0, *_ = population
    by = frame[[*SEEN]].assign(w=weight, m=weight * mu0)
    sums = by.groupby(SEEN, observed=True)[["w", "m"]].transform("sum")
    assert weight @ (mu0 - sums.m / sums.w) ** 2 > 0.15
    means = means_v3(frame)
    sums = by.assign(m=weight * means[0]).groupby(SEEN, observed=True)[["w", "m"]].transform("sum")
    assert weight @ (means[0] - sums.m / sums.w) ** 2 < 1e-20


def test_by_hand_and_refusals():
    row = {"policy": 0, "self_empl": 0, "dysp": 1, "cough": 1, "pain": 0, "nasal": 0, "inf": 1, "pneu": 1}
    frame = pd.DataFrame([row | {"fever": "none"}])
    mu0, mu1, e = means_stress(frame)
    assert mu0 == pytest.approx([1.6 + 1.2 + 1.8 + 1.5 + 0.8])
    assert mu1 - mu0 == pytest.approx([-1 - 1.0 - 0.7 + 1.2 - 1.5 - 0.9])
    assert e == pytest.approx([1 / (1 + np.exp(-(-2.8 + 1.5 + 1.1 + 1.6 + 1.0)))])
    records = Cohort(sample_network(30, 0).drop(columns="inf").assign(text=""), Roles())
    with pytest.raises(ValueError, match="inf"):
        draw_outcomes(records, "stress", 0)
    with pytest.raises(ValueError, match="the stress process draws its own"):
        draw_outcomes(records, "stress", 0, redraw_treatment=False)


def test_the_other_processes_are_what_they_were():
    cohort = Cohort(sample_network(500, 1).assign(text=""), Roles())
    digests = {}
    for process in ("v3", "v2"):
        frame = draw_outcomes(cohort, process, 2).frame[["mu0", "mu1", "e", "T", "Y"]]
        digests[process] = hashlib.sha256(np.round(frame.to_numpy(float), 8).tobytes()).hexdigest()[:16]
    assert digests == DIGESTS


DIGESTS = {"v3": "c3bcb6dbb22377f4", "v2": "1d862f66942a838f"}
