"""Dawid-Skene: monotone, recovers, refuses what is not identified, uses side information."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import annotation

LEVELS = (2, 3)
PREVALENCE = ([0.7, 0.3], [0.75, 0.17, 0.08])


def simulate(n: int, seed: int, *matrices: list[np.ndarray], double: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and answers of one annotator a list of matrices; all but the first answer a share of the records."""
    rng = np.random.default_rng(seed)
    truth = np.column_stack([rng.choice(len(p), n, p=p) for p in PREVALENCE])
    answers = np.stack([annotation.flip(truth, m, 100 * seed + i) for i, m in enumerate(matrices)], axis=1)
    answers[rng.random(n) >= double, 1:] = -1
    return truth, answers


def text_prior(truth: np.ndarray, seed: int, strength: float = 3.0) -> np.ndarray:
    """Calibrated p(x | phi): the posterior of the truth given a noisy score."""
    rng, blocks = np.random.default_rng(seed), []
    for f, p in enumerate(PREVALENCE):
        score = rng.normal(strength * np.eye(len(p))[truth[:, f]], 1.5)
        logit = strength * score / 1.5**2 + np.log(p)
        blocks.append(np.exp(logit - logit.max(1, keepdims=True)))
        blocks[-1] /= blocks[-1].sum(1, keepdims=True)
    return np.hstack(blocks)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(2, 3), st.floats(0.0, 0.5))
def test_the_likelihood_never_falls_and_probabilities_are_such(seed, symmetric, same, annotators, rate):
    truth, answers = simulate(60, seed, *[annotation.symmetric(LEVELS, rate)] * annotators)
    answers = np.where(np.random.default_rng(seed).random(answers.shape) < 0.2, -1, answers)
    prior = text_prior(truth, seed) if seed % 2 or not symmetric else None
    for model in annotation.dawid_skene(answers, LEVELS, symmetric, same, prior, iterations=60):
        path = np.array(model.log_likelihood)
        assert (np.diff(path) > -1e-8 * np.abs(path[:-1])).all()
        np.testing.assert_allclose(model.errors.sum(2), 1)
        np.testing.assert_allclose(model.posterior.sum(1), 1)
        assert not same or np.ptp(model.errors, axis=0).max() < 1e-12


def test_ten_percent_flips_from_five_percent_double_annotation():
    flips = annotation.symmetric(LEVELS, 0.1)
    found = []
    for seed in range(10):
        _, answers = simulate(9000, seed, flips, flips, double=0.05)
        models = annotation.dawid_skene(answers, LEVELS, symmetric=True, same=True)
        assert all(m.converged for m in models)
        found.append([m.rates[0] for m in models])
    assert np.abs(np.mean(found, axis=0) - 0.1).max() < 0.01
    assert np.abs(np.array(found) - 0.1).max() < 0.04


def test_the_shared_symmetric_rate_is_the_closed_form():
    flips = annotation.symmetric((2, 3), 0.12)
    _, answers = simulate(3000, 4, flips, flips)
    closed = annotation.error_rates_from_double(answers[:, 0], answers[:, 1], LEVELS)["rate"]
    models = annotation.dawid_skene(
        answers, LEVELS, symmetric=True, same=True, pseudo=1e-6, tolerance=1e-13, iterations=9000
    )
    assert models[0].rates[0] == pytest.approx(closed[0], abs=1e-4)  # just identified: the same estimate


def test_three_annotators_are_identified_without_constraints():
    matrices = [annotation.asymmetric(LEVELS, m, i, 0.05) for m, i in ((0.25, 0.03), (0.1, 0.1), (0.15, 0.05))]
    truth, answers = simulate(20_000, 1, *matrices)
    for f, model in enumerate(annotation.dawid_skene(answers, LEVELS)):
        for a in range(3):
            assert np.abs(model.errors[a] - matrices[a][f]).max() < 0.05
        assert np.abs(model.prevalence - PREVALENCE[f]).max() < 0.02
        better = (model.posterior.argmax(1) == truth[:, f]).mean()
        assert better > (answers[:, :, f] == truth[:, [f]]).mean(0).max()


def test_a_text_model_identifies_one_asymmetric_annotator():
    matrix = annotation.asymmetric(LEVELS, 0.3, 0.05)
    truth, answers = simulate(8000, 2, matrix)
    models = annotation.dawid_skene(answers, LEVELS, prior=text_prior(truth, 5))
    for f, model in enumerate(models):
        assert np.abs(model.errors[0] - matrix[f]).max() < 0.06


def test_gold_identifies_and_is_kept():
    matrices = annotation.asymmetric(LEVELS, 0.3, 0.05), annotation.asymmetric(LEVELS, 0.1, 0.1)
    truth, answers = simulate(6000, 3, *matrices)
    gold = np.where(np.arange(6000)[:, None] < 1500, truth, -1)
    models = annotation.dawid_skene(answers, LEVELS, gold=gold)
    for f, model in enumerate(models):
        np.testing.assert_array_equal(model.posterior[:1500].argmax(1), truth[:1500, f])
        assert model.posterior[:1500].max(1).min() == 1
        for a in range(2):
            assert np.abs(model.errors[a] - matrices[a][f]).max() < 0.08


@pytest.mark.parametrize(("symmetric", "same"), [(False, False), (False, True)])
def test_two_annotators_without_a_constraint_are_refused(symmetric, same):
    _, answers = simulate(50, 0, annotation.symmetric(LEVELS, 0.1), annotation.symmetric(LEVELS, 0.1))
    with pytest.raises(ValueError, match="symmetric=True"):
        annotation.dawid_skene(answers, LEVELS, symmetric, same)


def test_one_answer_a_record_is_refused():
    _, answers = simulate(50, 0, annotation.symmetric(LEVELS, 0.1))
    with pytest.raises(ValueError, match="at most 1"):
        annotation.dawid_skene(answers, LEVELS, symmetric=True, same=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": np.zeros((5, 2), int)}, "records, annotators"),
        ({"prior": np.ones((50, 5))}, "prior"),
        ({"prior": np.ones((50, 4))}, "prior"),
        ({"gold": np.zeros((9, 2), int)}, "gold"),
        ({"pseudo": 0}, "pseudo"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    _, answers = simulate(50, 0, annotation.symmetric(LEVELS, 0.1), annotation.symmetric(LEVELS, 0.1))
    with pytest.raises(ValueError, match=message):
        annotation.dawid_skene(**({"answers": answers, "levels": LEVELS, "symmetric": True} | change))
