"""The test of EM's assumption: its size, its power, and what SafeEM makes of it."""

import warnings

import numpy as np
import pytest
from scipy.stats import binom

from helpers.effects.em.assumption import SafeEM, text_beyond_annotations
from helpers.effects.em.learner import EMLearner
from helpers.effects.two_phase import AnchoredAACE


def simulate(n, seed, told=0.0, d=15):
    """Binary annotations; ``told``: weight of a variable that text shows and nobody annotates."""
    rng = np.random.default_rng(seed)
    x = (rng.random((n, 3)) < [0.3, 0.4, 0.2]).astype(float)
    w, u = (rng.random((n, 1)) < 0.4).astype(float), (rng.random(n) < 0.3 + 0.2 * x[:, 0]).astype(float)
    text = np.column_stack([x, u]) @ np.random.default_rng(7).normal(size=(4, d)) + 0.7 * rng.normal(size=(n, d))
    tau = -1 + 1.1 * x[:, 0] - x[:, 1] + told * u
    e = 1 / (1 + np.exp(1.2 - 1.5 * x[:, 0] - w[:, 0] - 1.5 * told * u))
    T = (rng.random(n) < e).astype(int)
    Y = x @ [1.6, 1.2, 0.5] + x[:, 0] * x[:, 1] + 1.5 * told * u + T * tau + (0.5 + x[:, 1]) * rng.normal(size=n)
    return {"Y": Y, "T": T, "X": np.hstack([text, w]), "W": np.hstack([x, w])}, tau


def test_true_assumptions_are_rejected_as_rarely_as_said():
    runs = 80
    tables = [text_beyond_annotations(**simulate(160, s)[0], draws=99, seed=s) for s in range(runs)]
    p = np.array([t["p_value"] for t in tables])
    rejected = (p <= 0.05).sum(0)
    low, high = binom.ppf([0.001, 0.999], runs, 0.05)
    assert (rejected >= low).all() and (rejected <= high).all()
    assert 0.4 < p.mean() < 0.6


def test_prognosis_that_only_the_text_holds_is_found():
    tables = [text_beyond_annotations(**simulate(250, s, told=1.0)[0], draws=199, seed=s) for s in range(8)]
    p = np.array([t["p_value"] for t in tables])
    assert (p[:, 0] < 0.01).mean() >= 0.8 and (p[:, 1] < 0.05).mean() >= 0.6
    assert tables[0]["target"].tolist() == ["Y", "T"] and (tables[0]["correlation"] > 0.1).all()


def test_repeated_records_of_a_patient_are_no_evidence():
    p = {"patients": [], "rows": []}
    for seed in range(10):
        data, _ = simulate(120, seed)
        four = {k: np.repeat(v, 4, axis=0) for k, v in data.items()}
        for name, groups in (("patients", np.repeat(np.arange(120), 4)), ("rows", None)):
            table = text_beyond_annotations(**four, groups=groups, draws=49, seed=seed)
            p[name].append(table["p_value"].mean())
    assert np.mean(p["patients"]) > 0.3 and np.mean(p["rows"]) < 0.1


def test_safe_em_keeps_em_and_leaves_it():
    data, tau = simulate(1200, 0)
    mask = np.random.default_rng(1).random(1200) < 0.25
    em = EMLearner((2, 2, 2), iterations=6, tolerance=-1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = SafeEM(em, draws=399).fit(**data, annotated=mask)
    assert kept.chosen_ == "em"
    np.testing.assert_array_equal(kept.effect(data["X"]), em.fit(**data, annotated=mask).effect(data["X"]))
    data, tau = simulate(1200, 0, told=1.5)
    with pytest.warns(UserWarning, match="the outcome given annotations and treatment"):
        left = SafeEM(em, draws=399).fit(**data, annotated=mask, pi=0.25)
    assert left.chosen_ == "fallback" and len(left.assumption_) == 2
    anchored = AnchoredAACE().fit(**data, annotated=mask, pi=0.25)
    np.testing.assert_array_equal(left.effect(data["X"]), anchored.effect(data["X"]))


def test_rows_with_holes_are_left_out_and_too_few_refused():
    data, _ = simulate(200, 0)
    data["W"][:100, 0] = np.nan
    assert (text_beyond_annotations(**data, draws=19)["rows"] == 100).all()
    with pytest.raises(ValueError, match="at least twice as many"):
        text_beyond_annotations(**data, annotated=np.arange(200) < 120, draws=19)
